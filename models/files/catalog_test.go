package files

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

const small = `teams:
  - {id: payments, name: Payments, members: [U0ANA, U0BEN, U0ANA]}
services:
  - slug: pay-api
    name: Payments API
    tier: 1
    team: payments
    owner: U0ANA
    ops_lead: U0FAY
    channel: C0PAY
    depends_on: [ledger]
  - {slug: ledger, tier: 0, team: payments, owner: U0BEN, retired: true}
roles:
  cab: [U0ANA]
  ecab: []
`

func TestACatalogueIsReadAsItIsWritten(t *testing.T) {
	got, err := ReadCatalog([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := Catalog{
		Teams: []models.Team{{ID: "payments", Name: "Payments", Members: []models.UserID{"U0ANA", "U0BEN"}}},
		Services: []models.Service{
			{Slug: "pay-api", Name: "Payments API", Tier: 1, Team: "payments", Owner: "U0ANA", OpsLead: "U0FAY", Channel: "C0PAY", DependsOn: []models.Slug{"ledger"}},
			{Slug: "ledger", Name: "ledger", Team: "payments", Owner: "U0BEN", Retired: true},
		},
		Roles: map[models.Role][]models.UserID{models.RoleCAB: {"U0ANA"}, models.RoleECAB: nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultOfACatalogueIsNamedWithItsLine(t *testing.T) {
	check(t, []faulty{
		{"nothing wrong", small, nil},
		{"several at once", `teams:
  - {id: payments, members: [U0ANA, ana, ~]}
  - {id: payments}
  - name: Nameless
services:
  - slug: pay-api
    tier: 5
    team: billing
    owner: ana
    depends_on:
      - pay-api
      - ledger
      - [web]
    retired: yes please
    chanel: C0PAY
  - slug: Pay API
    channel: general
  - {slug: pay-api, tier: 1, team: payments, owner: U0ANA}
  - pay-api
roles:
  boss: [U0ANA]
  cab: U0ANA
`, []string{
			`line 2: "ana": expected a Slack user id such as U0123`,
			`line 2: expected a value`,
			`line 3: team "payments" is listed twice`,
			`line 4: a team needs id`,
			`line 7: expected a whole number from 0 to 3, not "5"`,
			`line 8: team "billing" is not listed under teams`,
			`line 9: "ana": expected a Slack user id such as U0123`,
			`line 11: "pay-api" can't depend on itself`,
			`line 12: "ledger" is not a service of this file`,
			`line 13: expected a value`,
			`line 14: expected true or false, not "yes please"`,
			`line 15: unknown key "chanel"; known here: channel, depends_on, environments, name, ops_lead, owner, retired, slug, team, tier`,
			`line 16: "Pay API": expected lower-case letters, digits, dots and dashes`,
			`line 16: a service needs tier`,
			`line 16: a service needs team`,
			`line 16: a service needs owner`,
			`line 17: "general": expected a Slack channel id such as C0123`,
			`line 18: service "pay-api" is listed twice`,
			`line 19: expected a mapping of keys to values`,
			`line 21: unknown key "boss"; known here: admin, auditor, cab, change_manager, ecab`,
			`line 22: expected a list; write it in brackets: [U0ANA]`,
		}},
		{"an alias as owner", "teams: [{id: a, members: [&U0ANA U0ANA]}]\nservices:\n  - slug: s\n    tier: 1\n    team: a\n    owner: *U0ANA\n",
			[]string{"line 6: expected a value; *U0ANA is an alias, and these are not read: write it out"}},
		{"no tier", "teams: [{id: a}]\nservices: [{slug: s, tier: ~, team: a, owner: U0ANA}]\n", []string{"line 2: expected a value"}},
		{"a team without people", "teams: [{id: a, members: []}]\n", nil},
		{"a service before its team", "services: [{slug: s, tier: 1, team: a, owner: U0ANA, depends_on: [t]}, {slug: t, tier: 1, team: a, owner: U0ANA}]\nteams: [{id: a}]\n", nil},
		{"CRLF and a byte order mark", "\ufeff" + strings.ReplaceAll(small, "\n", "\r\n"), nil},
		{"two documents", small + "---\n" + small, []string{"line 16: a second document begins here; one file holds one"}},
	}, func(b []byte) error { _, err := ReadCatalog(b); return err })
}

func TestFaultsComeInTheSameOrderEveryTime(t *testing.T) {
	_, first := ReadCatalog([]byte("services: [{}, {}]\n"))
	for range 50 {
		if _, err := ReadCatalog([]byte("services: [{}, {}]\n")); err.Error() != first.Error() {
			t.Fatalf("%v\n\n%v", first, err)
		}
	}
}

// write is a catalogue as a person would write it.
func write(c Catalog) string {
	b := &strings.Builder{}
	ids := func(list []models.UserID) string {
		words := make([]string, len(list))
		for i, u := range list {
			words[i] = string(u)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	fmt.Fprintln(b, "services:")
	if len(c.Services) == 0 {
		fmt.Fprintln(b, "  []")
	}
	for _, s := range c.Services {
		fmt.Fprintf(b, "  - slug: %s\n    name: %q\n    tier: %d\n    team: %s\n    owner: %s\n    retired: %v\n", s.Slug, s.Name, s.Tier, s.Team, s.Owner, s.Retired)
		if s.OpsLead != "" {
			fmt.Fprintf(b, "    ops_lead: %s\n", s.OpsLead)
		}
		if s.Channel != "" {
			fmt.Fprintf(b, "    channel: %s\n", s.Channel)
		}
		for i, d := range s.DependsOn {
			if i == 0 {
				fmt.Fprintln(b, "    depends_on:")
			}
			fmt.Fprintf(b, "      - %s\n", d)
		}
	}
	fmt.Fprintln(b, "teams:")
	for _, t := range c.Teams {
		fmt.Fprintf(b, "  - {id: %s, name: %q, members: %s}\n", t.ID, t.Name, ids(t.Members))
	}
	fmt.Fprintln(b, "roles:\n  auditor: []")
	for _, role := range models.StandingRoles {
		if people := c.Roles[role]; role != models.RoleAuditor && people != nil {
			fmt.Fprintf(b, "  %s: %s\n", string(role), ids(people))
		}
	}
	return b.String()
}

func TestACatalogueSurvivesBeingWrittenAndRead(t *testing.T) {
	proof.Check(t, func(rt *rapid.T) {
		users := rapid.SliceOfDistinct(rapid.Custom(func(rt *rapid.T) models.UserID {
			return models.UserID(rapid.StringMatching(`[UW][A-Z0-9]{2,9}`).Draw(rt, "user"))
		}), rapid.ID)
		slugs := rapid.SliceOfNDistinct(rapid.StringMatching(`s[a-z0-9._-]{0,20}`), 1, 9, rapid.ID).Draw(rt, "slugs")
		c := Catalog{Roles: map[models.Role][]models.UserID{models.RoleAuditor: nil}}
		for i, id := range rapid.SliceOfNDistinct(rapid.StringMatching(`t[a-z0-9._-]{0,20}`), 1, 5, rapid.ID).Draw(rt, "teams") {
			c.Teams = append(c.Teams, models.Team{ID: models.TeamID(id), Name: fmt.Sprint("Team ", i), Members: users.Draw(rt, "members")})
		}
		for i, slug := range slugs {
			c.Services = append(c.Services, models.Service{
				Slug: models.Slug(slug), Name: rapid.SampledFrom([]string{"Pay: API #1", "שירות", "💳 cards", "true", "*x", "- y", "'", "\"z\""}).Draw(rt, "name"),
				Tier: models.Tier(rapid.IntRange(0, 3).Draw(rt, "tier")), Team: rapid.SampledFrom(c.Teams).Draw(rt, "team").ID,
				Owner: "U0ANA", OpsLead: rapid.SampledFrom([]models.UserID{"", "U0FAY"}).Draw(rt, "lead"),
				Channel: rapid.SampledFrom([]models.ChannelID{"", "C0PAY"}).Draw(rt, "channel"), Retired: rapid.Bool().Draw(rt, "retired"),
			})
			if i > 0 {
				c.Services[i].DependsOn = []models.Slug{models.Slug(slugs[i-1])}
			}
		}
		for _, role := range models.StandingRoles[:3] {
			c.Roles[role] = users.Draw(rt, string(role))
		}
		got, err := ReadCatalog([]byte(write(c)))
		if err != nil {
			rt.Fatalf("%v in\n%s", err, write(c))
		}
		if diff := cmp.Diff(c, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("%s\n%s", diff, write(c))
		}
	})
}

func FuzzCatalog(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("services:\n  - {slug: a, depends_on: [a, *b]}\nroles: {cab: [~]}\nteams: [[]]\n"))
	for _, test := range notYAML {
		if len(test.source) < 1000 {
			f.Add([]byte(test.source))
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		c, err := ReadCatalog(source)
		sound(t, source, err)
		for _, s := range c.Services {
			if err == nil && (s.Slug == "" || s.Name == "" || s.Team == "" || s.Owner == "" || s.Tier < 0 || s.Tier > 3) {
				t.Fatalf("%+v was read from %q", s, source)
			}
		}
	})
}
