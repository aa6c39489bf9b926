package models

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// need submits a change under a policy of these needs alone.
func (w *world) need(t *testing.T, edit func(*Input), needs ...Need) *Change {
	t.Helper()
	w.Policy = Policy{Version: 7, Rules: []Rule{{Name: "only", Require: needs}}}
	return w.raised(t, edit)
}

func texts(c *Change) []string {
	var out []string
	for _, r := range c.Requirements {
		out = append(out, r.Text)
	}
	return out
}

func TestNeedsAreCountedAgainstThePeopleOfTheMoment(t *testing.T) {
	w := newWorld().clone()
	w.Teams["dba"] = Team{ID: "dba", Name: "Database group", Members: []UserID{ben, cai}}
	c := w.need(t, nil,
		Need{Role: RolePeer, Count: 2}, Need{Role: RoleCAB, Count: 1}, Need{Role: RoleCAB, Majority: true}, Need{Role: RoleECAB, Count: 1},
		Need{Role: RoleServiceOwner, Each: true}, Need{Group: "dba", Count: 1}, Need{Person: kim}, Need{Role: RoleOpsLead, Count: 1})
	want := []string{"2 peers", "majority of CAB (3)", "1 of ECAB", "each service owner", "1 of Database group", "Kim", "1 operations lead"}
	if diff := cmp.Diff(want, texts(c)); diff != "" {
		t.Error(diff)
	}
}

func TestAMajorityIsOfThoseWhoMayDecide(t *testing.T) {
	for members, want := range map[string]int{"": 1, "gus": 1, "gus hal": 2, "gus hal ida": 2, "gus hal ida jon": 3, "gus hal ida jon lea": 3, "gus quin robo pat": 1, "ana gus hal": 2} {
		w := newWorld().clone()
		w.Roles[RoleCAB] = nil
		for name := range strings.FieldsSeq(members) {
			w.Roles[RoleCAB] = append(w.Roles[RoleCAB], UserID("U"+strings.ToUpper(name)))
		}
		c := w.need(t, nil, Need{Role: RoleCAB, Majority: true})
		if got := c.Requirements[0].Count; got != want {
			t.Errorf("board of %q: %d needed, want %d", members, got, want)
		}
	}
}

func TestEachOwnerMeansEveryOneWhoHasNotAgreedByRaisingIt(t *testing.T) {
	for _, test := range []struct {
		requester UserID
		services  []Slug
		count     int
		stuck     []string
	}{
		{ana, []Slug{"pay-api"}, 1, nil},
		{ana, []Slug{"pay-api", "wallet"}, 1, nil}, // one owner of two services
		{ana, []Slug{"ledger", "pay-api"}, 2, nil}, // two owners
		{dee, []Slug{"ledger", "pay-api"}, 1, nil}, // Dee agreed by raising it
		{dee, []Slug{"pay-api"}, 1, []string{"each service owner"}},
		{ana, []Slug{"orphan"}, 1, []string{"each service owner"}},
	} {
		w := newWorld().clone()
		w.Policy = Policy{Rules: []Rule{{Name: "owners", Require: []Need{{Role: RoleServiceOwner, Each: true}}}}}
		c := w.raisedBy(t, test.requester, func(in *Input) { in.Services = test.services })
		if got := c.Requirements[0].Count; got != test.count {
			t.Errorf("%s on %v: %d owners needed, want %d", test.requester, test.services, got, test.count)
		}
		if diff := cmp.Diff(test.stuck, c.Unmeetable(w.as(test.requester))); diff != "" {
			t.Errorf("%s on %v: %s", test.requester, test.services, diff)
		}
	}
}

func TestWhatNobodyCanMeetIsNamedAtOnce(t *testing.T) {
	peer, owner := Need{Role: RolePeer, Count: 1}, Need{Role: RoleServiceOwner, Count: 1}
	for name, test := range map[string]struct {
		change func(w *world)
		input  func(*Input)
		needs  []Need
		want   []string
	}{
		"all can be met": {nil, nil, []Need{peer, owner}, nil},
		"an empty team, a service without owner or operations lead": {nil, func(in *Input) { in.Services = []Slug{"orphan"} },
			[]Need{peer, owner, {Role: RoleOpsLead, Count: 1}}, []string{"1 peer", "1 service owner", "1 operations lead"}},
		"the owner left":           {func(w *world) { w.leaves(dee) }, nil, []Need{peer, owner}, []string{"1 service owner"}},
		"the owner carries it out": {nil, func(in *Input) { in.Implementer = dee }, []Need{peer, owner}, []string{"1 service owner"}},
		"one person for two places": {func(w *world) { w.leaves(ben); w.leaves(cai) }, nil,
			[]Need{peer, owner}, []string{"1 peer"}}, // Dee is both, and fills one
		"too small a board":     {func(w *world) { w.Roles[RoleCAB] = []UserID{gus, quin} }, nil, []Need{{Role: RoleCAB, Count: 2}}, []string{"1 more of CAB"}},
		"a team nobody made":    {nil, nil, []Need{{Group: "dba", Count: 1}}, []string{"1 of dba"}},
		"a person who left":     {nil, nil, []Need{{Person: quin}}, []string{"Quin"}},
		"the requester by name": {nil, nil, []Need{{Person: ana}}, []string{"Ana"}},
	} {
		w := newWorld().clone()
		if test.change != nil {
			test.change(w)
		}
		c := w.need(t, test.input, test.needs...)
		if diff := cmp.Diff(test.want, c.Unmeetable(w.as(ana))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(test.want) > 0 && c.State != AwaitingApproval {
			t.Errorf("%s: became %s without anybody", name, c.State)
		}
	}
}

func TestWhatSomebodyFilledIsNotUnmeetableAfterTheyLeft(t *testing.T) {
	w := newWorld().clone()
	c := w.approvedBy(t, w.raised(t, nil), dee)
	w.leaves(dee)
	if got := c.Unmeetable(w.as(ana)); got != nil {
		t.Errorf("%v", got)
	}
	w.approvedBy(t, c, ben) // rights were checked at the click
	if c.State != Approved {
		t.Error(c.State)
	}
}

func (w *world) leaves(u UserID) {
	p := w.People[u]
	p.Deleted = true
	w.People[u] = p
}

func TestTheFirstRuleThatMatchesDecidesAndAdditionsAdd(t *testing.T) {
	w := newWorld()
	c := w.raised(t, func(in *Input) { in.Services = []Slug{"ledger", "docs"}; in.Risk = known(routine) })
	if c.PolicyRule != "production, medium risk + tier 0" || c.PolicyVersion != 1 {
		t.Errorf("rule %q of version %d", c.PolicyRule, c.PolicyVersion)
	}
	if diff := cmp.Diff([]string{"1 peer", "1 service owner", "1 operations lead"}, texts(c)); diff != "" {
		t.Error(diff)
	}
}

func TestAPolicyThatCoversNothingRefuses(t *testing.T) {
	w := newWorld().clone()
	w.Policy = Policy{Version: 2}
	c := &Change{Identity: Identity{ID: 4, Requester: ana}}
	r := refused(t, c.Raise(w.input(), w.as(ana)))
	wellSaid(t, r)
	if c.State != "" || len(c.events) > 0 {
		t.Errorf("a refusal left %q with %d events", c.State, len(c.events))
	}
	must(t, c.SaveDraft(w.input(), w.as(ana)))
}

func TestTheSameContentNeverNeedsLessUnderANewerPolicy(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Risk = known(firstTime) }) // high: peer, owner, 2 of CAB
	must(t, c.AskForChanges("Say when.", c.Revision, w.as(ben)))
	w.Policy = Policy{Version: 2, Rules: []Rule{{Name: "loose", Require: []Need{{Role: RoleCAB, Count: 1}, {Role: RoleECAB, Count: 1}}}}}
	must(t, c.Edit(InputOf(c), w.as(ana)))
	if diff := cmp.Diff([]string{"1 peer", "1 service owner", "2 of CAB", "1 of ECAB"}, texts(c)); diff != "" {
		t.Error(diff)
	}
	must(t, w.editing(c, ana, func(in *Input) { in.Plan = "New content, new rules." }))
	if diff := cmp.Diff([]string{"1 of CAB", "1 of ECAB"}, texts(c)); diff != "" {
		t.Error(diff)
	}
}

func TestAnApproverWhoIsNeededElsewhereMayClickAgain(t *testing.T) {
	w := newWorld().clone()
	c := w.approvedBy(t, w.raised(t, nil), ben)
	refused(t, c.Approve(c.Revision, w.as(ben))) // nothing new
	s := w.Services["pay-api"]
	s.Owner = ben // became owner after approving as peer
	w.Services["pay-api"] = s
	if got := c.Unmeetable(w.as(ana)); got != nil {
		t.Errorf("Ben can be the owner and Cai the peer, but %v", got)
	}
	must(t, c.Approve(c.Revision, w.as(ben)))
	w.approvedBy(t, c, cai)
	if c.State != Approved || len(c.Counting()) != 2 {
		t.Errorf("%s, %d count, missing %s", c.State, len(c.Counting()), c.Standing().Missing())
	}
}
