package view

import (
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/gatehousehq/gatehouse/models"
)

// HandoverInvite is the calendar entry of a handover meeting. Its UID stays when
// the meeting moves and its sequence grows, so that a calendar replaces the
// entry it has; one that was called off is taken out.
func HandoverInvite(r *models.Release, m *models.Meeting, now time.Time) string {
	cal := ics.NewCalendarFor("Gatehouse")
	cal.SetProductId("-//Gatehouse//Gatehouse//EN")
	cal.SetMethod(ics.MethodPublish)
	e := cal.AddEvent(fmt.Sprintf("%s-handover-%d-%s@gatehouse", strings.ToLower(r.ID.String()), m.No, strings.ToLower(string(r.Workspace))))
	e.SetDtStampTime(now.UTC())
	e.SetSequence(m.Sequence)
	e.SetStartAt(m.At.UTC())
	e.SetEndAt(m.Ends().UTC())
	e.SetSummary("Handover of " + r.ID.String() + ": " + clip(oneLine(r.Name), models.MaxTitle))
	if m.Place != "" {
		e.SetLocation(clip(oneLine(m.Place), 2*models.MaxTitle))
	}
	var lines []string
	for _, p := range m.Agenda() {
		lines = append(lines, fmt.Sprintf("%d-%d min %s: %s", int(p.From.Minutes()), int(p.To.Minutes()), p.Title, p.What))
	}
	e.SetDescription(strings.Join(lines, "\n"))
	e.SetStatus(ics.ObjectStatusConfirmed)
	if m.State == models.MeetingCalledOff {
		cal.SetMethod(ics.MethodCancel)
		e.SetStatus(ics.ObjectStatusCancelled)
	}
	return cal.Serialize(ics.WithNewLineWindows)
}
