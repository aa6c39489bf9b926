package view

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// Example is one view with a name of its own. View is a [Message], a
// slack.ModalViewRequest, a slack.HomeTabViewRequest or [Options].
type Example struct {
	Name string
	View any
}

// Gallery shows every view in every state, and with hostile texts and the
// longest allowed. It is made by the rules themselves from fixed dates, so
// that it is the same on every run.
func Gallery() []Example {
	g := &gallery{}
	for _, k := range []cast{everyday(), hostile(), longest()} {
		g.cards(k)
		g.asks(k)
		g.reminders(k)
		g.lines(k)
		g.forms(k)
		g.ahead(k)
		g.modals(k)
		g.lists(k)
		g.templates(k)
		g.emergencies(k)
		g.handovers(k)
		g.meetings(k)
		g.support(k)
		g.releases(k)
		g.calendars(k)
		g.digests(k)
		g.tokens(k)
		g.services(k)
	}
	for _, k := range []cast{everyday(), hostile()} {
		g.policies(k)
	}
	g.roles(everyday())
	g.settings(everyday())
	g.settings(hostile())
	g.settings(longest())
	g.words()
	return g.examples
}

type gallery struct{ examples []Example }

func (g *gallery) add(view any, name ...string) {
	g.examples = append(g.examples, Example{strings.Join(name, "-"), view})
}

func (g *gallery) cards(k cast) {
	for _, p := range k.lives() {
		g.add(ChangeCard(p.c, k.facts("", p.now)), k.name, "card", p.name)
		g.add(PrivateCard(p.c, k.facts(ana, p.now)), k.name, "private", p.name, "requester")
	}
	for _, state := range []string{"half", "approved", "held"} { // two other changes and a freeze lie in its time
		p := k.life(state)
		f, own := k.facts("", p.now), k.facts(ben, p.now)
		k.crowd(p.c, &f)
		k.crowd(p.c, &own)
		g.add(ChangeCard(p.c, f), k.name, "card", state, "crowded")
		g.add(PrivateCard(p.c, own), k.name, "private", state, "crowded")
		g.add(AskCard(p.c, models.Ask{User: paul, Revision: p.c.Revision}, true, nil, f), k.name, "ask", state, "crowded")
		around := map[models.ChangeID]models.Around{p.c.ID: f.Around}
		g.add(ChangeList("Changes", []*models.Change{p.c}, 0, around, k.facts(ana, p.now)), k.name, "list", state, "crowded")
	}
}

// roles shows the same change to different people.
func (g *gallery) roles(k cast) {
	for _, who := range []struct {
		role string
		id   models.UserID
	}{{"approver", cara}, {"implementer", ben}, {"manager", mia}, {"guest", gus}} {
		for _, state := range []string{"awaiting", "half", "approved", "in-progress", "implemented", "closed", "held"} {
			p := k.life(state)
			g.add(PrivateCard(p.c, k.facts(who.id, p.now)), k.name, "private", state, who.role)
		}
	}
}

func (g *gallery) asks(k cast) {
	for _, p := range k.lives() {
		if p.c.State == models.Draft {
			continue
		}
		ask := models.Ask{User: cara, Revision: p.c.Revision, At: p.c.SubmittedAt}
		g.add(AskCard(p.c, ask, true, nil, k.facts("", p.now)), k.name, "ask", p.name)
	}
	p := k.life("awaiting")
	ask := models.Ask{User: cara, Revision: p.c.Revision, At: p.c.SubmittedAt}
	g.add(AskCard(p.c, ask, false, nil, k.facts("", p.now)), k.name, "ask", "superseded")
	g.add(AskCard(p.c, models.Ask{User: ben, Revision: p.c.Revision}, true, nil, k.facts("", p.now)), k.name, "ask", "excluded")
	hurry := k.life("awaiting")
	hurry.c.WhyNow, hurry.c.Expedited = k.note, true
	g.add(AskCard(hurry.c, ask, true, nil, k.facts("", hurry.now)), k.name, "ask", "expedited")
	half := k.life("half")
	g.add(AskCard(half.c, models.Ask{User: paul, Revision: half.c.Revision}, true, nil, k.facts("", half.now)), k.name, "ask", "half", "other")
	revised, before := k.revised()
	g.add(AskCard(revised.c, ask, true, &before, k.facts("", revised.now)), k.name, "ask", "revised")
	same := before
	revised.c.Material = before
	g.add(AskCard(revised.c, ask, true, &same, k.facts("", revised.now)), k.name, "ask", "same-again")
}

func (g *gallery) lines(k cast) {
	p := k.life("awaiting")
	for _, e := range k.events() {
		c := k.after(e)
		g.add(ThreadLine(c, e, k.facts("", p.now)), k.name, "thread", string(e.Kind))
		g.add(Note(c, e, k.facts("", p.now)), k.name, "note", string(e.Kind))
	}
	for _, state := range []string{"draft", "awaiting", "approved"} {
		p := k.life(state)
		g.add(Raised(p.c, k.facts(ana, p.now)), k.name, "raised", state)
	}
	for _, state := range []string{"resubmitted", "approved"} {
		p := k.life(state)
		g.add(Saved(p.c, k.facts(ana, p.now)), k.name, "saved", state)
	}
	lonely := k.life("awaiting")
	lonely.c.Requirements = append(slices.Clone(lonely.c.Requirements), models.Requirement{Key: "ecab", Role: models.RoleECAB, Count: 1, Text: "1 ECAB"})
	g.add(Raised(lonely.c, k.facts(ana, lonely.now)), k.name, "raised", "unmeetable")
	g.add(Outcome(k.life("rejected").c, "You rejected it.", k.facts(cara, p.now)), k.name, "outcome", "own-words")
	for _, o := range []struct {
		did, state string
		by         models.UserID
	}{
		{ActionApprove, "half", cara}, {ActionApprove, "approved", paul}, {ActionReject, "rejected", cara}, {ActionAsk, "changes-requested", cara},
		{ActionWithdraw, "awaiting", cara}, {ActionStart, "in-progress", ben}, {ActionComplete, "closed", ben}, {ActionComplete, "implemented", ben},
		{ActionRollback, "rolled-back", ben}, {ActionRollback, "rollback", ben}, {ActionCancel, "cancelled", ana}, {ActionReview, "reviewed", ben},
		{ActionEdit, "awaiting", ana}, {ActionHold, "held", mia}, {ActionLift, "approved", mia}, {ActionOverride, "overridden", mia}, {ActionMoreTime, "extended", ben},
	} {
		p := k.life(o.state)
		g.add(Outcome(p.c, o.did, k.facts(o.by, p.now)), k.name, "outcome", strings.TrimPrefix(o.did, "change."), o.state)
	}
}

func (g *gallery) forms(k cast) {
	p := k.life("half")
	f := k.facts(ana, p.now)
	meta := FormMeta{ResponseURL: "https://hooks.slack.example/commands/T0/1/abc", Channel: "C0CHANGES"}
	edit := FormMeta{Mode: ModeEdit, Change: p.c.ID, Seen: p.c.Revision}
	meta.Mode = ModeNew
	g.add(ChangeForm(meta, models.Input{}, f, 0), k.name, "form", "new")
	meta.Mode = ModeMessage
	g.add(ChangeForm(meta, models.Input{Title: p.c.Title, Background: p.c.Plan}, f, 0), k.name, "form", "message")
	g.add(ChangeForm(FormMeta{Mode: ModeAgain, Change: p.c.ID}, models.InputOf(p.c), f, 0), k.name, "form", "again")
	g.add(ChangeForm(edit, models.InputOf(p.c), f, p.c.WouldVoid()), k.name, "form", "edit")
	g.add(ChangeForm(edit, models.InputOf(p.c), f, 2), k.name, "form", "edit", "two-approvals")
	edit.Seen = ""
	g.add(ChangeForm(edit, models.InputOf(p.c), f, 0), k.name, "form", "edit", "draft")
	for _, kind := range []string{ReasonReject, ReasonAsk, ReasonCancel, ReasonRollback} {
		g.add(ReasonForm(kind, p.c, p.c.Revision, f, meta.ResponseURL), k.name, "form", kind)
	}
	for _, kind := range []string{ReasonHold, ReasonLift, ReasonOverride} {
		p := k.life("approved")
		g.add(ReasonForm(kind, p.c, p.c.Revision, k.facts(mia, p.now), meta.ResponseURL), k.name, "form", kind)
	}
	g.add(ExtendForm(k.life("extended").c, f, meta.ResponseURL), k.name, "form", "extend")
	g.add(CompleteForm(k.life("in-progress").c, f, meta.ResponseURL), k.name, "form", "complete")
	g.add(CompleteFormAs(k.life("in-progress").c, models.Failed, f, meta.ResponseURL), k.name, "form", "complete", "failed")
	g.add(ReviewForm(k.life("implemented").c, f, meta.ResponseURL), k.name, "form", "review")
	g.add(ServiceOptions(k.dir.ActiveServices(), ""), k.name, "options", "services")
	linked := models.InputOf(p.c)
	linked.Release = 3
	g.add(ChangeForm(edit, linked, f, 0), k.name, "form", "edit", "release")
}

func (g *gallery) modals(k cast) {
	for _, p := range k.lives() {
		if k.name == "everyday" || p.name == "half" || p.name == "reviewed" {
			g.add(DetailsModal(p.c, k.facts(cara, p.now)), k.name, "details", p.name)
		}
	}
	p := k.life("half")
	g.add(HistoryModal(p.c, k.events(), false, k.facts(cara, p.now)), k.name, "history")
	g.add(HistoryModal(p.c, nil, false, k.facts(cara, p.now)), k.name, "history", "empty")
	var long []models.Event
	for n := range 40 {
		e := k.events()[n%len(k.events())]
		e.ID, e.At = int64(100-n), e.At.Add(-time.Duration(n)*time.Hour)
		long = append(long, e)
	}
	g.add(HistoryModal(p.c, long, true, k.facts(cara, p.now)), k.name, "history", "more")
}

var galleryCommands = Commands{"/change", "/checklist", "/gatehouse"}

func (g *gallery) lists(k cast) {
	var all []*models.Change
	for range 2 {
		for _, p := range k.lives() {
			all = append(all, p.c)
		}
	}
	open := slices.DeleteFunc(slices.Clone(all), func(c *models.Change) bool { return c.State.Final() })
	now := k.life("awaiting").now
	full := HomeData{Waiting: open, Mine: open, Coming: open}
	for _, z := range k.freezes() {
		for n := range 3 {
			start := now.Add(time.Duration(n*72-1) * time.Hour)
			full.Freezes = append(full.Freezes, models.FreezeSpan{Freeze: z, Window: models.NewWindow(start, start.Add(60*time.Hour))})
		}
	}
	g.add(Home(full, galleryCommands, k.facts(mia, now)), k.name, "home", "full")
	g.add(Home(HomeData{}, galleryCommands, k.facts(ana, now)), k.name, "home", "empty")
	closed := models.Undelivered{ID: 7, Kind: models.DeliverCard, Record: all[0].Ref(), Channel: "C0CHANGES", Since: now,
		Reason: "The message was not posted. The channel is archived. Unarchive it, or choose another channel in /gatehouse setup."}
	g.add(Home(HomeData{Undelivered: []models.Undelivered{closed,
		{ID: 8, Kind: models.DeliverAsk, Record: all[0].Ref(), User: ben, Since: now, Reason: "The message was not posted. " + k.note},
		{ID: 9, Kind: models.DeliverCard, Record: models.RecordRef{Kind: models.RecordRelease, ID: 3}, Channel: "C0CHANGES", Since: now},
		{ID: 10, Kind: models.DeliverDigest, Record: models.RecordRef{Kind: models.RecordSchedule, ID: 2}, Channel: "C0PAYMENT1", Since: now, Reason: closed.Reason},
		{ID: 11, Kind: models.DeliverDigest, Record: models.RecordRef{Kind: models.RecordSchedule, ID: 5}, User: ben, Channel: "D0BEN", Since: now, Reason: "The message was not posted. " + k.note},
		closed}}, galleryCommands, k.facts(mia, now)), k.name, "home", "undelivered")
	g.add(Mine(full, galleryCommands, k.facts(mia, now)), k.name, "mine", "full")
	g.add(Mine(HomeData{}, galleryCommands, k.facts(ana, now)), k.name, "mine", "empty")
	g.add(ChangeList("Changes "+k.in.Title, all, 7, nil, k.facts(ana, now)), k.name, "list", "full")
	g.add(ChangeList("Changes", nil, 0, nil, k.facts(ana, now)), k.name, "list", "empty")
	learnt := slices.DeleteFunc(slices.Clone(all), func(c *models.Change) bool { _, asked := c.Asks(); return !asked })
	g.add(LessonList(learnt, 0, k.facts(ana, now)), k.name, "lessons", "engineer")
	g.add(LessonList(learnt, 2, k.facts(mia, now)), k.name, "lessons", "manager")
	g.add(LessonList(nil, 0, k.facts(mia, now)), k.name, "lessons", "none")
}

// words are the answers that no change stands behind.
func (g *gallery) words() {
	verbs := []Verb{
		{Name: "new", Usage: "new [title]", What: "raise a change"},
		{Name: "CHG-4", Usage: "CHG-4", What: "show a change with your buttons"},
		{Name: "list", Usage: "list [today|awaiting|mine]", What: "list changes", Aliases: []string{"ls"}},
		{Name: "approvals", Usage: "approvals", What: "what waits for your decision", Aliases: []string{"todo"}},
		{Name: "help", Usage: "help", What: "this list", Aliases: []string{"?"}},
	}
	var many []Verb
	for range 8 {
		many = append(many, verbs...)
	}
	const attack = "<!channel> *x* `y` <@U0ANA> & <https://evil.example|bank>"
	g.add(Help("/change", verbs, "A change is named in any spelling: CHG-4, chg4, 4."), "help")
	g.add(Help("/change", many, ""), "help", "many")
	g.add(Unknown("/change", "aprove", []Suggestion{{"/change", verbs[3]}}), "unknown", "near")
	g.add(Unknown("/change", attack+strings.Repeat("x", 4000), nil), "unknown", "hostile")
	g.add(Refusal("You raised this change, so someone else must decide on it. CHG-4 waits for 1 peer."), "refusal")
	g.add(Refusal(attack+strings.Repeat(" ❌", 3000)), "refusal", "hostile")
	g.add(Trouble("7f3a91c2"), "trouble")
	g.add(Working(), "working")
	g.add(Retired(), "retired")
	g.add(Skeleton("Edit CHG-4"), "skeleton")
	g.add(FormGone("CHG-4", "CHG-4 is closed, so it can't be edited any more. Raise it again if it is still needed."), "form-gone")
	g.add(FormGone(attack, attack+strings.Repeat("\n🧨", 4000)), "form-gone", "hostile")
	k := everyday()
	p := k.life("approved")
	g.add(FormGone("Recorded", Raised(p.c, k.facts(ana, p.now)).Text), "form-gone", "answer")
	g.add(MessageAnswer("/change"), "message-answer")
	g.add(ServiceOptions(nil, "nothing"), "options", "none")
}
