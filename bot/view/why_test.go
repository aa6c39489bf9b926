package view

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

// reasonsIn are the reasons that stand in a view, as its blocks show them.
func reasonsIn(blocks []slack.Block) []string {
	var out []string
	for _, b := range blocks {
		s, ok := b.(*slack.SectionBlock)
		if !ok || s.Text == nil || !strings.HasPrefix(s.Text.Text, "*It can't start now:*") && !strings.HasPrefix(s.Text.Text, "*To know:*") {
			continue
		}
		for line := range strings.SplitSeq(s.Text.Text, "\n") {
			if reason, is := strings.CutPrefix(line, "• "); is {
				out = append(out, reason)
			}
		}
	}
	return out
}

func TestVerdictWhyAndCardListTheSameReasons(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	k := everyday()
	seen, reasons := map[models.State]int{}, map[string]int{}
	onCards, leftOut = 0, 0
	for range 1000 {
		c, f := k.random(r)
		seen[c.State]++
		var want []string
		for _, reason := range models.StartVerdict(c, f).Reasons {
			want = append(want, string(told(reason, reason.Words(), mostReason)))
			reasons[strings.Fields(reason.What)[0]+" "+strings.Fields(reason.What)[1]]++
		}
		why := models.Explain(c, f)
		if diff := cmp.Diff(models.StartVerdict(c, f).Reasons, why.Reasons); diff != "" {
			t.Fatalf("verdict and why of a change that is %s:\n%s", c.State, diff)
		}
		if diff := cmp.Diff(want, reasonsIn(Why(c, why, f).Blocks)); diff != "" {
			t.Fatalf("why lists others when %s:\n%s", c.State, diff)
		}
		sameOnTheCard(t, c, f)
		if c.State != models.AwaitingApproval && c.State != models.Approved {
			continue
		}
		if diff := cmp.Diff(want, reasonsIn(DetailsModal(c, f).Blocks.BlockSet)); diff != "" {
			t.Fatalf("the card's details list others when %s:\n%s", c.State, diff)
		}
		v := models.StartVerdict(c, f)
		f.Actor.ID = c.Implementer
		if line := string(inTheWay(c, f)); c.State == models.Approved && !v.Clear() && line != "*It can't start now.* "+string(esc(v.WordsFor(f), 128)) {
			t.Fatalf("the card says %q, the verdict %q", line, v.Words())
		}
	}
	proof.Record(t, proof.Row{What: "random changes of which the verdict, /change why and the card list other reasons", Where: "pure", Tried: 1000, Seed: "3, 7",
		Note: fmt.Sprintf("%d states, %d kinds of reason; a difference ends the test.", len(seen), len(reasons))})
	t.Logf("states %v, reasons %v, on cards %d, left to details %d", seen, reasons, onCards, leftOut)
	if onCards < 300 || leftOut < 50 {
		t.Errorf("hardly any reason stood on a card: %d, and %d were left to details", onCards, leftOut)
	}
	if len(seen) < 7 || len(reasons) < 8 {
		t.Errorf("hardly random: states %v, reasons %v", seen, reasons)
	}
}

var onCards, leftOut int

// sameOnTheCard compares what the public card, the request to an approver and a
// list say of a change with the verdict: the same reasons in the same words and
// order, and how many of them there is no room for. What the card tells by its
// state, its approvals or a line of its own is no conflict and no freeze.
func sameOnTheCard(t *testing.T, c *models.Change, f models.Facts) {
	t.Helper()
	var want []string
	for _, r := range models.StartVerdict(c, f).Reasons {
		itself := slices.ContainsFunc([]string{"It is ", "Changes were ", "Its window ", "It has been on hold ", "It names REL-", "REL-"}, func(s string) bool { return strings.HasPrefix(r.What, s) })
		if itself != r.Told {
			t.Fatalf("%q is told by the card: %v", r.What, r.Told)
		}
		if c.State.Editable() && !r.Told {
			want = append(want, map[bool]string{true: "⛔ *In the way:* ", false: "⚠️ *To know:* "}[r.Blocks]+string(told(r, r.What, mostReason)))
		}
	}
	most := reasonsMost(c, f)
	same := func(what string, most int, blocks []slack.Block) {
		t.Helper()
		shown := want[:min(most, len(want))]
		if left := len(want) - len(shown); left > 0 {
			shown = slices.Clone(shown)
			shown[len(shown)-1] += " " + strconv.Itoa(left) + " more in Details."
		}
		var got []string
		for _, b := range blocks {
			if s, ok := b.(*slack.SectionBlock); ok && s.Text != nil {
				for line := range strings.SplitSeq(s.Text.Text, "\n") {
					if strings.HasPrefix(line, "⛔ *In the way:* ") || strings.HasPrefix(line, "⚠️ *To know:* ") {
						got = append(got, line)
					}
				}
			}
		}
		if diff := cmp.Diff(shown, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s of a change that is %s lists others (-verdict +shown):\n%s", what, c.State, diff)
		}
	}
	same("the card", most, ChangeCard(c, f).Blocks)
	same("the private card", most, PrivateCard(c, f).Blocks)
	around := map[models.ChangeID]models.Around{c.ID: f.Around}
	bare := f
	bare.Around = models.Around{} // a list reads what is around each of its changes
	if c.State != models.Draft {
		same("a list", 1, ChangeList("All", []*models.Change{c}, 0, around, bare).Blocks)
	}
	if c.State == models.AwaitingApproval {
		same("the request", 5, AskCard(c, models.Ask{User: paul, Revision: c.Revision}, true, nil, f).Blocks)
	}
	onCards += min(most, len(want))
	leftOut += max(0, len(want)-most)
}

// random is a change in some state, with something around it, at some time.
func (k cast) random(r *rand.Rand) (*models.Change, models.Facts) {
	p := k.life(order[r.IntN(len(order))])
	if r.IntN(2) == 0 {
		p = k.life([]string{"awaiting", "half", "approved"}[r.IntN(3)])
	}
	at := opening.Add(time.Duration(r.IntN(12*60)) * time.Minute)
	f := k.facts(ana, at)
	d := *f.Directory
	f.Directory = &d
	c := p.c
	if r.IntN(3) == 0 {
		f.Around.Neighbours = []models.Neighbour{{ID: 9, Title: "Another", State: models.Approved, Environment: c.Environment,
			Services: []models.Slug{k.in.Services[r.IntN(len(k.in.Services))]}, Window: c.Window, Implementer: []models.UserID{ben, paul}[r.IntN(2)], Submitted: opening.Add(-time.Hour)}}
	}
	if r.IntN(3) == 0 {
		kind := []models.FreezeKind{models.SoftFreeze, models.HardFreeze, models.Lockdown}[r.IntN(3)]
		span := models.Window{Start: opening.Add(time.Duration(r.IntN(8)) * time.Hour), End: opening.Add(20 * time.Hour)}
		f.Around.Freezes = []models.FreezeSpan{{Freeze: models.Freeze{ID: 3, Kind: kind, Name: "Year end", Owner: mia, When: models.When{Window: span}}, Window: span}}
	}
	if r.IntN(3) == 0 && len(c.Services) > 0 {
		f.Around.Openings = map[models.Slug][]models.Window{c.Services[0]: {{Start: opening.Add(30 * time.Hour), End: opening.Add(32 * time.Hour)}}}
	}
	if r.IntN(4) == 0 {
		d.People = maps.Clone(d.People)
		u := []models.UserID{ben, paul, cara}[r.IntN(3)]
		gone := d.People[u]
		gone.Deleted = true
		d.People[u] = gone
	}
	if r.IntN(5) == 0 {
		c.Plan += " More." // written past the rules: the last guard notices
	}
	if r.IntN(5) == 0 {
		c.Requirements = append(slices.Clone(c.Requirements), models.Requirement{Key: "ecab", Role: models.RoleECAB, Count: 1, Text: "1 of ECAB"})
	}
	return c, f
}
