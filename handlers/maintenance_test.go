package handlers_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestAnOwnerSetsMaintenanceWindowsAndOthersDoNot(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("chi").Slash("general", "/change calendar tracking"))
		fine(t, w.As("chi").Click(w.told("chi", "Calendar of Parcel tracking"), "Maintenance windows…"))
		w.opened("chi", "maintenance.form")
		for _, bad := range []string{"at night", "0 22 * * 1-4 for 4h in Mars/Olympus", "0 0 30 2 * for 1h in UTC", "0 22 * * 1 for 900h in UTC"} {
			if r := w.As("chi").Submit(slackfake.Fields{"cron": bad}); r.Errors["cron"] == "" {
				t.Errorf("%q is not refused beside the field", bad)
			}
		}
		fine(t, w.As("chi").Submit(slackfake.Fields{"cron": "0 22 * * 1-4 for 4h in Europe/Berlin\n2031-12-01 22:00 for 2h in UTC"}))
		w.told("chi", "Saved", "2 maintenance windows")
		f, err := w.store.Facts(t.Context(), workspace, "")
		must(t, err)
		var got []models.When
		for _, x := range f.Windows {
			got = append(got, x.When)
		}
		once := time.Date(2031, 12, 1, 22, 0, 0, 0, time.UTC)
		want := []models.When{{Cron: "0 22 * * 1-4", Length: 4 * time.Hour, Zone: "Europe/Berlin"}, {Window: models.NewWindow(once, once.Add(2*time.Hour))}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		before := w.heard("ana")
		fine(t, w.As("ana").Slash("general", "/change calendar tracking"))
		w.until("ana sees the calendar", func() bool { return w.heard("ana") != before })
		if m := w.told("ana", "Calendar of Parcel tracking"); len(m.Controls()) > 0 {
			t.Error("somebody who may not set maintenance windows gets a button")
		}
	})
}
