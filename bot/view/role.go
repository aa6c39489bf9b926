package view

import (
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// ActionRole opens the form of a role, which is its value.
const ActionRole = "role.edit"

// FormRole says who holds a role.
const FormRole = "role.form"

// roleDuties are what each role is for, in the order in which they are listed.
var roleDuties = map[models.Role]markup{
	models.RoleAdmin:         "sets Gatehouse up and gives roles; hears when something is wrong with the policy",
	models.RoleChangeManager: "runs the process: freezes, templates, services, escalations, exceptions",
	models.RoleCAB:           "the change advisory board: approves what the policy asks it for",
	models.RoleECAB:          "approves emergencies, one asked after the other",
	models.RoleAuditor:       "sees everything and acts on nothing; holds no other role",
}

// Roles lists who holds which standing role, with a button for those who give
// them. note says what was just done, "" for nothing.
func Roles(note string, f models.Facts) slack.ModalViewRequest {
	var blocks []slack.Block
	if note != "" {
		blocks = append(blocks, section("✅ "+esc(note, 200)))
	}
	may := f.MaySetUp("give and take roles") == nil
	for _, r := range models.StandingRoles {
		line := bold(upper(r)) + ": " + holders(f.Roles[r], f) + "\n" + roleDuties[r]
		if may {
			blocks = append(blocks, sectionWith(line, button(ActionRole, "Set "+r.String()+"…", string(r))))
		} else {
			blocks = append(blocks, section(line))
		}
	}
	if line := unheld(f); line != "" {
		blocks = append(blocks, section(line))
	}
	blocks = append(blocks, small("Peers, service owners and operations leads come from the services: `/gatehouse services`."))
	return modal("Roles", "Close", blocks)
}

func upper(r models.Role) markup {
	words := []rune(r.String())
	return markup(string(upperRune(words[0])) + string(words[1:]))
}

func upperRune(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

// holdersMost is how many people of a role are named.
const holdersMost = 25

func holders(list []models.UserID, f models.Facts) markup {
	if len(list) == 0 {
		return "⚠️ nobody"
	}
	var out markup
	for _, u := range list[:min(holdersMost, len(list))] {
		out = joined(", ", out, name(u, f))
	}
	return out + moreWords(len(list)-holdersMost, "more", "more")
}

type roleMeta struct {
	Role        models.Role `json:"role,omitempty"`
	Seen        string      `json:"seen,omitempty"`
	ResponseURL string      `json:"response_url,omitempty"`
}

// RoleForm asks who holds the role.
func RoleForm(r models.Role, f models.Facts, responseURL string) slack.ModalViewRequest {
	users := f.Roles[r]
	return form(FormRole, "Role", "Save", metadata(roleMeta{r, models.RoleSeen(users), carried(responseURL)}), []slack.Block{
		section(bold(upper(r)) + ": " + roleDuties[r]),
		input{field: models.FieldPeople, label: "Who holds it?", hint: "Everybody who is not chosen here holds it no more.", optional: true, element: people(models.FieldPeople, users)}.block()})
}

// ReadRoleForm reads a sent form.
func ReadRoleForm(v slack.View) (r models.Role, users []models.UserID, seen, responseURL string) {
	var meta roleMeta
	readMetadata(v, &meta)
	for _, u := range answersOf(v)[models.FieldPeople].SelectedUsers {
		users = append(users, models.UserID(u))
	}
	return meta.Role, users, meta.Seen, meta.ResponseURL
}
