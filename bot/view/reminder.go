package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// mostReminders is how many things one message spells out.
const mostReminders = 8

// Reminders tells one person what waits for them, with the buttons that settle
// it. What was done meanwhile is left out by whoever calls; of nothing left one
// line remains.
func Reminders(list []models.Reminder, about map[models.ChangeID]*models.Change, f models.Facts) Message {
	if len(list) == 0 {
		done := markup("✅ Nothing of this waits for you any more.")
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
		c := about[r.Change]
		line := reminderLine(r, c, f)
		blocks = append(blocks, section(line))
		blocks = append(blocks, actions(reminderButtons(r, c)...)...)
		text = joined("\n", text, line)
	}
	return message(text, blocks...)
}

// reminderLine says what is to be done, by when, and about what.
func reminderLine(r models.Reminder, c *models.Change, f models.Facts) markup {
	what := reminderWords(r, c)
	if r.Escalated() {
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
		return "Its window ended " + when(c.Window.End) + ", and no outcome is recorded."
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
