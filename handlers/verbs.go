package handlers

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// changeCommand reads what was typed after /change. It never acts on a guess:
// what it does not know it answers with the nearest words.
func (h *Handlers) changeCommand(ctx context.Context, r *Request) (Reply, error) {
	typed := strings.TrimSpace(r.Text)
	word, rest := firstWord(typed)
	if word == "" {
		return h.myWork(ctx, r)
	}
	if v, ok := findVerb(word); ok {
		r.Text = rest
		return v.run(h, ctx, r)
	}
	if id, ok := models.ParseChangeID(typed); ok {
		return h.show(ctx, r, id)
	}
	if id, ok := models.ParseChangeID(word); ok { // "4 cancel": the card has the button
		return h.show(ctx, r, id)
	}
	return say(view.Unknown(h.ChangeCommand, typed, nearest(word))), nil
}

// firstWord cuts at the first space of any kind.
func firstWord(s string) (word, rest string) {
	i := strings.IndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

func (h *Handlers) help(_ context.Context, r *Request) (Reply, error) {
	if v, ok := findVerb(r.Text); ok {
		return say(view.Help(h.ChangeCommand, []view.Verb{v.Verb})), nil
	}
	all := make([]view.Verb, len(verbs))
	for i, v := range verbs {
		all[i] = v.Verb
	}
	return say(view.Help(h.ChangeCommand, all)), nil
}

func findVerb(word string) (verb, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.Name == word || slices.Contains(v.Aliases, word) })
	if i < 0 {
		return verb{}, false
	}
	return verbs[i], true
}

// nearest lists up to three verbs that the word may have meant, best first.
func nearest(word string) []view.Verb {
	word = strings.ToLower(word)
	if utf8.RuneCountInString(word) > 40 {
		return nil
	}
	type candidate struct {
		verb     view.Verb
		distance int
	}
	var found []candidate
	for _, v := range verbs {
		best := distance(word, v.Name)
		for _, alias := range v.Aliases {
			if utf8.RuneCountInString(alias) > 2 {
				best = min(best, distance(word, alias))
			}
		}
		if strings.HasPrefix(v.Name, word) || strings.HasPrefix(word, v.Name) {
			best = min(best, 1)
		}
		if best <= max(2, utf8.RuneCountInString(v.Name)/2) {
			found = append(found, candidate{v.Verb, best})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	out := []view.Verb{}
	for _, c := range found[:min(3, len(found))] {
		out = append(out, c.verb)
	}
	return out
}

// distance is how many typing slips lie between two words: a letter left out,
// added, wrong, or two neighbours swapped (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			wrong := 1
			if x[i-1] == y[j-1] {
				wrong = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+wrong)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
