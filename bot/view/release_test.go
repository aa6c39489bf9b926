package view

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

func TestCardsOfReleasesAreShort(t *testing.T) {
	for _, e := range Gallery() {
		if !strings.Contains(e.Name, "-release-card-") {
			continue
		}
		most := 15
		if strings.HasSuffix(e.Name, "cancelled") {
			most = 6
		}
		if !strings.HasPrefix(e.Name, "everyday") {
			most += 3
		}
		if n := height(e.View); n > most {
			t.Errorf("%s is %d lines high, at most %d", e.Name, n, most)
		}
	}
}

// TestHowEarlyLifeStandsIsToldOnce: what was held up says nothing when there is
// newer word, and nothing to leads who are asked whether it can end.
func TestHowEarlyLifeStandsIsToldOnce(t *testing.T) {
	s := everyday().released()
	s.r.EarlyLife.PulsedAt = s.now
	pulse := func(at time.Time, u models.UserID) bool {
		return ReleaseNoteDue(s.r, models.Event{Kind: models.EventEarlyLifePulse, At: at}, s.facts(u))
	}
	if !pulse(s.now, s.r.ProjectLead) || !pulse(s.now, s.r.OpsLead) {
		t.Error("the newest word is not told")
	}
	if pulse(s.now.AddDate(0, 0, -7), s.r.ProjectLead) {
		t.Error("what stood a week ago is told after what stands now")
	}
	s.r.EarlyLife.PromptedAt = s.now.Add(time.Hour)
	if pulse(s.now, s.r.OpsLead) || !pulse(s.now, s.r.ProjectLead) {
		t.Error("leads are told what they are asked at the same time")
	}
}

// TestAMeetingThatIsOverIsNotAnnounced: what waited for somebody's hours until
// the meeting was under way or decided says nothing of it.
func TestAMeetingThatIsOverIsNotAnnounced(t *testing.T) {
	s := everyday().released()
	due := func(state models.MeetingState, kind models.EventKind) bool {
		s.r.Meetings = []models.Meeting{{No: 1, At: s.now, State: state}}
		return ReleaseNoteDue(s.r, models.Event{Kind: kind, At: s.now}, s.facts(s.r.OpsLead))
	}
	for _, kind := range []models.EventKind{models.EventHandoverScheduled, models.EventHandoverBriefed} {
		if !due(models.MeetingScheduled, kind) || due(models.MeetingInSession, kind) || due(models.MeetingDecided, kind) {
			t.Errorf("%s is told at another time than before the meeting", kind)
		}
	}
	if !due(models.MeetingInSession, models.EventHandoverOverrun) || due(models.MeetingDecided, models.EventHandoverOverrun) {
		t.Error("that nothing is decided is told when it is")
	}
}
