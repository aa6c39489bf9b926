package handlers_test

import (
	"testing"

	"github.com/gatehousehq/gatehouse/models"
)

func TestAChangeIsRaisedByFormAndApproved(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/change new"))
		fine(t, w.As("ana").Submit(w.goodForm()))
		w.told("ana", "CHG-1", "raised")
		if c := w.change(1); c.State != models.AwaitingApproval {
			t.Fatalf("state is %s", c.State)
		}
		fine(t, w.As("ben").Click(w.card("ben", 1), "Approve"))
		w.told("ben", "CHG-1", "still needed")
		if n := len(w.change(1).Counting()); n != 1 {
			t.Errorf("%d approvals count, want 1", n)
		}
	})
}
