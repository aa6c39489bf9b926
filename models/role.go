package models

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
