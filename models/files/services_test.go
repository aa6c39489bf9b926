package files

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

func TestServicesAreReadFromCSV(t *testing.T) {
	const file = "\uFEFFSlug,name,tier,team,owner,ops_lead,channel,environments,depends_on,retired,team_members\r\n" +
		"payments-api,\"Payments, the API\",1,payments,U0CHI,U0DEV,C0PAY,production staging,\"ledger; identity\",no,U0ANA U0BEN\r\n" +
		"ledger,,2,payments,U0CHI,,,,,yes,\n"
	in, problems := ReadServices("dir/services.CSV", []byte(file))
	if problems != nil {
		t.Fatal(problems)
	}
	all := map[models.Field]bool{models.FieldTitle: true, models.FieldTier: true, models.FieldTeam: true, models.FieldOwner: true, models.FieldOpsLead: true,
		models.FieldChannel: true, models.FieldEnvironments: true, models.FieldServices: true, models.FieldRetired: true}
	want := models.Import{Source: "services.CSV", Services: []models.ServiceRow{
		{Line: 2, Has: all, Service: models.Service{Slug: "payments-api", Name: "Payments, the API", Tier: 1, Team: "payments", Owner: "U0CHI", OpsLead: "U0DEV", Channel: "C0PAY",
			Environments: []models.Environment{models.Production, models.Staging}, DependsOn: []models.Slug{"ledger", "identity"}}},
		{Line: 3, Has: all, Service: models.Service{Slug: "ledger", Tier: 2, Team: "payments", Owner: "U0CHI", Retired: true}},
	}, Teams: []models.TeamRow{{Line: 2, Team: models.Team{ID: "payments", Members: []models.UserID{"U0ANA", "U0BEN"}}}}}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Error(diff)
	}
	in, problems = ReadServices("x.csv", []byte("slug;tier\nledger;3\n")) // as a spreadsheet writes it in much of Europe
	if problems != nil || len(in.Services) != 1 || in.Services[0].Service.Tier != 3 || len(in.Services[0].Has) != 1 {
		t.Errorf("%+v %v", in, problems)
	}
}

func TestABadLineOfACSVIsNamed(t *testing.T) {
	for file, want := range map[string]string{
		"":                                  "line 1: the file has no line of column names",
		"name\nx\n":                         "line 1: the column slug is missing: it tells which service a line is about",
		"slug,slug\n":                       `line 1: the column "slug" is there twice`,
		"slug,colour\n":                     `line 1: unknown column "colour"; known here: channel, depends_on, environments, name, ops_lead, owner, retired, slug, team, team_group, team_members, tier`,
		"slug,tier\na,1\nb\nc,x\n,1\nd,4\n": "line 3: 1 columns, and the first line names 2\nline 4: tier: expected a whole number from 0 to 3, not \"x\"\nline 5: slug: it is empty\nline 6: tier: expected a whole number from 0 to 3, not \"4\"",
		"slug,owner\nA B,U0X\nb,@chi\n":     "line 2: slug: \"A B\": expected lower-case letters, digits, dots and dashes\nline 3: owner: \"@chi\": expected a Slack user id such as U0123",
		"slug,retired\na,maybe\n":           `line 2: retired: expected true or false, not "maybe"`,
		"slug,name\na\n\"b,z\n":             "line 2: 1 columns, and the first line names 2\nline 3: the quotes of this line don't match",
		"slug,name\na,x\"y\nb,z\n":          "line 2: the quotes of this line don't match",
	} {
		_, problems := ReadServices("x.csv", []byte(file))
		if got := problems.Error(); got != want {
			t.Errorf("%q is refused with\n%s\nwant\n%s", file, got, want)
		}
	}
	if _, problems := ReadServices("services.txt", nil); len(problems) != 1 {
		t.Error(problems)
	}
}

// entity is a component as Backstage writes it.
func entity(name, more string) string {
	return fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: %s\n  title: The %[1]s\n  tags: [go]\n  annotations:\n    github.com/project-slug: acme/x\n%s", name, more)
}

func TestServicesAreReadFromBackstage(t *testing.T) {
	file := "---\n" + entity("Payments-API", "    gatehouse/tier: \"1\"\n    gatehouse/owner: U0CHI\n    gatehouse/ops-lead: U0DEV\n    gatehouse/channel: C0PAY\n    gatehouse/environments: production, staging\nspec:\n  type: service\n  lifecycle: production\n  owner: group:default/payments\n  dependsOn: [component:default/ledger, resource:ledger-db, api:default/pay]\n") +
		"---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: ledger-db, annotations: {gatehouse/retired: true}}\nspec: {type: database, owner: payments}\n" +
		"---\n---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: payments, annotations: {gatehouse/slack-group: S0PAY}}\nspec: {type: team, profile: {displayName: Payments team}}\n" +
		"---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: money}\n"
	in, problems := ReadServices("catalog-info.yaml", []byte(file))
	if problems != nil {
		t.Fatal(problems)
	}
	want := models.Import{Source: "catalog-info.yaml", Services: []models.ServiceRow{
		{Line: 5, Has: map[models.Field]bool{models.FieldTitle: true, models.FieldTier: true, models.FieldTeam: true, models.FieldOwner: true, models.FieldOpsLead: true,
			models.FieldChannel: true, models.FieldEnvironments: true, models.FieldServices: true},
			Service: models.Service{Slug: "payments-api", Name: "The Payments-API", Tier: 1, Team: "payments", Owner: "U0CHI", OpsLead: "U0DEV", Channel: "C0PAY",
				Environments: []models.Environment{models.Production, models.Staging}, DependsOn: []models.Slug{"ledger", "ledger-db"}}},
		{Line: 23, Has: map[models.Field]bool{models.FieldTeam: true, models.FieldRetired: true}, Service: models.Service{Slug: "ledger-db", Team: "payments", Retired: true}},
	}, Teams: []models.TeamRow{{Line: 29, Team: models.Team{ID: "payments", Name: "Payments team", Group: "S0PAY"}}}}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Error(diff)
	}
}

func TestABadEntityIsNamedByLineAndTheOthersAreRead(t *testing.T) {
	file := entity("a", "    gatehouse/tier: high\n") + "---\n" + entity("b", "    gatehouse/colour: red\n    gatehouse/owner: chi\n") +
		"---\n" + entity("c", "spec: {owner: payments, dependsOn: ledger}\n") + "---\nkind: Component\n---\n" + entity("d", "") + "---\n" + entity("'e e'", "")
	in, problems := ReadServices("catalog-info.yml", []byte(file))
	want := `line 9: gatehouse/tier: expected a whole number from 0 to 3, not "high"
line 19: unknown annotation gatehouse/colour; known here: channel, environments, ops-lead, owner, retired, team, tier
line 20: "chi": expected a Slack user id such as U0123
line 30: expected a list; write it in brackets: [ledger]
line 32: this is no Backstage entity: it needs apiVersion: backstage.io/… and a kind
line 46: "e e": expected lower-case letters, digits, dots and dashes`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(problems.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
	bad := ""
	for _, row := range in.Services {
		bad += fmt.Sprintf("%s %v ", row.Service.Slug, row.Bad)
	}
	if bad != "a true b true c true d false  true " {
		t.Error(bad)
	}
	for source, want := range map[string]string{"": "holds no Backstage entity", "a: [": "line 1", "- x": "no Backstage entity"} {
		if _, problems := ReadServices("x.yaml", []byte(source)); !strings.Contains(problems.Error(), want) {
			t.Errorf("%q: %v", source, problems)
		}
	}
}
