package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// listMost is how many changes a list shows.
const listMost = 10

// ChangeList answers a list command: at most ten changes, one line each, and
// how many more there are.
func ChangeList(title string, list []*models.Change, more int, f models.Facts) Message {
	heading := esc(title, 100)
	blocks := []slack.Block{section(bold(heading))}
	text := heading
	if len(list) == 0 {
		blocks = append(blocks, section("None."))
		text += ": none."
	}
	for _, c := range list[:min(listMost, len(list))] {
		blocks = append(blocks, sectionWith(listLine(c, f), open(c)))
		text += "\n" + listLine(c, f)
	}
	if more += max(0, len(list)-listMost); more > 0 {
		blocks = append(blocks, moreLine(more)...)
		text += "\nand " + number(more) + " more"
	}
	return message(text, blocks...)
}

// listLine is a change in one line.
func listLine(c *models.Change, f models.Facts) markup {
	s := statusOf(c)
	return markup(s.sign) + " " + bold(id(c)) + " " + esc(c.Title, 40) + " · " +
		joined(" · ", markup(s.word), environment(c), when(c.Window.Start), owes(c))
}

// owes names what a change still owes, in a few words.
func owes(c *models.Change) markup {
	var out markup
	for _, d := range c.Debts() {
		out = joined(", ", out, markup(d.Kind.String()))
	}
	if out == "" && reviewOwed(c) != "" && c.Findings == "" {
		return "review until " + when(c.ReviewDue)
	}
	if out == "" {
		return ""
	}
	return "owes " + out
}
