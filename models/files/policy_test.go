package files

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

const rule = "version: 3\nrules:\n  - name: all\n    when: "

func TestEveryFaultOfAPolicyIsNamedWithItsLine(t *testing.T) {
	check(t, []faulty{
		{"nothing wrong", "version: 1\nrules: [{name: all, require: []}]\n", nil},
		{"nothing at all", "{}", []string{"line 1: version is missing: a whole number that grows with every edit",
			"line 1: rules is missing: nothing could ever be submitted"}},
		{"several at once", `version: one
nam: x
rules:
  - name: first
    when: {env: [production], risk: [low, huge], tier: [4, x, ~]}
    require: [1 of peer, two of cab, 0 of cab, 1 of boss]
  - when: {type: normal}
additions:
  - name: ""
    require:
      - majority of group:dba
      - {role: cab}
`, []string{
			`line 1: expected a whole number from 1 to 1000000000, not "one"`,
			`line 2: unknown key "nam"; known here: additions, name, notice, rules, small_team, version`,
			`line 5: unknown key "env"; known here: debts, environment, expedited, risk, tier, type`,
			`line 5: "huge" is none of low, medium, high, very_high`,
			`line 5: expected a whole number from 0 to 3, not "4"`,
			`line 5: expected a whole number from 0 to 3, not "x"`,
			`line 5: expected a value`,
			`line 6: "two of cab" is no requirement; write for example "1 of peer", "majority of cab", "each service_owner", "1 of group:payments" or "person:U0123"`,
			`line 6: "0 of cab" asks for nobody; leave it out`,
			`line 6: nobody holds "boss"; roles are peer, service_owner, ops_lead, cab, ecab, change_manager`,
			`line 7: expected a list; write it in brackets: [normal]`,
			`line 7: a rule needs a name: people see it in answers`,
			`line 7: a rule needs require; write [] when nothing is needed`,
			`line 9: a rule needs a name: people see it in answers`,
			`line 11: a majority is counted of a role only; write a number for a group`,
			`line 12: expected a value`,
		}},
		{"no version", "rules:\n  - {name: a, require: []}\n", []string{"line 1: version is missing: a whole number that grows with every edit"}},
		{"no rule", "version: 1\nrules: []\n", []string{"line 2: rules is empty: nothing could ever be submitted"}},
		{"rules that are none", "version: 1\nrules: many\n", []string{"line 2: expected a list; write it in brackets: [many]"}},
		{"a rule that is none", "version: 1\nrules:\n  - all\n", []string{"line 3: expected a mapping of keys to values"}},
		{"a version in other numbers", "version: 1.0\nrules: [{name: a, require: []}]", []string{`line 1: expected a whole number from 1 to 1000000000, not "1.0"`}},
		{"a version as text", "version: \"1\"\nrules: [{name: a, require: []}]", []string{`line 1: expected a whole number from 1 to 1000000000, not "1"`}},
		{"version zero", "version: 0\nrules: [{name: a, require: []}]", []string{`line 1: expected a whole number from 1 to 1000000000, not "0"`}},
		{"a version too large", "version: 99999999999999999999\nrules: [{name: a, require: []}]", []string{`line 1: expected a whole number from 1 to 1000000000, not "99999999999999999999"`}},
		{"a key twice", "version: 1\nversion: 2\nrules: [{name: a, require: []}]", []string{`line 2: "version" is given twice`}},
		{"two documents", "version: 1\nrules: [{name: a, require: []}]\n---\nversion: 2\n", []string{"line 3: a second document begins here; one file holds one"}},
		{"an empty condition", rule + "{tier: []}\n    require: []\n", []string{"line 4: an empty list matches everything; leave the line out if that is meant"}},
		{"conditions that are none", rule + "always\n    require: []\n", []string{"line 4: expected a mapping of keys to values"}},
		{"an alias where a word is", "version: 1\nname: &normal x\nrules:\n  - name: all\n    when: {type: [*normal]}\n    require: []\n",
			[]string{"line 5: expected a value; *normal is an alias, and these are not read: write it out"}},
		{"an alias where a list is", "version: 1\nname: &r x\nrules: *r\n", []string{"line 3: expected a list; *r is an alias, and these are not read: write it out"}},
		{"a merge", "version: 1\nrules:\n  - <<: {name: all}\n    name: a\n    require: []\n", []string{`line 3: unknown key "<<"; known here: name, require, when`}},
		{"a key that is no word", "version: 1\n? [a]\n: b\nrules: [{name: a, require: []}]\n", []string{"line 2: a key must be a word; known here: additions, name, notice, rules, small_team, version"}},
		{"a notice that is none", "version: 1\nnotice: [1]\nrules: [{name: a, require: []}]", []string{"line 2: expected a mapping of keys to values"}},
		{"a notice of a level that is none", "version: 1\nnotice:\n  low: 0\n  extreme: 20\n  high: soon\n  very_high: 66\nrules: [{name: a, require: []}]", []string{
			`line 4: unknown key "extreme"; known here: high, low, medium, very_high`,
			`line 5: expected a whole number from 0 to 65, not "soon"`, `line 6: expected a whole number from 0 to 65, not "66"`}},
		{"more risk with less notice", "version: 1\nnotice: {medium: 7}\nrules: [{name: a, require: []}]", []string{"line 2: high risk asks for less notice (5) than medium risk (7)"}},
		{"expedited or not", rule + "{expedited: perhaps}\n    require: []\n", []string{`line 4: expected true or false, not "perhaps"`}},
		{"small or not", "version: 1\nsmall_team: often\nrules: [{name: a, require: []}]", []string{`line 2: expected true or false, not "often"`}},
		{"a policy that matches nothing", "version: 1\nrules:\n  - {name: a, when: {type: [normal], environment: [production], risk: [low], debts: true}, require: []}\n", []string{
			"line 2: no rule covers standard changes; nobody could submit these",
			"line 2: no rule covers normal changes in production at low risk without open debts; nobody could submit these",
			"line 2: no rule covers normal changes in production at medium, high and very high risk; nobody could submit these",
			"line 2: no rule covers normal changes in staging, test and development; nobody could submit these",
			"line 2: no rule covers emergency changes; nobody could submit these"}},
		{"a tier left out", "version: 1\nrules:\n  - {name: a, when: {tier: [0, 2, 3]}, require: []}\n  - {name: b, when: {type: [standard, emergency]}, require: []}\n",
			[]string{"line 2: no rule covers normal changes of tier 1; nobody could submit these"}},
		{"a person without id", "version: 1\nrules: [{name: a, require: ['person:dee']}]", []string{`line 2: "person:dee" is no requirement; write for example "1 of peer", "majority of cab", "each service_owner", "1 of group:payments" or "person:U0123"`}},
		{"each of what is not each", "version: 1\nrules: [{name: a, require: [each cab]}]", []string{`line 2: "each cab" is no requirement; write for example "1 of peer", "majority of cab", "each service_owner", "1 of group:payments" or "person:U0123"`}},
	}, func(b []byte) error { _, err := Policy(b); return err })
}

func TestRequirementsAreReadAsTheyAreWritten(t *testing.T) {
	p, err := Policy([]byte("version: 7\nname: Ours\nrules:\n  - name: all\n    require: [1 of peer, '  2   of cab ', majority of cab, each service_owner, 12 of group:dba, 'person:U0123']\nsmall_team: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := models.Policy{Version: 7, Name: "Ours", Rules: []models.Rule{{Name: "all", Require: []models.Need{
		{Role: models.RolePeer, Count: 1}, {Role: models.RoleCAB, Count: 2}, {Role: models.RoleCAB, Majority: true},
		{Role: models.RoleServiceOwner, Each: true}, {Group: "dba", Count: 12}, {Person: "U0123", Count: 1}}}},
		Notice: models.DefaultNotice(), SmallTeam: true}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	b, err := json.Marshal(p)
	var back models.Policy
	if err != nil || json.Unmarshal(b, &back) != nil || !cmp.Equal(p, back) {
		t.Errorf("does not survive being kept as JSON: %v\n%s", err, cmp.Diff(p, back))
	}
}

// defaults is the table of the domain notes as the product reads it: what a
// change needs, by type, environment and risk. "-" is refused, "0" is nothing.
const defaults = `
production  standard  0              0              -                          -
production  normal    peer           peer+owner     peer+owner+2cab            peer+each+maj+ops+cm
production  emergency ecab           ecab           ecab                       2ecab
staging     standard  0              0              -                          -
staging     normal    0              peer           peer+owner                 peer+owner
staging     emergency ecab           ecab           ecab                       2ecab
test        standard  0              0              -                          -
test        normal    0              0              0                          peer
test        emergency ecab           ecab           ecab                       2ecab
development standard  0              0              -                          -
development normal    0              0              0                          peer
development emergency ecab           ecab           ecab                       2ecab`

var short = map[string]string{"peer": "1 peer", "owner": "1 service owner", "2cab": "2 of CAB", "each": "each service owner",
	"maj": "majority of CAB (2)", "ops": "1 operations lead", "cm": "1 change manager", "ecab": "1 of ECAB", "2ecab": "2 of ECAB"}

func TestTheDefaultPolicyAnswersEveryCombinationAsTheTableSays(t *testing.T) {
	policy, err := Policy(DefaultPolicy)
	if err != nil {
		t.Fatalf("the embedded policy: %v", err)
	}
	answers, refusals, cells := 0, 0, 0
	for line := range strings.Lines(strings.TrimSpace(defaults)) {
		cell := strings.Fields(line)
		for i, level := range models.RiskLevels {
			for tier := models.Tier(0); tier <= 3; tier++ {
				cells++
				got, err := ask(policy, models.Environment(cell[0]), models.ChangeType(cell[1]), level, tier)
				if cell[2+i] == "-" {
					refusals++
					r, ok := models.AsRefusal(err)
					if want := fmt.Sprintf("a %s change in %s at %s risk", cell[1], cell[0], level); !ok || !strings.Contains(r.Text, want) {
						t.Errorf("%s %s %s: want a refusal in words, got %s, %v", cell[0], cell[1], level, got, err)
					}
					continue
				}
				answers++
				var want []string
				for word := range strings.SplitSeq(strings.TrimPrefix(cell[2+i], "0"), "+") {
					if word != "" {
						want = append(want, short[word])
					}
				}
				// Tier 0 in production adds the operations lead, once.
				if tier == 0 && cell[0] == "production" && cell[1] != "standard" && !strings.Contains(cell[2+i], "ops") {
					want = append(want, short["ops"])
				}
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%s %s %s tier %d: %v\n%s", cell[0], cell[1], level, tier, err, diff)
				}
			}
		}
	}
	t.Logf("%d combinations: %d answers, %d refusals", cells, answers, refusals)
}

// ask is what a policy wants for one service of a tier, with a board of three.
func ask(p models.Policy, env models.Environment, kind models.ChangeType, level models.RiskLevel, tier models.Tier) ([]string, error) {
	people := map[models.UserID]models.Person{}
	for _, u := range []models.UserID{"U1", "U2", "U3"} {
		people[u] = models.Person{ID: u}
	}
	f := models.Facts{Directory: &models.Directory{
		Services: map[models.Slug]models.Service{"s": {Slug: "s", Tier: tier, Owner: "U1", OpsLead: "U2"}},
		Roles:    map[models.Role][]models.UserID{models.RoleCAB: {"U1", "U2", "U3"}}, People: people}}
	c := &models.Change{Material: models.Material{Type: kind, Environment: env, Services: []models.Slug{"s"}}}
	c.Assessment.Level = level
	_, requirements, err := p.Requirements(c, f)
	var out []string
	for _, r := range requirements {
		out = append(out, r.Text)
	}
	return out, err
}

func FuzzPolicy(f *testing.F) {
	f.Add(DefaultPolicy)
	f.Add([]byte("version: 1\nrules:\n  - {name: a, when: {tier: [0]}, require: [1 of peer]}\n"))
	for _, test := range notYAML {
		if len(test.source) < 1000 {
			f.Add([]byte(test.source))
		}
	}
	f.Add([]byte("a: &a [*a]\n<<: *a\n? {b: c}\n: d\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := Policy(source)
		sound(t, source, err)
		if err == nil && (p.Version < 1 || len(p.Rules) == 0) {
			t.Fatalf("%+v was read from %q", p, source)
		}
	})
}

// sound: whatever is wrong is said with a line that exists.
func sound(t *testing.T, source []byte, err error) {
	if err == nil {
		return
	}
	problems, ok := err.(Problems)
	if !ok || len(problems) == 0 {
		t.Fatalf("%T: %v", err, err)
	}
	lines := 1 + strings.Count(string(source), "\n") + strings.Count(string(source), "\r") +
		strings.Count(string(source), "\u0085") + strings.Count(string(source), "\u2028") + strings.Count(string(source), "\u2029")
	for i, p := range problems {
		if p.Text == "" || p.Line < 1 || p.Line > lines+1 || i > 0 && p.Line < problems[i-1].Line {
			t.Fatalf("line %d of %d: %q in %q", p.Line, lines, p.Text, source)
		}
	}
}
