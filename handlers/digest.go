package handlers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// digest answers "/gatehouse digest [on | off | at 08:30 [zone] | preview]". In a
// channel it is about the channel's digest, in a direct message about one's own.
func (h *Handlers) digest(ctx context.Context, r *Request) (Reply, error) {
	target := r.Channel
	if strings.HasPrefix(target, "D") || target == "" {
		target = string(r.User)
	}
	word, rest := firstWord(strings.TrimSpace(r.Text))
	switch strings.ToLower(word) {
	case "":
		return h.digestStatus(ctx, target)
	case "on":
		return h.digestAt(ctx, r, target, "")
	case "at":
		if rest == "" {
			r.Value = target
			return h.askDigest(ctx, r)
		}
		return h.digestAt(ctx, r, target, rest)
	case "off":
		r.Value = target
		return h.dropDigest(ctx, r)
	case "preview":
		r.Value = target
		return h.previewDigest(ctx, r)
	}
	return Reply{}, models.Refusef("%q is nothing the digest can do, so nothing was changed. Try on, off, at 08:30, or preview.", clip(word, 40))
}

func (h *Handlers) digestStatus(ctx context.Context, target string) (Reply, error) {
	s, err := h.Store.Schedule(ctx, h.Workspace, models.ScheduleDigest, target)
	if errors.Is(err, store.ErrNotFound) {
		return say(view.DigestStatus(target, nil)), nil
	}
	return say(view.DigestStatus(target, &s)), err
}

// digestAt turns the digest on, or moves it to another time and zone. What is
// not said stays as it is.
func (h *Handlers) digestAt(ctx context.Context, r *Request, target, words string) (Reply, error) {
	h.know(ctx, r.User)
	in, err := h.digestInput(ctx, r.User, target)
	if err != nil {
		return Reply{}, err
	}
	if words != "" {
		if in, err = digestWords(in, words); err != nil {
			return Reply{}, err
		}
	}
	reply, err := h.setDigest(ctx, r, target, in, "")
	if refusal, ok := models.AsRefusal(err); ok && len(refusal.Fields) > 0 { // what was typed has no field for it to stand beside
		bad := slices.Sorted(maps.Values(refusal.Fields))
		err = models.Refusef("%s Nothing was changed.", strings.Join(bad, " "))
	}
	return reply, err
}

// digestWords reads "08:30", or a cron line, and a zone behind it.
func digestWords(in models.DigestInput, words string) (models.DigestInput, error) {
	list := strings.Fields(words)
	zone := list[1:]
	if t, err := time.Parse("15:04", list[0]); err == nil {
		in.At, in.Cron = time.Duration(t.Hour())*time.Hour+time.Duration(t.Minute())*time.Minute, ""
		if len(in.Days) == 0 {
			in.Days = models.DefaultWorkingHours().Days
		}
	} else if len(list) >= 5 {
		in.Cron, zone = strings.Join(list[:5], " "), list[5:]
	} else {
		return in, models.Refusef("%q is no time, so nothing was changed. Write it like at 08:30, or at 08:30 Europe/Berlin.", clip(list[0], 40))
	}
	if len(zone) > 0 {
		in.Zone = strings.Join(zone, " ")
	}
	return in, nil
}

// digestInput is what is set for the target, or would be.
func (h *Handlers) digestInput(ctx context.Context, u models.UserID, target string) (models.DigestInput, error) {
	s, err := h.Store.Schedule(ctx, h.Workspace, models.ScheduleDigest, target)
	if err == nil {
		return models.DigestInputOf(s), nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return models.DigestInput{}, err
	}
	f, err := h.facts(ctx, u)
	return models.DefaultDigest(f), err
}

func (h *Handlers) setDigest(ctx context.Context, r *Request, target string, in models.DigestInput, at string) (Reply, error) {
	err := h.Store.SetSchedule(ctx, h.command(r), func(f models.Facts) (models.Schedule, []models.Event, error) {
		return models.SetDigest(target, in, store.NextTime, f)
	})
	if err != nil {
		return Reply{SayAt: at}, err
	}
	reply, err := h.digestStatus(ctx, target)
	reply.SayAt = at
	return reply, err
}

// askDigest opens the form with what is set.
func (h *Handlers) askDigest(ctx context.Context, r *Request) (Reply, error) {
	return h.fillWith(ctx, r, "Readiness digest", func() (slack.ModalViewRequest, error) {
		in, err := h.digestInput(ctx, r.User, r.Value)
		return view.DigestForm(r.Value, in, r.ResponseURL), err
	})
}

func (h *Handlers) saveDigest(ctx context.Context, r *Request) (Reply, error) {
	target, in, at := view.ReadDigestForm(r.View)
	if target == "" {
		return Reply{}, errButton
	}
	h.know(ctx, r.User)
	return h.setDigest(ctx, r, target, in, at)
}

func (h *Handlers) dropDigest(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	event, err := models.DropDigest(r.Value, f)
	if err != nil {
		return Reply{}, err
	}
	if _, err := h.Store.DropSchedule(ctx, h.command(r), models.ScheduleDigest, r.Value, event); err != nil {
		return Reply{}, err
	}
	reply, err := h.digestStatus(ctx, r.Value)
	return reply, errors.Join(err, h.Store.TellMenders(ctx, h.Workspace)) // one of it may have been parked
}

// previewDigest shows, privately, what would be posted now.
func (h *Handlers) previewDigest(ctx context.Context, r *Request) (Reply, error) {
	s, err := h.Store.Schedule(ctx, h.Workspace, models.ScheduleDigest, r.Value)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Reply{}, err
	}
	if err != nil {
		f, err := h.facts(ctx, r.User)
		if err != nil {
			return Reply{}, err
		}
		in := models.DefaultDigest(f)
		s = models.Schedule{Workspace: h.Workspace, Kind: models.ScheduleDigest, Target: r.Value, Cron: in.Line(), Zone: in.Zone}
	}
	if u := s.Person(); u != "" && u != r.User {
		return Reply{}, models.Refusef("This digest is somebody else's, so it is not shown. Your own comes with the same words in a direct message.")
	}
	d, f, err := h.Store.Digest(ctx, s)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Digest(d, f)), nil
}
