package handlers

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehousehq/gatehouse/models"
)

// likeStates are words that people have for states which are called otherwise.
var likeStates = map[models.State][]string{
	models.AwaitingApproval: {"open", "pending", "waiting", "submitted"},
	models.ChangesRequested: {"returned"},
	models.Approved:         {"planned", "ready", "scheduled"},
	models.InProgress:       {"running", "started", "ongoing", "active", "now"},
	models.Implemented:      {"completed", "unreviewed"},
	models.Closed:           {"done", "finished", "successful"},
	models.Cancelled:        {"canceled"},
}

// meant are up to three filters that may have been meant by what list does not
// know, best first: of "running" and "in progress" state:in_progress.
func meant(word, text string, f models.Facts) []string {
	nearest := map[string]int{}
	offer := func(filter string, words ...string) {
		for _, typed := range []string{word, strings.Join(strings.Fields(text), "_")} {
			_, value, named := strings.Cut(typed, ":")
			if !named {
				value = typed
			}
			for _, w := range words {
				slips, far := slipsBetween(value, w)
				if best, there := nearest[filter]; !far && (!there || slips < best) {
					nearest[filter] = slips
				}
			}
		}
	}
	for name := range filters {
		if !strings.HasSuffix(name, ":") {
			offer(name, name)
		}
	}
	for _, s := range models.States[1:] {
		offer("state:"+string(s), append(slices.Clone(likeStates[s]), string(s), strings.ReplaceAll(string(s), "_", ""))...)
	}
	for _, e := range models.Environments {
		offer("env:"+string(e), string(e))
	}
	for _, s := range f.ActiveServices() {
		offer("service:"+string(s.Slug), string(s.Slug))
	}
	if name, value, named := strings.Cut(word, ":"); named {
		if _, known := filters[name+":"]; !known && distance(name, "since") <= 2 {
			nearest["since:"+clip(value, 20)] = 0
		}
	}
	out := make([]string, 0, len(nearest))
	for filter := range nearest {
		out = append(out, filter)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(nearest[a], nearest[b]), cmp.Compare(a, b)) })
	return out[:min(3, len(out))]
}

// slipsBetween counts the slips between what was typed and a word, and says
// whether they are too many to have meant it. A beginning of it is one slip.
func slipsBetween(typed, word string) (slips int, far bool) {
	if n := utf8.RuneCountInString(typed); n < 3 || n > 40 {
		return 0, true
	}
	if strings.HasPrefix(word, typed) {
		return min(1, len(word)-len(typed)), false
	}
	slips = distance(typed, word)
	return slips, slips > utf8.RuneCountInString(word)/3
}

// didYouMean asks for it in a sentence; "" when nothing is near.
func didYouMean(filters []string) string {
	if len(filters) == 0 {
		return ""
	}
	return " Did you mean " + strings.Join(filters, " or ") + "?"
}
