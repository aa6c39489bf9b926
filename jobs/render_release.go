package jobs

import (
	"context"
	"fmt"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// drawOfRelease is how a kind looks that is about a release.
type drawOfRelease func(*attempt, context.Context, *models.Release, models.ReleaseFacts) (drawing, error)

// releaseDraws says how each kind looks; the prompt of a handover meeting
// belongs here, too.
var releaseDraws = map[models.DeliveryKind]drawOfRelease{
	models.DeliverCard:   (*attempt).drawReleaseCard,
	models.DeliverThread: (*attempt).drawReleaseThread,
	models.DeliverNote:   (*attempt).drawReleaseNote,
	models.DeliverAsk:    (*attempt).drawReleaseAsk,
	models.DeliverPrompt: (*attempt).drawPrompt,
	models.DeliverFile:   (*attempt).drawFile,
}

// drawRelease is draw for what is about a release. What goes to one person is
// drawn for them: its buttons are theirs.
func (a *attempt) drawRelease(ctx context.Context) (drawing, error) {
	how, known := releaseDraws[a.row.Kind]
	if !known {
		return drawing{not: parked("Gatehouse does not know this kind of message about a release; it was written by a newer version.")}, nil
	}
	r, err := a.cfg.Store.Release(ctx, a.row.WorkspaceID, models.ReleaseID(a.row.RecordID))
	if err != nil {
		return drawing{}, fmt.Errorf("load release %d for delivery %d: %w", a.row.RecordID, a.row.ID, err)
	}
	f, err := a.cfg.Store.FactsAroundRelease(ctx, r, a.row.UserID)
	if err != nil {
		return drawing{}, fmt.Errorf("read facts for delivery %d: %w", a.row.ID, err)
	}
	d, err := how(a, ctx, r, f)
	d.record = r.ID.String()
	return d, err
}

func (a *attempt) drawReleaseCard(_ context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	return drawing{Message: view.ReleaseCard(r, f), anew: true}, nil
}

func (a *attempt) drawReleaseThread(ctx context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	return a.underCard(ctx, func(e models.Event) view.Message { return view.ReleaseThread(r, e, f) })
}

func (a *attempt) drawReleaseNote(ctx context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	e, err := a.event(ctx)
	if err == nil && !view.ReleaseNoteDue(r, e, f) {
		return drawing{not: superseded("nothing of it is left to do")}, nil
	}
	return drawing{Message: view.ReleaseNote(r, e, f), from: r.NoteMayWait(e.Kind, a.row.UserID, f)}, err
}

// drawReleaseAsk: an ask of which nothing is left is not sent; one that is there
// already is edited to say so.
func (a *attempt) drawReleaseAsk(_ context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	ask, ok := r.ReleaseAskByKey(a.row.Key)
	if !ok {
		return drawing{not: superseded("the release does not know this ask")}, nil
	}
	if ask.Kind == models.AskVote || ask.Kind == models.AskLead {
		d, err := a.drawHandoverAsk(r, ask, f)
		d.from = r.MayWait(ask, f)
		return d, err
	}
	open := view.ReleaseAskOpen(r, ask.Kind, f)
	if !open && a.row.TS == "" {
		return drawing{not: superseded("there is nothing left to do")}, nil
	}
	return drawing{Message: view.ReleaseAsk(r, ask.Kind, f), anew: open, from: r.MayWait(ask, f)}, nil
}
