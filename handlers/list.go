package handlers

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

const (
	// listMost is how many lines a list has; the rest is "n more".
	listMost = 10
	// listCount bounds how far "n more" counts.
	listCount = 100
)

// myWork answers the bare command: what needs me, and a button to raise.
func (h *Handlers) myWork(ctx context.Context, r *Request) (Reply, error) {
	h.know(ctx, r.User)
	data, f, err := h.Store.Home(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Mine(view.HomeData(data), h.commands(), f)), nil
}

// myApprovals lists what waits for this person's decision. "approve 4" gets
// the card with its buttons: nothing is decided by typing.
func (h *Handlers) myApprovals(ctx context.Context, r *Request) (Reply, error) {
	if id, ok := h.changeNamed(ctx, r.Text); ok {
		return h.show(ctx, r, id)
	}
	h.know(ctx, r.User)
	data, f, err := h.Store.Home(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	waiting := slices.DeleteFunc(data.Waiting, func(c *models.Change) bool { return !c.MayDecide(f.Actor, f) })
	return h.listed(ctx, "Waiting for your decision", waiting, f)
}

func (h *Handlers) myChanges(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	return h.list(ctx, "What you raised or carry out", store.ChangeFilter{Mine: r.User, States: openStates}, f)
}

func (h *Handlers) listChanges(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	filter, err := readFilter(r.Text, f)
	if err != nil {
		return Reply{}, err
	}
	title := "Planned and running"
	if r.Text != "" {
		title = "Changes: " + r.Text
	}
	return h.list(ctx, title, filter, f)
}

func (h *Handlers) list(ctx context.Context, title string, filter store.ChangeFilter, f models.Facts) (Reply, error) {
	filter.Limit = listCount
	found, err := h.Store.Changes(ctx, h.Workspace, filter)
	if err != nil {
		return Reply{}, err
	}
	return h.listed(ctx, title, found, f)
}

func (h *Handlers) listed(ctx context.Context, title string, found []*models.Change, f models.Facts) (Reply, error) {
	n := min(listMost, len(found))
	around, err := h.Store.AroundEach(ctx, found[:n], f)
	if err != nil {
		return Reply{}, err
	}
	return say(view.ChangeList(title, found[:n], len(found)-n, around, f)), nil
}

// openStates are those in which a change still wants something of somebody.
var openStates = []models.State{models.Draft, models.AwaitingApproval, models.ChangesRequested,
	models.Approved, models.InProgress, models.Implemented}

// publicStates leaves out other people's drafts.
var publicStates = openStates[1:]

// filters are the words that list knows. Each takes what stands after its
// colon, and says whether that makes sense.
var filters = map[string]func(value string, filter *store.ChangeFilter, f models.Facts) bool{
	"today": func(_ string, filter *store.ChangeFilter, f models.Facts) bool {
		filter.From, filter.To = f.Now, endOfDay(f, 0)
		return true
	},
	"week": func(_ string, filter *store.ChangeFilter, f models.Facts) bool {
		filter.From, filter.To = f.Now, endOfDay(f, 6)
		return true
	},
	"debts": func(_ string, filter *store.ChangeFilter, _ models.Facts) bool {
		filter.Debts = true
		return true
	},
	"reviews": func(_ string, filter *store.ChangeFilter, _ models.Facts) bool {
		filter.Reviews = true
		return true
	},
	"overdue": func(_ string, filter *store.ChangeFilter, f models.Facts) bool {
		filter.Overdue = f.Now
		return true
	},
	"exceptions": func(_ string, filter *store.ChangeFilter, _ models.Facts) bool {
		filter.Exceptions = true
		return true
	},
	"service:": func(value string, filter *store.ChangeFilter, f models.Facts) bool {
		filter.Service = models.Slug(value)
		_, known := f.Services[filter.Service]
		return known
	},
	"since:": func(value string, filter *store.ChangeFilter, f models.Facts) bool {
		since, ok := ago(value, f)
		filter.Since = since
		if ok && slices.Equal(filter.States, publicStates) {
			filter.States = models.States[1:] // what was carried out may be closed by now
		}
		return ok
	},
	"env:": func(value string, filter *store.ChangeFilter, _ models.Facts) bool {
		i := slices.IndexFunc(models.Environments, func(e models.Environment) bool { return value != "" && strings.HasPrefix(string(e), value) })
		if i >= 0 {
			filter.Environment = models.Environments[i]
		}
		return i >= 0
	},
	"state:": func(value string, filter *store.ChangeFilter, _ models.Facts) bool {
		value = strings.ReplaceAll(value, "-", "_")
		if value == "all" {
			filter.States = models.States[1:]
			return true
		}
		filter.States = nil
		for _, s := range models.States[1:] { // drafts are nobody else's business
			if value != "" && strings.HasPrefix(string(s), value) {
				filter.States = append(filter.States, s)
			}
		}
		return len(filter.States) > 0
	},
}

// readFilter reads "service:payments-api env:prod state:approved today".
func readFilter(text string, f models.Facts) (store.ChangeFilter, error) {
	filter := store.ChangeFilter{States: publicStates}
	for _, word := range strings.Fields(strings.ToLower(text)) {
		name, value, named := strings.Cut(word, ":")
		if named {
			name += ":"
		}
		if name == "environment:" {
			name = "env:"
		}
		read, known := filters[name]
		switch {
		case known && read(value, &filter, f):
		case name == "since:":
			return filter, models.Refusef("%q says no time, so nothing was listed. Use since:24h, since:7d or a date such as since:%s.", clip(word, 40), f.Now.In(f.Actor.Location()).Format(time.DateOnly))
		case name == "service:":
			return filter, models.Refusef("There is no service %q, so nothing was listed. A service is named by its short name, such as %s.", clip(value, 40), serviceLike(value, f))
		default:
			return filter, models.Refusef("%q is not a filter that list knows, so nothing was listed.%s Use service:%s, env:production, state:approved or state:all, since:24h, today, week, debts, exceptions, reviews or overdue.",
				clip(word, 40), didYouMean(meant(word, strings.ToLower(text), f)), serviceLike(word, f))
		}
	}
	return filter, nil
}

// ago reads "24h", "7d" or a date as the moment since when.
func ago(value string, f models.Facts) (time.Time, bool) {
	if day, err := time.ParseInLocation(time.DateOnly, value, f.Actor.Location()); err == nil {
		return day, !day.After(f.Now)
	}
	number, unit := strings.TrimRight(value, "hdw"), value[min(len(value), len(strings.TrimRight(value, "hdw"))):]
	n, err := strconv.Atoi(number)
	hours, known := map[string]int{"h": 1, "d": 24, "w": 7 * 24}[unit]
	if err != nil || !known || n < 1 || n > 366*24/hours {
		return time.Time{}, false
	}
	return f.Now.Add(-time.Duration(n*hours) * time.Hour), true
}

// serviceLike is an example that works: a service whose name holds what was
// typed, else any.
func serviceLike(word string, f models.Facts) models.Slug {
	list := f.ActiveServices()
	for _, s := range list {
		if strings.Contains(strings.ToLower(string(s.Slug)+" "+s.Name), strings.ToLower(word)) {
			return s.Slug
		}
	}
	if len(list) > 0 {
		return list[0].Slug
	}
	return "payments-api"
}

// endOfDay is the midnight that ends the n-th day from now where the person is.
func endOfDay(f models.Facts, n int) time.Time {
	local := f.Now.In(f.Actor.Location())
	return time.Date(local.Year(), local.Month(), local.Day()+n+1, 0, 0, 0, 0, local.Location())
}
