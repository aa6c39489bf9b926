package jobs

import (
	"context"
	"fmt"
	"slices"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// remindBatch bounds one look for reminders; a tick takes what is due, a few
// looks at a time, and leaves the rest to the next one.
const (
	remindBatch = 200
	remindLooks = 20
)

// remind says what has fallen due to whoever has to act. Which messages are due
// is the store's to find and the rules' to judge; a restart loses nothing.
func (t *ticker) remind(ctx context.Context) error {
	for range remindLooks {
		look, err := t.cfg.Store.Remind(ctx, t.cfg.Workspace, remindBatch)
		if err != nil {
			return fmt.Errorf("look for reminders: %w", err)
		}
		t.Counts.Reminded.Add(int64(look.Said))
		for _, b := range look.Broken {
			t.panicked(ctx, "a record can't be judged for reminders; it is tried again later", b.Panic, string(b.Trace),
				"kind", b.Record.Kind, "record", b.Record.ID, "about", b.About)
		}
		if look.Records < remindBatch {
			return nil
		}
	}
	return nil
}

// drawReminders shows what of it is still to be done. When all was done before
// it is sent, nobody is bothered; what was sent already says that it is done.
func (a *attempt) drawReminders(ctx context.Context) (drawing, error) {
	list, about, err := a.cfg.Store.Reminded(ctx, a.row.WorkspaceID, a.row.Key)
	if err != nil {
		return drawing{}, err
	}
	f, err := a.cfg.Store.Facts(ctx, a.row.WorkspaceID, a.row.UserID)
	if err != nil {
		return drawing{}, fmt.Errorf("read facts for delivery %d: %w", a.row.ID, err)
	}
	list = slices.DeleteFunc(models.Newest(list), func(r models.Reminder) bool { return !about.Concerns(r, f) })
	if len(list) == 0 && a.row.TS == "" {
		return drawing{not: superseded("all of it was done meanwhile")}, nil
	}
	from := about.MayWait(list, a.row.UserID, f)
	return drawing{Message: view.Reminders(list, about, f), record: "reminders", from: from, start: models.StartBundle(f.Person(a.row.UserID), from)}, nil
}
