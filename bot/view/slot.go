package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// passedMost is how many reasons stand under the free times.
const passedMost = 4

// ChangeFormWithSlots is the form as it was filled in, with free times under its
// start that one click fills in, and why earlier ones are not free.
func ChangeFormWithSlots(meta FormMeta, in models.Input, ahead models.Outlook, f models.Facts) slack.ModalViewRequest {
	var blocks []slack.Block
	s := ahead.Slots
	head := "*Free times*" + offHours(s)
	if len(s.Free) == 0 {
		head = "*No free time within 14 days.* Try a shorter window, another implementer, or ask for an exception."
	}
	blocks = append(blocks, section(head))
	for i, w := range s.Free {
		take := button(ActionSlotTake, "Take it", slotValue(w))
		if i == 0 {
			take = take.WithStyle(slack.StylePrimary)
		}
		blocks = append(blocks, sectionWith(span(w), take))
	}
	if len(s.Passed) > 0 {
		why := markup("*Why not earlier:*")
		for _, p := range s.Passed[:min(passedMost, len(s.Passed))] {
			why += "\n• " + when(p.Window.Start) + ": " + told(models.Reason{When: p.When}, p.Why, 200)
		}
		blocks = append(blocks, section(why+moreWords(len(s.Passed)-passedMost, "reason", "reasons")))
	}
	return changeForm(meta, in, &ahead, f, meta.Resets, blocks)
}

func slotValue(w models.Window) string {
	return strconv.FormatInt(w.Start.Unix(), 10) + ":" + strconv.FormatInt(w.End.Unix(), 10)
}

// ParseSlotValue reads the value of a slot's button.
func ParseSlotValue(s string) (models.Window, bool) {
	a, b, found := strings.Cut(s, ":")
	from, err := strconv.ParseInt(a, 10, 64)
	to, bad := strconv.ParseInt(b, 10, 64)
	return models.NewWindow(time.Unix(from, 0), time.Unix(to, 0)), found && err == nil && bad == nil && from < to
}

// ActionMove moves a change to the free time that a refusal offers.
const ActionMove = "change.move"

// RefusalWithSlot is a rule's no that another time would turn into a yes: the
// next free one is one click away.
func RefusalWithSlot(text string, c *models.Change, w models.Window) Message {
	line := "🗓️ *Next free time:* " + span(w)
	words, resets := "The window moves, and nothing else.", ""
	if c.State == models.Draft {
		words = "The change is submitted with this window."
	} else if n := c.WouldVoid(); n > 0 {
		resets = " " + string(count(n, "approval is", "approvals are")) + " asked for again, since they were given for another time."
	}
	take := button(ActionMove, "Move it there", moveValue(c, w)).WithStyle(slack.StylePrimary).
		WithConfirm(confirm("Move "+c.ID.String()+"?", words+resets, "Move it", "Leave it", slack.StylePrimary))
	return message(joined("\n", esc(text, 3000), line), append(verbatim(clip(text, 3000)), sectionWith(line, take))...)
}

// moveValue is "4:<revision>:<start>:<end>".
func moveValue(c *models.Change, w models.Window) string { return Value(c) + ":" + slotValue(w) }

// ParseMoveValue reads the value of the button.
func ParseMoveValue(s string) (id models.ChangeID, seen models.Revision, w models.Window, ok bool) {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) < 3 {
		return 0, "", w, false
	}
	id, seen, named := ParseValue(parts[0] + ":" + parts[1])
	w, timed := ParseSlotValue(parts[2])
	return id, seen, w, named && timed
}
