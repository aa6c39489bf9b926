package handlers_test

import (
	"testing"

	"github.com/gatehousehq/gatehouse/models"
)

func TestADigestThatCanNotBeSetIsRefusedInWordsThatNameWhatIsWrong(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for typed, words := range map[string]string{
			"at 09:00 Europe/Atlantis": `There is no time zone "Europe/Atlantis": write its name as in Europe/Berlin`,
			"at 09:00 Local":           `There is no time zone "Local"`,
			"at noon":                  `"noon" is no time, so nothing was changed`,
			"weekly":                   `"weekly" is nothing the digest can do`,
		} {
			fine(t, w.As("ana").Slash("general", "/gatehouse digest "+typed))
			w.told("ana", words)
		}
		if _, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL"); err == nil {
			t.Error("a digest that was refused is set")
		}
		fine(t, w.As("ana").Slash("general", "/gatehouse digest at 09:00 Asia/Manila"))
		w.told("ana", "The digest comes", "09:00", "Asia/Manila")
	})
}
