package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models"
)

// buttonIDs are the ids of a view's buttons, in the order of reading.
func buttonIDs(view any) []string {
	out := []string{}
	each(decoded(view), func(o map[string]any) {
		if id, ok := o["action_id"].(string); ok && o["type"] == "button" {
			out = append(out, id)
		}
	})
	return out
}

// each visits every object of a decoded view, blocks and elements in order.
func each(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			each(x, visit)
		}
	case map[string]any:
		visit(v)
		for _, key := range []string{"blocks", "text", "fields", "elements", "element", "accessory", "confirm", "hint", "label"} {
			each(v[key], visit)
		}
	}
}

// said is every word of a view, for looking whether something is there.
func said(view any) string {
	var out []string
	each(decoded(view), func(o map[string]any) {
		if s, ok := o["text"].(string); ok {
			out = append(out, s)
		}
	})
	return strings.Join(out, "\n")
}

func TestPublicButtonsFollowFromState(t *testing.T) {
	for stage, want := range map[string][]string{
		"draft":             {ActionDetails},
		"awaiting":          {ActionApprove, ActionReject, ActionAsk, ActionDelegate, ActionDetails},
		"half":              {ActionApprove, ActionReject, ActionAsk, ActionDelegate, ActionDetails},
		"changes-requested": {ActionDetails},
		"approved":          {ActionStart, ActionDetails},
		"held":              {ActionDetails},
		"in-progress":       {ActionComplete, ActionMoreTime, ActionRollback, ActionDetails},
		"implemented":       {ActionReview, ActionRollback, ActionDetails},
		"rolled-back":       {ActionReview, ActionDetails},
		"closed":            {ActionRollback, ActionAgain},
		"reviewed":          {ActionAgain}, // rolled back: nothing is left to undo
		"rejected":          {ActionAgain},
		"cancelled":         {ActionAgain},
		"expired":           {ActionAgain},
	} {
		p := everyday().life(stage)
		for _, viewer := range []models.UserID{"", ana, cara, mia} {
			if diff := cmp.Diff(want, buttonIDs(ChangeCard(p.c, everyday().facts(viewer, p.now)))); diff != "" {
				t.Errorf("%s seen by %q (-want +got):\n%s", stage, viewer, diff)
			}
		}
	}
}

func TestPrivateButtonsAreThoseTheRulesAllow(t *testing.T) {
	k := everyday()
	for _, x := range []struct {
		stage string
		who   models.UserID
		want  []string
	}{
		{"draft", ana, []string{ActionSubmit, ActionEdit, ActionCancel, ActionDetails}},
		{"draft", cara, []string{ActionDetails}},
		{"awaiting", ana, []string{ActionEdit, ActionCancel, ActionDetails}},
		{"awaiting", cara, []string{ActionApprove, ActionReject, ActionAsk, ActionDelegate, ActionDetails}},
		{"awaiting", gus, []string{ActionDetails}},
		{"half", cara, []string{ActionReject, ActionAsk, ActionWithdraw, ActionDetails}},
		{"changes-requested", ben, []string{ActionEdit, ActionCancel, ActionDetails}},
		{"approved", ben, []string{ActionEdit, ActionCancel, ActionDetails}}, // its window is not open yet
		{"approved", paul, []string{ActionWithdraw, ActionDetails}},
		{"approved", mia, []string{ActionOverride, ActionEdit, ActionHold, ActionCancel, ActionDetails}},
		{"held", mia, []string{ActionOverride, ActionLift, ActionEdit, ActionCancel, ActionDetails}},
		{"in-progress", ben, []string{ActionComplete, ActionMoreTime, ActionRollback, ActionDetails}},
		{"in-progress", cara, []string{ActionDetails}},
		{"implemented", paul, []string{ActionReview, ActionDetails}},
		{"implemented", mia, []string{ActionReview, ActionRollback, ActionDetails}},
		{"closed", paul, []string{ActionRollback, ActionAgain, ActionDetails}},
		{"closed", cara, []string{ActionAgain, ActionDetails}},
		{"rejected", gus, []string{ActionAgain, ActionDetails}},
	} {
		p := k.life(x.stage)
		if diff := cmp.Diff(x.want, buttonIDs(PrivateCard(p.c, k.facts(x.who, p.now)))); diff != "" {
			t.Errorf("%s for %s (-want +got):\n%s", x.stage, x.who, diff)
		}
	}
}

// tries does what a button does, on a change of its own.
var tries = map[string]func(*models.Change, models.Facts) error{
	ActionApprove:  func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) },
	ActionDelegate: func(c *models.Change, f models.Facts) error { return c.Delegate("U0ELSE", f) },
	ActionReject:   func(c *models.Change, f models.Facts) error { return c.Reject("a good reason", c.Revision, f) },
	ActionAsk:      func(c *models.Change, f models.Facts) error { return c.AskForChanges("a good reason", c.Revision, f) },
	ActionSubmit:   func(c *models.Change, f models.Facts) error { return c.Submit(f) },
	ActionStart:    func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) },
	ActionWithdraw: func(c *models.Change, f models.Facts) error { return c.Withdraw(f) },
	ActionCancel:   func(c *models.Change, f models.Facts) error { return c.Cancel("a good reason", f) },
	ActionReview: func(c *models.Change, f models.Facts) error {
		return c.Review(models.YesToAll("Twenty letters and a few more."), f)
	},
	ActionComplete: func(c *models.Change, f models.Facts) error {
		return c.Complete(models.Completion{Outcome: models.Successful}, f)
	},
	ActionRollback: func(c *models.Change, f models.Facts) error {
		if c.State == models.Closed {
			undo := &models.Change{Identity: models.Identity{Workspace: c.Workspace, ID: c.ID + 1, Requester: f.Actor.ID, CreatedAt: f.Now}}
			return undo.RollbackOf(c, "a good reason", f)
		}
		return c.RollBack("a good reason", f)
	},
	ActionHold:     func(c *models.Change, f models.Facts) error { return c.Hold("a good reason", f) },
	ActionLift:     func(c *models.Change, f models.Facts) error { return c.LiftHold("a good reason", f) },
	ActionOverride: func(c *models.Change, f models.Facts) error { return c.Override("a good reason", c.Revision, f) },
	ActionMoreTime: func(c *models.Change, f models.Facts) error {
		return c.Extend(c.Ends().Add(time.Hour), "a good reason", f)
	},
	ActionEdit: func(c *models.Change, f models.Facts) error {
		in := models.InputOf(c)
		in.Title += " corrected"
		return c.Edit(in, f)
	},
}

// TestPrivateButtonsAgreeWithTheRules presses, for everybody in every state,
// every button there is: those offered work, those not offered are refused.
func TestPrivateButtonsAgreeWithTheRules(t *testing.T) {
	k := everyday()
	pressed := 0
	for _, stage := range order {
		for _, who := range []models.UserID{ana, ben, cara, paul, mia, gus, "U0NOBODY", ""} {
			p := k.life(stage)
			offered := buttonIDs(PrivateCard(p.c, k.facts(who, p.now)))
			for action, try := range tries {
				fresh := k.life(stage)
				err := try(fresh.c, k.facts(who, fresh.now))
				if _, refused := models.AsRefusal(err); err != nil && !refused {
					t.Fatalf("%s by %q in %s: %v", action, who, stage, err)
				}
				pressed++
				switch {
				case slices.Contains(offered, action) && err != nil:
					t.Errorf("%s is offered to %q in %s but refused: %v", action, who, stage, err)
				case !slices.Contains(offered, action) && err == nil && action != ActionCancel:
					t.Errorf("%s is not offered to %q in %s but works", action, who, stage)
				}
			}
		}
	}
	t.Logf("%d buttons pressed", pressed)
}

func TestConfirmDialogs(t *testing.T) {
	confirmed := func(view any) map[string]bool {
		out := map[string]bool{}
		each(decoded(view), func(o map[string]any) {
			if id, ok := o["action_id"].(string); ok && o["type"] == "button" {
				out[id] = o["confirm"] != nil
			}
		})
		return out
	}
	p := everyday().life("awaiting")
	for level, want := range map[models.RiskLevel]bool{models.RiskLow: false, models.RiskMedium: false, models.RiskHigh: true, models.RiskVeryHigh: true} {
		p.c.Assessment.Level = level
		got := confirmed(ChangeCard(p.c, everyday().facts("", p.now)))
		if got[ActionApprove] != want || got[ActionReject] || got[ActionAsk] {
			t.Errorf("%s risk asks back: %v", level, got)
		}
	}
	for _, stage := range []string{"in-progress", "implemented", "closed"} {
		p := everyday().life(stage)
		if !confirmed(ChangeCard(p.c, everyday().facts("", p.now)))[ActionRollback] {
			t.Errorf("Roll back in %s does not ask back", stage)
		}
	}
	p = everyday().life("approved")
	if !confirmed(PrivateCard(p.c, everyday().facts(ana, p.now)))[ActionCancel] {
		t.Error("Cancel does not ask back")
	}
}

func TestCardsAreShort(t *testing.T) {
	for _, k := range []cast{everyday(), hostile(), longest()} {
		for _, p := range k.lives() {
			limit := 15
			if p.c.State.Final() {
				limit = 6
			}
			if n := height(ChangeCard(p.c, k.facts("", p.now))); n > limit {
				t.Errorf("%s %s takes %d lines, at most %d", k.name, p.name, n, limit)
			}
			crowded := k.facts("", p.now)
			k.crowd(p.c, &crowded)
			if n := height(ChangeCard(p.c, crowded)); n > limit {
				t.Errorf("%s %s among others takes %d lines, at most %d", k.name, p.name, n, limit)
			}
			for _, who := range []models.UserID{ana, ben, cara, paul, mia} {
				if n := height(PrivateCard(p.c, k.facts(who, p.now))); n > limit {
					t.Errorf("%s %s for %s takes %d lines, at most %d", k.name, p.name, who, n, limit)
				}
			}
		}
	}
}

func TestEveryStateHasASignAndAWord(t *testing.T) {
	signs := map[string]models.State{}
	for _, s := range models.States {
		got := statusOf(&models.Change{Progress: models.Progress{State: s}})
		if got.sign == "" || got.word != s.String() {
			t.Errorf("%s is shown as %q %q", s, got.sign, got.word)
		}
		if other, taken := signs[got.sign]; taken && s != models.Closed {
			t.Errorf("%s and %s share the sign %s", s, other, got.sign)
		}
		signs[got.sign] = s
	}
}

func TestCardSaysWhatMatters(t *testing.T) {
	k := everyday()
	p := k.life("half")
	card := ChangeCard(p.c, k.facts("", p.now))
	for _, want := range []string{
		"⏳ Awaiting approval · CHG-4 · Rotate the signing key of the payments API", "Ledger (tier 2), Payments API (tier 1)", "production",
		"*Risk:* medium", "*Requester:* Ana Diaz", "*Implementer:* Ben Ito", "1 of 2, by Cara Novak; still needed: 1 service owner", discussion,
		"<!date^1795528800^{date_short_pretty} at {time}|24 Nov 2026 14:00 UTC> to <!date^1795532400^{time}|15:00 UTC>",
	} {
		if !strings.Contains(said(card), want) {
			t.Errorf("the card does not say %q:\n%s", want, said(card))
		}
	}
	for _, want := range []string{"Awaiting approval: CHG-4 Rotate the signing key", "Risk: medium", "1 of 2", "Ana Diaz"} {
		if !strings.Contains(card.Text, want) {
			t.Errorf("the fallback does not say %q: %s", want, card.Text)
		}
	}
}

func TestNobodyIsMentioned(t *testing.T) {
	for _, e := range Gallery() {
		if s := string(encoded(e.View)); strings.Contains(s, "<@") && !strings.Contains(s, `"plain_text"`) {
			t.Errorf("%s mentions somebody", e.Name)
		}
		each(decoded(e.View), func(o map[string]any) {
			if o["type"] == "mrkdwn" && strings.Contains(o["text"].(string), "<@") {
				t.Errorf("%s mentions somebody: %s", e.Name, o["text"])
			}
		})
	}
}

func TestValuesAreReadBack(t *testing.T) {
	c := everyday().life("awaiting").c
	if id, revision, ok := ParseValue(Value(c)); !ok || id != c.ID || revision != c.Revision {
		t.Errorf("%q reads as %v %v %v", Value(c), id, revision, ok)
	}
	if id, before, ok := ParseOlder(Value(c) + ":17"); !ok || id != c.ID || before != 17 {
		t.Errorf("older reads as %v %v %v", id, before, ok)
	}
	for _, s := range []string{"", "4", ":", "0:", "-1:", "x:ab", "4:xyz", "4:AB", "4:ab:7:1", "4:" + strings.Repeat("a", 65), "99999999999999999999:", " 4:"} {
		if id, _, ok := ParseValue(s); ok {
			t.Errorf("%q reads as %v", s, id)
		}
	}
	for _, s := range []string{"", "4:ab", "4:ab:", "4:ab:0", "4:ab:-1", "4:ab:x", ":ab:1", "4:ab:1:2"} {
		if id, before, ok := ParseOlder(s); ok {
			t.Errorf("%q reads as %v %v", s, id, before)
		}
	}
}
