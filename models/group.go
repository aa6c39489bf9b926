package models

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var slackGroup = regexp.MustCompile(`^S[A-Z0-9]{2,}$`)

// IsSlackGroup reports whether the id is that of a Slack user group, as a
// policy may name it without a team.
func IsSlackGroup(id string) bool { return slackGroup.MatchString(id) }

// SlackGroups are the teams whose members Slack names: those that are a user
// group, and the user groups that the policy asks for. By id.
func (d *Directory) SlackGroups() []Team {
	found := map[TeamID]Team{}
	for id, t := range d.Teams {
		if t.Group != "" {
			found[id] = t
		}
	}
	for _, group := range d.Policy.groups() {
		if _, known := found[TeamID(group)]; !known && IsSlackGroup(group) {
			found[TeamID(group)] = Team{ID: TeamID(group), Name: group, Group: group}
		}
	}
	var out []Team
	for _, id := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[id])
	}
	return out
}

// needs are all requirements that the policy writes, in its order.
func (p Policy) needs() []Need {
	var out []Need
	for _, rule := range slices.Concat(p.Rules, p.Additions) {
		out = append(out, rule.Require...)
	}
	return out
}

func (p Policy) groups() []string {
	var out []string
	for _, n := range p.needs() {
		if n.Group != "" && !slices.Contains(out, n.Group) {
			out = append(out, n.Group)
		}
	}
	return out
}

// Unheld names what the policy asks for and nobody could give, whatever the
// change: roles that nobody holds, groups with nobody in them, people who may
// decide nothing. Services without an owner are named by their own list.
func (d *Directory) Unheld() []string {
	var out []string
	add := func(words string) {
		if !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	able := func(u UserID) bool { ok, _ := d.Person(u).CanDecide(); return ok }
	for _, n := range d.Policy.needs() {
		switch {
		case n.Person != "":
			if !able(n.Person) {
				add(d.Name(n.Person))
			}
		case n.Group != "":
			if _, known := d.Teams[TeamID(n.Group)]; !known && IsSlackGroup(n.Group) {
				continue // Slack was not asked yet
			}
			if !slices.ContainsFunc(d.Teams[TeamID(n.Group)].Members, able) {
				add("the group " + d.teamName(TeamID(n.Group)))
			}
		case slices.Contains(StandingRoles, n.Role):
			if !slices.ContainsFunc(d.Roles[n.Role], able) {
				add(n.Role.String())
			}
		}
	}
	return out
}

// NotedPolicy is whom to tell that the policy file was refused (trouble says
// why), or that nobody holds what the policy asks for, and whether the trouble
// is another one than before. Each admin hears of the same thing once.
func (f Facts) NotedPolicy(trouble string) (news []Delivery, changed bool) {
	changed = trouble != f.PolicyTrouble
	unheld := f.Unheld()
	if trouble == "" && len(unheld) == 0 {
		return nil, changed
	}
	sum := sha256.Sum256([]byte(trouble + "\x00" + strings.Join(unheld, "\x00")))
	for _, u := range f.Roles[RoleAdmin] {
		if ok, _ := f.Person(u).CanDecide(); ok {
			news = append(news, Delivery{Kind: DeliverNote, User: u, Key: "note/policy/" + hex.EncodeToString(sum[:6]) + "/" + string(u)})
		}
	}
	return news, changed
}
