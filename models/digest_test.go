package models

import (
	"maps"
	"testing"
)

func init() {
	maps.Copy(refusals, map[string]func(t *testing.T, w *world) error{
		"end somebody else's digest":        func(_ *testing.T, w *world) error { _, err := DropDigest(string(ben), w.as(ana)); return err },
		"end a channel's digest as a guest": func(_ *testing.T, w *world) error { _, err := DropDigest("CCHANGES", w.as(pat)); return err },
	})
}

func TestAScheduleIsReadBackAsTheDaysItWasMadeOf(t *testing.T) {
	for cron, want := range map[string]string{
		"30 8 * * 1,2,3,4,5": "30 8 * * 1,2,3,4,5", "0 9 * * 0-4": "0 9 * * 0,1,2,3,4", "0 9 * * *": "0 9 * * 0,1,2,3,4,5,6", "0 9 * * 1-3,5": "0 9 * * 1,2,3,5",
		"0 9 1 * *": "", "0 9 * * MON": "", "*/5 9 * * 1": "", "0 9 * * 5-1": "", "0 9 * * 1-": "",
	} {
		in := DigestInputOf(Schedule{Cron: cron, Zone: "Europe/Berlin"})
		if want == "" && (in.Cron != cron || len(in.Days) > 0) || want != "" && (in.Cron != "" || in.Line() != want) || in.Zone != "Europe/Berlin" {
			t.Errorf("%s is read as %+v", cron, in)
		}
	}
}
