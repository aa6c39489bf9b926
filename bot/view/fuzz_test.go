package view

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

// fuzzed is how many changes the property test makes up.
func fuzzed() string {
	if os.Getenv("GATEHOUSE_PROVE") == "full" {
		return "5000"
	}
	return "300"
}

// TestFuzzedChangesStayInsideEveryLimit makes changes that no rule would let
// through, in all states, with all texts, and shows each in every view.
func TestFuzzedChangesStayInsideEveryLimit(t *testing.T) {
	for name, value := range map[string]string{"rapid.checks": fuzzed(), "rapid.nofailfile": "true", "rapid.shrinktime": "5s"} {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set(name, old) }()
	}
	changes, views := 0, 0
	proof.Check(t, func(t *rapid.T) {
		changes++
		c, f := anyChange(t)
		for name, view := range everyView(t, c, f) {
			views++
			if found := problems(view); len(found) > 0 {
				t.Fatalf("%s in state %s: %s", name, c.State, strings.Join(found, "; "))
			}
			limit := 15
			if c.State.Final() {
				limit = 6
			}
			if name == "card" || name == "private" {
				if n := height(view); n > limit {
					t.Fatalf("%s in state %s takes %d lines:\n%s", name, c.State, n, said(view))
				}
			}
		}
	})
	t.Logf("%d changes in %d views", changes, views)
}

// bits are what attackers and ordinary people type.
var bits = []string{"<!channel>", "<!here>", "<@U0ANA>", "<#C0|x>", "<https://evil.example|bank>", "https://example.com/?a=1&b=2", "*", "_", "~", "`", "```",
	"&", "&amp;", "<", ">", "\n", "\r\n", "\t", "\x00", "\u202E", "\u2066", "\u200B", "\uFEFF", ":tada:", "👩‍👩‍👧‍👦", "👍🏽", "é", "e\u0301\u0301\u0301\u0301\u0301\u0301", "שלום", "مرحبا",
	"日本語", "word", "Payments API", " ", "• ", "> quote", "<!date^1^{date}|x>", "\xff", "ｆｕｌｌ", "🇩🇪", "ﷺ"}

// hostileText is a text of at most max letters, often exactly that long.
func hostileText(max int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var s string
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			s = rapid.StringN(0, 60, -1).Draw(t, "any")
		case 1:
			s = strings.Join(rapid.SliceOfN(rapid.SampledFrom(bits), 0, 25).Draw(t, "bits"), "")
		case 2:
			s = strings.Repeat(rapid.SampledFrom(bits).Draw(t, "bit"), max)
		case 3:
			s = strings.Repeat(strings.Join(rapid.SliceOfN(rapid.SampledFrom(bits), 1, 6).Draw(t, "bits"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between")), max/4+1)
		}
		if r := []rune(s); len(r) > max {
			s = string(r[:max])
		}
		return s
	})
}

var someone = rapid.SampledFrom([]models.UserID{"", ana, ben, cara, paul, mia, gus, "U0UNKNOWN"})

func anyTime(t *rapid.T, label string) time.Time {
	if rapid.IntRange(0, 9).Draw(t, label+" set") == 0 {
		return time.Time{}
	}
	return time.Unix(rapid.Int64Range(1_000_000_000, 9_999_999_999).Draw(t, label), 0).UTC()
}

func anyDirectory(t *rapid.T) *models.Directory {
	people := map[models.UserID]string{}
	for _, u := range []models.UserID{ana, ben, cara, paul, mia, gus} {
		people[u] = hostileText(80).Draw(t, "name")
	}
	services := slices.Clone(plainServices)
	for i := range services {
		services[i].Name = hostileText(120).Draw(t, "service")
		services[i].Tier = models.Tier(rapid.IntRange(0, 3).Draw(t, "tier"))
	}
	d := directory(people, services)
	d.Settings.ChangesChannel = models.ChannelID(rapid.SampledFrom([]string{"", "C0CHANGES", "<!channel>"}).Draw(t, "channel"))
	return d
}

func anyChange(t *rapid.T) (*models.Change, models.Facts) {
	d := anyDirectory(t)
	start := anyTime(t, "start")
	c := &models.Change{}
	c.Workspace, c.ID = "T0DEMO", models.ChangeID(rapid.Int64Range(1, 999_999_999_999).Draw(t, "id"))
	c.Requester, c.CreatedAt = someone.Draw(t, "requester"), opening
	c.Identity.RollbackOf = models.ChangeID(rapid.SampledFrom([]int64{0, 0, 3, 999_999_999_999}).Draw(t, "rollback of"))
	c.Material = models.Material{
		Type: rapid.SampledFrom([]models.ChangeType{"", models.Normal, models.Emergency, "<odd>"}).Draw(t, "type"), Environment: rapid.SampledFrom(models.Environments).Draw(t, "environment"),
		Services: rapid.SliceOfNDistinct(rapid.SampledFrom([]models.Slug{"payments-api", "ledger", "web_shop", "gone-1", "gone-2", "gone-3", "gone-4", "gone-5", "gone-6", "gone-7"}), 0, 10, rapid.ID).Draw(t, "services"),
		Window:   models.Window{Start: start, End: start.Add(time.Duration(rapid.Int64Range(-1, 14*24).Draw(t, "hours")) * time.Hour)},
		Plan:     hostileText(models.MaxPlan).Draw(t, "plan"), Check: hostileText(models.MaxPlan).Draw(t, "check"), Rollback: hostileText(models.MaxPlan).Draw(t, "rollback"),
		Risk: models.RiskAnswers{Users: models.Reach(rapid.IntRange(0, 4).Draw(t, "users")), Rehearsed: models.Answer(rapid.IntRange(0, 2).Draw(t, "rehearsed")), DoneBefore: models.Times(rapid.IntRange(0, 3).Draw(t, "done"))},
	}
	c.Title, c.Background, c.Implementer = hostileText(models.MaxTitle).Draw(t, "title"), hostileText(models.MaxPlan).Draw(t, "background"), someone.Draw(t, "implementer")
	c.State = rapid.SampledFrom(models.States).Draw(t, "state")
	if c.State != models.Draft {
		c.Revision = models.Revision(rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "revision"))
	}
	c.SubmittedAt, c.StartedAt, c.FinishedAt, c.ReviewDue = anyTime(t, "submitted"), anyTime(t, "started"), anyTime(t, "finished"), anyTime(t, "due")
	c.LastEditor, c.Author = someone.Draw(t, "editor"), someone.Draw(t, "author")
	c.Assessment = models.Assessment{Level: rapid.SampledFrom(append([]models.RiskLevel{""}, models.RiskLevels...)).Draw(t, "risk"), Reasons: rapid.SliceOfN(hostileText(200), 0, 9).Draw(t, "reasons")}
	c.PolicyRule = hostileText(200).Draw(t, "rule")
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"peer", "service_owner", "cab", "change_manager", "group:S1"}), 0, 5, rapid.ID).Draw(t, "needs") {
		c.Requirements = append(c.Requirements, models.Requirement{Key: key, Role: models.Role(key), Count: rapid.IntRange(1, 4).Draw(t, "count"), Text: hostileText(80).Draw(t, "need")})
	}
	for range rapid.IntRange(0, 15).Draw(t, "decisions") {
		c.Approvals = append(c.Approvals, models.Approval{
			By: someone.Draw(t, "by"), Revision: c.Revision, Decision: rapid.SampledFrom([]models.Decision{models.DecisionApprove, models.DecisionReject, models.DecisionAsk}).Draw(t, "decision"),
			Comment: hostileText(models.MaxReason).Draw(t, "comment"), At: opening, Fits: []string{"peer", "cab"}, Void: rapid.SampledFrom([]string{"", "", "withdrawn"}).Draw(t, "void"),
		})
	}
	c.Reason, c.OutcomeNote = hostileText(models.MaxReason).Draw(t, "reason"), hostileText(models.MaxReason).Draw(t, "note")
	c.Outcome = rapid.SampledFrom(append([]models.Outcome{""}, models.Outcomes...)).Draw(t, "outcome")
	c.AsBuilt, c.Incident, c.OutageMinutes = hostileText(models.MaxTitle).Draw(t, "as built"), hostileText(models.MaxTitle).Draw(t, "incident"), rapid.IntRange(0, 20160).Draw(t, "outage")
	c.ReviewOwed, c.Findings = rapid.SliceOfN(rapid.SampledFrom([]string{"failed", "very high risk", "emergency", "rolls back CHG-999999999999"}), 0, 4).Draw(t, "owed"), hostileText(models.MaxPlan).Draw(t, "findings")
	actor := d.People[someone.Draw(t, "actor")]
	now := opening.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "now")) * time.Hour)
	actor.CheckedAt = now
	return c, models.Facts{Directory: d, Now: now, Actor: actor, Around: anyAround(t, c)}
}

func anyAround(t *rapid.T, c *models.Change) (out models.Around) {
	for n := range rapid.IntRange(0, 5).Draw(t, "neighbours") {
		out.Neighbours = append(out.Neighbours, models.Neighbour{ID: models.ChangeID(999_999_999_990 + n), Title: hostileText(models.MaxTitle).Draw(t, "neighbour"),
			State: rapid.SampledFrom([]models.State{models.AwaitingApproval, models.InProgress}).Draw(t, "its state"), Environment: c.Environment, Services: c.Services, Window: c.Window, Implementer: someone.Draw(t, "theirs")})
	}
	for n := range rapid.IntRange(0, 3).Draw(t, "freezes") {
		kind := rapid.SampledFrom([]models.FreezeKind{models.SoftFreeze, models.HardFreeze, models.Lockdown}).Draw(t, "kind of freeze")
		out.Freezes = append(out.Freezes, models.FreezeSpan{Freeze: models.Freeze{ID: models.FreezeID(n + 1), Kind: kind, Name: hostileText(models.MaxTitle).Draw(t, "freeze"), Owner: someone.Draw(t, "freeze owner")}, Window: c.Window})
	}
	return out
}

func everyView(t *rapid.T, c *models.Change, f models.Facts) map[string]any {
	since := c.Material
	since.Plan, since.Window.End, since.Type = hostileText(models.MaxPlan).Draw(t, "old plan"), anyTime(t, "old end"), "<old>"
	e := models.Event{ID: rapid.Int64Min(1).Draw(t, "event"), Actor: someone.Draw(t, "doer"), At: anyTime(t, "at"), Revision: c.Revision, Reason: hostileText(models.MaxPlan).Draw(t, "why"),
		Kind: rapid.SampledFrom(everyday().events()).Draw(t, "kind").Kind}
	if rapid.Bool().Draw(t, "odd event") {
		e.Kind = "<odd> & *new*"
	}
	for range rapid.IntRange(0, 11).Draw(t, "diffs") {
		e.Diff = append(e.Diff, models.FieldDiff{Field: hostileText(30).Draw(t, "field"), Before: hostileText(models.MaxPlan).Draw(t, "before"), After: hostileText(models.MaxPlan).Draw(t, "after")})
	}
	ask := models.Ask{User: someone.Draw(t, "asked"), Revision: c.Revision}
	url := "https://hooks.slack.example/" + strings.Repeat("x", rapid.IntRange(0, 4000).Draw(t, "url"))
	meta := FormMeta{Mode: rapid.SampledFrom([]string{ModeNew, ModeEdit, ModeAgain, ModeMessage}).Draw(t, "mode"), Change: c.ID, Seen: c.Revision, ResponseURL: url}
	many := slices.Repeat([]*models.Change{c}, rapid.IntRange(0, 30).Draw(t, "many"))
	home := HomeData{Waiting: many, Mine: many, Coming: many}
	out := map[string]any{
		"card": ChangeCard(c, f), "private": PrivateCard(c, f), "thread": ThreadLine(c, e, f), "note": Note(c, e, f), "raised": Raised(c, f),
		"ask": AskCard(c, ask, true, nil, f), "ask since": AskCard(c, ask, true, &since, f), "ask old": AskCard(c, ask, false, nil, f),
		"form": ChangeForm(meta, models.InputOf(c), f, rapid.IntRange(0, 3).Draw(t, "resets")), "complete": CompleteForm(c, f, url), "review": ReviewForm(c, f, url),
		"reason":  ReasonForm(rapid.SampledFrom([]string{ReasonReject, ReasonAsk, ReasonCancel, ReasonRollback}).Draw(t, "form"), c, c.Revision, f, url),
		"details": DetailsModal(c, f), "history": HistoryModal(c, slices.Repeat([]models.Event{e}, rapid.IntRange(0, 60).Draw(t, "events")), true, f),
		"home": Home(home, galleryCommands, f), "mine": Mine(home, galleryCommands, f), "list": ChangeList(hostileText(200).Draw(t, "list"), many, rapid.IntRange(0, 99).Draw(t, "more"), map[models.ChangeID]models.Around{c.ID: f.Around}, f),
		"refusal": Refusal(hostileText(4000).Draw(t, "refusal")), "gone": FormGone(c.Title, hostileText(9000).Draw(t, "gone")), "trouble": Trouble(hostileText(40).Draw(t, "reference")),
		"unknown": Unknown("/change", hostileText(4000).Draw(t, "typed"), nil),
	}
	did := rapid.SampledFrom(append(AllActions(), "Done.", "<!channel> *x*")).Draw(t, "did")
	said := Outcome(c, did, f)
	out["outcome "+did] = said
	out["said"] = FormGone("Recorded", said.Text)
	return out
}
