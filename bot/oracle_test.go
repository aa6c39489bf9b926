package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// oracle holds what people did and were told against what is kept, and what is
// kept against what Slack shows.
type oracle struct {
	run     *crowd
	store   *store.Store
	changes []*models.Change
	events  map[models.ChangeID][]models.Event
	plans   map[models.Revision]string
	rows    []store.Row

	places, shown, doubles int
}

func newOracle(run *crowd) *oracle {
	run.t.Helper()
	ctx := context.Background()
	s, db := run.look()
	o := &oracle{run: run, store: s, events: map[models.ChangeID][]models.Event{}, plans: map[models.Revision]string{}}
	for before := models.ChangeID(0); ; before = o.changes[len(o.changes)-1].ID {
		page, err := s.Changes(ctx, testWorkspace, store.ChangeFilter{Limit: 500, Before: before})
		o.check(err)
		if o.changes = append(o.changes, page...); len(page) < 500 {
			break
		}
	}
	slices.Reverse(o.changes)
	for _, c := range o.changes {
		var err error
		o.events[c.ID], err = s.History(ctx, testWorkspace, c.Ref(), 1000, 0)
		o.check(err)
		for _, e := range o.events[c.ID] {
			if e.Revision != "" && o.plans[e.Revision] == "" {
				m, err := s.Material(ctx, testWorkspace, c.ID, e.Revision)
				o.check(err)
				o.plans[e.Revision] = m.Plan
			}
		}
	}
	var last int64
	o.check(db.QueryRow("SELECT coalesce(max(id), 0) FROM deliveries").Scan(&last))
	for id := int64(1); id <= last; id++ {
		row, err := s.Delivery(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue // a number that a transaction took and did not use
		}
		o.check(err)
		o.rows = append(o.rows, row)
	}
	return o
}

func (o *oracle) check(err error) {
	o.run.t.Helper()
	if err != nil {
		o.run.t.Fatal(err)
	}
}

// summary tells how much there was to lose.
func (o *oracle) summary() string {
	told, again, rescued := 0, 0, 0
	for _, p := range o.run.people {
		for _, d := range p.deeds {
			if d.told == "" {
				continue
			}
			told++
			if d.tries > 1 {
				again++
				if at := o.effects(d); len(at) == 1 && at[0].At.Before(d.last) {
					rescued++
				}
			}
		}
	}
	return fmt.Sprintf("%d decisions on %d changes were confirmed; %d of them had to be tried again, and %d of these had been kept the first time, their answer lost.",
		told, len(o.changes), again, rescued)
}

// decisions lists what was confirmed and is not kept, what is kept more than
// once, and whatever else is no true record of what people did.
func (o *oracle) decisions() []string {
	var bad []string
	titles := map[string]bool{}
	for _, p := range o.run.people {
		for _, d := range p.deeds {
			titles[d.token] = true
			effects := o.effects(d)
			switch n := len(effects); {
			case n > 1:
				bad = append(bad, fmt.Sprintf("doubled, %d times there: %s", n, d))
			case n == 0 && d.told != "":
				bad = append(bad, fmt.Sprintf("lost: %s", d))
			case n == 1 && d.refused != "" && d.tries == 1 && !effects[0].At.Before(d.last): // of several, one whose answer never came may well have been kept, however late
				bad = append(bad, fmt.Sprintf("refused in words, but kept at that: %s", d))
			}
		}
	}
	for i, c := range o.changes {
		if int(c.ID) != i+1 {
			bad = append(bad, fmt.Sprintf("the change after CHG-%d is %s", i, c.ID))
			break
		}
	}
	for _, c := range o.changes {
		if c.Identity.RollbackOf == 0 && !titles[c.Title] {
			bad = append(bad, fmt.Sprintf("nobody raised %s %q", c.ID, c.Title))
		}
		bad = append(bad, o.record(c)...)
	}
	return bad
}

// once are the events of which a change can have one at most.
var once = []models.EventKind{models.EventSubmitted, models.EventStarted, models.EventCompleted, models.EventClosed,
	models.EventRejected, models.EventCancelled, models.EventExpired, models.EventRollbackRaised}

// record checks one change against its own audit log.
func (o *oracle) record(c *models.Change) (bad []string) {
	kinds := map[models.EventKind]int{}
	given := map[string]int{}
	for _, e := range o.events[c.ID] {
		kinds[e.Kind]++
		if e.Kind == models.EventApprovalGiven {
			given[string(e.Actor)+" of "+string(e.Revision)]++
		}
	}
	kept := map[string]int{}
	for _, a := range c.Approvals {
		if a.Decision == models.DecisionApprove {
			kept[string(a.By)+" of "+string(a.Revision)]++
		}
	}
	for what, n := range kept {
		if n != 1 || given[what] != 1 {
			bad = append(bad, fmt.Sprintf("%s: the approval by %s is kept %d times and stands %d times in the log:%s", c.ID, what, n, given[what], o.story(c)))
		}
	}
	if len(given) != len(kept) {
		bad = append(bad, fmt.Sprintf("%s: %d approvals are kept and %d stand in the log", c.ID, len(kept), len(given)))
	}
	for _, kind := range once {
		if kinds[kind] > 1 {
			bad = append(bad, fmt.Sprintf("%s: %d events %q", c.ID, kinds[kind], kind))
		}
	}
	if kinds[models.EventSubmitted]+kinds[models.EventRollbackRaised] != 1 {
		bad = append(bad, fmt.Sprintf("%s was submitted %d times", c.ID, kinds[models.EventSubmitted]))
	}
	approved := slices.Contains([]models.State{models.Approved, models.InProgress, models.Implemented, models.Closed}, c.State)
	if c.Identity.RollbackOf == 0 && approved != c.Standing().Met() && !c.State.Final() {
		bad = append(bad, fmt.Sprintf("%s is %s with %s", c.ID, c.State, c.Standing().Missing()))
	}
	return bad
}

// story is what is on record about a change, oldest first.
func (o *oracle) story(c *models.Change) string {
	var b strings.Builder
	for _, e := range slices.Backward(o.events[c.ID]) {
		fmt.Fprintf(&b, "\n  %s %s %s %.8s %s", e.At.Format("15:04:05.000"), e.Actor, e.Kind, e.Revision, e.Reason)
	}
	for _, a := range c.Approvals {
		fmt.Fprintf(&b, "\n  %s %s %s %.8s void %q", a.At.Format("15:04:05.000"), a.By, a.Decision, a.Revision, a.Void)
	}
	return b.String()
}

// effects are the traces in the database of what a person meant to do.
func (o *oracle) effects(d *deed) []models.Event {
	var out []models.Event
	for _, c := range o.changes {
		for _, e := range o.events[c.ID] {
			var hit bool
			switch d.kind {
			case "raise":
				hit = e.Kind == models.EventSubmitted && c.Title == d.token
			case view.ActionApprove:
				hit = e.Kind == models.EventApprovalGiven && int(c.ID) == d.change && string(e.Actor) == d.who && string(e.Revision) == d.revision
			case view.ActionStart:
				hit = e.Kind == models.EventStarted && int(c.ID) == d.change && string(e.Actor) == d.who && string(e.Revision) == d.revision
			case view.ActionEdit:
				hit = (e.Kind == models.EventRevised || e.Kind == models.EventResubmitted) && strings.HasSuffix(o.plans[e.Revision], d.token)
			default:
				hit = e.Kind != models.EventRefused && strings.HasSuffix(e.Reason, d.token)
			}
			if hit {
				out = append(out, e)
			}
		}
	}
	return out
}

// cards lists what should stand in Slack and does not, what stands there with
// an old state on it, and, where messages can be looked up, what stands twice.
func (o *oracle) cards() []string {
	live := o.live()
	var bad []string
	for _, c := range o.changes {
		places := []string{"C0CHANGES"}
		if slices.Contains(c.Services, "beta") {
			places = append(places, "C0BETA")
		}
		for _, place := range places {
			o.places++
			bad = append(bad, o.card(c, place)...)
		}
	}
	for _, row := range o.rows {
		switch row.State {
		case store.DeliverySent:
			o.shown++
			if _, ok := o.run.fake.Message(string(row.Channel), row.TS); !ok {
				bad = append(bad, fmt.Sprintf("delivery %d (%s) counts as sent, but Slack has no message %s in %s", row.ID, row.Key, row.TS, row.Channel))
			}
		case store.DeliverySuperseded:
		default:
			bad = append(bad, fmt.Sprintf("delivery %d (%s) is %s: %s", row.ID, row.Key, row.State, row.LastError))
		}
	}
	for id, copies := range live {
		if copies > 1 {
			o.doubles += copies - 1
			if o.run.searchable {
				bad = append(bad, fmt.Sprintf("delivery %s stands %d times", id, copies))
			}
		}
	}
	return bad
}

// card checks the card of a change in one channel.
func (o *oracle) card(c *models.Change, place string) []string {
	facts, err := o.store.FactsAround(context.Background(), c, "")
	o.check(err)
	want := messageOf(o.run.t, view.ChangeCard(c, facts))
	var diff string
	for _, m := range o.run.fake.Messages(place) {
		if about, _ := headOf(m); about != int(c.ID) || m.User != o.run.fake.BotUser() {
			continue
		}
		if diff = cmp.Diff(gist(want), gist(m)); diff == "" {
			return nil
		}
	}
	if diff == "" {
		return []string{fmt.Sprintf("%s has no card in %s", c.ID, place)}
	}
	return []string{fmt.Sprintf("the card of %s in %s is out of date (-want +shown):\n%s", c.ID, place, diff)}
}

// live counts the messages by the delivery that they carry.
func (o *oracle) live() map[string]int {
	out := map[string]int{}
	count := func(m slackfake.Message) {
		payload, _ := m.Metadata["event_payload"].(map[string]any)
		if id, ok := payload["delivery_id"].(string); ok {
			out[id]++
		}
	}
	for _, room := range o.run.fake.Channels() {
		for _, m := range o.run.fake.Messages(room.ID) {
			count(m)
			for _, reply := range o.run.fake.Thread(m) {
				count(reply)
			}
		}
	}
	return out
}

// gist is what a person sees of a card.
func gist(m slackfake.Message) []string {
	out := []string{m.Plain()}
	for _, c := range m.Controls() {
		out = append(out, c.Label+" "+c.ActionID+" "+c.Value)
	}
	return out
}

// messageOf is a view as Slack would show it.
func messageOf(t interface{ Fatal(...any) }, m view.Message) slackfake.Message {
	raw, err := json.Marshal(m.Blocks)
	out := slackfake.Message{Text: m.Text}
	if err = errors.Join(err, json.Unmarshal(raw, &out.Blocks)); err != nil {
		t.Fatal(err)
	}
	return out
}
