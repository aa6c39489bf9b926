package handlers

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// slashCommand reads what was typed after a command. It never acts on a guess:
// what it does not know it answers with the nearest words.
func (h *Handlers) slashCommand(ctx context.Context, r *Request) (Reply, error) {
	c := commands[r.Command]
	typed := strings.TrimSpace(r.Text)
	word, rest := firstWord(typed)
	if word == "" && c.alone != nil {
		return c.alone(h, ctx, r)
	}
	if word == "" {
		return h.help(ctx, r)
	}
	if v, ok := c.find(word); ok {
		r.Text = rest
		return v.run(h, ctx, r)
	}
	if c.named != nil {
		if reply, ok, err := c.named(h, ctx, r, typed); ok {
			return reply, err
		}
	}
	return say(view.Unknown(r.Name, typed, append(h.elsewhere(r.Command, word), c.nearest(r.Name, word)...))), nil
}

// elsewhere are the verbs of that very name that other commands have.
func (h *Handlers) elsewhere(but Command, word string) []view.Suggestion {
	var out []view.Suggestion
	for _, other := range h.installed() {
		if other.command == but {
			continue
		}
		if v, ok := commands[other.command].find(word); ok {
			out = append(out, view.Suggestion{Command: other.name, Verb: v.Verb})
		}
	}
	return out
}

// installed is a command under the name that the app's manifest gives it.
type installed struct {
	command Command
	name    string
}

func (h *Handlers) installed() []installed {
	return []installed{{CommandChange, h.ChangeCommand}, {CommandChecklist, h.ChecklistCommand}, {CommandGatehouse, h.GatehouseCommand}}
}

// commandOf finds the command that the app's manifest calls so.
func (h *Handlers) commandOf(name string) (Command, bool) {
	for _, c := range h.installed() {
		if c.name == name {
			return c.command, true
		}
	}
	return "", false
}

// commands are their names, for views that point to one.
func (h *Handlers) commands() view.Commands {
	return view.Commands{Change: h.ChangeCommand, Checklist: h.ChecklistCommand, Gatehouse: h.GatehouseCommand}
}

// namedChange shows a change. "4 extend" opens that form; other words behind its
// name are left alone ("4 cancel"): its card has the button.
func (h *Handlers) namedChange(ctx context.Context, r *Request, typed string) (Reply, bool, error) {
	id, ok := h.changeNamed(ctx, typed)
	if !ok {
		word, rest := firstWord(typed)
		id, ok = h.changeNamed(ctx, word)
		if ok && strings.EqualFold(rest, "extend") {
			reply, err := h.extendForm(ctx, r, id)
			return reply, true, err
		}
	}
	if !ok {
		return Reply{}, false, nil
	}
	reply, err := h.show(ctx, r, id)
	return reply, true, err
}

// permalink is what Slack's "Copy link" makes of a message.
var permalink = regexp.MustCompile(`^<?https?://[^\s/]+/archives/([CDG][A-Z0-9]+)/p(\d{10})(\d{6})(?:[?|][^\s]*)?>?$`)

// changeNamed reads which change is meant: its number in any spelling, or the
// link to a message of Gatehouse's that is about it.
func (h *Handlers) changeNamed(ctx context.Context, typed string) (models.ChangeID, bool) {
	if id, ok := models.ParseChangeID(typed); ok {
		return id, true
	}
	link := permalink.FindStringSubmatch(strings.TrimSpace(typed))
	if link == nil {
		return 0, false
	}
	ref, err := h.Store.ShownAt(ctx, h.Workspace, models.ChannelID(link[1]), link[2]+"."+link[3])
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		h.Log.WarnContext(ctx, "could not find what a link leads to", "error", err)
	}
	return models.ChangeID(ref.ID), ref.Kind == models.RecordChange
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
	c := commands[r.Command]
	if v, ok := c.find(r.Text); ok {
		return say(view.Help(r.Name, []view.Verb{v.Verb}, c.note)), nil
	}
	all := make([]view.Verb, len(c.verbs))
	for i, v := range c.verbs {
		all[i] = v.Verb
	}
	return say(view.Help(r.Name, all, c.note)), nil
}

func (c command) find(word string) (verb, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	i := slices.IndexFunc(c.verbs, func(v verb) bool { return v.Name == word || slices.Contains(v.Aliases, word) })
	if i < 0 {
		return verb{}, false
	}
	return c.verbs[i], true
}

// nearest lists up to three verbs of the command of this name that the word may
// have meant, best first.
func (c command) nearest(name, word string) []view.Suggestion {
	word = strings.ToLower(word)
	if utf8.RuneCountInString(word) > 40 {
		return nil
	}
	type candidate struct {
		verb     view.Verb
		distance int
	}
	var found []candidate
	for _, v := range c.verbs {
		best := candidate{v.Verb, 1 << 10}
		for i, known := range append([]string{v.Name}, v.Aliases...) {
			n, slips := utf8.RuneCountInString(known), distance(word, known)
			if i == 0 && (strings.HasPrefix(known, word) || strings.HasPrefix(word, known)) {
				slips = min(slips, 1)
			}
			if (i == 0 || n > 2) && slips <= max(min(2, n-1), n/2) { // with more, hardly a letter is the same
				best.distance = min(best.distance, slips)
			}
		}
		if best.distance < 1<<10 {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var out []view.Suggestion
	for _, x := range found[:min(3, len(found))] {
		out = append(out, view.Suggestion{Command: name, Verb: x.verb})
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
