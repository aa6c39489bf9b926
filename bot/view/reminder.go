package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// mostReminders is how many things one message spells out.
const mostReminders = 7

// What only reminders carry: a menu that puts one thing of a message off for
// whoever got it, and the form of how work ended with the answer chosen already.
const (
	ActionSnooze = "reminder.snooze"
	ActionDone   = "change.complete.done"
	ActionFailed = "change.complete.failed"
)

// ReminderActions lists them.
func ReminderActions() []string { return []string{ActionSnooze, ActionDone, ActionFailed} }

// Reminders tells one person what waits for them, with the buttons that settle
// it. What was done meanwhile, or is said again further down, is left out by
// whoever calls; of nothing left one line remains.
func Reminders(list []models.Reminder, about models.Subjects, f models.Facts) Message {
	if len(list) == 0 {
		done := markup("Nothing of this waits for you here any more.")
		return message(done, section(done))
	}
	var blocks []slack.Block
	var text markup
	for i, r := range list {
		if i == mostReminders {
			rest := markup(number(len(list)-i)) + " more wait for you; the App Home lists them."
			blocks, text = append(blocks, small(rest)), text+"\n"+rest
			break
		}
		line, buttons := reminder(r, about, f)
		text = joined("\n", text, line)
		if r.Snoozed.After(f.Now) {
			blocks = append(blocks, section(line))
			continue
		}
		blocks = append(blocks, sectionWithMenu(line, snoozeMenu(r, about.MaySnooze(r, f))))
		blocks = append(blocks, actions(buttons...)...)
	}
	return message(text, blocks...)
}

var snoozeWords = map[models.SnoozeFor]string{
	models.SnoozeHour: "Remind me in 1 hour", models.SnoozeTomorrow: "Remind me tomorrow", models.SnoozeWindow: "Remind me 2 hours before",
}

// snoozeMenu is nil for what can't be put off.
func snoozeMenu(r models.Reminder, may []models.SnoozeFor) *slack.OverflowBlockElement {
	var options []*slack.OptionBlockObject
	for _, by := range may {
		options = append(options, option(snoozeValue(r, by), snoozeWords[by]))
	}
	if len(options) == 0 {
		return nil
	}
	return slack.NewOverflowBlockElement(ActionSnooze, options...)
}

// snoozeValue is "change:4:decide::hour": the record, what of it, and for how long.
func snoozeValue(r models.Reminder, by models.SnoozeFor) string {
	return strings.Join([]string{string(r.Record.Kind), strconv.FormatInt(r.Record.ID, 10), string(r.Kind), r.About, string(by)}, ":")
}

// ParseSnooze reads the value of an entry of the menu.
func ParseSnooze(s string) (r models.Reminder, by models.SnoozeFor, ok bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 5 {
		return r, "", false
	}
	id, err := strconv.ParseInt(parts[1], 10, 64)
	r = models.Reminder{Record: models.RecordRef{Kind: models.RecordKind(parts[0]), ID: id}, Kind: models.ReminderKind(parts[2]), About: parts[3]}
	return r, models.SnoozeFor(parts[4]), err == nil && parts[0] != "" && parts[2] != "" && parts[4] != ""
}

// Snoozed says, privately, what was put off until when.
func Snoozed(until time.Time) Message {
	line := "💤 You hear of it again " + when(until) + ". Nobody else's reminder moves, and neither does what others hear when nothing is done."
	return message(line, section(line))
}

// reminder says what is to be done, by when, and about what, with the buttons
// that settle it.
func reminder(r models.Reminder, about models.Subjects, f models.Facts) (markup, []*slack.ButtonBlockElement) {
	var heading, what, carries, list markup
	var buttons []*slack.ButtonBlockElement
	switch r.Record.Kind {
	case models.RecordRelease:
		x := about.Releases[models.ReleaseID(r.Record.ID)]
		heading, buttons = releaseName(x), itemButtons(r, x, models.ReleaseFacts{Facts: f})
		what, list = itemsReminded(r, x, f)
		carries = bold(name(x.ProjectLead, f)) + " leads the project."
	case models.RecordPerson:
		heading, what = absenceReminded(r, f)
		buttons = []*slack.ButtonBlockElement{button(ActionMe, "Change…", "")}
		if string(r.User) != r.About {
			buttons = nil
		}
	default:
		c := about.Changes[models.ChangeID(r.Record.ID)]
		heading, what, buttons = ref(c), changeReminded(r, c, f), reminderButtons(r, c)
		carries = bold(name(c.Implementer, f)) + " carries it out."
	}
	switch {
	case r.Snoozed.After(f.Now):
		return "💤 " + heading + "\nYou hear of it again " + when(r.Snoozed) + ".", nil
	case r.Stage == models.BackupStage:
		what += " Those who were asked did not act, and you stand in for them; " + carries
		return joined("\n", "🔺 "+heading, what, list), buttons
	case r.Escalated():
		what += " Those who were asked did not act, so this comes to you as a change manager; " + carries
		return joined("\n", "🔺 "+heading, what, list), buttons
	}
	return joined("\n", "⏰ "+heading, what, list), buttons
}

func changeReminded(r models.Reminder, c *models.Change, f models.Facts) markup {
	switch r.Kind {
	case models.RemindDecide:
		if c.OwesApproval() {
			return "The work began without an approval, which " + due(c.StartedAt.Add(models.OweWithin), f)
		}
		return "Its window opens " + when(c.Window.Start) + ", and it still waits for a decision."
	case models.RemindOpens:
		return "Its window opens " + when(c.Window.Start) + ", and it is yours to start. It ends " + when(c.Window.End) + "."
	case models.RemindStart:
		return "Its window opened " + when(c.Window.Start) + ", and nobody has started it. It expires " + when(c.Window.End) + "."
	case models.RemindComplete:
		return "Its window ended " + when(c.Ends()) + ", and no outcome is recorded."
	case models.RemindIncident:
		return "It is an emergency that names no incident yet, which " + due(c.StartedAt.Add(models.OweWithin), f)
	}
	return "It owes a review, which " + due(c.ReviewDue, f)
}

func due(by time.Time, f models.Facts) markup {
	if f.Now.Before(by) {
		return "is due by " + when(by) + "."
	}
	return "was due by " + when(by) + "."
}

// namedItems is how many items of one date a reminder names.
const namedItems = 3

// itemsReminded says what the person has to see to, and names the items.
func itemsReminded(r models.Reminder, x *models.Release, f models.Facts) (words, named markup) {
	list := x.Reminded(r, f)
	deadline := time.Unix(r.Round, 0)
	several := false
	if len(list) > 0 && r.Kind != models.RemindWaiver {
		// Each item's own date, also where it was over when the items came to them.
		earlier := func(a, b *models.Item) int { return a.Due.Compare(b.Due) }
		deadline = slices.MinFunc(list, earlier).Due
		several = !slices.MaxFunc(list, earlier).Due.Equal(deadline)
	}
	verb, past := "is", "was"
	if len(list) != 1 {
		verb, past = "are", "were"
	}
	if !deadline.After(f.Now) {
		verb = past
	}
	by := when(deadline)
	if several {
		by += " and later"
	}
	if r.Escalated() && len(list) > 0 {
		by += ", by " + bold(names(x.Owing(r, f), f))
	}
	words = map[models.ReminderKind]markup{
		models.RemindItem:      count(len(list), "item", "items") + " of the checklist " + markup(verb) + " due " + by,
		models.RemindVerify:    count(len(list), "item waits", "items wait") + " for verification, due " + by,
		models.RemindCondition: count(len(list), "condition", "conditions") + " of the handover " + markup(verb) + " due " + by,
		models.RemindWaiver:    count(len(list), "waiver runs", "waivers run") + " out " + by + ", and then the item opens again",
	}[r.Kind] + "."
	for n, i := range list {
		if n == namedItems {
			return words, named + "\nand " + number(len(list)-n) + " more."
		}
		named = joined("\n", named, "• "+esc(i.Label(), 12)+" "+esc(i.Title, 60))
	}
	return words, named
}

// itemButtons act at once on a single item; of several the checklist is opened.
func itemButtons(r models.Reminder, x *models.Release, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	list := x.Reminded(r, f.Facts)
	var out []*slack.ButtonBlockElement
	if len(list) == 1 && !r.Escalated() {
		switch r.Kind {
		case models.RemindVerify:
			out = verifyButtons(x, list[0], f)
		case models.RemindItem, models.RemindCondition:
			out = workButtons(x, list[0], f)
		}
	}
	return append(out[:min(len(out), maxButtons-1)], openChecklist(x))
}

// absenceReminded tells whoever stands in that it ends, and the person that it did.
func absenceReminded(r models.Reminder, f models.Facts) (heading, what markup) {
	until := time.Unix(r.Round, 0)
	away := models.UserID(r.About)
	if r.User != away {
		return "You stand in for " + bold(name(away, f)), "It ends " + when(until) + "; from then on they decide themselves."
	}
	return "Your absence is over", bold(name(f.Person(away).Own.Away.Delegate, f)) + " no longer decides in your place. If you are still away, say until when."
}

// reminderButtons settle the duty at once; others see it with the buttons that
// they may use.
func reminderButtons(r models.Reminder, c *models.Change) []*slack.ButtonBlockElement {
	if r.Escalated() {
		return []*slack.ButtonBlockElement{open(c), details(c)}
	}
	if r.Kind == models.RemindComplete {
		done, failed := button(ActionDone, "Done…", Value(c)).WithStyle(slack.StylePrimary), button(ActionFailed, "Failed…", Value(c)).WithStyle(slack.StyleDanger)
		return append([]*slack.ButtonBlockElement{done, failed}, append(oneOf(c, ActionMoreTime, ActionRollback), open(c))...)
	}
	settles := map[models.ReminderKind][]string{
		models.RemindDecide: {ActionApprove, ActionReject, ActionDelegate}, models.RemindStart: {ActionStart},
		models.RemindIncident: {ActionIncident}, models.RemindReview: {ActionReview},
	}
	return append(oneOf(c, settles[r.Kind]...), open(c), details(c))
}
