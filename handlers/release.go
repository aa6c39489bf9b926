package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// noRelease is what a person hears who means a release that is not there.
func (h *Handlers) noRelease(id models.ReleaseID, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return models.Refusef("There is no %s in this workspace, so nothing was done. `%s list` shows the releases there are.", id, h.ChecklistCommand)
}

// loadRelease reads a release with what stands around it, for showing.
func (h *Handlers) loadRelease(ctx context.Context, u models.UserID, id models.ReleaseID) (*models.Release, models.ReleaseFacts, error) {
	r, err := h.Store.Release(ctx, h.Workspace, id)
	if err != nil {
		return nil, models.ReleaseFacts{}, h.noRelease(id, err)
	}
	f, err := h.Store.FactsAroundRelease(ctx, r, u)
	return r, f, err
}

// releaseDrawing makes a modal of a release, or refuses.
type releaseDrawing func(*models.Release, view.ReleaseRef, models.ReleaseFacts) (slack.ModalViewRequest, error)

// fillRelease is fill for the button of a release.
func (h *Handlers) fillRelease(ctx context.Context, r *Request, title string, draw releaseDrawing) (Reply, error) {
	ref, ok := view.ParseReleaseRef(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	return h.fillWith(ctx, r, title, func() (slack.ModalViewRequest, error) { return h.drawRelease(ctx, r, ref, draw) })
}

func (h *Handlers) drawRelease(ctx context.Context, r *Request, ref view.ReleaseRef, draw releaseDrawing) (slack.ModalViewRequest, error) {
	rel, f, err := h.loadRelease(ctx, r.User, ref.ID)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	return draw(rel, ref, f)
}

// onRelease lets a rule move the release, and has say tell what came of it.
func (h *Handlers) onRelease(ctx context.Context, r *Request, id models.ReleaseID, at string, move store.ReleaseMove,
	say func(*models.Release, models.ReleaseFacts) view.Message) (Reply, error) {
	h.know(ctx, r.User)
	cmd := h.command(r)
	cmd.Calendar = r.Name == view.FormGoLive
	res, err := h.Store.UpdateRelease(ctx, cmd, id, move)
	h.refreshFor(ctx, err)
	reply := Reply{SayAt: at}
	if err != nil {
		return reply, h.noRelease(id, err)
	}
	f := res.Facts
	if f.Directory == nil {
		f.Facts = h.glance(ctx, r.User)
	}
	reply.Say = ref(say(res.Release, f))
	return reply, nil
}

// releaseWords are what can stand behind the name of a release. Any other word
// does nothing, which is said above the release: its card has the buttons.
var releaseWords map[string]func(h *Handlers, ctx context.Context, r *Request, id models.ReleaseID, rest string) (Reply, error)

func init() {
	releaseWords = map[string]func(*Handlers, context.Context, *Request, models.ReleaseID, string) (Reply, error){
		"done": (*Handlers).itemDone, "why": (*Handlers).releaseWhyLine,
		"handover": (*Handlers).handoverOf, "support": (*Handlers).earlyLifeOf, "incident": (*Handlers).earlyLifeOf,
	}
}

// ofRelease answers "/checklist handover REL-3" as it answers "/checklist REL-3
// handover".
func ofRelease(word string) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		id, ok := models.ParseReleaseID(r.Text)
		if !ok {
			return Reply{}, models.Refusef("Say which release: `%s %s REL-3`.", h.ChecklistCommand, word)
		}
		return releaseWords[word](h, ctx, r, id, "")
	}
}

// namedRelease answers "/checklist REL-3", and what is typed behind that.
func (h *Handlers) namedRelease(ctx context.Context, r *Request, typed string) (Reply, bool, error) {
	if id, ok := models.ParseReleaseID(typed); ok {
		reply, err := h.showRelease(ctx, r, id)
		return reply, true, err
	}
	name, rest := firstWord(typed)
	id, ok := models.ParseReleaseID(name)
	if !ok {
		return Reply{}, false, nil
	}
	word, rest := firstWord(rest)
	if do, known := releaseWords[strings.ToLower(word)]; known {
		reply, err := do(h, ctx, r, id, rest)
		return reply, true, err
	}
	rel, f, err := h.loadRelease(ctx, r.User, id)
	if err != nil {
		return Reply{}, true, err
	}
	return say(view.ReleaseUnknown(h.ChecklistCommand, strings.TrimSpace(word+" "+rest), rel, f)), true, nil
}

func (h *Handlers) showRelease(ctx context.Context, r *Request, id models.ReleaseID) (Reply, error) {
	rel, f, err := h.loadRelease(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	return say(view.ReleasePrivate(rel, f)), nil
}

// releaseWhyLine answers "/checklist REL-3 why".
func (h *Handlers) releaseWhyLine(ctx context.Context, r *Request, id models.ReleaseID, _ string) (Reply, error) {
	rel, f, err := h.loadRelease(ctx, r.User, id)
	if err != nil {
		return Reply{}, err
	}
	return say(view.ReleaseWhy(rel, f)), nil
}

// releaseWhy opens what makes a release amber or red.
func (h *Handlers) releaseWhy(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Why", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.ReleaseWhyModal(rel, f), nil
	})
}

// openReleases are the states in which a release still wants something.
var openReleases = slices.DeleteFunc(slices.Clone(models.ReleaseStates), models.ReleaseState.Final)

// listReleases answers "/checklist list".
func (h *Handlers) listReleases(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	list, err := h.Store.Releases(ctx, h.Workspace, store.ReleaseFilter{States: openReleases, Limit: listCount})
	if err != nil {
		return Reply{}, err
	}
	return say(view.ReleaseList(list, f)), nil
}

// newRelease opens the empty form at once, from what is at hand.
func (h *Handlers) newRelease(ctx context.Context, r *Request) (Reply, error) {
	in := models.ReleaseInput{ProjectLead: r.User}
	if r.Door == DoorSlash {
		in.Name, in.Channel = clip(strings.Join(strings.Fields(r.Text), " "), models.MaxTitle), roomOf(r.Channel)
	}
	_, err := h.openOrPush(ctx, r, view.ReleaseForm(view.ReleaseMeta{ResponseURL: r.ResponseURL}, in, h.glance(ctx, r.User)))
	return Reply{}, err
}

// roomOf is the channel in which a command was typed, if it is one.
func roomOf(channel string) models.ChannelID {
	if !strings.HasPrefix(channel, "C") && !strings.HasPrefix(channel, "G") {
		return ""
	}
	return models.ChannelID(channel)
}

// editRelease opens the form with what is kept.
func (h *Handlers) editRelease(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Edit release", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.ReleaseForm(view.ReleaseMeta{ID: rel.ID, ResponseURL: r.ResponseURL}, models.ReleaseInputOf(rel), f.Facts), nil
	})
}

// sendRelease plans a release, or saves an edit of one.
func (h *Handlers) sendRelease(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadReleaseForm(r.View)
	for _, u := range leadsOf(in, h.glance(ctx, r.User)) {
		h.know(ctx, u) // whether they can do it is judged on what Slack says now
	}
	if meta.ID != 0 {
		r.Key = r.ID
		return h.onRelease(ctx, r, meta.ID, meta.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error { return rel.Edit(in, f) },
			func(rel *models.Release, f models.ReleaseFacts) view.Message { return view.Planned(rel, f.Facts) })
	}
	h.know(ctx, r.User)
	cmd := h.command(r)
	cmd.Calendar = true
	res, err := h.Store.CreateRelease(ctx, cmd, func(rel *models.Release, f models.ReleaseFacts) error { return rel.Plan(in, f) })
	reply := Reply{SayAt: meta.ResponseURL}
	if err != nil {
		return reply, err
	}
	reply.Say = ref(view.Planned(res.Release, h.glance(ctx, r.User)))
	return reply, nil
}

// leadsOf are those whom a form names, or leaves to the services to name.
func leadsOf(in models.ReleaseInput, f models.Facts) []models.UserID {
	out := []models.UserID{in.ProjectLead, in.OpsLead, in.Deputy}
	if in.OpsLead == "" {
		for _, slug := range in.Services {
			out = append(out, f.Services[slug].OpsLead)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(u models.UserID) bool { return u == "" })
}

// mayRun refuses a form to whoever could not send it.
func mayRun(rel *models.Release, f models.ReleaseFacts) error {
	if rel.MayRun(f) {
		return nil
	}
	return models.Refusef("%s is %s. Only its project lead, its operations lead or deputy, or a change manager can do this while it goes on; the project lead is %s.",
		rel.ID, strings.ToLower(rel.State.String()), f.Name(rel.ProjectLead))
}

// askOfRelease opens one of a release's forms for those who may send it.
func askOfRelease(title string, form func(*models.Release, models.ReleaseFacts, string) slack.ModalViewRequest) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		return h.fillRelease(ctx, r, title, func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
			if err := mayRun(rel, f); err != nil {
				return slack.ModalViewRequest{}, err
			}
			return form(rel, f, r.ResponseURL), nil
		})
	}
}

// moveGoLive sets another go-live; what is open gets new due dates.
func (h *Handlers) moveGoLive(ctx context.Context, r *Request) (Reply, error) {
	x := view.ReadGoLiveForm(r.View)
	return h.onRelease(ctx, r, x.ID, x.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error {
		return rel.MoveGoLive(x.To, x.Reason, x.Causes, f)
	}, view.ReleaseOutcome)
}

func (h *Handlers) cancelRelease(ctx context.Context, r *Request) (Reply, error) {
	meta, reason := view.ReadReleaseReasonForm(r.View)
	return h.onRelease(ctx, r, meta.ID, meta.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error { return rel.Cancel(reason, f) }, view.ReleaseOutcome)
}

// adopt takes over the chosen lines of the newest template, all or none.
func (h *Handlers) adopt(ctx context.Context, r *Request) (Reply, error) {
	meta, ids := view.ReadAdoptForm(r.View)
	return h.onRelease(ctx, r, meta.ID, meta.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error {
		for _, id := range ids {
			if err := rel.Adopt(id, f); err != nil {
				return err
			}
		}
		return nil
	}, view.ReleaseOutcome)
}

// releaseOptions are the releases that a change can belong to.
func (h *Handlers) releaseOptions(ctx context.Context, r *Request) (Reply, error) {
	list, err := h.Store.Releases(ctx, h.Workspace, store.ReleaseFilter{States: openReleases, Limit: listCount})
	if err != nil {
		return Reply{}, err
	}
	options := view.ReleaseOptions(list, r.Text)
	return Reply{Options: &options}, nil
}
