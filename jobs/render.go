package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// drawing is how a row looks now, or why it is not sent.
type drawing struct {
	view.Message
	home   *slack.HomeTabViewRequest
	file   *view.ReleaseFile
	thread string    // ts of the parent
	record string    // "CHG-4", for the metadata
	anew   bool      // post it again when somebody deleted it
	from   time.Time // when a person may get it who did not get it in time; zero = at once
	start  string    // key of the message of reminders that they get then

	not func(*attempt, context.Context) error // what to do instead of sending
}

// draw is how a kind looks.
type draw func(*attempt, context.Context, *models.Change, models.Facts) (drawing, error)

// draws says how each kind looks. All are drawn from the state of this moment,
// so what comes late is never stale.
var draws = map[models.DeliveryKind]draw{
	models.DeliverCard:   (*attempt).drawCard,
	models.DeliverAsk:    (*attempt).drawAsk,
	models.DeliverThread: (*attempt).drawThread,
	models.DeliverNote:   (*attempt).drawNote,
}

// draw reads the state and turns it into a message.
func (a *attempt) draw(ctx context.Context) (d drawing, err error) {
	s, ws := a.cfg.Store, a.row.WorkspaceID
	if a.row.Kind == models.DeliverHome {
		return a.drawHome(ctx)
	}
	if a.row.Kind == models.DeliverCopy {
		return a.drawCopy(ctx)
	}
	if a.row.Kind == models.DeliverRemind {
		return a.drawReminders(ctx)
	}
	if a.row.RecordKind == models.RecordTemplate && a.row.Kind == models.DeliverNote {
		return a.drawTemplateNote(ctx)
	}
	if a.row.RecordKind == store.RecordPolicy && a.row.Kind == models.DeliverNote {
		f, err := s.Facts(ctx, ws, a.row.UserID)
		return drawing{Message: view.PolicyNote(f), record: "policy"}, err
	}
	if a.row.Kind == models.DeliverDigest {
		return a.drawDigest(ctx)
	}
	if a.row.RecordKind == models.RecordRelease {
		return a.drawRelease(ctx)
	}
	how, known := a.draws[a.row.Kind]
	if !known || a.row.RecordKind != models.RecordChange {
		return drawing{not: parked("Gatehouse does not know this kind of message; it was written by a newer version.")}, nil
	}
	c, err := s.Change(ctx, ws, models.ChangeID(a.row.RecordID))
	if err != nil {
		return d, fmt.Errorf("load %s %d for delivery %d: %w", a.row.RecordKind, a.row.RecordID, a.row.ID, err)
	}
	f, err := a.factsOf(ctx, c)
	if err != nil {
		return d, fmt.Errorf("read facts for delivery %d: %w", a.row.ID, err)
	}
	d, err = how(a, ctx, c, f)
	d.record, d.from = c.ID.String(), c.MayWait(a.row.UserID, f)
	return d, err
}

// factsOf: cards and asks say what is in the way, which takes one more read; what
// belongs to a release shows how far that is.
func (a *attempt) factsOf(ctx context.Context, c *models.Change) (models.Facts, error) {
	if c.Release != 0 || c.State.Editable() && (a.row.Kind == models.DeliverCard || a.row.Kind == models.DeliverAsk) {
		return a.cfg.Store.FactsAround(ctx, c, "")
	}
	return a.cfg.Store.Facts(ctx, c.Workspace, "")
}

func (a *attempt) drawCard(_ context.Context, c *models.Change, f models.Facts) (drawing, error) {
	return drawing{Message: view.ChangeCard(c, f), anew: true}, nil
}

// drawAsk: nobody is asked for what is no longer theirs to decide. An ask that
// they have already is edited to say how it ended.
func (a *attempt) drawAsk(ctx context.Context, c *models.Change, f models.Facts) (drawing, error) {
	ask, latest, ok := c.AskByKey(a.row.Key)
	open := ok && latest && c.MayDecide(f.Person(a.row.UserID), f) && c.StandIn(a.row.UserID, f) == ""
	switch {
	case !ok:
		return drawing{not: superseded("the change does not know this ask")}, nil
	case !open && a.row.TS == "":
		return drawing{not: superseded("there is nothing left to decide")}, nil
	}
	var since *models.Material
	if seen, ok := c.LastSeen(a.row.UserID); ok && seen != ask.Revision {
		m, err := a.cfg.Store.Material(ctx, c.Workspace, c.ID, seen)
		switch {
		case err == nil:
			since = &m
		case !errors.Is(err, store.ErrNotFound):
			return drawing{}, fmt.Errorf("load revision %s of %s: %w", seen.Short(), c.ID, err)
		}
	}
	return drawing{Message: view.AskCard(c, ask, latest, since, f), anew: open}, nil
}

func (a *attempt) drawNote(ctx context.Context, c *models.Change, f models.Facts) (drawing, error) {
	e, err := a.event(ctx)
	if err == nil && !view.NoteDue(c, e) {
		return drawing{not: superseded("it is no longer so")}, nil
	}
	return drawing{Message: view.Note(c, e, f)}, err
}

// drawTemplateNote is drawn for whoever gets it: its buttons are theirs.
func (a *attempt) drawTemplateNote(ctx context.Context) (drawing, error) {
	t, err := a.cfg.Store.TemplateByID(ctx, a.row.WorkspaceID, a.row.RecordID)
	if err != nil {
		return drawing{}, err
	}
	f, err := a.cfg.Store.Facts(ctx, a.row.WorkspaceID, a.row.UserID)
	if err != nil {
		return drawing{}, fmt.Errorf("read facts for delivery %d: %w", a.row.ID, err)
	}
	e, err := a.event(ctx)
	return drawing{Message: view.TemplateNote(*t, e, f), record: string(t.Name)}, err
}

func (a *attempt) drawThread(ctx context.Context, c *models.Change, f models.Facts) (drawing, error) {
	return a.underCard(ctx, func(e models.Event) view.Message { return view.ThreadLine(c, e, f) })
}

// underCard draws a line that stands under the card. In a lane an older row of
// the same record goes first, so a card that is not there by now was parked.
func (a *attempt) underCard(ctx context.Context, line func(models.Event) view.Message) (drawing, error) {
	card, there, err := a.cfg.Store.CardTS(ctx, a.row.WorkspaceID, a.row.Ref(), a.row.Channel)
	switch {
	case err != nil:
		return drawing{}, err
	case !there:
		return drawing{not: parked("The card that this line belongs under could not be posted; repair that first.")}, nil
	}
	e, err := a.event(ctx)
	return drawing{Message: line(e), thread: card}, err
}

func (a *attempt) drawHome(ctx context.Context) (drawing, error) {
	data, f, err := a.cfg.Store.Home(ctx, a.row.WorkspaceID, a.row.UserID)
	if err != nil {
		return drawing{}, fmt.Errorf("read the home of %s: %w", a.row.UserID, err)
	}
	h := view.Home(view.HomeData(data), a.cfg.Commands, f)
	return drawing{home: &h}, nil
}

func (a *attempt) event(ctx context.Context) (models.Event, error) {
	e, _, err := a.cfg.Store.Event(ctx, a.row.WorkspaceID, a.row.EventID)
	if err != nil {
		return e, fmt.Errorf("load event %d of delivery %d: %w", a.row.EventID, a.row.ID, err)
	}
	return e, nil
}

// superseded ends a row that nobody needs any more.
func superseded(why string) func(*attempt, context.Context) error {
	return func(a *attempt, ctx context.Context) error {
		a.Counts.Superseded.Add(1)
		a.log.InfoContext(ctx, "a message is not sent: nobody needs it any more", "delivery", a.row.ID, "kind", a.row.Kind,
			"channel", a.row.Channel, "user", a.row.UserID, "reason", why)
		return a.cfg.Store.MarkSuperseded(ctx, a.row, why)
	}
}

func parked(reason string) func(*attempt, context.Context) error {
	return func(a *attempt, ctx context.Context) error { return a.park(ctx, reason, reason) }
}
