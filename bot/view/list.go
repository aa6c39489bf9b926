package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// listMost is how many changes a list shows.
const listMost = 10

// ChangeList answers a list command: at most ten changes, one line each, and
// how many more there are. Under a change of which around says that something
// is in its way stands what.
func ChangeList(title string, list []*models.Change, more int, around map[models.ChangeID]models.Around, f models.Facts) Message {
	heading := esc(title, 100)
	blocks := []slack.Block{section(bold(heading))}
	text := heading
	if len(list) == 0 {
		blocks = append(blocks, section("None."))
		text += ": none."
	}
	for _, c := range list[:min(listMost, len(list))] {
		f.Around = around[c.ID]
		line := joined("\n", listLine(c, f), reasonLines(listReasons(c, f), 1))
		blocks = append(blocks, sectionWith(line, open(c)))
		text += "\n" + line
	}
	if more += max(0, len(list)-listMost); more > 0 {
		blocks = append(blocks, moreLine(more)...)
		text += "\nand " + number(more) + " more"
	}
	return message(text, blocks...)
}

// listReasons are those of the card, of changes that others plan around.
func listReasons(c *models.Change, f models.Facts) []models.Reason {
	if c.State == models.Draft {
		return nil
	}
	return reasons(c, f)
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
	if out == "" && reviewOwed(c) != "" {
		return "review until " + when(c.ReviewDue)
	}
	if out == "" {
		return ""
	}
	return "owes " + out
}
