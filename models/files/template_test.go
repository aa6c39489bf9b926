package files

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

const wholeTemplate = `templates:
  - name: restart-workers
    version: 3
    title: Restart the notification workers
    services: [notifications, mail]
    environment: staging
    length: 30m
    max_risk: low
    risk: {users: nobody, rehearsed: true, rollback_tested: true, reversible: true, done_often: true, peak: false}
    plan: |
      1. Drain a worker.
      2. Restart it.
    check: Queue age stays below one minute.
    rollback: When a worker fails twice, image 4.0 (4 minutes).
`

func TestATemplateIsReadAsItIsWritten(t *testing.T) {
	got, err := Templates([]byte(wholeTemplate))
	if err != nil {
		t.Fatal(err)
	}
	want := []models.TemplateVersion{{Name: "restart-workers", Version: 3, Recipe: models.Recipe{
		Title: "Restart the notification workers", Services: []models.Slug{"notifications", "mail"}, Environment: models.Staging,
		Length: 30 * time.Minute, MaxRisk: models.RiskLow, Plan: "1. Drain a worker.\n2. Restart it.", Check: "Queue age stays below one minute.",
		Rollback: "When a worker fails twice, image 4.0 (4 minutes).",
		Risk: models.RiskAnswers{Users: models.ReachNobody, Rehearsed: models.Yes, RollbackTested: models.Yes, Reversible: models.Yes,
			DoneBefore: models.TimesOften, Peak: models.No},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultOfATemplatesFileIsNamedWithItsLine(t *testing.T) {
	check(t, []faulty{
		{"nothing wrong", wholeTemplate, nil},
		{"none", "templates: []\n", nil},
		{"nothing at all", "{}", []string{"line 1: templates is missing: a list of templates"}},
		{"no list", "templates: many\n", []string{"line 1: expected a list; write it in brackets: [many]"}},
		{"an empty one", "templates:\n  - {}\n", []string{
			"line 2: a template needs name: people type it after /change new",
			"line 2: a template needs version: a whole number that grows with every edit",
			"line 2: a template needs title: it becomes the title of every change",
			"line 2: a template needs services: the services on which it may be used",
			"line 2: a template needs risk: its answers; what is not answered counts as the worst, and nothing of high risk is raised from a template",
			"line 2: a template needs plan: what is done, step by step",
			"line 2: a template needs check: how one sees that it worked",
			"line 2: a template needs rollback: what makes one go back, how, and how long that takes",
		}},
		{"several at once", `templates:
  - name: Restart Workers
    version: 0
    title: ""
    services: []
    environment: moon
    length: 90s
    max_risk: high
    risk: {users: few, rehearsed: maybe, luck: true}
    plan: x
    check: ~
    rollback: x
    owner: me
  - name: ok
    version: 1
    title: x
    services: [a]
    risk: {}
    plan: x
    check: x
    rollback: x
  - name: ok
    version: 1
    title: x
    services: a
    length: 2 days
    risk: {}
    plan: x
    check: x
    rollback: x
  - text
`, []string{
			`line 2: "Restart Workers" is no name; write at most 40 small letters, digits and dashes, such as restart-workers`,
			`line 3: expected a whole number from 1 to 1000000000, not "0"`,
			"line 4: expected a text, and this one is empty",
			"line 5: services is empty: nothing could ever be raised from it",
			`line 6: "moon" is none of production, staging, test, development`,
			`line 7: expected a length from 5m to 24h in whole minutes, such as 30m or 1h30m, not "90s"`,
			`line 8: "high" is none of low, medium`,
			`line 9: "few" is none of everybody, many, nobody, one_team`,
			`line 9: expected true or false, not "maybe"`,
			`line 9: unknown key "luck"; known here: done_often, parties, peak, rehearsed, reversible, rollback_tested, users`,
			"line 11: expected a value",
			`line 13: unknown key "owner"; known here: check, environment, length, max_risk, name, plan, risk, rollback, services, title, version`,
			`line 22: template "ok" is listed twice`,
			"line 25: expected a list; write it in brackets: [a]",
			`line 26: expected a length from 5m to 24h in whole minutes, such as 30m or 1h30m, not "2 days"`,
			"line 31: expected a mapping of keys to values",
		}},
	}, func(b []byte) error { _, err := Templates(b); return err })
}
