package jobs

import (
	"context"
	"errors"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// drawPrompt is the one message of a meeting, from its beginning to its result.
func (a *attempt) drawPrompt(_ context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	for n := range r.Meetings {
		if m := &r.Meetings[n]; r.PromptKey(m.No) == a.row.Key {
			return drawing{Message: view.HandoverPrompt(r, m, f), anew: m.State == models.MeetingInSession}, nil
		}
	}
	return drawing{not: superseded("the release does not know this meeting")}, nil
}

// drawHandoverAsk: nobody is asked for a vote that they gave, or for a decision
// that is no longer theirs; one that was asked is edited to say how it ended.
func (a *attempt) drawHandoverAsk(r *models.Release, ask models.ReleaseAsk, f models.ReleaseFacts) (drawing, error) {
	m, open := view.HandoverAsk(r, ask, f)
	if !open && a.row.TS == "" {
		return drawing{not: superseded("there is nothing left to decide")}, nil
	}
	return drawing{Message: m, anew: open}, nil
}

// drawFile stands under the card, as a thread line does.
func (a *attempt) drawFile(ctx context.Context, r *models.Release, f models.ReleaseFacts) (drawing, error) {
	var file view.ReleaseFile
	var there bool
	d, err := a.underCard(ctx, func(e models.Event) view.Message {
		file, there = view.FileOf(r, e, f)
		return view.Message{Text: file.Comment}
	})
	if err != nil || d.not != nil {
		return d, err
	}
	if !there {
		return drawing{not: superseded("there is no such file any more")}, nil
	}
	d.file = &file
	return d, nil
}

// share takes the file to Slack and shows it. Its id is kept in between, so that
// a try after one that may have worked shows it no second time.
func (a *attempt) share(ctx context.Context, d drawing) (store.Sent, error) {
	sent := store.Sent{Channel: a.row.Channel, Shown: a.wanted}
	f := slackapi.File{Name: d.file.Name, Title: d.file.Title, Body: d.file.Body}
	id := a.row.ViewHash
	if id == "" {
		var err error
		if id, err = a.cfg.Slack.PrepareFile(ctx, f); err != nil {
			a.doubtful = false // nobody can have seen it
			return sent, err
		}
		if err := a.cfg.Store.NoteFile(ctx, a.row, id); err != nil {
			return sent, err
		}
	}
	err := a.cfg.Slack.ShareFile(ctx, id, f, d.Text, string(a.row.Channel), d.thread)
	e, _ := errors.AsType[*slackapi.Error](err)
	switch {
	case e == nil || !e.Shared() || a.row.ViewHash == "":
		return sent, err
	case a.doubtful:
		return sent, nil // an earlier try shared it
	}
	a.row.ViewHash = "" // it waited too long; take it there again
	return a.share(ctx, d)
}
