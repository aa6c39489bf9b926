package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// life is product language's table, written down a second time.
const life = `
draft → awaiting_approval approved in_progress cancelled
awaiting_approval → approved changes_requested rejected cancelled expired in_progress
changes_requested → awaiting_approval cancelled expired
approved → in_progress awaiting_approval cancelled expired
in_progress → implemented
implemented → closed
closed →
rejected →
cancelled →
expired →`

func TestEveryPairOfStatesMovesAsTheTableSays(t *testing.T) {
	want := map[State]string{}
	for line := range strings.Lines(strings.TrimSpace(life)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " →")
		want[State(from)] = to + " "
	}
	if len(want) != len(States) {
		t.Fatalf("the table has %d states, the code %d", len(want), len(States))
	}
	for _, from := range States {
		for _, to := range States {
			if legal := strings.Contains(want[from], " "+string(to)+" "); from.CanMove(to) != legal {
				t.Errorf("%s → %s: CanMove says %v", from, to, !legal)
			}
		}
		if final := strings.TrimSpace(want[from]) == ""; from.Final() != final {
			t.Errorf("%s: Final says %v", from, !final)
		}
	}
}

// in makes a change in a state, by the way people take there.
func (w *world) in(t testing.TB, s State) *Change {
	t.Helper()
	if s == Draft {
		c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana}}
		must(t, c.SaveDraft(w.input(), w.as(ana)))
		return c
	}
	c := w.approvedBy(t, w.raised(t, nil), ben)
	rev, during := c.Revision, *w.clone().later(65 * time.Minute)
	step := map[State]func() error{
		AwaitingApproval: func() error { return nil },
		ChangesRequested: func() error { return c.AskForChanges("Say when the old key goes.", rev, w.as(dee)) },
		Rejected:         func() error { return c.Reject("Not before the audit.", rev, w.as(dee)) },
		Cancelled:        func() error { return c.Cancel("Not needed any more.", w.as(ana)) },
		Expired:          func() error { return c.Expire(w.clone().later(4 * time.Hour).as("")) },
	}
	if do, ok := step[s]; ok {
		must(t, do())
		return c
	}
	w.approvedBy(t, c, dee)
	if s == Approved {
		return c
	}
	must(t, c.Start(rev, during.as(ana)))
	switch s {
	case Implemented:
		must(t, c.Complete(Completion{Outcome: Failed, Note: "The new key was refused."}, during.as(ana)))
	case Closed:
		must(t, c.Complete(Completion{Outcome: Successful}, during.as(ana)))
	}
	return c
}

// commands are everything that can be done to a change, each by somebody who
// may, so that only the state can be what refuses it.
var commands = []struct {
	name string
	do   func(c *Change, w *world) error
}{
	{"save draft", func(c *Change, w *world) error { return c.SaveDraft(InputOf(c), w.as(ana)) }},
	{"raise", func(c *Change, w *world) error { return c.Raise(InputOf(c), w.as(ana)) }},
	{"submit", func(c *Change, w *world) error { return c.Submit(w.as(ana)) }},
	{"edit title", func(c *Change, w *world) error { return w.editing(c, ana, func(in *Input) { in.Title = "Rotate it" }) }},
	{"edit plan", func(c *Change, w *world) error { return w.editing(c, ana, func(in *Input) { in.Plan = "Another." }) }},
	{"approve", func(c *Change, w *world) error { return c.Approve(c.Revision, w.as(dee)) }},
	{"approve again", func(c *Change, w *world) error { return c.Approve(c.Revision, w.as(ben)) }},
	{"ask", func(c *Change, w *world) error { return c.AskForChanges("More detail, please.", c.Revision, w.as(dee)) }},
	{"reject", func(c *Change, w *world) error { return c.Reject("Not this week.", c.Revision, w.as(dee)) }},
	{"withdraw", func(c *Change, w *world) error { return c.Withdraw(w.as(ben)) }},
	{"start", func(c *Change, w *world) error { return c.Start(c.Revision, w.as(ana)) }},
	{"hold", func(c *Change, w *world) error { return c.Hold("Wait for the vendor.", w.as(kim)) }},
	{"lift hold", func(c *Change, w *world) error { return c.LiftHold("The vendor is done.", w.as(kim)) }},
	{"override", func(c *Change, w *world) error { return c.Override("It can't wait.", c.Revision, w.inTheWay(kim)) }},
	{"extend", func(c *Change, w *world) error {
		return c.Extend(w.now.Add(4*time.Hour), "It takes longer.", w.as(ana))
	}},
	{"complete", func(c *Change, w *world) error { return c.Complete(Completion{Outcome: Successful}, w.as(ana)) }},
	{"fail", func(c *Change, w *world) error {
		return c.Complete(Completion{Outcome: Failed, Note: "No luck."}, w.as(ana))
	}},
	{"roll back", func(c *Change, w *world) error { return c.RollBack("Errors rose.", w.as(ana)) }},
	{"review", func(c *Change, w *world) error {
		return c.Review(YesToAll("The key was of the wrong kind; we check it now."), w.as(ana))
	}},
	{"cancel", func(c *Change, w *world) error { return c.Cancel("Not needed any more.", w.as(ana)) }},
	{"expire", func(c *Change, w *world) error { return c.Expire(w.clone().later(4 * time.Hour).as("")) }},
	{"undo", func(c *Change, w *world) error {
		return (&Change{Identity: Identity{ID: 5, Requester: ana}}).RollbackOf(c, "It was wrong.", w.as(ana))
	}},
}

// legal is what each command does in each state; what is missing is refused
// (an expiry that is not due does nothing).
var legal = map[State]map[string]State{
	Draft: {"save draft": Draft, "raise": AwaitingApproval, "submit": AwaitingApproval, "edit title": Draft, "edit plan": Draft, "cancel": Cancelled},
	AwaitingApproval: {"edit title": AwaitingApproval, "edit plan": AwaitingApproval, "approve": Approved, "ask": ChangesRequested,
		"reject": Rejected, "hold": AwaitingApproval, "withdraw": AwaitingApproval, "cancel": Cancelled, "expire": Expired},
	ChangesRequested: {"hold": ChangesRequested, "edit title": AwaitingApproval, "edit plan": AwaitingApproval, "withdraw": ChangesRequested, "cancel": Cancelled, "expire": Expired},
	Approved: {"hold": Approved, "override": InProgress, "edit title": Approved, "edit plan": AwaitingApproval, "withdraw": AwaitingApproval, "start": InProgress,
		"cancel": Cancelled, "expire": Expired},
	InProgress:  {"extend": InProgress, "complete": Closed, "fail": Implemented, "roll back": Implemented},
	Implemented: {"roll back": Implemented, "review": Closed},
	Closed:      {"undo": Closed},
}

func TestMatrixOfEveryCommandInEveryState(t *testing.T) {
	table := &strings.Builder{}
	fmt.Fprintf(table, "%-18s", "")
	for _, command := range commands {
		fmt.Fprintf(table, " %-13s", command.name)
	}
	pairs, refusals := 0, 0
	for _, s := range States {
		fmt.Fprintf(table, "\n%-18s", s)
		for _, command := range commands {
			w := newWorld()
			c := w.in(t, s)
			c.Events()
			w.later(65 * time.Minute) // five minutes into the window
			before := copyOf(c)
			err := command.do(c, w)
			want, may := legal[s][command.name]
			pairs++
			switch {
			case may && err != nil:
				t.Errorf("%s when %s: %v", command.name, s, err)
			case may && c.State != want:
				t.Errorf("%s when %s: became %s, want %s", command.name, s, c.State, want)
			case !may && command.name != "expire":
				refusals++
				wellSaid(t, refused(t, err))
			}
			if diff := difference(before, c); !may && diff != "" {
				t.Errorf("%s when %s was refused but changed it:\n%s", command.name, s, diff)
			}
			cell := "·"
			if may {
				cell = string(c.State)
			}
			fmt.Fprintf(table, " %-13.13s", cell)
		}
	}
	t.Logf("%d pairs, %d refused in words (· = refused)\n%s", pairs, refusals, table)
}

func TestEveryPathOfEventsIsLegal(t *testing.T) {
	for _, s := range States {
		c := newWorld().in(t, s)
		checkChain(t, "", c.Events(), c.State)
	}
}

// checkChain follows events from a state to a state by legal moves only.
func checkChain(t fataler, from State, events []Event, to State) {
	for _, e := range events {
		first := from == "" && (e.From == "" || e.From == Draft)
		switch {
		case e.From != from && !first:
			t.Fatalf("%s starts from %q, but the change was %q", e.Kind, e.From, from)
		case e.From != e.To && !e.From.CanMove(e.To) && (e.From != "" || e.To != Draft):
			t.Fatalf("%s goes from %q to %q, which is no legal move", e.Kind, e.From, e.To)
		}
		from = e.To
	}
	if from != to && len(events) > 0 {
		t.Fatalf("the events end in %q, the change in %q", from, to)
	}
}

type fataler interface{ Fatalf(string, ...any) }

func TestStatesReadAsWords(t *testing.T) {
	for _, s := range States {
		if s.phrase() == "" || s.String() == string(s) || !slices.Contains(States, s) {
			t.Errorf("%q has no words", string(s))
		}
	}
}
