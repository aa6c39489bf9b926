package view

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/models"
)

// TestApproverSeesWhatTheDecisionNeeds: all that an approver must see stands
// on the card or one click away.
func TestApproverSeesWhatTheDecisionNeeds(t *testing.T) {
	k := everyday()
	p := k.life("half")
	ask := AskCard(p.c, models.Ask{User: paul, Revision: p.c.Revision}, true, nil, k.facts("", p.now))
	modal := said(DetailsModal(p.c, k.facts(paul, p.now)))
	for what, want := range map[string]string{
		"number": "CHG-4", "description": "Rotate the signing key", "requester": "Ana Diaz", "services": "Payments API (tier 1)", "environment": "production",
		"window": "24 Nov 2026 14:00 UTC", "risk": "medium", "risk reasons": "likelihood 2 of 4: rehearsed, and done one to four times before", "impact": "impact 3 of 4",
		"implementer": "Ben Ito", "plan": "2. Deploy payments-api with both keys", "check": "`grep signature_invalid`", "rollback": "deploy the previous version",
		"standing": "1 of 2, by Cara Novak; still needed: 1 service owner",
	} {
		if !strings.Contains(said(ask), want) {
			t.Errorf("the request does not show %s (%q)", what, want)
		}
	}
	if !strings.Contains(modal, "OPS-1234") {
		t.Error("Details does not show the background")
	}
	for _, id := range []string{ActionApprove, ActionReject, ActionAsk, ActionDetails} {
		if !strings.Contains(string(encoded(ask)), id) {
			t.Errorf("the request has no %s", id)
		}
	}
}

func TestApproverSees300LettersOfEachPlan(t *testing.T) {
	k := everyday()
	k.in.Plan, k.in.Check, k.in.Rollback = strings.Repeat("p", 299)+"PQ", strings.Repeat("c", 300), "if 1 m:\n"+strings.Repeat("r\n", 145)+"RS"
	p := k.life("awaiting")
	got := said(AskCard(p.c, models.Ask{User: paul, Revision: p.c.Revision}, true, nil, k.facts("", p.now)))
	for _, want := range []string{strings.Repeat("p", 299) + ellipsis, strings.Repeat("c", 300)} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %.20s… in %s", want, got)
		}
	}
	if n := strings.Count(got, "r\n") + strings.Count(got, "r ·"); n < 145 || !strings.Contains(got, "RS") {
		t.Errorf("%d of 145 lines are shown", n)
	}
}

func TestRequestThatIsOverIsTwoLinesWithoutButtons(t *testing.T) {
	for _, k := range []cast{everyday(), hostile(), longest()} {
		for _, p := range k.lives() {
			for _, latest := range []bool{true, false} {
				if p.c.State == models.Draft || latest && p.c.State == models.AwaitingApproval && p.name != "half" {
					continue
				}
				ask := AskCard(p.c, models.Ask{User: cara, Revision: p.c.Revision}, latest, nil, k.facts("", p.now))
				if ids := buttonIDs(ask); len(ids) > 0 {
					t.Errorf("%s %s has buttons %v", k.name, p.name, ids)
				}
				if n := strings.Count(ask.Text, "\n"); n > 1 || len(ask.Blocks) != 1 {
					t.Errorf("%s %s takes %d lines", k.name, p.name, n+1)
				}
			}
		}
	}
}

func TestApproverSeesWhatChangedSinceTheyDecided(t *testing.T) {
	k := everyday()
	p, before := k.revised()
	ask := models.Ask{User: cara, Revision: p.c.Revision}
	var runs []string
	each(decoded(AskCard(p.c, ask, true, &before, k.facts("", p.now))), func(o map[string]any) {
		if o["type"] == "text" {
			runs = append(runs, o["text"].(string))
		}
	})
	got := strings.Join(runs, "")
	for _, want := range []string{"Changed since you decided last", "Window: ", "Plan: ", "5. Tell support", "Rollback: If errors", "no way back within 2 hours."} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in %q", want, got)
		}
	}
	if strings.Contains(got, "Check: ") {
		t.Errorf("what did not change is shown: %q", got)
	}
}

func TestDifferenceShowsWhereTextsPart(t *testing.T) {
	long := strings.Repeat("same words ", 100)
	before, after := differing(long+"old end", long+"new end", 60)
	if !strings.Contains(before, "old end") || !strings.Contains(after, "new end") || runes(before) > 60 || runes(after) > 60 {
		t.Errorf("%q → %q", before, after)
	}
	const same = ". Watch everything for ten minutes and then remove the old key"
	if before, after := differing("1. Create the new key 2. Deploy it"+same, "1. Create the new key 2. Deploy it twice"+same, 90); before != "…new key 2. Deploy it. Watch everything for…" || after != "…new key 2. Deploy it twice. Watch everything for…" {
		t.Errorf("%q → %q", before, after)
	}
	if before, after := differing("", "all new", 60); before != "" || after != "all new" {
		t.Errorf("%q → %q", before, after)
	}
}

func TestHistoryIsNewestFirstAndPaged(t *testing.T) {
	k := everyday()
	p := k.life("half")
	var events []models.Event
	for n := range 50 {
		events = append(events, models.Event{ID: int64(n + 1), Kind: models.EventApprovalGiven, Actor: cara, Revision: "3f2a91c07d", At: opening})
	}
	events[0].Kind, events[49].Kind = models.EventSubmitted, models.EventCancelled
	v := HistoryModal(p.c, events, false, k.facts(cara, p.now))
	got := said(v)
	if strings.Contains(got, "submitted it") || strings.Index(got, "cancelled it") > strings.Index(got, "approved (revision 3f2a91c0)") {
		t.Errorf("not the newest first: %s", got)
	}
	var older []string
	each(decoded(v), func(o map[string]any) {
		if o["action_id"] == ActionOlder {
			older = append(older, o["value"].(string))
		}
	})
	if len(older) != 1 {
		t.Fatalf("%d buttons to older events", len(older))
	}
	if id, before, ok := ParseOlder(older[0]); !ok || id != 4 || before != 21 {
		t.Errorf("%q leads to %v before %d", older[0], id, before)
	}
	if ids := buttonIDs(HistoryModal(p.c, events[:20], false, k.facts(cara, p.now))); len(ids) != 0 {
		t.Errorf("nothing older, yet %v", ids)
	}
}

func TestHistoryHasWordsForEveryEvent(t *testing.T) {
	k := everyday()
	for _, e := range k.events() {
		line := string(historyLine(e, k.facts("", opening)))
		if strings.Contains(line, string(e.Kind)) && e.Kind != models.EventApprovalGiven && e.Kind != models.EventFullyApproved {
			_, deed := deeds[e.Kind]
			_, happening := happenings[e.Kind]
			if !deed && !happening {
				t.Errorf("%s is shown raw: %s", e.Kind, line)
			}
		}
	}
}

func TestHelpFitsAScreenAndNamesEveryVerb(t *testing.T) {
	verbs := []Verb{{Name: "new", Usage: "new [title]", What: "raise a change"}, {Name: "list", What: "list changes", Aliases: []string{"ls", "all"}}}
	got := Help("/change", verbs, "").Text
	for _, want := range []string{"/change new [title]", "raise a change", "/change list", "also: ls, all"} {
		if !strings.Contains(got, want) {
			t.Errorf("help does not say %q: %s", want, got)
		}
	}
	for len(verbs) < 200 {
		verbs = append(verbs, verbs[1])
	}
	if n := height(Help("/change", verbs, "")); n > 25 {
		t.Errorf("help takes %d lines", n)
	}
}

func TestUnknownWordsGetSuggestionsAndNoAction(t *testing.T) {
	var near []Suggestion
	for _, name := range []string{"a", "b", "c", "d"} {
		near = append(near, Suggestion{"/change", Verb{Name: name}})
	}
	m := Unknown("/change", "<!channel>"+strings.Repeat("x", 5000), near)
	if ids := buttonIDs(m); len(ids) > 0 {
		t.Errorf("buttons %v", ids)
	}
	if strings.Count(m.Text, "`/change ") != 4 || !strings.Contains(m.Text, "nothing was done") { // three, and help
		t.Errorf("%s", m.Text)
	}
}

// The form promises that approvers and the review read it.
func TestWhoDecidesAndReviewsReadsWhyItCantWait(t *testing.T) {
	k := everyday()
	p := k.life("implemented")
	p.c.WhyNow = "The certificate ends tonight."
	asked := k.life("awaiting")
	asked.c.WhyNow = p.c.WhyNow
	for name, v := range map[string]any{
		"request": AskCard(asked.c, models.Ask{User: cara, Revision: asked.c.Revision}, true, nil, k.facts("", asked.now)),
		"details": DetailsModal(asked.c, k.facts(cara, asked.now)),
		"review":  ReviewForm(p.c, k.facts(ana, p.now), ""),
	} {
		raw, err := json.Marshal(v)
		if err != nil || !strings.Contains(string(raw), p.c.WhyNow) {
			t.Errorf("the %s does not say why it can't wait: %s %v", name, raw, err)
		}
	}
}
