package view

import (
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// when is a point in time in the reader's zone, UTC where Slack can't say.
func when(t time.Time) markup {
	return token(t, dateFormat, dateFallback)
}

const (
	dateFormat   = "{date_short_pretty} at {time}"
	dateFallback = "2 Jan 2006 15:04 UTC"
)

func clock(t time.Time) markup { return token(t, "{time}", "15:04 UTC") }

// token writes a time that Slack converts; one before 1970 was never set.
func token(t time.Time, format, fallback string) markup {
	if t.Unix() <= 0 {
		return blank
	}
	return markup(fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), format, t.UTC().Format(fallback)))
}

// span is a window; its end needs no date while it is unambiguous.
func span(w models.Window) markup {
	switch {
	case w.Start.IsZero():
		return "not chosen yet"
	case w.End.IsZero() || !w.End.After(w.Start):
		return when(w.Start)
	case w.Length() < 24*time.Hour:
		return when(w.Start) + " to " + clock(w.End)
	}
	return when(w.Start) + " to " + when(w.End)
}
