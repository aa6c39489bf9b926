package view

import (
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

const (
	// calendarMost is how many days one answer shows, and how many changes a day.
	calendarMost = 14
	dayMost      = 8
	// dayFreezes is how many freezes and maintenance windows a day names, each.
	dayFreezes = 3
	// calendarRoom is how long all days may become, as bytes.
	calendarRoom = 8500
)

// Calendar answers "/change calendar": by day, what is planned, with freezes,
// maintenance windows and conflicts.
func Calendar(k models.Calendar, f models.Facts) Message {
	title := markup("Calendar")
	if k.Service != "" {
		title += " of " + esc(f.Services[k.Service].Name, 40)
	}
	blocks := []slack.Block{section(bold(title) + " · " + span(k.Window) + " · times in your zone")}
	text, days := title, k.Days(f.Actor.Location())
	if len(days) == 0 {
		const none = "Nothing is planned, and no freeze holds."
		return message(text+": "+none, append(append(blocks, section(none)), maintain(k, f)...)...)
	}
	clash, shown := k.InTheWay(f), 0
	for _, d := range days[:min(calendarMost, len(days))] {
		lines := dayLines(d, clash, k.Service)
		if len(text)+len(lines) > calendarRoom {
			break
		}
		blocks = append(blocks, section(lines))
		text += "\n" + lines
		shown++
	}
	if more := len(days) - shown; more > 0 {
		blocks = append(blocks, small("and "+count(more, "more day", "more days")+". Name a service or fewer days to see less at a time."))
	}
	return message(text, append(blocks, maintain(k, f)...)...)
}

// dayLines is one day, short enough that fourteen of them fit a message.
func dayLines(d models.CalendarDay, clash map[models.ChangeID][]models.ChangeID, service models.Slug) markup {
	out := bold(markup(d.Date.Format("Monday 2 January")))
	for _, x := range d.Freezes[:min(dayFreezes, len(d.Freezes))] {
		out += "\n" + freezeSign(x.Freeze.Kind) + " " + freezeName(x.Freeze, 40) + " · " + span(x.Window)
	}
	out += moreWords(len(d.Freezes)-dayFreezes, "freeze", "freezes")
	if service != "" {
		for _, x := range d.Openings[:min(dayFreezes, len(d.Openings))] {
			out += "\n🔧 maintenance window · " + clock(x.Window.Start) + " to " + clock(x.Window.End)
		}
	} else if n := len(d.Openings); n > 0 {
		out += "\n🔧 " + count(n, "maintenance window", "maintenance windows")
	}
	for _, c := range d.Changes[:min(dayMost, len(d.Changes))] {
		out += "\n" + calendarLine(c, d.Date, clash[c.ID])
	}
	return out + moreWords(len(d.Changes)-dayMost, "change", "changes")
}

func moreWords(n int, one, many string) markup {
	if n <= 0 {
		return ""
	}
	return "\nand " + number(n) + " more " + markup(map[bool]string{true: one, false: many}[n == 1])
}

func calendarLine(c *models.Change, day time.Time, clash []models.ChangeID) markup {
	s := statusOf(c)
	from := clock(c.Window.Start)
	if c.Window.Start.Before(day) {
		from = "goes on"
	}
	out := markup(s.sign) + " " + from + " " + bold(id(c)) + " " + esc(c.Title, 32)
	if len(clash) > 0 {
		out += " · ⚠️ conflicts with " + markup(clash[0].String())
		if len(clash) > 1 {
			out += " and " + number(len(clash)-1) + " more"
		}
	}
	return out
}

// maintain is the button to a service's maintenance windows, for those who may set them.
func maintain(k models.Calendar, f models.Facts) []slack.Block {
	s, known := f.Services[k.Service]
	if !known || models.MayMaintain(s, f) != nil {
		return nil
	}
	return actions(button(ActionMaintenance, "Maintenance windows…", string(k.Service)))
}
