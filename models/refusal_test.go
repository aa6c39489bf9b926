package models

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// codes are things that belong to machines: ids, snake case, empty brackets,
// verbs of fmt that nobody filled.
var codes = regexp.MustCompile(`%!|\b[a-z]+_[a-z_]+\b|\b[UCTW][A-Z0-9]{3,}\b|\bnil\b|  |\.\.$|^ | $`)

// wellSaid insists on what the product promises of a refusal.
func wellSaid(t testing.TB, r *Refusal) {
	t.Helper()
	if problem := badlySaid(r); problem != "" {
		t.Error(problem)
	}
}

// badlySaid is what is wrong with the words of a refusal: they say at least
// two things (what happened or why, and what to do), hold no codes, start
// like a sentence and end like one.
func badlySaid(r *Refusal) string {
	text := r.Text
	if text == "" {
		return "a refusal without words"
	}
	if first := []rune(text)[0]; !unicode.IsUpper(first) {
		return "does not begin like a sentence: " + text
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") && !strings.HasSuffix(text, "…") {
		return "does not end like a sentence: " + text
	}
	if code := codes.FindString(text); code != "" {
		return "holds the code " + code + ": " + text
	}
	parts := 1
	for _, joint := range []string{". ", ": ", ", so ", "; "} {
		parts += strings.Count(text, joint)
	}
	if parts += len(r.Fields); parts < 2 { // the second part may stand beside the field
		return "says only one thing: " + text
	}
	for field, text := range r.Fields {
		if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, ")") {
			return string(field) + " does not end like a sentence: " + text
		}
	}
	return ""
}

// refusals are ways to be refused that no other table of these tests holds.
var refusals = map[string]func(t *testing.T, w *world) error{
	"messages taken up by somebody who does not run Gatehouse": func(t *testing.T, w *world) error { return MayMendDeliveries(w.as(ana)) },
	"withdraw when its time is over": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Withdraw(w.later(4 * time.Hour).as(ben))
	},
	"hold when its time is over": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Hold("The vendor is closed.", w.later(4*time.Hour).as(kim))
	},
	"lift when its time is over": func(t *testing.T, w *world) error {
		c := w.held(t)
		return c.LiftHold("It is open again.", w.later(4*time.Hour).as(kim))
	},
	"suspend a template that waits for its first approval": func(t *testing.T, w *world) error {
		p := &Template{ID: 1}
		must(t, p.Propose("rotate-key", w.recipe(), w.clean(t), CleanRunsWanted, w.as(ana)))
		return p.Suspend("It broke something.", w.as(kim))
	},
	"edit by a stranger": func(t *testing.T, w *world) error {
		return w.editing(w.in(t, Approved), ray, func(in *Input) { in.Title = "x" })
	},
	"edit by a guest who carries it out": func(t *testing.T, w *world) error {
		c := w.raised(t, func(in *Input) { in.Implementer = pat })
		return w.editing(c, pat, func(in *Input) { in.Title = "x" })
	},
	"raise by a closed account": func(_ *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 4, Requester: quin}}).Raise(w.input(), w.as(quin))
	},
	"raise by a bot": func(_ *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 4, Requester: robo}}).Raise(w.input(), w.as(robo))
	},
	"draft over its limits": func(_ *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).SaveDraft(Input{Plan: strings.Repeat("x", 4000)}, w.as(ana))
	},
	"submit what a draft lacks": func(t *testing.T, w *world) error {
		c := &Change{Identity: Identity{ID: 4, Requester: ana}}
		must(t, c.SaveDraft(Input{}, w.as(ana)))
		return c.Submit(w.as(ana))
	},
	"edit nothing": func(t *testing.T, w *world) error { return w.editing(w.in(t, Approved), ana, func(*Input) {}) },
	"too late for its notice, without a reason": func(_ *testing.T, w *world) error {
		w.Policy.Notice = DefaultNotice()
		_, err := w.raise(func(*Input) {})
		return err
	},
	"no rule": func(_ *testing.T, w *world) error {
		w.Policy = Policy{}
		_, err := w.raise(func(*Input) {})
		return err
	},
	"approve what was edited":    func(t *testing.T, w *world) error { return w.in(t, AwaitingApproval).Approve("0123", w.as(dee)) },
	"approve without a revision": func(t *testing.T, w *world) error { return w.in(t, AwaitingApproval).Approve("", w.as(dee)) },
	"approve late": func(t *testing.T, w *world) error {
		c := w.in(t, AwaitingApproval)
		return c.Approve(c.Revision, w.later(5*time.Hour).as(dee))
	},
	"approve twice": func(t *testing.T, w *world) error {
		c := w.in(t, AwaitingApproval)
		return c.Approve(c.Revision, w.as(ben))
	},
	"approve twice, the second time when all is done": func(t *testing.T, w *world) error {
		c := w.in(t, InProgress)
		return c.Approve(c.Revision, w.as(ben))
	},
	"approve one's own": func(t *testing.T, w *world) error {
		c := w.in(t, AwaitingApproval)
		return c.Approve(c.Revision, w.as(ana))
	},
	"roll back what is being rolled back": func(t *testing.T, w *world) error { return w.undoTwice(t, InProgress) },
	"roll back what will be rolled back":  func(t *testing.T, w *world) error { return w.undoTwice(t, Approved) },
	"roll back what was rolled back":      func(t *testing.T, w *world) error { return w.undoTwice(t, Closed) },
	"drop somebody else's digest": func(t *testing.T, w *world) error {
		_, err := DropDigest(string(ben), w.as(ana))
		return err
	},
	"drop one's digest as a guest": func(t *testing.T, w *world) error {
		_, err := DropDigest(string(pat), w.as(pat))
		return err
	},
	"approve as implementer": func(t *testing.T, w *world) error {
		c := w.raised(t, func(in *Input) { in.Implementer = ben })
		return c.Approve(c.Revision, w.as(ben))
	},
	"approve as last editor": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		must(t, w.editing(c, kim, func(in *Input) { in.Title = "x" }))
		return c.Approve(c.Revision, w.as(kim))
	},
	"approve as author": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		must(t, w.editing(c, kim, func(in *Input) { in.Plan = "Take another key." }))
		must(t, w.editing(c, ana, func(in *Input) { in.Title = "x" }))
		return c.Approve(c.Revision, w.as(kim))
	},
	"approve as a guest": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.as(pat))
	},
	"approve as a bot": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.as(robo))
	},
	"approve with a closed account": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.as(quin))
	},
	"approve as nobody": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.as(""))
	},
	"approve without a duty": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Approve(c.Revision, w.as(ray))
	},
	"approve unconfirmed": func(t *testing.T, w *world) error {
		c, f := w.raised(t, nil), w.as(ben)
		f.Actor.CheckedAt = time.Time{}
		return c.Approve(c.Revision, f)
	},
	"reject without a reason": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Reject("", c.Revision, w.as(ben))
	},
	"ask without a comment": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.AskForChanges("", c.Revision, w.as(ben))
	},
	"reject at length": func(t *testing.T, w *world) error {
		c := w.raised(t, nil)
		return c.Reject(strings.Repeat("x", 1001), c.Revision, w.as(ben))
	},
	"withdraw nothing": func(t *testing.T, w *world) error { return w.raised(t, nil).Withdraw(w.as(ben)) },
	"start by another": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Start(c.Revision, w.as(kim))
	},
	"start what was edited": func(t *testing.T, w *world) error {
		return w.in(t, Approved).Start("", w.later(90*time.Minute).as(ana))
	},
	"start early": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Start(c.Revision, w.later(-25*time.Hour-10*time.Minute).as(ana))
	},
	"start late": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Start(c.Revision, w.later(5*time.Hour).as(ana))
	},
	"start with a closed account": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		w.leaves(ana)
		return c.Start(c.Revision, w.later(90*time.Minute).as(ana))
	},
	"start what nobody approved": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		c.Plan = "Something else, by another door."
		return c.Start(c.Revision, w.later(90*time.Minute).as(ana))
	},
	"complete by a stranger": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: Successful}, w.as(ray))
	},
	"complete with nothing right": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: "great", AsBuilt: strings.Repeat("x", 121), Incident: strings.Repeat("x", 121), OutageMinutes: -1}, w.as(ana))
	},
	"complete without a word": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: Failed}, w.as(ana))
	},
	"complete at length": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: Successful, Note: strings.Repeat("x", 1001)}, w.as(ana))
	},
	"roll back twice": func(t *testing.T, w *world) error {
		c := w.in(t, InProgress)
		must(t, c.RollBack("It broke.", w.as(ana)))
		return c.RollBack("It broke.", w.as(ana))
	},
	"roll back by a stranger":              func(t *testing.T, w *world) error { return w.in(t, Implemented).RollBack("It broke.", w.as(ray)) },
	"roll back implemented without a word": func(t *testing.T, w *world) error { return w.in(t, Implemented).RollBack("", w.as(ana)) },
	"undo what is running":                 func(t *testing.T, w *world) error { return undo(w.in(t, InProgress), w.as(ana)) },
	"undo what never ran":                  func(t *testing.T, w *world) error { return undo(w.in(t, Cancelled), w.as(ana)) },
	"undo by a stranger":                   func(t *testing.T, w *world) error { return undo(w.in(t, Closed), w.as(ray)) },
	"undo without a reason": func(t *testing.T, w *world) error {
		return (&Change{Identity: Identity{ID: 5, Requester: ana}}).RollbackOf(w.in(t, Closed), "", w.as(ana))
	},
	"undo what was rolled back": func(t *testing.T, w *world) error {
		c := w.in(t, InProgress)
		must(t, c.RollBack("It broke.", w.as(ana)))
		must(t, c.Review(YesToAll("It broke because the key was of the wrong kind."), w.as(ana)))
		return undo(c, w.as(ana))
	},
	"undo an undoing": func(t *testing.T, w *world) error {
		c := &Change{Identity: Identity{ID: 5, Requester: ana}}
		must(t, c.RollbackOf(w.in(t, Closed), "It was wrong.", w.as(ana)))
		must(t, c.Start(c.Revision, w.as(ana)))
		must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
		must(t, c.Review(YesToAll("The first change was wrong, and going back worked."), w.as(ana)))
		return undo(c, w.as(ana))
	},
	"cancel without a reason": func(t *testing.T, w *world) error { return w.in(t, Approved).Cancel("", w.as(ana)) },
	"cancel by a stranger":    func(t *testing.T, w *world) error { return w.in(t, Approved).Cancel("Because.", w.as(ray)) },
	"cancel what runs":        func(t *testing.T, w *world) error { return w.in(t, InProgress).Cancel("Because.", w.as(ana)) },
	"review by a stranger": func(t *testing.T, w *world) error {
		return w.in(t, Implemented).Review(YesToAll(strings.Repeat("Because. ", 9)), w.as(ray))
	},
	"review in a word": func(t *testing.T, w *world) error { return w.in(t, Implemented).Review(YesToAll("Fine."), w.as(ana)) },
	"a release that is none": func(_ *testing.T, w *world) error {
		_, err := w.raise(func(in *Input) { in.Release = NoRelease })
		return err
	},
	"start before the handover": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		c.Release, c.Revision = 1, ""
		c.Revision = c.Material.revision()
		for i := range c.Approvals {
			c.Approvals[i].Revision = c.Revision
		}
		f := w.later(90 * time.Minute).as(ana)
		f.Around.Release = &LinkedRelease{ID: 1, Name: "Market expansion", State: ReleaseConditional}
		return c.Start(c.Revision, f)
	},
	"plan for a release that is cancelled": func(t *testing.T, w *world) error {
		in, f := w.input(), w.as(ana)
		in.Release, f.Around.Release = 1, &LinkedRelease{ID: 1, Name: "Market expansion", State: ReleaseCancelled}
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(in, f)
	},
	"plan for a release that is none": func(t *testing.T, w *world) error {
		in := w.input()
		in.Release = 99
		return (&Change{Identity: Identity{ID: 4, Requester: ana}}).Raise(in, w.as(ana))
	},
	"maintenance windows of no service": func(t *testing.T, w *world) error { return maintain(w.as(dee), "nonsuch") },
	"maintenance windows by a stranger": func(t *testing.T, w *world) error { return maintain(w.as(ana), "pay-api") },
	"maintenance windows by a guest": func(t *testing.T, w *world) error {
		f := w.as(dee)
		f.Actor.Guest = true
		return maintain(f, "pay-api")
	},
	"review without an answer": func(t *testing.T, w *world) error {
		return w.in(t, Implemented).Review(Review{Judgement: Judgement{Better: "other", Lesson: strings.Repeat("x", 121)}}, w.as(ana))
	},
	"review with a bucket and no lesson": func(t *testing.T, w *world) error {
		r := YesToAll("Nothing special happened, and nothing was learnt.")
		r.Bucket = BucketTests
		return w.in(t, Implemented).Review(r, w.as(ana))
	},
	"review with a lesson for an unknown bucket": func(t *testing.T, w *world) error {
		r := YesToAll("Nothing special happened, and nothing was learnt.")
		r.Lesson, r.Bucket = "The kitchen is clean", "kitchen"
		return w.in(t, Implemented).Review(r, w.as(ana))
	},
	"drop a lesson that nobody learnt": func(t *testing.T, w *world) error { return w.in(t, Closed).DropLesson(w.as(kim)) },
	"drop a lesson by a stranger":      func(t *testing.T, w *world) error { return w.learnt(t, BucketTests).DropLesson(w.as(ana)) },
	"drop a lesson twice": func(t *testing.T, w *world) error {
		c := w.learnt(t, BucketTests)
		must(t, c.DropLesson(w.as(kim)))
		return c.DropLesson(w.as(kim))
	},
	"complete with an incident of no severity": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: Successful, Incident: "INC-7"}, w.as(ana))
	},
	"complete with a severity of no incident": func(t *testing.T, w *world) error {
		return w.in(t, InProgress).Complete(Completion{Outcome: Successful, Priority: 1}, w.as(ana))
	},
	"hold what is held": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		must(t, c.Hold("Wait.", w.as(kim)))
		return c.Hold("Wait.", w.as(lea))
	},
	"hold a rollback": func(t *testing.T, w *world) error {
		c := &Change{Identity: Identity{ID: 5, Requester: ana}}
		must(t, c.RollbackOf(w.in(t, Closed), "It was wrong.", w.as(ana)))
		return c.Hold("Wait.", w.as(kim))
	},
	"hold without a word": func(t *testing.T, w *world) error { return w.in(t, Approved).Hold("", w.as(kim)) },
	"hold by a stranger":  func(t *testing.T, w *world) error { return w.in(t, Approved).Hold("Wait.", w.as(ana)) },
	"hold by a guest":     func(t *testing.T, w *world) error { return w.in(t, Approved).Hold("Wait.", w.as(pat)) },
	"lift without a word": func(t *testing.T, w *world) error { return w.held(t).LiftHold("", w.as(kim)) },
	"lift by a stranger":  func(t *testing.T, w *world) error { return w.held(t).LiftHold("Go on.", w.as(ana)) },
	"lift what ended": func(t *testing.T, w *world) error {
		c := w.held(t)
		must(t, c.Expire(w.later(4*time.Hour).as("")))
		return c.LiftHold("The vendor is done.", w.as(kim))
	},
	"start what is held": func(t *testing.T, w *world) error {
		c := w.held(t)
		return c.Start(c.Revision, w.later(65*time.Minute).as(ana))
	},
	"lift it for one's own": func(t *testing.T, w *world) error {
		c := w.held(t)
		c.Implementer = lea
		return c.LiftHold("Go on.", w.as(lea))
	},
	"start beside what runs on": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		w.later(65 * time.Minute)
		return c.Start(c.Revision, w.near(ana, w.overrun("pay-api")))
	},
	"start a held emergency": func(t *testing.T, w *world) error {
		c := w.broken(t, nil)
		must(t, c.Hold("Wait.", w.as(kim)))
		return c.StartNow("Nobody can pay.", c.Revision, w.as(c.Implementer))
	},
	"override without a word": func(t *testing.T, w *world) error { return w.overriding(t, kim, "") },
	"override by a stranger":  func(t *testing.T, w *world) error { return w.overriding(t, ben, "It has to be.") },
	"override by a guest":     func(t *testing.T, w *world) error { return w.overriding(t, pat, "It has to be.") },
	"override one's own": func(t *testing.T, w *world) error {
		w.Roles[RoleChangeManager] = append(w.Roles[RoleChangeManager], ana)
		return w.overriding(t, ana, "It has to be.")
	},
	"override nothing": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Override("It has to be.", c.Revision, w.later(65*time.Minute).as(kim))
	},
	"override late": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		return c.Override("It has to be.", c.Revision, w.later(5*time.Hour).as(kim))
	},
	"override what was edited": func(t *testing.T, w *world) error {
		return w.in(t, Approved).Override("It has to be.", "0123", w.as(kim))
	},
	"override what nobody approved": func(t *testing.T, w *world) error {
		c := w.in(t, Approved)
		c.Plan = "Something else."
		return c.Override("It has to be.", c.Revision, w.later(65*time.Minute).as(kim))
	},
	"extend by a stranger": func(t *testing.T, w *world) error { return w.extending(t, ray, time.Hour) },
	"extend to nowhere":    func(t *testing.T, w *world) error { return w.in(t, InProgress).Extend(time.Time{}, "", w.as(ana)) },
	"extend by nothing":    func(t *testing.T, w *world) error { return w.extending(t, ana, 0) },
	"extend backwards":     func(t *testing.T, w *world) error { return w.extending(t, ana, -time.Minute) },
	"extend for days":      func(t *testing.T, w *world) error { return w.extending(t, ana, 49*time.Hour) },
	"extend to the past": func(t *testing.T, w *world) error {
		c := w.in(t, InProgress)
		return c.Extend(c.Window.End.Add(time.Hour), "It takes longer.", w.later(9*time.Hour).as(ana))
	},
	"extend into a freeze": func(t *testing.T, w *world) error {
		c := w.in(t, InProgress)
		return c.Extend(c.Window.End.Add(time.Hour), "It takes longer.", w.frozen(ana, Freeze{Kind: HardFreeze}))
	},
	"a time that was offered for another revision": func(t *testing.T, w *world) error {
		return w.in(t, Approved).MoveTo(NewWindow(w.now.Add(50*time.Hour), w.now.Add(51*time.Hour)), "0123", w.as(ana))
	},
	"a move that is none": func(t *testing.T, w *world) error { return w.in(t, Closed).move(Approved) },
}

// held is an approved change that a change manager holds.
func (w *world) held(t testing.TB) *Change {
	c := w.in(t, Approved)
	must(t, c.Hold("Wait for the vendor.", w.as(kim)))
	return c
}

func (w *world) overriding(t testing.TB, u UserID, reason string) error {
	c := w.in(t, Approved)
	w.later(65 * time.Minute)
	return c.Override(reason, c.Revision, w.inTheWay(u))
}

func (w *world) extending(t testing.TB, u UserID, more time.Duration) error {
	c := w.in(t, InProgress)
	return c.Extend(c.Window.End.Add(more), "It takes longer.", w.as(u))
}

func maintain(f Facts, slug Slug) error {
	_, err := SetMaintenance(slug, nil, f)
	return err
}

func undo(c *Change, f Facts) error {
	return (&Change{Identity: Identity{ID: c.ID + 1, Requester: f.Actor.ID}}).RollbackOf(c, "It was wrong.", f)
}

func TestEveryRefusalSaysWhatHappenedWhyAndWhatToDo(t *testing.T) {
	said := map[string]bool{}
	take := func(name string, err error) {
		r := refused(t, err)
		if problem := badlySaid(r); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		said[r.Error()] = true
	}
	for name, ask := range refusals {
		take(name, ask(t, newWorld().clone()))
	}
	for _, test := range wrong {
		_, err := newWorld().raise(test.edit)
		take(test.name, err)
	}
	for _, s := range States {
		for _, command := range commands {
			w := newWorld()
			c := w.in(t, s)
			if err := command.do(c, w.later(65*time.Minute)); err != nil {
				take(command.name+" when "+string(s), err)
			}
		}
	}
	var lines []string
	for text := range said {
		lines = append(lines, text)
	}
	slices.Sort(lines)
	t.Logf("%d refusals\n%s", len(lines), strings.Join(lines, "\n"))
	for _, format := range wordings(t, func(path string) bool { return !slices.Contains(ofReleases, path) }) {
		if !slices.ContainsFunc(lines, format.MatchString) {
			t.Errorf("no test is refused with %q", format)
		}
	}
}

// ofReleases are the files whose refusals are about releases (release_refusal_test.go).
var ofReleases = []string{"assign.go", "certificate.go", "checklist.go", "checklist_template.go", "decide.go", "early_life.go", "evidence.go",
	"handover.go", "handover_condition.go", "item_act.go", "meeting.go", "readiness.go", "release.go", "release_due.go", "release_plan.go", "vote.go", "waiver.go"}

// wordings are what the source has for refusals, field errors and reasons not
// to start, as patterns that match what comes of them.
func wordings(t *testing.T, about func(path string) bool) []*regexp.Regexp {
	paths, err := filepath.Glob("*.go")
	must(t, err)
	var out []*regexp.Regexp
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || !about(path) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CallExpr:
				if format, is := map[string]int{"Refusef": 0, "Settledf": 0, "add": 1}[called(x)]; is && format < len(x.Args) {
					out = append(out, patterns(x.Args[format])...)
				}
				if called(x) == "stops" {
					out = append(out, append(patterns(x.Args[0]), patterns(x.Args[1])...)...)
				}
			case *ast.CompositeLit:
				if name, ok := x.Type.(*ast.Ident); ok && name.Name == "Reason" {
					for _, part := range x.Elts {
						out = append(out, patterns(part)...)
					}
				}
			}
			return true
		})
	}
	return out
}

func called(x *ast.CallExpr) string {
	switch fun := x.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}

var verb = regexp.MustCompile(`%(\\\[\d\\\])?[sdq]`)

// patterns are the texts in an expression, with whatever for each verb.
func patterns(n ast.Expr) []*regexp.Regexp {
	var out []*regexp.Regexp
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > 6 {
			text, _ := strconv.Unquote(lit.Value)
			out = append(out, regexp.MustCompile(verb.ReplaceAllString(regexp.QuoteMeta(text), ".*")))
		}
		return true
	})
	return out
}
