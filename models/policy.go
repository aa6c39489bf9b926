package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Policy says which approvals a change needs. Rules are tried in order and
// the first that matches sets the requirements; every addition that matches
// adds to them. Which policy is in force is decided by its version.
type Policy struct {
	Version   int
	Name      string
	Rules     []Rule
	Additions []Rule
	// Notice is how many working days ahead a change of each risk is to be
	// submitted; 0 = none.
	Notice map[RiskLevel]int `json:",omitempty"`
	// SmallTeam lets a requirement go that nobody eligible can meet (see lapse.go).
	SmallTeam bool `json:",omitempty"`
}

// Rule is one line of a policy.
type Rule struct {
	Name    string
	When    Match
	Require []Need
}

// Match narrows a rule; an empty list matches everything. A change's tier is
// that of its most critical service.
type Match struct {
	Types        []ChangeType
	Environments []Environment
	Risks        []RiskLevel
	Tiers        []Tier
	Debts        *bool // whether a touched service's team owes something from another change
	Expedited    *bool // whether it came with less notice than its risk asks for
}

// Need is one requirement as a policy writes it: "2 of cab", "majority of
// cab", "each service_owner", a Slack user group or a person.
type Need struct {
	Role     Role
	Count    int  // people needed; ignored with Majority or Each
	Majority bool // more than half of those who hold the role and may decide
	Each     bool // every service owner
	Group    string
	Person   UserID
}

// Requirement is a need as it stands on one submitted revision. A revision
// keeps its requirements; a newer policy can only add.
type Requirement struct {
	Key    string // what an approval's Fits refers to: "cab", "group:S1", "person:U1"
	Role   Role
	Group  string
	Person UserID
	Count  int
	Text   string // "2 of CAB", "majority of CAB (3)"

	// Of small-team mode (see lapse.go).
	MayLapse bool      `json:",omitzero"` // the policy lets it go when nobody eligible can meet it
	Short    int       `json:",omitzero"` // how many of its places nobody eligible can fill
	ShortAt  time.Time `json:",omitzero"` // since when that is recorded
	Lapsed   int       `json:",omitzero"` // how many of its places were given up
}

// Facts are what a rule may ask about, read by the store in the deciding
// transaction.
type Facts struct {
	*Directory
	Now    time.Time
	Actor  Person
	Around Around // what stands around the change that is decided on
}

// Requirements is what the policy asks of the change as it stands, and the
// name of the rule that said so. A policy that matches nothing refuses.
func (p Policy) Requirements(c *Change, f Facts) (string, []Requirement, error) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.When.matches(c, f) })
	if i < 0 {
		return "", nil, Refusef("No rule of the approval policy covers a %s change in %s at %s risk, so it can't be submitted. Ask an admin to add a rule; your draft can be saved meanwhile.",
			c.Type, c.Environment, c.Assessment.Level)
	}
	needs := slices.Clone(p.Rules[i].Require)
	names := []string{p.Rules[i].Name}
	for _, addition := range p.Additions {
		if addition.When.matches(c, f) {
			needs = append(needs, addition.Require...)
			names = append(names, addition.Name)
		}
	}
	var out []Requirement
	for _, need := range needs {
		r := need.on(c, f)
		r.MayLapse = p.SmallTeam
		out = merge(out, r)
	}
	return strings.Join(names, " + "), out, nil
}

func (m Match) matches(c *Change, f Facts) bool {
	return m.covers(c.Type, c.Environment, c.Assessment.Level, tierOf(c, f), len(f.Around.Debts) > 0, c.Expedited)
}

func oneOf[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// tierOf is the tier of the most critical service touched; 3 when none is known.
func tierOf(c *Change, f Facts) Tier {
	tier := Tier(3)
	for _, slug := range c.Services {
		if s, known := f.Services[slug]; known {
			tier = min(tier, s.Tier)
		}
	}
	return tier
}

// on counts the need against the people of the moment.
func (n Need) on(c *Change, f Facts) Requirement {
	r := Requirement{Role: n.Role, Group: n.Group, Person: n.Person, Count: max(1, n.Count), Key: string(n.Role)}
	switch {
	case n.Person != "":
		r.Key, r.Count, r.Text = "person:"+string(n.Person), 1, f.Name(n.Person)
	case n.Group != "":
		r.Key = "group:" + n.Group
		r.Text = fmt.Sprintf("%d of %s", r.Count, f.teamName(TeamID(n.Group)))
	case n.Each:
		// An owner who raised the change or carries it out has agreed by doing
		// so; those who left Slack still count, so that somebody replaces them.
		r.Count = max(1, len(slices.DeleteFunc(c.holders(r, f), func(u UserID) bool { return c.Excluded(u) != "" })))
		r.Text = "each " + n.Role.String()
	case n.Majority:
		r.Count = len(c.eligible(r, f))/2 + 1
		r.Text = fmt.Sprintf("majority of %s (%d)", n.Role, r.Count)
	default:
		r.Text = number(r.Count) + " " + n.Role.of(r.Count)
	}
	return r
}

// merge keeps one requirement a key, the stricter of two.
func merge(list []Requirement, r Requirement) []Requirement {
	for i := range list {
		if was := list[i]; was.Key == r.Key {
			if r.Count > was.Count {
				list[i].Count, list[i].Text = r.Count, r.Text
			}
			list[i].MayLapse = was.MayLapse && r.MayLapse
			return list
		}
	}
	return append(list, r)
}

// fits are the keys of the change's requirements that the person can fill.
func (c *Change) fits(p Person, f Facts) []string {
	var keys []string
	for _, r := range c.Requirements {
		if slices.Contains(c.holders(r, f), p.ID) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// holders are the people who fill a requirement's role, whoever they are.
func (c *Change) holders(r Requirement, f Facts) []UserID {
	switch {
	case r.Person != "":
		return []UserID{r.Person}
	case r.Group != "":
		return distinct(slices.Clone(f.Teams[TeamID(r.Group)].Members))
	case r.Role == RoleServiceOwner:
		return owners(c, f)
	}
	var out []UserID
	switch r.Role {
	case RolePeer:
		for _, slug := range c.Services {
			out = append(out, f.Teams[f.Services[slug].Team].Members...)
		}
	case RoleOpsLead:
		for _, slug := range c.Services {
			out = append(out, f.Services[slug].OpsLead)
		}
	default:
		out = slices.Clone(f.Roles[r.Role])
	}
	return distinct(out)
}

// eligible are those holders whose decision could count today.
func (c *Change) eligible(r Requirement, f Facts) []UserID {
	return slices.DeleteFunc(c.holders(r, f), func(u UserID) bool {
		ok, _ := f.Person(u).CanDecide()
		return !ok || c.Excluded(u) != ""
	})
}

// MayDecide reports whether the person's decision on the change could count now.
func (c *Change) MayDecide(p Person, f Facts) bool {
	ok, _ := p.CanDecide()
	return ok && c.decidable() && !c.overdue(f.Now) && c.Excluded(p.ID) == "" && !c.rightsOf(p, f).none()
}

// Unmeetable says what too few eligible people can give, when each of them fills
// one place only, in the words of Standing.Missing: whoever raises the change is
// told at once.
func (c *Change) Unmeetable(f Facts) []string { return inWords(c.unmeetable(f)) }

// Stuck is that part of it without which the change can't go on: what a freeze
// asks never lapses, nor does anything outside small-team mode.
func (c *Change) Stuck(f Facts) []string {
	return inWords(slices.DeleteFunc(c.unmeetable(f), func(x Slot) bool { return x.Requirement.MayLapse && f.Policy.SmallTeam }))
}

// unmeetable are the places that stay open when everybody eligible approves.
// Delegates add nothing: they only use what others could.
func (c *Change) unmeetable(f Facts) []Slot {
	able := map[UserID][]string{}
	for _, r := range c.Requirements {
		for _, u := range c.eligible(r, f) {
			if !c.spokenFor(u, u) {
				able[u] = append(able[u], r.Key)
			}
		}
	}
	s := c.seatGiven(able)
	for _, u := range slices.Sorted(maps.Keys(able)) {
		if given, ok := c.decisionOf(u); !ok || !given.counts(c.Revision) {
			s.place(u, able[u])
		}
	}
	return slices.DeleteFunc(s.standing().Slots, func(x Slot) bool { return x.By != "" })
}

// able are all people whose decision could count today, with the keys of the
// requirements that each can fill. Where somebody stands in for a person, they
// are asked in that person's place.
func (c *Change) able(f Facts) map[UserID][]string {
	out := map[UserID][]string{}
	for _, r := range c.Requirements {
		for _, u := range c.eligible(r, f) {
			to := c.StandIn(u, f)
			switch {
			case to == "":
				out[u] = append(out[u], r.Key)
			case !c.spokenFor(u, to):
				out[to] = append(out[to], r.Key)
			}
		}
	}
	return out
}

// seatGiven places the approvals that count, each with what it could fill at
// its click and what the same person could fill by clicking again.
func (c *Change) seatGiven(able map[UserID][]string) *seating {
	s := newSeating(c.Requirements)
	for _, a := range c.Counting() {
		s.place(a.By, a.keys())
	}
	for i, p := range s.people {
		s.people[i].keys = slices.Concat(p.keys, able[p.user])
	}
	return s
}

func owners(c *Change, f Facts) []UserID {
	var out []UserID
	for _, slug := range c.Services {
		out = append(out, f.Services[slug].Owner)
	}
	return distinct(out)
}

func distinct(list []UserID) []UserID {
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(u UserID) bool { return u == "" })
}

// staleGroup names a Slack user group that gives the person a right on the
// change, and of which Slack has said nothing for too long; "" when another
// fact gives them a right.
func (c *Change) staleGroup(u UserID, f Facts) string {
	stale := ""
	for _, r := range c.Requirements {
		if !slices.Contains(c.holders(r, f), u) {
			continue
		}
		fresh := true
		for _, id := range c.teamsOf(r, f) {
			t := f.Teams[id]
			if !slices.Contains(t.Members, u) {
				continue
			}
			if fresh = !t.Stale(f.Now); fresh {
				break
			}
			stale = f.teamName(id)
		}
		if fresh {
			return ""
		}
	}
	return stale
}

// teamsOf are the teams whose members hold the requirement.
func (c *Change) teamsOf(r Requirement, f Facts) []TeamID {
	switch {
	case r.Group != "":
		return []TeamID{TeamID(r.Group)}
	case r.Role == RolePeer && r.Person == "":
		var out []TeamID
		for _, slug := range c.Services {
			out = append(out, f.Services[slug].Team)
		}
		return out
	}
	return nil
}

// String writes the need as a policy file does: "2 of cab", "person:U0123".
func (n Need) String() string {
	who := string(n.Role)
	if n.Group != "" {
		who = "group:" + n.Group
	}
	switch {
	case n.Person != "":
		return "person:" + string(n.Person)
	case n.Each:
		return "each " + who
	case n.Majority:
		return "majority of " + who
	}
	return number(max(1, n.Count)) + " of " + who
}
