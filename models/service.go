package models

import "time"

// Environment is where a change takes effect.
type Environment string

// The environments, in the order in which they are offered.
const (
	Production  Environment = "production"
	Staging     Environment = "staging"
	Test        Environment = "test"
	Development Environment = "development"
)

// Environments lists all of them, production first.
var Environments = []Environment{Production, Staging, Test, Development}

// Tier is how critical a service is: 0 (most) to 3 (least).
type Tier int

// Service is a configuration item (CI): something that changes are recorded against.
type Service struct {
	Slug      Slug
	Name      string
	Tier      Tier
	Team      TeamID
	Owner     UserID
	OpsLead   UserID
	Channel   ChannelID // "" = no channel of its own
	DependsOn []Slug
	Retired   bool // kept for its history; can't be chosen any more
}

// Team is a group of people who look after services: named in Gatehouse, or
// one Slack user group, whose members are Slack's.
type Team struct {
	ID      TeamID
	Name    string
	Members []UserID
	// Group is the Slack user group ("S0123") that the team is; "" = none.
	Group string
	// CheckedAt is when Slack last said who belongs to the group.
	CheckedAt time.Time
}

// Stale reports whether what Slack said of the team's members is too old to
// decide an approval.
func (t Team) Stale(now time.Time) bool { return t.Group != "" && now.Sub(t.CheckedAt) > FactsValidFor }

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
