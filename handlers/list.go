package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// shown is how many lines a list has; the rest is "n more".
const shown = 10

// myWork answers the bare command: what needs me, and a button to raise.
func (h *Handlers) myWork(ctx context.Context, r *Request) (Reply, error) {
	data, f, err := h.Store.Home(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Mine(view.HomeData(data), f)), nil
}

func (h *Handlers) myChanges(ctx context.Context, r *Request) (Reply, error) {
	return h.list(ctx, r, "What you raised or carry out", store.ChangeFilter{Mine: r.User, States: openStates})
}

// openStates are those in which a change still wants something of somebody.
var openStates = []models.State{models.Draft, models.AwaitingApproval, models.ChangesRequested,
	models.Approved, models.InProgress, models.Implemented}

// publicStates leaves out other people's drafts.
var publicStates = openStates[1:]

func (h *Handlers) listChanges(ctx context.Context, r *Request) (Reply, error) {
	filter, err := readFilter(r.Text, h.Store.Now())
	if err != nil {
		return Reply{}, err
	}
	title := "Planned and running"
	if r.Text != "" {
		title = "Changes: " + r.Text
	}
	return h.list(ctx, r, title, filter)
}

func (h *Handlers) list(ctx context.Context, r *Request, title string, filter store.ChangeFilter) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	filter.Limit = 100
	found, err := h.Store.Changes(ctx, h.Workspace, filter)
	if err != nil {
		return Reply{}, err
	}
	n := min(shown, len(found))
	return say(view.ChangeList(title, found[:n], len(found)-n, f)), nil
}

func (h *Handlers) myApprovals(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	data, f, err := h.Store.Home(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	n := min(shown, len(data.Waiting))
	return say(view.ChangeList("Waiting for your decision", data.Waiting[:n], len(data.Waiting)-n, f)), nil
}

// readFilter reads "service:payments-api env:prod state:approved today".
func readFilter(text string, now time.Time) (store.ChangeFilter, error) {
	filter := store.ChangeFilter{States: publicStates}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		name, value, named := strings.Cut(word, ":")
		ok := true
		switch {
		case word == "today":
			filter.From, filter.To = now, now.Add(24*time.Hour)
		case word == "week":
			filter.From, filter.To = now, now.AddDate(0, 0, 7)
		case named && name == "service":
			filter.Service = models.Slug(value)
		case named && (name == "env" || name == "environment"):
			filter.Environment, ok = environment(value)
		case named && name == "state":
			filter.States, ok = states(value)
		default:
			ok = false
		}
		if !ok {
			return filter, models.Refusef("%q is not a filter that `list` knows, so nothing was listed. Use service:payments-api, env:production, state:approved, today or week.", clip(word, 40))
		}
	}
	return filter, nil
}

func environment(s string) (models.Environment, bool) {
	i := slices.IndexFunc(models.Environments, func(e models.Environment) bool { return s != "" && strings.HasPrefix(string(e), s) })
	if i < 0 {
		return "", false
	}
	return models.Environments[i], true
}

func states(s string) ([]models.State, bool) {
	s = strings.ReplaceAll(s, "-", "_")
	var out []models.State
	for _, state := range models.States {
		if state != models.Draft && s != "" && strings.HasPrefix(string(state), s) {
			out = append(out, state)
		}
	}
	return out, len(out) > 0
}

// history answers "/change history 4" with a modal, paged from the audit log.
func (h *Handlers) history(ctx context.Context, r *Request) (Reply, error) {
	id, ok := models.ParseChangeID(r.Text)
	if !ok {
		return Reply{}, models.Refusef("Say which change: `%s history 4`.", h.ChangeCommand)
	}
	r.Value = view.Value(&models.Change{Identity: models.Identity{ID: id}})
	return h.historyModal(ctx, r)
}

const historyPage = 15

// historyModal shows one page; "Older" in it shows the next in its place.
func (h *Handlers) historyModal(ctx context.Context, r *Request) (Reply, error) {
	id, _, ok := view.ParseValue(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	if r.Name == view.ActionOlder {
		modal, err := h.historyPage(ctx, r, id, olderThan(r.Value))
		if err != nil {
			return Reply{}, err
		}
		_, err = h.Slack.UpdateView(ctx, r.View.ID, "", modal)
		return Reply{}, err
	}
	opened, err := h.openOrPush(ctx, r, view.Skeleton("History"))
	if err != nil {
		return Reply{}, err
	}
	modal, err := h.historyPage(ctx, r, id, 0)
	if err != nil {
		reply := h.inWords(&Request{Door: DoorClick, Name: r.Name, User: r.User}, result{err: err})
		modal = view.FormGone("History", reply.Say.Text)
	}
	_, err = h.Slack.UpdateView(ctx, opened.ID, opened.Hash, modal)
	return Reply{}, err
}

func (h *Handlers) historyPage(ctx context.Context, r *Request, id models.ChangeID, before int64) (slack.ModalViewRequest, error) {
	c, f, err := h.load(ctx, r.User, id)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	events, err := h.Store.History(ctx, h.Workspace, c.Ref(), historyPage+1, before)
	if err != nil {
		return slack.ModalViewRequest{}, err
	}
	n := min(historyPage, len(events))
	return view.HistoryModal(c, events[:n], len(events) > n, f), nil
}

// olderThan reads the event that a page ended with.
func olderThan(value string) int64 {
	n, _ := strconv.ParseInt(value[strings.LastIndexByte(value, ':')+1:], 10, 64)
	return n
}

// openOrPush opens a modal, on top of the one that the click came from.
func (h *Handlers) openOrPush(ctx context.Context, r *Request, v slack.ModalViewRequest) (slackapi.View, error) {
	if r.View.ID != "" && r.View.Type == slack.VTModal {
		return h.Slack.PushView(ctx, r.Trigger, v)
	}
	return h.Slack.OpenView(ctx, r.Trigger, v)
}
