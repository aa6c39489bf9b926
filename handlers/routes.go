package handlers

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// handle is what every route leads to: read, decide, keep, answer.
type handle func(h *Handlers, ctx context.Context, r *Request) (Reply, error)

// verb is one word after a slash command.
type verb struct {
	view.Verb
	run handle
}

// Command is a slash command, by the name that it has when nobody renames it.
type Command string

// The slash commands.
const (
	CommandChange    Command = "change"
	CommandChecklist Command = "checklist"
	CommandGatehouse Command = "gatehouse"
)

// Commands lists them, the most used first.
var Commands = []Command{CommandChange, CommandChecklist, CommandGatehouse}

// command is what one of them understands. Every one has the verb "help".
type command struct {
	alone handle // what it does when nothing is typed after it; nil: help
	verbs []verb // in the order in which help lists them
	named named  // what it does with the name of a record; nil: it has none
	note  string // the last line of its help
}

// named shows the record that somebody named in any spelling; false when what
// was typed names none.
type named func(h *Handlers, ctx context.Context, r *Request, typed string) (Reply, bool, error)

var commands map[Command]command

func init() { // help itself lists the verbs, so the table can't be a plain literal
	help := verb{view.Verb{Name: "help", Usage: "help [word]", What: "this list", Aliases: []string{"?", "usage"}}, (*Handlers).help}
	commands = map[Command]command{
		CommandChange: {alone: (*Handlers).myWork, named: (*Handlers).namedChange, note: "A change is named in any spelling: CHG-4, chg4, 4, or the link to its card.", verbs: []verb{
			{view.Verb{Name: "new", Usage: "new [title or template]", What: "raise a change", Aliases: []string{"raise", "create", "add"}}, (*Handlers).newChange},
			{view.Verb{Name: "list", Usage: "list [service:… env:… state:… since:24h debts reviews overdue exceptions today | week]", What: "what is planned and running; with since: what was changed", Aliases: []string{"ls", "all"}}, (*Handlers).listChanges},
			{view.Verb{Name: "mine", Usage: "mine", What: "what you raised or carry out", Aliases: []string{"my"}}, (*Handlers).myChanges},
			{view.Verb{Name: "approvals", Usage: "approvals", What: "what waits for your decision", Aliases: []string{"approve", "approval", "pending"}}, (*Handlers).myApprovals},
			{view.Verb{Name: "templates", Usage: "templates [name]", What: "recipes for standard changes, approved once for all", Aliases: []string{"template", "catalogue"}}, (*Handlers).templates},
			{view.Verb{Name: "calendar", Usage: "calendar [today | 7d | 14d] [service]", What: "what is planned by day, with freezes and maintenance windows", Aliases: []string{"cal", "schedule"}}, (*Handlers).calendar},
			{view.Verb{Name: "freeze", Usage: "freeze [new]", What: "what is frozen now and later; declare, edit, lift", Aliases: []string{"freezes"}}, (*Handlers).freezes},
			{view.Verb{Name: "lockdown", Usage: "lockdown [why]", What: "stop production now: one look at what it touches, then declare; freeze lifts it", Aliases: []string{"lock"}}, (*Handlers).lockdown},
			{view.Verb{Name: "lessons", Usage: "lessons", What: "what reviews found that future releases are asked for", Aliases: []string{"lesson", "learnt"}}, (*Handlers).lessons},
			{view.Verb{Name: "extend", Usage: "extend 4", What: "give running work more time, with a reason", Aliases: []string{"prolong"}}, (*Handlers).extendTyped},
			{view.Verb{Name: "why", Usage: "why 4", What: "which rule, who is missing, what is in the way", Aliases: []string{"reason", "explain"}}, (*Handlers).why},
			{view.Verb{Name: "history", Usage: "history 4", What: "who did what to a change, and when", Aliases: []string{"log", "audit"}}, (*Handlers).history},
			help,
		}},
		CommandChecklist: {alone: (*Handlers).myItems, named: (*Handlers).namedRelease, verbs: []verb{
			{view.Verb{Name: "new", Usage: "new [name]", What: "plan a release", Aliases: []string{"plan", "create", "add"}}, (*Handlers).newRelease},
			{view.Verb{Name: "list", Usage: "list", What: "the releases by go-live, with readiness", Aliases: []string{"ls", "all", "releases"}}, (*Handlers).listReleases},
			{view.Verb{Name: "handover", Usage: "handover REL-3", What: "schedule, hold and look up the handover meeting", Aliases: []string{"meeting", "accept"}}, ofRelease("handover")},
			{view.Verb{Name: "support", Usage: "support REL-3", What: "early-life support: incidents, exit criteria, close", Aliases: []string{"early-life", "incident"}}, ofRelease("support")},
			help,
		}, note: "REL-3 (or rel3, 3) shows a release; REL-3 done 12 https://… submits evidence for item 12; REL-3 why says what makes it amber."},
		CommandGatehouse: {verbs: []verb{
			{view.Verb{Name: "policy", Usage: "policy", What: "which approvals are asked for, and what nobody can give", Aliases: []string{"rules"}}, (*Handlers).policy},
			{view.Verb{Name: "services", Usage: "services [name]", What: "what changes are recorded against: tier, owner, team, history; add, edit, retire", Aliases: []string{"service", "cms", "cmdb"}}, (*Handlers).services},
			{view.Verb{Name: "roles", Usage: "roles", What: "who is admin, change manager, CAB, ECAB, auditor; admins give and take", Aliases: []string{"role", "people"}}, (*Handlers).roles},
			{view.Verb{Name: "setup", Usage: "setup", What: "working hours, holidays, zone, changes channel; the first admin begins here", Aliases: []string{"settings", "install", "config"}}, (*Handlers).setup},
			{view.Verb{Name: "me", Usage: "me", What: "my hours, zone, absence and delegate", Aliases: []string{"away", "delegate", "absence"}}, (*Handlers).me},
			{view.Verb{Name: "digest", Usage: "digest [on | off | at 08:30 | preview]", What: "what this channel, or you, hear of each morning", Aliases: []string{"readiness", "daily"}}, (*Handlers).digest},
			{view.Verb{Name: "token", Usage: "token [new ci-shop [90d] | revoke ci-shop]", What: "what lets pipelines submit evidence", Aliases: []string{"tokens", "api"}}, (*Handlers).token},
			help,
		}},
	}
}

// calls are what pipelines may ask for, by method and path, with the scope that
// their token must have.
var calls = map[string]struct {
	scope models.TokenScope
	run   caller
}{
	"POST /api/v1/evidence": {models.ScopeEvidence, (*Handlers).takeEvidence},
}

// clicks are the buttons, by action id.
var clicks = map[string]handle{
	view.ActionRaise:    (*Handlers).newChange,
	view.ActionDraft:    (*Handlers).saveDraft,
	view.ActionSubmit:   (*Handlers).submit,
	view.ActionEdit:     (*Handlers).edit,
	view.ActionAgain:    (*Handlers).raiseAgain,
	view.ActionOpen:     (*Handlers).open,
	view.ActionDetails:  (*Handlers).details,
	view.ActionHistory:  (*Handlers).historyModal,
	view.ActionOlder:    (*Handlers).olderHistory,
	view.ActionApprove:  (*Handlers).approve,
	view.ActionReject:   askReason(view.ReasonReject),
	view.ActionAsk:      askReason(view.ReasonAsk),
	view.ActionCancel:   askReason(view.ReasonCancel),
	view.ActionRollback: askReason(view.ReasonRollback),
	view.ActionWithdraw: (*Handlers).withdraw,
	view.ActionStart:    (*Handlers).start,
	view.ActionComplete: (*Handlers).askCompletion,
	view.ActionReview:   (*Handlers).askReview,
	view.ActionHold:     askReason(view.ReasonHold),
	view.ActionLift:     askReason(view.ReasonLift),
	view.ActionOverride: askReason(view.ReasonOverride),
	view.ActionMoreTime: (*Handlers).askExtension,

	view.ActionMaintenance: (*Handlers).askMaintenance,
	view.ActionLessonDrop:  (*Handlers).dropLesson,

	view.ActionSlot:     (*Handlers).suggestSlots,
	view.ActionSlotTake: (*Handlers).takeSlot,
	view.ActionMove:     (*Handlers).moveToSlot,

	view.ActionFreezeNew:  (*Handlers).newFreeze,
	view.ActionFreezeEdit: (*Handlers).editFreeze,
	view.ActionFreezeLift: (*Handlers).liftFreeze,

	view.ActionServiceNew:    (*Handlers).newService,
	view.ActionServiceOpen:   (*Handlers).openService,
	view.ActionServicePage:   (*Handlers).pageOfServices,
	view.ActionServiceBack:   (*Handlers).pageOfServices,
	view.ActionServiceEdit:   (*Handlers).editService,
	view.ActionServiceRetire: (*Handlers).retireService,
	view.ActionServiceReturn: (*Handlers).returnService,
	view.ActionServiceEvents: (*Handlers).eventsOfService,
	view.ActionRole:          (*Handlers).askRole,

	view.ActionSendAgain:    (*Handlers).sendAgain,
	view.ActionSendAllAgain: (*Handlers).sendAllAgain,
	view.ActionGiveUp:       (*Handlers).giveUp,

	view.ActionDelegate: (*Handlers).askDelegate,
	view.ActionMe:       (*Handlers).askMe,

	view.ActionDigestSet:     (*Handlers).askDigest,
	view.ActionDigestOff:     (*Handlers).dropDigest,
	view.ActionDigestPreview: (*Handlers).previewDigest,

	view.ActionSnooze: (*Handlers).snooze,
	view.ActionDone:   askCompletionAs(models.Successful),
	view.ActionFailed: askCompletionAs(models.Failed),

	view.ActionStartNow: askReason(view.ReasonStartNow),
	view.ActionIncident: askReason(view.ReasonIncident),

	view.ActionTemplateUse:       (*Handlers).useTemplate,
	view.ActionTemplateOpen:      (*Handlers).showTemplate,
	view.ActionTemplateSave:      (*Handlers).saveAsTemplate,
	view.ActionTemplateEdit:      (*Handlers).editTemplate,
	view.ActionTemplateApprove:   (*Handlers).approveTemplate,
	view.ActionTemplateDecline:   (*Handlers).askTemplateReason,
	view.ActionTemplateSuspend:   (*Handlers).askTemplateReason,
	view.ActionTemplateReinstate: (*Handlers).askTemplateReason,
	view.ActionTemplateRetire:    (*Handlers).askTemplateReason,
	view.ActionType:              (*Handlers).redrawForm,
	view.ActionChoice:            (*Handlers).redrawForm,
	view.ActionServices:          (*Handlers).redrawForm,
	view.ActionRelease:           (*Handlers).redrawForm,

	view.ActionReleaseNew:    (*Handlers).newRelease,
	view.ActionReleaseWhy:    (*Handlers).releaseWhy,
	view.ActionReleaseEdit:   (*Handlers).editRelease,
	view.ActionReleaseMove:   askOfRelease("Move go-live", view.GoLiveForm),
	view.ActionReleaseCancel: askOfRelease("Cancel release", view.ReleaseReasonForm),
	view.ActionReleaseAdopt:  askOfRelease("Newer template", view.AdoptForm),

	view.ActionChecklist:    (*Handlers).checklist,
	view.ActionBucket:       (*Handlers).bucket,
	view.ActionBucketNext:   (*Handlers).turnBucket,
	view.ActionBucketBack:   (*Handlers).turnBucket,
	view.ActionBucketAssign: (*Handlers).askBucket,

	view.ActionItemNew:     askOfRelease("Add an item", view.NewItemForm),
	view.ActionItemOpen:    (*Handlers).askItem,
	view.ActionItemSubmit:  (*Handlers).askItem,
	view.ActionItemBlock:   (*Handlers).askItem,
	view.ActionItemReturn:  (*Handlers).askItem,
	view.ActionItemRefuse:  (*Handlers).askItem,
	view.ActionItemAct:     (*Handlers).redrawItem,
	view.ActionItemBegin:   pressItem(models.ActBegin),
	view.ActionItemVerify:  pressItem(models.ActVerify),
	view.ActionItemConfirm: pressItem(models.ActConfirm),
	view.ActionEvidence:    (*Handlers).nothing,

	view.ActionHandover: (*Handlers).askHandover,
	view.ActionConvene:  meet(func(r *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) error { return r.Convene(f) }),
	view.ActionAttend:   meet(func(r *models.Release, x view.ReleaseRef, f models.ReleaseFacts) error { return r.Attend(x.No, f) }),
	view.ActionVote:     (*Handlers).askVote,
	view.ActionVoteReady: meet(func(r *models.Release, x view.ReleaseRef, f models.ReleaseFacts) error {
		return r.Vote(x.No, models.ChoiceReady, "", f)
	}),
	view.ActionReveal:     meet(func(r *models.Release, x view.ReleaseRef, f models.ReleaseFacts) error { return r.Reveal(x.No, f) }),
	view.ActionAccept:     meet(func(r *models.Release, x view.ReleaseRef, f models.ReleaseFacts) error { return r.Accept(x.No, f) }),
	view.ActionConditions: (*Handlers).askConditions,
	view.ActionDecline:    (*Handlers).askPutOff,
	view.ActionAdjourn:    (*Handlers).askPutOff,
	view.ActionConfirm:    meet(func(r *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) error { return r.Confirm(f) }),
	view.ActionRecord:     (*Handlers).handoverRecord,

	view.ActionLive:           earlyLifeStep(func(r *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) error { return r.GoLiveNow(f) }),
	view.ActionEarlyLife:      (*Handlers).askSupport,
	view.ActionSupport:        (*Handlers).showEarlyLife,
	view.ActionReportIncident: (*Handlers).askIncident,
	view.ActionSolved: earlyLifeStep(func(r *models.Release, x view.ReleaseRef, f models.ReleaseFacts) error {
		return r.CloseIncident(x.No, f)
	}),
	view.ActionExtend: (*Handlers).askSupport,
	view.ActionClose:  earlyLifeStep(func(r *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) error { return r.Close(f) }),
}

// forms are the modals that can be sent, by callback id.
var forms = map[string]handle{
	view.FormChange:   (*Handlers).submitForm,
	view.FormReason:   (*Handlers).giveReason,
	view.FormComplete: (*Handlers).complete,
	view.FormReview:   (*Handlers).review,
	view.FormExtend:   (*Handlers).extend,
	view.FormDelegate: (*Handlers).delegate,
	view.FormMe:       (*Handlers).saveMe,
	view.FormFreeze:   (*Handlers).sendFreeze,
	view.FormDigest:   (*Handlers).saveDigest,

	view.FormMaintenance: (*Handlers).saveMaintenance,
	view.FormService:     (*Handlers).saveService,
	view.FormRole:        (*Handlers).saveRole,
	view.FormSetup:       (*Handlers).saveSetup,

	view.FormRelease:       (*Handlers).sendRelease,
	view.FormGoLive:        (*Handlers).moveGoLive,
	view.FormReleaseReason: (*Handlers).cancelRelease,
	view.FormAdopt:         (*Handlers).adopt,
	view.FormItem:          (*Handlers).sendItem,
	view.FormNewItem:       (*Handlers).addItem,
	view.FormBucket:        (*Handlers).assignBucket,

	view.FormHandover:   (*Handlers).schedule,
	view.FormVote:       (*Handlers).vote,
	view.FormConditions: (*Handlers).acceptWithConditions,
	view.FormPutOff:     (*Handlers).putOff,
	view.FormSupport:    (*Handlers).support,
	view.FormIncident:   (*Handlers).reportIncident,

	view.FormTemplate:       (*Handlers).sendTemplate,
	view.FormTemplateReason: (*Handlers).giveTemplateReason,
}

// shortcuts by callback id: from the global menu, and from a message.
var shortcuts = map[string]handle{
	view.ShortcutNew:     (*Handlers).newChange,
	view.ShortcutMessage: (*Handlers).newFromMessage,
}

// options are the external selects, by action id.
var options = map[string]handle{
	view.ActionServices: (*Handlers).serviceOptions,
	view.ActionRelease:  (*Handlers).releaseOptions,
}

// events of the Events API that Gatehouse subscribes to.
var events = map[string]handle{
	"app_home_opened": (*Handlers).homeOpened,
	"user_change":     (*Handlers).userChanged,
	"message":         (*Handlers).messageToBot,

	"subteam_members_changed": (*Handlers).groupsChanged,
	"subteam_updated":         (*Handlers).groupsChanged,
}

// tables are the routes by door. Slash commands stand in commands instead.
var tables = map[Door]map[string]handle{
	DoorClick: clicks, DoorForm: forms, DoorShortcut: shortcuts, DoorOptions: options, DoorEvent: events,
}

// unknown is what a person hears of a route that is not there. Events and
// options have nobody to tell.
var unknown = map[Door]string{
	DoorSlash:    "Gatehouse answers other commands than this one, so nothing was done. Use %[1]s, or ask whoever runs Gatehouse to bring the app's settings up to date.",
	DoorClick:    "This button belongs to another version of Gatehouse, so nothing was done. %[1]s CHG-4 shows a change with the buttons that work.",
	DoorForm:     "This form belongs to another version of Gatehouse, so nothing was saved. Copy what you need and open the form again with %[1]s.",
	DoorShortcut: "This shortcut belongs to another version of Gatehouse, so nothing was done. Use %[1]s new.",
}

// find is the one way from a request to its handler, whatever the door. No
// handler and no error means that there is nothing to do.
func (h *Handlers) find(r *Request) (handle, error) {
	run, known := tables[r.Door][r.Name]
	if r.Door == DoorSlash {
		r.Command, known = h.commandOf(r.Name)
		run = (*Handlers).slashCommand
	}
	words, told := unknown[r.Door]
	switch {
	case known && r.Workspace == h.Workspace:
		return run, nil
	case known && told:
		return nil, models.Refusef("This Gatehouse serves another workspace, so nothing was done. Ask your admins to install it here.")
	case told:
		h.Log.Warn("a request that nothing handles", "door", r.Door, "name", r.Name)
		return nil, models.Refusef(words, h.ChangeCommand)
	}
	return nil, nil
}

// Routes lists every id that has a handler, for the manifest and for the test
// that no button is dead. What stands behind a slash command, Verbs lists.
func Routes() map[Door][]string {
	out := map[Door][]string{}
	for door, table := range tables {
		out[door] = slices.Sorted(maps.Keys(table))
	}
	return out
}

// Verbs are the words that a slash command understands.
func Verbs(c Command) []string {
	var out []string
	for _, v := range commands[c].verbs {
		out = append(out, v.Name)
	}
	return out
}
