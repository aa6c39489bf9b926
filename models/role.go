package models

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// Role is a standing duty in the change process, or a relation to a service.
type Role string

// Relations to the services that a change touches.
const (
	RolePeer         Role = "peer"          // an active member of a touched service's team
	RoleServiceOwner Role = "service_owner" // the owner of a touched service
	RoleOpsLead      Role = "ops_lead"      // the operations lead of a touched service
)

// Standing roles, held in the workspace.
const (
	RoleCAB           Role = "cab"
	RoleECAB          Role = "ecab"
	RoleChangeManager Role = "change_manager"
	RoleAdmin         Role = "admin"
	RoleAuditor       Role = "auditor"
)

// StandingRoles are those that people hold in the workspace itself.
var StandingRoles = []Role{RoleAdmin, RoleChangeManager, RoleCAB, RoleECAB, RoleAuditor}

var roleNames = map[Role]string{
	RolePeer: "peer", RoleServiceOwner: "service owner", RoleOpsLead: "operations lead",
	RoleCAB: "CAB", RoleECAB: "ECAB", RoleChangeManager: "change manager",
	RoleAdmin: "workspace admin", RoleAuditor: "auditor",
}

// of names the role after a number: "1 peer", "2 peers", "2 of CAB".
func (r Role) of(n int) string {
	switch {
	case r == RoleCAB || r == RoleECAB:
		return "of " + r.String()
	case n == 1:
		return r.String()
	}
	return r.String() + "s"
}

// String names the role as people say it ("service owner").
func (r Role) String() string {
	if name, ok := roleNames[r]; ok {
		return name
	}
	return string(r)
}

// RecordRole is the kind of a standing role; its id is its place in StandingRoles.
const RecordRole RecordKind = "role"

// Ref is how events point at the role.
func (r Role) Ref() RecordRef {
	return RecordRef{RecordRole, int64(slices.Index(StandingRoles, r)) + 1}
}

// EventRoleSet: the people who hold a role are others now.
const EventRoleSet EventKind = "role_set"

// RoleSeen tells these holders of a role from others: what a form saw.
func RoleSeen(users []UserID) string {
	sum := sha256.Sum256([]byte(join(distinct(slices.Clone(users)))))
	return hex.EncodeToString(sum[:6])
}

// MayAct refuses whoever sees everything and acts on nothing.
func (f Facts) MayAct() error {
	if f.Actor.Auditor {
		return Refusef("You are an auditor here: you see everything and act on nothing, so nothing was done. An admin can give you another role instead.")
	}
	return nil
}

// MaySetUp refuses, in words, whoever is no admin.
func (f Facts) MaySetUp(what string) error {
	if err := f.MayAct(); err != nil {
		return err
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s: %s. Ask an admin.", what, why)
	}
	if f.Holds(f.Actor.ID, RoleAdmin) {
		return nil
	}
	return Refusef("Only admins %s, so nothing was done. Ask %s.", what, list(f.admins(), "somebody who runs Gatehouse to name one"))
}

// admins are the names of those who may set things up.
func (f Facts) admins() []string {
	var out []string
	for _, u := range f.Roles[RoleAdmin] {
		if ok, _ := f.Person(u).CanDecide(); ok {
			out = append(out, f.Name(u))
		}
	}
	return out
}

// HasAdmin reports whether somebody is there who may set things up.
func (f Facts) HasAdmin() bool { return len(f.admins()) > 0 }

// FieldPeople are those who hold a role.
const FieldPeople Field = "people"

// SetRole makes these people the holders of a role, for an admin who saw the
// ones it had as seen. Somebody stays admin, and auditors hold nothing else.
func SetRole(role Role, users []UserID, seen string, f Facts) ([]UserID, []Event, error) {
	if err := f.MaySetUp("give and take roles"); err != nil {
		return nil, nil, err
	}
	was := distinct(slices.Clone(f.Roles[role]))
	users = distinct(slices.Clone(users))
	switch {
	case !slices.Contains(StandingRoles, role):
		return nil, nil, Refusef("There is no role %q to give, so nothing was saved. Open the list of roles again.", string(role))
	case RoleSeen(was) != seen:
		return nil, nil, Refusef("Somebody else edited who is %s after you opened this, so nothing was saved. Close the form and open it again.", role)
	case slices.Equal(was, users):
		return nil, nil, Settledf("The same people are %s as before, so nothing was changed.", role)
	}
	if err := roleFits(role, was, users, f); err != nil {
		return nil, nil, err
	}
	return users, []Event{roleEvent(role, was, users, f)}, nil
}

// roleFits refuses, beside the people, those who can't hold the role.
func roleFits(role Role, was, users []UserID, f Facts) error {
	errs := fieldErrors{}
	able := 0
	for _, u := range users {
		p := f.Person(u)
		p.Auditor = false // which of the roles goes is said below
		ok, why := p.CanDecide()
		if ok {
			able++
		}
		switch {
		case slices.Contains(was, u):
		case !ok:
			errs.add(FieldPeople, "%s can't hold a role: %s. Leave this account out.", upperFirst(f.Name(u)), why)
		case role != RoleAuditor && f.Holds(u, RoleAuditor):
			errs.add(FieldPeople, "%s is auditor, and auditors hold no other role: they only see. Take that one away first.", upperFirst(f.Name(u)))
		case role == RoleAuditor && len(f.otherRoles(u)) > 0:
			errs.add(FieldPeople, "%s is %s, and auditors hold no other role: they only see. Take those away first.", upperFirst(f.Name(u)), list(f.otherRoles(u), ""))
		}
	}
	if role == RoleAdmin && able == 0 {
		errs.add(FieldPeople, "Somebody has to stay admin, or nobody could name one again. Name another admin first, then take yourself out.")
	}
	return errs.err("Nothing is saved yet: somebody can't hold this role.")
}

func (f Facts) otherRoles(u UserID) []string {
	var out []string
	for _, r := range StandingRoles {
		if r != RoleAuditor && f.Holds(u, r) {
			out = append(out, r.String())
		}
	}
	return out
}

func roleEvent(role Role, was, users []UserID, f Facts) Event {
	names := func(users []UserID) string {
		var out []string
		for _, u := range users {
			out = append(out, f.recorded(u))
		}
		return list(out, "")
	}
	return Event{Kind: EventRoleSet, Actor: f.Actor.ID, At: f.Now, Reason: role.String(),
		Diff: []FieldDiff{{upperFirst(role.String()), names(was), names(users)}}}
}

// FirstAdmin makes the actor admin of a workspace that has none, when Slack
// says that they look after the workspace there.
func FirstAdmin(slackAdmin bool, f Facts) ([]UserID, []Event, error) {
	switch ok, why := f.Actor.CanDecide(); {
	case f.HasAdmin():
		return nil, nil, Settledf("Gatehouse has an admin already: %s. Nothing was changed; ask there.", list(f.admins(), ""))
	case !ok:
		return nil, nil, Refusef("You can't set Gatehouse up: %s. Ask an admin of this Slack workspace.", why)
	case !slackAdmin:
		return nil, nil, Refusef("Nobody is admin of Gatehouse yet, and the first one has to be an admin or owner of this Slack workspace. Ask one of them to type the same.")
	}
	was := distinct(slices.Clone(f.Roles[RoleAdmin]))
	users := distinct(append(slices.Clone(was), f.Actor.ID))
	return users, []Event{roleEvent(RoleAdmin, was, users, f)}, nil
}
