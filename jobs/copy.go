package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models/store"
)

// drawCopy settles what to do about a message of ours that Gatehouse did not
// know when somebody used it, because Slack's reply to the post got lost. It
// becomes the delivery's own message when that has none, and is retired when
// another is kept up to date: then only one is left to be used. The copy's row
// is in its delivery's lane, so neither is being sent.
func (a *attempt) drawCopy(ctx context.Context) (drawing, error) {
	retired := drawing{Message: view.Retired()}
	of, err := a.cfg.Store.Delivery(ctx, a.row.RecordID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return retired, nil
	case err != nil:
		return retired, fmt.Errorf("load what delivery %d is a copy of: %w", a.row.ID, err)
	case of.TS == a.row.TS:
		return drawing{not: superseded("it is the message that is kept up to date")}, nil
	case of.TS != "":
		return retired, nil
	}
	adopted, err := a.cfg.Store.Adopt(ctx, of, a.row.Channel, a.row.TS)
	if err != nil || !adopted {
		return retired, err
	}
	a.Counts.Adopted.Add(1)
	return drawing{not: superseded("it became the message that is kept up to date")}, nil
}
