package handlers_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// verbs of each command, with what makes each do its work.
var verbs = map[handlers.Command]map[string]string{
	handlers.CommandChange:    {"new": "", "list": "", "mine": "", "approvals": "", "history": " 1", "why": " 1", "templates": "", "calendar": "", "freeze": "", "lessons": "", "lockdown": "", "help": ""},
	handlers.CommandChecklist: {"new": "", "list": "", "handover": " REL-1", "support": " REL-1", "help": ""},
	handlers.CommandGatehouse: {"policy": "", "services": "", "roles": "", "setup": "", "me": "", "digest": "", "help": ""},
}

func TestEveryVerbInHelpRuns(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.raise()
		for _, c := range handlers.Commands {
			w.runsAllOf(c)
		}
	})
}

func (w *house) runsAllOf(c handlers.Command) {
	w.t.Helper()
	name := "/" + string(c)
	fine(w.t, w.As("ben").Slash("general", name+" help"))
	help := w.told("ben", "What", name, "can do").Plain()
	for _, verb := range handlers.Verbs(c) {
		if !strings.Contains(help, name+" "+verb) {
			w.t.Errorf("help does not name %q:\n%s", verb, help)
		}
		rest, known := verbs[c][verb]
		if !known {
			w.t.Fatalf("%q of %s has no line in this test", verb, name)
		}
		for _, spelling := range []string{verb, strings.ToUpper(verb), " " + verb + " "} {
			before := w.heard("ben")
			fine(w.t, w.As("ben").Slash("general", name+" "+spelling+rest))
			w.until(verb+" answers", func() bool { return w.heard("ben") != before })
			if last := w.last("ben"); strings.Contains(last, "I don't know") {
				w.t.Errorf("%q: %s", spelling+rest, last)
			}
			w.As("ben").CloseAll()
		}
	}
}

// heard changes with everything that a person gets to see.
func (w *house) heard(name string) string {
	v, _ := w.As(name).View()
	return fmt.Sprint(len(w.Ephemerals(name)), len(w.DM(name)), v.ID, v.Title)
}

// last is the last private line.
func (w *house) last(name string) string {
	all := w.Ephemerals(name)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Plain()
}

// misspell makes a typing slip or two, the way fingers do.
func misspell(r *rand.Rand, word string) string {
	b := []rune(word)
	for slips := 1 + r.IntN(1+len(b)/5); slips > 0; slips-- {
		i := r.IntN(len(b))
		neighbour := rune("qwertyuiopasdfghjklzxcvbnm"[r.IntN(26)])
		switch r.IntN(4) {
		case 0: // one left out
			if len(b) > 3 {
				b = append(b[:i], b[i+1:]...)
			}
		case 1: // one too many
			b = append(b[:i], append([]rune{neighbour}, b[i:]...)...)
		case 2: // the wrong one
			b[i] = neighbour
		case 3: // two swapped
			if i+1 < len(b) {
				b[i], b[i+1] = b[i+1], b[i]
			}
		}
	}
	return string(b)
}

func TestMisspeltVerbsGetTheRightSuggestionAndDoNothing(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	seed := uint64(20261122)
	r := rand.New(rand.NewPCG(seed, 2))
	names := handlers.Verbs(handlers.CommandChange)
	const tries = 200
	right, silent := 0, 0
	var missed []string
	for i := range tries {
		verb := names[i%len(names)]
		typed := misspell(r, verb)
		if _, exact := knownWord(typed); exact {
			right++ // a slip that makes another right word is none
			continue
		}
		before := len(w.Ephemerals("ben"))
		fine(t, w.As("ben").Slash("general", "/change "+typed+verbs[handlers.CommandChange][verb]))
		if len(w.Ephemerals("ben")) == before {
			silent++
			t.Errorf("%q got no answer", typed)
			continue
		}
		answer := w.last("ben")
		suggested := strings.Count(answer, "/change ") - 1 // the last line names help
		if suggested > 3 {
			t.Errorf("%q got %d suggestions: %s", typed, suggested, answer)
		}
		if strings.Contains(answer, "/change "+verb) {
			right++
		} else {
			missed = append(missed, fmt.Sprintf("%s→%s", verb, typed))
		}
	}
	acted := w.count() - 1 + len(w.change(c.ID).Approvals)
	if v, open := w.As("ben").View(); open {
		t.Errorf("a misspelt verb opened %q", v.Title)
	}
	if right < 190 {
		t.Errorf("the right verb was suggested for %d of %d, want at least 190; missed %v", right, tries, missed)
	}
	proof.Record(t, proof.Row{What: "Misspelt verbs: acted upon or left without an answer", Where: "SQLite", Tried: tries, Seed: fmt.Sprint(seed), Bad: acted + silent,
		Note: fmt.Sprintf("the right verb among at most three suggestions in %d of %d", right, tries)})
}

func TestWhatLooksLikeNoVerbGetsNoSuggestion(t *testing.T) {
	w := build(t, plan{})
	for _, typed := range []string{"💥", "CHG-0", "zz", "`rm"} {
		fine(t, w.As("ben").Slash("general", "/change "+typed))
		if got := w.last("ben"); !strings.Contains(got, "I don't know") || strings.Contains(got, "Did you mean") {
			t.Errorf("%q: %s", typed, got)
		}
	}
}

func TestAWordOfAnotherCommandLeadsToThatCommand(t *testing.T) {
	w := build(t, plan{})
	for typed, wants := range map[string][]string{
		"/change delegate":    {"/gatehouse me"},
		"/change Absence":     {"/gatehouse me"},
		"/checklist roles":    {"/gatehouse roles"},
		"/checklist lockdown": {"/change lockdown"},
		"/gatehouse new":      {"/change new", "/checklist new"},
	} {
		fine(t, w.As("ben").Slash("general", typed))
		answer := w.last("ben")
		if !strings.Contains(answer, "nothing was done") {
			t.Errorf("%q did something: %s", typed, answer)
		}
		for _, want := range wants {
			if !strings.Contains(answer, want) {
				t.Errorf("%q does not lead to %q: %s", typed, want, answer)
			}
		}
	}
}

// knownWord: a verb or one of its other names, as help lists them.
func knownWord(word string) (string, bool) {
	aliases := map[string][]string{"new": {"raise", "create", "add"}, "list": {"ls", "all"}, "mine": {"my"},
		"approvals": {"approve", "approval", "pending"}, "history": {"log", "audit"}, "help": {"?", "usage"},
		"templates": {"template", "catalogue"}, "calendar": {"cal", "schedule"}, "freeze": {"freezes"}, "lockdown": {"lock"}, "why": {"reason", "explain"},
		"extend": {"prolong"}, "lessons": {"lesson", "learnt"}}
	for verb, also := range aliases {
		for _, w := range append(also, verb) {
			if w == word {
				return verb, true
			}
		}
	}
	return "", false
}

// odd are things that nobody should type and somebody will.
var odd = []string{"newww thing", "delete 1", "CHG-1x", "CHG--1", "0", "-1", "99999999999999999999", "1.5", "1 or 2", "CHG-", "rel-1", "🚀", "<!channel>", "<@U0ANA>",
	"`rm -rf /`", "*bold*", "'; DROP TABLE changes; --", "../../etc/passwd", "%s%n", "\u202egnihtyna", "אישור", "approve-all", "approv all of it now", strings.Repeat("x", 4000),
	strings.Repeat("new ", 900), "\"new\"", "new\u00a0", "//", "/change new", "help help help", "history", "history nothing", "list state:", "list env:moon", "list service:nope", "list :", "list today tomorrow",
	"what can you do?", "cancel 1", "reject 1", "start 1", "complete 1 successful", "submit 1", "1 approve", "yes", "ok", "null", "NaN", "true", "\u200b", "\t", "  "}

func TestOddInputIsAnsweredAndDoesNothing(t *testing.T) {
	for _, mode := range []bot.Mode{bot.ModeHTTP, bot.ModeSocket} {
		t.Run(string(mode), func(t *testing.T) {
			w := build(t, plan{mode: mode})
			c := w.raise()
			history := len(w.events(c.ID))
			silent := 0
			for _, typed := range odd {
				w.As("ben").CloseAll()
				before := w.heard("ben")
				r := w.As("ben").Slash("general", "/change "+typed)
				fine(t, r)
				if w.heard("ben") == before {
					silent++
					t.Errorf("%.60q got no answer", typed)
				}
			}
			acted := w.count() - 1 + len(w.events(c.ID)) - history
			for _, m := range w.Ephemerals("ben") {
				if strings.Contains(m.Text, "<!channel>") || strings.Contains(m.Text, "<@U0ANA>") || strings.Contains(toJSON(m.Blocks), "<!channel>") {
					t.Errorf("an answer mentions somebody: %s", m.Text)
				}
			}
			proof.Record(t, proof.Row{What: "Odd input to /change: acted upon or left without an answer", Where: "SQLite", Tried: len(odd), Bad: acted + silent, Note: string(mode)})
		})
	}
}

// spellings of a change's number.
var spellings = []string{"%d", "#%d", "chg%d", "CHG-%d", "Chg %d", "chg_%d", "CHG–%d", "https://example.slack.com/archives/C1/CHG-%d", "<https://gatehouse.example.com/CHG-%d|CHG-%[1]d>", "  CHG-%d  "}

func TestTheLinkToACardNamesItsChange(t *testing.T) {
	w := build(t, plan{})
	w.raise()
	c := w.raise()
	row, err := w.store.Card(t.Context(), workspace, c.Ref(), "C0CHANGES")
	must(t, err)
	must(t, w.store.MarkSent(t.Context(), row, store.Sent{TS: "1764000000.000100", Shown: row.Wanted}, nil))
	const link = "https://test.slack.com/archives/C0CHANGES/p1764000000000100"
	for typed, want := range map[string]bool{link: true, "<" + link + ">": true, "why " + link: true, "approvals " + link + "?thread_ts=1764000000.000100&cid=C0CHANGES": true,
		strings.Replace(link, "100", "200", 1): false, strings.Replace(link, "C0CHANGES", "C0GENERAL", 1): false} {
		fine(t, w.As("ben").Slash("general", "/change "+typed))
		m := w.Ephemerals("ben")[len(w.Ephemerals("ben"))-1]
		if shown := strings.Contains(toJSON(m.Blocks), view.Value(c)); shown != want {
			t.Errorf("%q shows the change: %v, want %v:\n%s", typed, shown, want, m.Plain())
		}
	}
}

func TestEverySpellingFindsTheSameChange(t *testing.T) {
	w := build(t, plan{})
	n := proof.N(3, 40)
	wrong := 0
	for range n {
		c := w.raise()
		for _, spelling := range spellings {
			typed := fmt.Sprintf(spelling, c.ID)
			fine(t, w.As("ben").Slash("general", "/change "+typed))
			m := w.Ephemerals("ben")[len(w.Ephemerals("ben"))-1]
			if !strings.Contains(m.Plain(), c.ID.String()) || !strings.Contains(toJSON(m.Blocks), view.Value(c)) {
				wrong++
				t.Errorf("%q showed: %s", typed, m.Plain())
			}
		}
	}
	for _, typed := range []string{"4711", "CHG-4711", "chg 4711", "history 4711"} {
		fine(t, w.As("ben").Slash("general", "/change "+typed))
	}
	w.told("ben", "There is no such change in this workspace")
	w.sees("ben", "There is no such change in this workspace")
	proof.Record(t, proof.Row{What: "Spellings of a change's number that found another change or none", Where: "SQLite", Tried: n * len(spellings), Bad: wrong})
}
