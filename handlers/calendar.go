package handlers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// calendarDays is how many days are shown unless somebody asks for others, and
// the most that fit an answer.
const (
	calendarDays = 7
	mostDays     = 14
)

// calendar answers "/change calendar [today | 7d] [service]".
func (h *Handlers) calendar(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	days, service, err := readCalendar(r.Text, f)
	if err != nil {
		return Reply{}, err
	}
	k, err := h.Store.Calendar(ctx, f, h.Workspace, models.NewWindow(f.Now, endOfDay(f, days-1)), service)
	if err != nil {
		return Reply{}, err
	}
	return say(view.Calendar(k, f)), nil
}

// readCalendar reads the words after "calendar", in any order.
func readCalendar(text string, f models.Facts) (days int, service models.Slug, err error) {
	days = calendarDays
	for _, word := range strings.Fields(strings.ToLower(text)) {
		slug := models.Slug(strings.TrimPrefix(word, "service:"))
		n, isNumber := strconv.Atoi(strings.TrimSuffix(word, "d"))
		_, known := f.Services[slug]
		switch {
		case known:
			service = slug
		case word == "today":
			days = 1
		case word == "week":
			days = calendarDays
		case isNumber == nil && n >= 1 && n <= mostDays:
			days = n
		case isNumber == nil:
			return 0, "", models.Refusef("The calendar shows 1 to %d days, so nothing was listed. Try 7d or 14d.", mostDays)
		default:
			return 0, "", models.Refusef("%q is neither a span of days nor a service, so nothing was listed. Try today, 7d, 14d, or a service such as %s.", clip(word, 40), serviceLike(word, f))
		}
	}
	return days, service, nil
}

// lookAhead is how far the list of freezes looks for the next time of each.
const lookAhead = 366 * 24 * time.Hour
