package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

var zones = []string{"UTC", "Europe/London", "Europe/Berlin", "Europe/Lisbon", "Europe/Athens", "Europe/Moscow", "America/New_York", "America/Chicago",
	"America/Los_Angeles", "America/St_Johns", "America/Santiago", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Africa/Casablanca",
	"Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Manila", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham"}

// crowd is 200 people in 24 zones who work from nine to six, Monday to Friday.
type crowd struct {
	*world
	rnd    *rand.Rand
	people map[models.UserID]models.Person
	users  []models.UserID
	open   []models.ChangeID
	exempt map[int64]bool // messages that wait for nobody's hours
}

func (w *world) crowd(seed uint64) *crowd {
	w.Helper()
	ctx := context.Background()
	c := &crowd{world: w, rnd: rand.New(rand.NewPCG(seed, 5)), people: map[models.UserID]models.Person{}, exempt: map[int64]bool{}}
	var list []models.Person
	for i := range 200 {
		p := models.Person{ID: models.UserID(fmt.Sprintf("U0CROWD%03d", i)), Name: fmt.Sprint("p", i), Zone: zones[i%len(zones)], CheckedAt: w.store.Now()}
		c.people[p.ID], c.users, list = p, append(c.users, p.ID), append(list, p)
	}
	w.must(w.store.SavePeople(ctx, team, list...))
	w.must(w.store.SaveSettings(ctx, team, models.Settings{ChangesChannel: changesRoom, Hours: models.DefaultWorkingHours()}))
	_, err := w.store.ImportCatalog(ctx, team, store.Catalog{
		Teams:    []models.Team{{ID: "payments", Name: "Payments", Members: c.users[:180]}},
		Services: []models.Service{{Slug: "pay-api", Name: "Payments API", Tier: 2, Team: "payments", Owner: c.users[185], Channel: payRoom}},
		Roles:    map[models.Role][]models.UserID{models.RoleChangeManager: c.users[190:192], models.RoleECAB: c.users[192:200], models.RoleAdmin: c.users[:1]},
	})
	w.must(err)
	return c
}

// live has people raise, decide, begin, end and forget things, each at any hour.
func (c *crowd) live(raises bool) {
	ctx := context.Background()
	if raises {
		by := c.users[c.rnd.IntN(180)]
		start := c.store.Now().Add(time.Duration(20+c.rnd.IntN(2*24*60)) * time.Minute).UTC().Truncate(time.Minute)
		in := models.Input{Title: "Raise the pool", Services: []models.Slug{"pay-api"}, Environment: models.Production, Start: start, End: start.Add(2 * time.Hour),
			Plan: "Switch the flag.", Check: "The banner shows.", Rollback: "When it does not: switch it off, 5 minutes.", WhyNow: "It can't wait."}
		if c.rnd.IntN(10) == 0 {
			in.Type, in.IncidentRef = models.Emergency, "INC-7"
		}
		r, err := c.store.CreateChange(ctx, c.by(by), func(x *models.Change, f models.Facts) error { return x.Raise(in, f) })
		c.must(err)
		c.open = append(c.open, r.Change.ID)
	}
	if len(c.open) == 0 {
		return
	}
	latest := c.open[max(0, len(c.open)-20):] // what is old is left undone
	id := latest[c.rnd.IntN(len(latest))]
	x, err := c.store.Change(ctx, team, id)
	c.must(err)
	var move store.Move
	switch c.rnd.IntN(6) {
	case 0, 1, 2:
		for _, ask := range x.Asked[:len(x.Asked)*c.rnd.IntN(3)/2] { // nobody, half of them, all
			c.act(ask.User, id, func(x *models.Change, f models.Facts) error { return x.Approve(x.Revision, f) })
		}
		return
	case 3:
		move = func(x *models.Change, f models.Facts) error { return x.Start(x.Revision, f) }
	case 4:
		move = func(x *models.Change, f models.Facts) error {
			return x.Complete(models.Completion{Outcome: models.Failed, Note: "It broke."}, f)
		}
	case 5:
		move = func(x *models.Change, f models.Facts) error { return x.Review(models.YesToAll("We learned."), f) }
	}
	c.act(x.Implementer, id, move)
}

// act has somebody do something, as Slack knows them now; refusals are part of life.
func (c *crowd) act(by models.UserID, id models.ChangeID, move store.Move) {
	if p, known := c.people[by]; known {
		p.CheckedAt = c.store.Now()
		c.must(c.store.SavePeople(context.Background(), team, p))
	}
	_, err := c.store.UpdateChange(context.Background(), c.by(by), id, move)
	if _, refused := models.AsRefusal(err); err != nil && !refused {
		c.must(err)
	}
}

// directMessages are the deliveries to people, by number.
func (c *crowd) directMessages() (out []store.Row) {
	c.Helper()
	for id, gap := int64(1), 0; gap < 50; id++ {
		r, err := c.store.Delivery(context.Background(), id)
		if gap++; err == nil {
			gap = 0
		}
		if r.UserID != "" && r.Kind != models.DeliverHome {
			out = append(out, r)
		}
	}
	return out
}

// delivered has all that is due arrive at once: what waits for Slack is joined
// by what falls due later.
func (c *crowd) delivered() {
	c.Helper()
	ctx := context.Background()
	rows, err := c.store.Stuck(ctx, team, c.store.Now().Add(time.Second), 1000)
	c.must(err)
	for _, r := range rows {
		c.exempt[r.ID] = c.exempt[r.ID] || c.waitsForNothing(r, planned(r)) // now: a later message may say it again, and this one then no more
		c.must(c.store.MarkSent(ctx, r, store.Sent{Channel: "D0CROWD", TS: fmt.Sprintf("%d.%06d", c.store.Now().Unix(), r.ID), Shown: r.Wanted}, nil))
	}
}

// planned is when a message may come.
func planned(r store.Row) time.Time {
	if r.NotBefore != nil && r.NotBefore.After(r.CreatedAt) {
		return *r.NotBefore
	}
	return r.CreatedAt
}

// waitsForNothing: an emergency, or what an implementer hears in the window of
// their own.
func (c *crowd) waitsForNothing(r store.Row, at time.Time) bool {
	own := func(x *models.Change) bool {
		return x.Type == models.Emergency || x.Implementer == r.UserID && !at.Before(x.Window.Start.Add(-15*time.Minute))
	}
	if r.Kind != models.DeliverRemind {
		x, err := c.store.Change(context.Background(), team, models.ChangeID(r.RecordID))
		c.must(err)
		return own(x) && (x.Type == models.Emergency || at.Before(x.Window.End))
	}
	list, about, err := c.store.Reminded(context.Background(), team, r.Key)
	c.must(err)
	for _, x := range list {
		if own(about.Changes[models.ChangeID(x.Record.ID)]) {
			return true
		}
	}
	return false
}

func TestNobodyHearsOutsideTheirHoursThroughTheDatabase(t *testing.T) {
	const seed = 21
	days := proof.N(4, 30)
	s := fast
	s.idle = true
	each(t, s, func(w *world, _ ...*Jobs) {
		ctx, c, replica := context.Background(), w.crowd(seed), w.idleReplicas(s, 1)[0]
		step, raise := time.Duration(proof.N(30, 10))*time.Minute, proof.N(5, 60)
		monday := w.store.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		for monday.Weekday() != time.Monday {
			monday = monday.AddDate(0, 0, 1)
		}
		w.goTo(monday)
		for range days * int(24*time.Hour/step) {
			w.later(step)
			for range 3 {
				c.live(c.rnd.IntN(raise) == 0)
			}
			w.must(replica.expire(ctx))
			w.must(replica.remind(ctx))
			c.delivered()
		}
		all := c.directMessages()
		outside, kinds := 0, map[models.DeliveryKind]int{}
		mornings := map[string]int{} // bundled messages at the start of somebody's day
		for _, r := range all {
			at := planned(r)
			kinds[r.Kind]++
			local := at.In(c.people[r.UserID].Location())
			hour, weekend := local.Hour(), local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
			exempt := c.exempt[r.ID]
			if r.Kind == models.DeliverRemind && hour == 9 && local.Minute() < int(step.Minutes()) && !exempt {
				mornings[string(r.UserID)+local.Format(time.DateOnly)]++
			}
			if (hour < 9 || hour >= 18 || weekend) && !exempt {
				outside++
				if outside < 10 {
					t.Errorf("a %s of %s %d came to %s at %s", r.Kind, r.RecordKind, r.RecordID, r.UserID, local.Format("Mon 15:04"))
				}
			}
		}
		doubled := 0
		for _, n := range mornings {
			doubled += max(0, n-1)
		}
		if kinds[models.DeliverRemind] < 20 || kinds[models.DeliverNote] < 5 || len(mornings) == 0 {
			t.Errorf("%v and %d mornings show little", kinds, len(mornings))
		}
		proof.Record(t, proof.Row{What: fmt.Sprintf("direct messages to 200 people in 24 zones over %d days outside the person's hours, emergencies and an implementer's own window left out", days),
			Where: engineOf(w), Tried: len(all), Bad: outside, Seed: fmt.Sprintf("seed %d.", seed), Note: fmt.Sprintf("%d asks, %d notes, %d messages of reminders.", kinds[models.DeliverAsk], kinds[models.DeliverNote], kinds[models.DeliverRemind])})
		proof.Record(t, proof.Row{What: "starts of a person's day with more than one bundled message", Where: engineOf(w), Tried: len(mornings), Bad: doubled, Seed: fmt.Sprintf("seed %d.", seed)})
	})
}

func TestNobodyIsToldOfTheirOwnActAndNobodyIsShoutedAt(t *testing.T) {
	const seed = 22
	acts := proof.N(120, 1000)
	each(t, fast, func(w *world, jobs ...*Jobs) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		const shout = "<!here> <!channel> <!everyone> @here @channel now"
		people := []models.UserID{ana, ben, cai, dee}
		var open []models.ChangeID
		for range acts {
			by := people[rnd.IntN(len(people))]
			if len(open) == 0 || rnd.IntN(6) == 0 {
				r, err := w.store.CreateChange(context.Background(), w.by(by), func(c *models.Change, f models.Facts) error {
					start := w.store.Now().Add(time.Duration(1+rnd.IntN(9)) * time.Hour)
					return c.Raise(models.Input{Title: "Rotate " + shout, Services: []models.Slug{"pay-api"}, Environment: models.Production, Start: start, End: start.Add(time.Hour),
						Plan: shout + " switch the flag.", Check: shout, Rollback: shout + ": 5 minutes."}, f)
				})
				w.must(err)
				open = append(open, r.Change.ID)
				continue
			}
			id := open[rnd.IntN(len(open))]
			move := []store.Move{
				func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) },
				func(c *models.Change, f models.Facts) error { return c.Reject("No: "+shout, c.Revision, f) },
				func(c *models.Change, f models.Facts) error { return c.AskForChanges("Why? "+shout, c.Revision, f) },
				func(c *models.Change, f models.Facts) error { return c.Withdraw(f) },
				func(c *models.Change, f models.Facts) error { return c.Cancel("Not needed: "+shout, f) },
				func(c *models.Change, f models.Facts) error {
					in := models.InputOf(c)
					in.Plan += "."
					return c.Edit(in, f)
				},
			}[rnd.IntN(6)]
			(&crowd{world: w}).act(by, id, move)
		}
		w.quiet()
		own, told := 0, 0
		c := &crowd{world: w}
		for _, r := range c.directMessages() {
			if r.Kind != models.DeliverNote {
				continue
			}
			e, _, err := w.store.Event(context.Background(), team, r.EventID)
			w.must(err)
			if told++; e.Actor == r.UserID {
				own++
			}
		}
		shouted, sent := 0, 0
		for _, room := range []string{changesRoom, payRoom} {
			for _, m := range w.fake.Messages(room) {
				raw, err := json.Marshal(map[string]any{"type": "mrkdwn", "text": m.Text, "blocks": m.Blocks})
				w.must(err)
				var all any
				w.must(json.Unmarshal(raw, &all))
				if sent++; shouts(all) {
					shouted++
				}
			}
		}
		if !shouts(map[string]any{"blocks": []any{map[string]any{"type": "mrkdwn", "text": "a <!here> b"}}}) {
			t.Error("the check can't fail")
		}
		if told == 0 || sent < len(open) {
			t.Errorf("%d notes and %d posts show little", told, sent)
		}
		proof.Record(t, proof.Row{What: fmt.Sprintf("direct messages to somebody about their own act, after %d random acts", acts), Where: engineOf(w), Tried: told, Bad: own, Seed: fmt.Sprintf("seed %d.", seed)})
		proof.Record(t, proof.Row{What: fmt.Sprintf("messages that mention a whole channel, after %d acts whose words try to", acts), Where: engineOf(w), Tried: sent, Bad: shouted, Seed: fmt.Sprintf("seed %d.", seed)})
	})
}

// shouts reports whether Slack would notify a whole channel: where it parses
// text, or by an element of rich text. In plain text it does not.
func shouts(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			if shouts(part) {
				return true
			}
		}
	case map[string]any:
		text, _ := v["text"].(string)
		if v["type"] == "broadcast" || v["type"] == "mrkdwn" && (strings.Contains(text, "<!here") || strings.Contains(text, "<!channel") || strings.Contains(text, "<!everyone")) {
			return true
		}
		for _, part := range v {
			if shouts(part) {
				return true
			}
		}
	}
	return false
}
