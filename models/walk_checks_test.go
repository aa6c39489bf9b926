package models

import (
	"reflect"
	"slices"
	"strings"
)

// refusedWell: what does not happen is said in words.
func (k *walker) refusedWell(act string, err error) {
	r, ok := AsRefusal(err)
	if !ok {
		k.Fatalf("%s failed with an error that is no refusal: %v", act, err)
	}
	if problem := badlySaid(r); problem != "" {
		k.Fatalf("%s was refused badly, %s", act, problem)
	}
	k.seen["refused "+act]++
}

// checkEvents: legal moves only, final means final, and nobody is told or
// asked about their own act.
func (k *walker) checkEvents(before *Change, events []Event, f Facts) {
	c := k.c
	if before.State.Final() && before.State != "" && (before.State != c.State || len(events) > 0) {
		k.Fatalf("%s is final, but became %s with %s", before.State, c.State, kinds(events))
	}
	checkChain(k, before.State, events, c.State)
	k.checkOver(before, events, f)
	k.checkFreeze(events)
	for _, e := range events {
		k.seen["event "+string(e.Kind)]++
		if e.Actor != f.Actor.ID || !e.At.Equal(f.Now) || e.Revision != c.Revision {
			k.Fatalf("%s is signed %q at %s on %s", e.Kind, e.Actor, e.At, e.Revision)
		}
		// Those who approved already are asked again only for a place that came up since.
		others := slices.DeleteFunc(slices.Clone(e.Asked), func(u UserID) bool { _, gave := k.votes[u]; return gave })
		if s := c.Standing(); len(others) > len(s.Slots)-s.Filled() {
			k.Fatalf("%s asks %v for %s", e.Kind, e.Asked, s.Missing())
		}
		if e.Kind == EventAskedNext && slices.ContainsFunc(before.waitingFor(f), func(u UserID) bool { return slices.Contains(e.Asked, u) }) {
			k.Fatalf("%v are bothered twice", e.Asked)
		}
		for i, u := range e.Asked {
			if ok, _ := k.w.Person(u).CanDecide(); !ok || u == f.Actor.ID || k.excluded(u) || slices.Contains(e.Asked[:i], u) {
				k.Fatalf("%s asks %s, who acted, can't decide or was asked twice: %v", e.Kind, u, e.Asked)
			}
			if !k.hasRight(u, f) {
				k.Fatalf("%s asks %s, who has no right to decide", e.Kind, u)
			}
		}
	}
	for _, d := range Deliveries(c, events, f) {
		k.seen["delivery "+string(d.Kind)]++
		switch {
		case d.Kind == DeliverNote && d.User == f.Actor.ID:
			k.Fatalf("%s is told about their own act: %s", d.User, kinds(events))
		case (d.Kind == DeliverCard || d.Kind == DeliverThread) && c.SubmittedAt.IsZero():
			k.Fatalf("a draft shows in %s", d.Channel)
		}
	}
}

// hasRight works out whether the person could decide now, in their own right or
// in somebody's place.
func (k *walker) hasRight(u UserID, f Facts) bool {
	f.Actor.ID = u
	return len(k.keysOf(f)) > 0 || len(k.behalfOf(k.c, f)) > 0
}

// checkOver: what was not started in its time only ends; nobody is asked or told
// anything else about it.
func (k *walker) checkOver(before *Change, events []Event, f Facts) {
	waits := before.State == AwaitingApproval || before.State == ChangesRequested || before.State == Approved
	if !waits || f.Now.Before(before.Window.End) {
		return
	}
	k.seen["after its time"]++
	moved := k.c.Window != before.Window // by an edit
	for _, e := range events {
		if e.Kind != EventExpired && e.Kind != EventCancelled && !moved {
			k.Fatalf("the window was over, and %s", kinds(events))
		}
	}
}

// checkFreeze: whoever is asked anew is asked for the freezes that there are.
func (k *walker) checkFreeze(events []Event) {
	for _, e := range events {
		switch e.Kind {
		case EventSubmitted, EventResubmitted, EventRevised, EventReopened:
			if !k.frozen && slices.ContainsFunc(k.c.Requirements, Requirement.ofFreeze) {
				k.Fatalf("%s for a freeze that is gone: %s", e.Kind, k.c.Standing().Missing())
			}
		case EventFreezeLetGo:
			if k.frozen {
				k.Fatal("a freeze that is on was let go")
			}
		}
	}
}

// checkReview: finished work says why it is reviewed and until when, and waits
// for somebody.
func (k *walker) checkReview(act string, before *Change, f Facts) {
	c := k.c
	if c.State != Implemented {
		return
	}
	for _, what := range c.Exceptions() {
		if !slices.Contains(c.ReviewOwed, what) {
			k.Fatalf("%s is no reason of the review: %v", what, c.ReviewOwed)
		}
	}
	switch {
	case len(c.ReviewOwed) > 0 && c.ReviewDue.IsZero():
		k.Fatal("a review is owed at no time")
	case act == "roll back" && before.Findings != "" && !c.ReviewDue.After(f.Now):
		k.Fatalf("a review that is owed since %s was due at %s", f.Now, c.ReviewDue)
	case len(c.Debts()) == 0 && !c.WaitsForImplementer():
		k.Fatal("implemented, and nothing keeps it open")
	case strings.Contains(c.phrase(), "its review") != (len(c.ReviewOwed) > 0 && c.Findings == ""):
		k.Fatalf("it is said to be %s", c.phrase())
	}
}

// checkApproval: what is approved rests on the walker's own books.
func (k *walker) checkApproval(act string, before *Change, f Facts) {
	c := k.c
	for _, a := range c.Counting() {
		v, ok := k.votes[a.By]
		switch {
		case !ok:
			k.Fatalf("the approval of %s counts, but by the books it does not", a.By)
		case !reflect.DeepEqual(v.content, c.Material):
			k.Fatalf("the approval of %s was given for other content", a.By)
		case slices.Compare(v.keys, a.Fits) != 0:
			k.Fatalf("%s could fill %v at the click, not %v", a.By, v.keys, a.Fits)
		case len(a.Behalf) != len(v.behalf):
			k.Fatalf("%s decided in the place of %v, by the books of %v", a.By, a.Behalf, v.behalf)
		}
		for _, b := range a.Behalf {
			k.seen["approved on behalf"]++
			if slices.Compare(v.behalf[b.For], b.Fits) != 0 {
				k.Fatalf("%s could fill %v for %s, not %v", a.By, v.behalf[b.For], b.For, b.Fits)
			}
		}
	}
	if len(k.votes) != len(c.Counting()) && c.State != Rejected {
		k.Fatalf("%d approvals count, by the books %d", len(c.Counting()), len(k.votes))
	}
	if act == "approve" {
		ok, _ := f.Actor.CanDecide()
		if !ok || k.excluded(f.Actor.ID) || len(k.keysOf(f))+len(k.votes[f.Actor.ID].behalf) == 0 || f.Now.Sub(f.Actor.CheckedAt) > FactsValidFor {
			k.Fatalf("%s approved without a right to", f.Actor.ID)
		}
		given, gave := before.decisionOf(f.Actor.ID)
		if now, _ := c.decisionOf(f.Actor.ID); gave && given.counts(c.Revision) && within(now.keys(), given.keys()) {
			k.Fatalf("%s approved twice, which adds nothing", f.Actor.ID)
		}
	}
	k.checkReview(act, before, f)
	met := metByTrying(c.Requirements, k.votes)
	k.checkLapsed(before, f)
	if c.Standing().Met() != met {
		k.Fatalf("Standing says met %v, trying all ways says %v", !met, met)
	}
	switch c.State {
	case Approved:
		if !met || c.Material.revision() != c.Revision {
			k.Fatalf("approved, but nobody agreed to this: %s", c.Standing().Missing())
		}
	case AwaitingApproval:
		if met {
			k.Fatalf("still waiting although everybody agreed")
		}
	}
	template, known := k.w.Templates[c.Template.Name]
	if by := c.Type == Standard && before.State != c.State && (c.State == Approved || before.State == Approved && c.State == InProgress); by && before.Revision != c.Revision && (!known || template.State != TemplateActive) {
		k.Fatalf("%s by a template that is %s", c.State, template.State)
	}
	switch begun := before.State != InProgress && c.State == InProgress; {
	case c.Retrospective && c.Type != Emergency:
		k.Fatalf("a %s change began before its approval", c.Type)
	case begun && before.State != Approved && (!c.Retrospective || f.Actor.ID != c.Implementer):
		k.Fatalf("began from %s by %s", before.State, f.Actor.ID)
	case c.State == Closed && (len(c.Debts()) > 0 || c.Retrospective && c.RetroApprovedAt.IsZero() && !c.RetroRefused):
		k.Fatalf("closed, but it owes %v", c.Debts())
	case c.WasOverridden() && c.State == Closed && c.Findings == "":
		k.Fatal("overridden, and closed without its review")
	case c.Retrospective && !c.RetroApprovedAt.IsZero() && before.RetroApprovedAt.IsZero() && !met:
		k.Fatalf("approved afterwards by too few: %s", c.Standing().Missing())
	case c.Type == Emergency && c.State == Closed && c.Findings == "":
		k.Fatal("an emergency closed without its review")
	}
	if before.State == Approved && c.State == InProgress {
		if !met || !c.WasOverridden() && (!c.Window.Contains(f.Now) || f.Actor.ID != c.Implementer || before.OnHold()) {
			k.Fatalf("started by %s at %s without a clear verdict", f.Actor.ID, f.Now)
		}
	}
	for _, r := range c.Requirements {
		if r.ofFreeze() {
			continue // goes with its freeze
		}
		if r.Count < k.needs[r.Key] {
			k.Fatalf("the same content needs fewer of %s than before", r.Key)
		}
		k.needs[r.Key] = r.Count
	}
	if c.Revision != "" {
		for key := range k.needs {
			if !slices.ContainsFunc(c.Requirements, func(r Requirement) bool { return r.Key == key }) {
				k.Fatalf("the same content does not need %s any more", key)
			}
		}
	}
}

// fills reports whether the vote could fill a place, in whosever right.
func (v vote) fills(key string) bool {
	if slices.Contains(v.keys, key) {
		return true
	}
	for _, keys := range v.behalf {
		if slices.Contains(keys, key) {
			return true
		}
	}
	return false
}

// checkLapsed: nothing is let go but by the clock, half an hour after it was on
// record, and never when somebody eligible could still give it.
func (k *walker) checkLapsed(before *Change, f Facts) {
	for _, r := range k.c.Requirements {
		was := 0
		for _, b := range before.Requirements {
			if b.Key == r.Key && before.Revision == k.c.Revision {
				was = b.Lapsed
			}
		}
		if r.Lapsed <= was {
			continue
		}
		k.seen["lapsed"]++
		switch {
		case !r.MayLapse || !k.w.Policy.SmallTeam:
			k.Fatalf("%s was let go without small-team mode", r.Key)
		case f.Now.Sub(r.ShortAt) < LapseAfter:
			k.Fatalf("%s was let go after %s", r.Key, f.Now.Sub(r.ShortAt))
		case r.Lapsed > r.Short:
			k.Fatalf("%d places of %s were let go, and %d are short", r.Lapsed, r.Key, r.Short)
		}
	}
}

// metByTrying tries all ways of seating people: slow and plain.
func metByTrying(requirements []Requirement, votes map[UserID]vote) bool {
	var places []string
	for _, r := range requirements {
		for range r.Count - r.Lapsed {
			places = append(places, r.Key)
		}
	}
	used := map[UserID]bool{}
	var fill func(int) bool
	fill = func(i int) bool {
		if i == len(places) {
			return true
		}
		for u, v := range votes {
			if !used[u] && v.fills(places[i]) {
				used[u] = true
				if fill(i + 1) {
					return true
				}
				used[u] = false
			}
		}
		return false
	}
	return fill(0)
}
