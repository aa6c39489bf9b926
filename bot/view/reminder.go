package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// mostReminders is how many things one message spells out.
const mostReminders = 7

// ActionSnooze puts one thing of a message off, for whoever got it.
const ActionSnooze = "reminder.snooze"

// ReminderActions are the buttons and menus that only reminders carry.
func ReminderActions() []string { return []string{ActionSnooze} }

// Reminders tells one person what waits for them, with the buttons that settle
// it. What was done meanwhile is left out by whoever calls; of nothing left one
// line remains.
func Reminders(list []models.Reminder, about models.Subjects, f models.Facts) Message {
	if len(list) == 0 {
		done := markup("✅ Nothing of this waits for you here any more.")
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
		c := about.Changes[models.ChangeID(r.Record.ID)]
		line := reminderLine(r, c, f)
		text = joined("\n", text, line)
		if r.Snoozed.After(f.Now) {
			blocks = append(blocks, section(line))
			continue
		}
		blocks = append(blocks, sectionWithMenu(line, snoozeMenu(r, about.MaySnooze(r, f))))
		blocks = append(blocks, actions(reminderButtons(r, c)...)...)
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

// reminderLine says what is to be done, by when, and about what.
func reminderLine(r models.Reminder, c *models.Change, f models.Facts) markup {
	what := reminderWords(r, c)
	switch {
	case r.Snoozed.After(f.Now):
		return "💤 " + ref(c) + "\nYou hear of it again " + when(r.Snoozed) + "."
	case r.Stage == models.BackupStage:
		return "🔺 " + ref(c) + "\n" + what + " Those who were asked did not act, and you are named to stand in; " +
			bold(name(c.Implementer, f)) + " carries it out."
	case r.Escalated():
		return "🔺 " + ref(c) + "\n" + what + " Those who were asked did not act, so this comes to you as a change manager; " +
			bold(name(c.Implementer, f)) + " carries it out."
	}
	return "⏰ " + ref(c) + "\n" + what
}

func reminderWords(r models.Reminder, c *models.Change) markup {
	switch r.Kind {
	case models.RemindDecide:
		if c.OwesApproval() {
			return "The work began without an approval, which is due by " + when(c.StartedAt.Add(models.OweWithin)) + "."
		}
		return "Its window opens " + when(c.Window.Start) + ", and it still waits for a decision."
	case models.RemindStart:
		return "Its window opened " + when(c.Window.Start) + ", and nobody has started it. It expires " + when(c.Window.End) + "."
	case models.RemindComplete:
		return "Its window ended " + when(c.Ends()) + ", and no outcome is recorded."
	case models.RemindIncident:
		return "It is an emergency that names no incident yet, which is due by " + when(c.StartedAt.Add(models.OweWithin)) + "."
	}
	return "It owes a review, due " + when(c.ReviewDue) + "."
}

// reminderButtons settle the duty at once; others see it with the buttons that
// they may use.
func reminderButtons(r models.Reminder, c *models.Change) []*slack.ButtonBlockElement {
	if r.Escalated() {
		return []*slack.ButtonBlockElement{open(c), details(c)}
	}
	settles := map[models.ReminderKind][]string{
		models.RemindDecide: {ActionApprove, ActionReject, ActionDelegate}, models.RemindStart: {ActionStart},
		models.RemindComplete: {ActionComplete, ActionRollback}, models.RemindIncident: {ActionIncident}, models.RemindReview: {ActionReview},
	}
	return append(oneOf(c, settles[r.Kind]...), open(c), details(c))
}
