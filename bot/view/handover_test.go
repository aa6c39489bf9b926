package view

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

// entry reads an invitation with another library than the one that wrote it.
func entry(t *testing.T, source string) map[string]string {
	t.Helper()
	cal, err := ical.NewDecoder(strings.NewReader(source)).Decode()
	if err != nil {
		t.Fatalf("%v in\n%s", err, source)
	}
	events := cal.Events()
	if len(events) != 1 {
		t.Fatalf("%d events in\n%s", len(events), source)
	}
	method, _ := cal.Props.Text(ical.PropMethod)
	got := map[string]string{"method": method}
	for _, name := range []string{ical.PropUID, ical.PropSummary, ical.PropLocation, ical.PropStatus, ical.PropSequence} {
		if p := events[0].Props.Get(name); p != nil {
			got[strings.ToLower(name)] = strings.ReplaceAll(p.Value, "\\", "")
		}
	}
	start, err := events[0].DateTimeStart(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := events[0].DateTimeEnd(time.UTC)
	got["time"] = start.Format("2 Jan 15:04") + " to " + end.Format("15:04")
	for line := range strings.SplitSeq(source, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	return got
}

func TestAnInvitationIsReplacedWhenTheMeetingMovesAndTakenOutWhenCalledOff(t *testing.T) {
	s := everyday().released()
	got := []map[string]string{entry(t, HandoverInvite(s.r, s.r.Upcoming(), s.now))}
	must(s.r.Schedule(models.MeetingInput{At: s.now.Add(50 * time.Hour), Length: time.Hour, Place: "Room 4; ask at the desk, please"}, s.facts(ana)))
	got = append(got, entry(t, HandoverInvite(s.r, s.r.Upcoming(), s.now)))
	must(s.r.Cancel("Not this year.", s.facts(ana)))
	got = append(got, entry(t, HandoverInvite(s.r, s.r.LastMeeting(), s.now)))
	title := "Handover of REL-3: Rotate the signing key of the payments API"
	want := []map[string]string{
		{"method": "PUBLISH", "uid": "rel-3-handover-1-t0demo@gatehouse", "summary": title, "location": "Rotate the signing key of the payments API",
			"status": "CONFIRMED", "sequence": "0", "time": "25 Nov 11:00 to 11:45"},
		{"method": "PUBLISH", "uid": "rel-3-handover-1-t0demo@gatehouse", "summary": title, "location": "Room 4; ask at the desk, please",
			"status": "CONFIRMED", "sequence": "1", "time": "26 Nov 11:00 to 12:00"},
		{"method": "CANCEL", "uid": "rel-3-handover-1-t0demo@gatehouse", "summary": title, "location": "Room 4; ask at the desk, please",
			"status": "CANCELLED", "sequence": "2", "time": "26 Nov 11:00 to 12:00"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	h := hostile().released()
	if got := entry(t, HandoverInvite(h.r, h.r.Upcoming(), h.now)); strings.ContainsAny(got["summary"], "\r\n\x00") {
		t.Errorf("%q", got["summary"])
	}
}

func TestACertificateAsAFileHoldsEveryItemAndTheHash(t *testing.T) {
	for _, k := range []cast{everyday(), hostile(), longest()} {
		s := k.released()
		s.met()
		s.confirmed()
		c := *s.r.Certificate()
		text := CertificateText(c, s.facts("").Facts)
		if lines := strings.Count(text, "\n"); lines != len(c.Entries)+len(c.Changes)+6 || len(c.Changes) == 0 || !strings.Contains(text, c.Hash) || !c.Genuine() {
			t.Errorf("%s: %d lines for %d entries", k.name, lines, len(c.Entries))
		}
	}
}

func TestMinutesShowNoVoteThatIsStillSilent(t *testing.T) {
	s := everyday().released()
	s.now = s.now.Add(26 * time.Hour)
	must(s.r.Elapse(s.facts("")))
	must(s.r.Vote(0, models.ChoiceNotReady, "The rota has gaps.", s.facts(ben)))
	if got := string(encoded(Minutes(s.r, s.r.InSession(), s.facts("").Facts))); strings.Contains(got, "not ready") || strings.Contains(got, "rota") {
		t.Error(got)
	}
}
