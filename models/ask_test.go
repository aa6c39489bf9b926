package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inbox is what people see in Slack: every delivery once, edits in place not
// counted again.
type inbox struct {
	seen                      map[string]bool
	changes, services, thread int
	asks, notes               int
	lines                     []string
	firstPosts                map[UserID]int
}

func (b *inbox) take(t *testing.T, c *Change, f Facts) {
	t.Helper()
	if b.seen == nil {
		b.seen, b.firstPosts = map[string]bool{}, map[UserID]int{}
	}
	events := c.Events()
	for _, d := range Deliveries(c, events, f) {
		if b.seen[d.Key] {
			if !d.Kind.EditedInPlace() {
				t.Errorf("%s is sent twice", d.Key)
			}
			continue
		}
		b.seen[d.Key] = true
		if d.User == f.Actor.ID && d.Kind != DeliverHome {
			t.Errorf("%s gets a %s about their own act", d.User, d.Kind)
		}
		switch {
		case d.Kind == DeliverCard && d.Channel == "CCHANGES":
			b.changes++
		case d.Kind == DeliverCard:
			b.services++
		case d.Kind == DeliverThread:
			b.thread++
			b.lines = append(b.lines, string(events[d.Event].Kind))
		case d.Kind == DeliverAsk:
			b.asks++
			b.firstPosts[d.User]++
		case d.Kind == DeliverNote:
			b.notes++
			b.firstPosts[d.User]++
		}
	}
}

func TestTheReferenceChangeStaysWithinTheNoiseBudget(t *testing.T) {
	for _, implementer := range []UserID{"", ana} {
		w := newWorld()
		c := w.raised(t, func(in *Input) { in.Implementer = implementer })
		var box inbox
		box.take(t, c, w.as(ana))
		if box.asks != 2 {
			t.Errorf("raising it asked %d people", box.asks)
		}
		first := c.Asked[0].User
		if first == dee {
			first = c.Asked[1].User // the peer
		}
		must(t, c.Approve(c.Revision, w.as(first)))
		box.take(t, c, w.as(first))
		must(t, w.editing(c, ana, func(in *Input) { in.Plan = "1. Add the new key. 2. Wait. 3. Remove the old one." }))
		box.take(t, c, w.as(ana))
		if box.asks != 3 || c.Asked[2].User != first {
			t.Errorf("after the edit %d asks, the last to %s instead of %s", box.asks, c.Asked[len(c.Asked)-1].User, first)
		}
		for _, u := range []UserID{first, dee} {
			must(t, c.Approve(c.Revision, w.later(time.Minute).as(u)))
			box.take(t, c, w.as(u))
		}
		must(t, w.later(80*time.Minute).editing(c, ana, func(in *Input) { in.Title = "Rotate the signing keys" }))
		box.take(t, c, w.as(ana))
		must(t, c.Start(c.Revision, w.as(ana)))
		box.take(t, c, w.as(ana))
		must(t, c.Complete(Completion{Outcome: Successful}, w.as(ana)))
		box.take(t, c, w.as(ana))
		if c.State != Closed {
			t.Errorf("it ended %s", c.State)
		}
		want := inbox{seen: box.seen, changes: 1, services: 1, thread: 4, asks: 3, notes: 1,
			lines: []string{"revised", "approved", "started", "completed"}, firstPosts: map[UserID]int{first: 2, dee: 1, ana: 1}}
		if diff := cmp.Diff(want, box, cmp.AllowUnexported(inbox{})); diff != "" {
			t.Error(diff)
		}
		t.Logf("changes channel %d, service channel %d, thread lines %d (%s), DMs %d (asked %d, told %d)",
			box.changes, box.services, box.thread, strings.Join(box.lines, ", "), box.asks+box.notes, box.asks, box.notes)
	}
}

func TestNoMorePeopleAreAskedThanAreNeededEachForOnePlace(t *testing.T) {
	w := newWorld().clone()
	team := w.Teams["payments"]
	team.Members = []UserID{dee, ben, ana} // Dee comes first in every order
	w.Teams["payments"] = team
	c := w.raised(t, nil)
	if got := askedOf(c); !slices.Contains(got, dee) || !slices.Contains(got, ben) || len(got) != 2 {
		t.Errorf("Dee as owner and Ben as peer, not %v", got)
	}
	very := w.raised(t, func(in *Input) { in.Risk = known(untried) })
	if got := askedOf(very); len(got) != 7 || len(very.Standing().Slots) != 7 {
		t.Errorf("%d places, asked %v", len(very.Standing().Slots), got)
	}
}

func askedOf(c *Change) []UserID {
	var out []UserID
	for _, a := range c.Asked {
		out = append(out, a.User)
	}
	return out
}

func TestPeopleAtWorkAreAskedFirstThenThoseUnaskedLongest(t *testing.T) {
	w := newWorld().clone()
	team := w.Teams["payments"]
	team.Members = []UserID{ana, ben, cai, eli}
	w.Teams["payments"] = team
	person := func(u UserID, zone string, asked time.Duration) {
		p := w.People[u]
		p.Zone, p.LastAsked = zone, w.now.Add(-asked)
		w.People[u] = p
	}
	ask := func() Ask { return w.need(t, nil, Need{Role: RolePeer, Count: 1}).Asked[0] }
	person(ben, "Europe/Berlin", time.Hour)
	person(cai, "Europe/Berlin", 2*time.Hour)
	person(eli, "America/Los_Angeles", 9*time.Hour) // 02:00 there
	if a := ask(); a.User != cai || !a.NotBefore.Equal(w.now) {
		t.Errorf("asked %s at %s; Cai is at work and unasked longest", a.User, a.NotBefore)
	}
	person(cai, "Pacific/Auckland", 2*time.Hour) // 23:00 there
	if a := ask(); a.User != ben {
		t.Errorf("asked %s, but only Ben is at work", a.User)
	}
	person(ben, "America/New_York", time.Hour) // 05:00, at work at 14:00 UTC
	w.now = monday.Add(-time.Minute)
	late := w.need(t, func(in *Input) { in.Start, in.End = monday.Add(5*time.Hour), monday.Add(6*time.Hour) }, Need{Role: RolePeer, Count: 1})
	if a := late.Asked[0]; a.User != ben || !a.NotBefore.Equal(monday.Add(4*time.Hour)) {
		t.Errorf("asked %s at %s; nobody is at work, but Ben is before the window opens", a.User, a.NotBefore)
	}
}

func TestWhoeverIsAwayIsAskedLast(t *testing.T) {
	w := newWorld().clone()
	w.now = monday.Add(-10 * time.Hour) // nobody is at work
	team := w.Teams["payments"]
	team.Members = []UserID{ana, ben, cai}
	w.Teams["payments"] = team
	p := w.People[ben]
	p.LastAsked = w.now
	w.People[ben] = p
	w.away(cai, 0, 24*time.Hour, "")
	late := func(in *Input) { in.Start, in.End = monday.Add(48*time.Hour), monday.Add(49*time.Hour) }
	if a := w.need(t, late, Need{Role: RolePeer, Count: 1}).Asked[0]; a.User == cai {
		t.Error("Cai is asked, who is away until tomorrow")
	}
}

func TestAnEmergencyWaitsForNoWorkingHours(t *testing.T) {
	w := newWorld()
	w.now = monday.Add(-10 * time.Hour)
	c := w.raised(t, func(in *Input) { in.Type, in.IncidentRef = Emergency, "INC-482" })
	if a := c.Asked[0]; !a.NotBefore.Equal(w.now) {
		t.Errorf("asked at %s", a.NotBefore)
	}
}

func TestWithdrawingAsksAnotherAndNeverTheOneWhoWithdrew(t *testing.T) {
	for _, last := range []UserID{dee, ""} {
		w := newWorld()
		c := w.raised(t, nil)
		peer := slices.DeleteFunc(askedOf(c), func(u UserID) bool { return u == dee })[0]
		w.approvedBy(t, c, peer)
		if last != "" {
			w.approvedBy(t, c, last)
		}
		c.Events()
		must(t, c.Withdraw(w.later(time.Minute).as(peer)))
		var asked []UserID
		for _, e := range c.Events() {
			asked = append(asked, e.Asked...)
		}
		if len(asked) != 1 || asked[0] == peer || c.State != AwaitingApproval {
			t.Errorf("%s withdrew, and asked are %v", peer, asked)
		}
		must(t, c.Approve(c.Revision, w.as(peer))) // and may think again
		if n := len(c.Counting()); n != 1 && n != 2 {
			t.Errorf("%d approvals count", n)
		}
	}
}

func TestWhoeverIsStillThinkingIsNotAskedTwice(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	for i := range 5 {
		must(t, w.later(time.Minute).editing(c, ana, func(in *Input) { in.Plan = fmt.Sprint("Plan ", i) }))
	}
	if len(c.Asked) != 2 {
		t.Errorf("five edits before anybody answered asked %v", askedOf(c))
	}
}

func TestWhoeverCantDecideAnyMoreIsReplaced(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, nil)
	peer := slices.DeleteFunc(askedOf(c), func(u UserID) bool { return u == dee })[0]
	must(t, w.later(time.Minute).editing(c, ana, func(in *Input) { in.Implementer = peer }))
	if got := askedOf(c); len(got) != 3 || got[2] == peer || got[2] == dee {
		t.Errorf("%s carries it out now; asked %v", peer, got)
	}
}

func TestAnAskIsFoundAgainAndKnowsWhetherItIsTheLatest(t *testing.T) {
	w := newWorld()
	c := w.approvedBy(t, w.raised(t, nil), ben, dee)
	old := askKey(c, c.Asked[slices.Index(askedOf(c), ben)])
	first := c.Revision
	must(t, w.later(time.Minute).editing(c, ana, func(in *Input) { in.Plan = "Another." }))
	again := askKey(c, c.Asked[len(c.Asked)-1])
	for key, want := range map[string]bool{old: false, again: true} {
		if a, latest, ok := c.AskByKey(key); !ok || latest != want && a.User == ben {
			t.Errorf("%s: %+v, latest %v, found %v", key, a, latest, ok)
		}
	}
	if _, _, ok := c.AskByKey("ask/change/4/UNOBODY/0/0"); ok {
		t.Error("found an ask that never was")
	}
	if rev, changed := c.LastSeen(ben); rev != first || !changed {
		t.Errorf("Ben last saw %s, changed since: %v", rev.Short(), changed)
	}
	if _, changed := c.LastSeen(cai); changed {
		t.Error("Cai has seen nothing")
	}
}

func TestWhoSlackWasNotAskedAboutYetIsAskedButDecidesOnlyOnceConfirmed(t *testing.T) {
	w := newWorld().clone()
	s := w.Services["pay-api"]
	s.Owner = sol
	w.Services["pay-api"] = s
	c := w.raised(t, nil)
	if !slices.Contains(askedOf(c), sol) || c.Unmeetable(w.as(ana)) != nil {
		t.Errorf("asked %v, unmeetable %v", askedOf(c), c.Unmeetable(w.as(ana)))
	}
	f := w.as(sol)
	f.Actor.CheckedAt = time.Time{}
	refused(t, c.Approve(c.Revision, f))
	w.approvedBy(t, c, sol)
}
