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
