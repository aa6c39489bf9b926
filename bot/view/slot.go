package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// passedMost is how many reasons stand above the form.
const passedMost = 4

// ChangeFormWithSlots is the form as it was filled in, with free times above
// it that one click fills in, and why earlier ones are not free.
func ChangeFormWithSlots(meta FormMeta, in models.Input, s models.Slots, f models.Facts) slack.ModalViewRequest {
	var blocks []slack.Block
	head := markup("*Free times*")
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
			why += "\n• " + when(p.Window.Start) + ": " + esc(p.Why, 200)
		}
		blocks = append(blocks, section(why+moreWords(len(s.Passed)-passedMost, "reason", "reasons")))
	}
	return changeForm(meta, in, f, meta.Resets, blocks)
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
