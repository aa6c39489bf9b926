package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// card is the row of a change's card in the changes channel.
func card(t testing.TB, s *store.Store, c *models.Change) store.Row {
	t.Helper()
	row, err := s.Card(ctx, ws, c.Ref(), "C_CHANGES")
	must(t, err)
	return row
}

func jobsFor(t testing.TB, s *store.Store, id int64) (n int64) {
	t.Helper()
	where := map[store.Engine]string{
		store.SQLite:   "json_extract(args, '$.delivery_id') = ?",
		store.Postgres: "(args->>'delivery_id')::bigint = ?",
	}
	must(t, s.DB().Table("river_job").Where(where[s.Kind()], id).Count(&n).Error)
	return n
}

func TestWhatIsWantedWhileASendIsUnderWayIsNotLost(t *testing.T) {
	each(t, 10, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		now := s.WireNow()
		if ok, err := s.TakeLane(ctx, ws, "C_CHANGES", "me", now.Add(time.Minute), now); !ok {
			t.Fatal(err)
		}
		click := func(i int) {
			_, err := s.UpdateChange(ctx, by(cab(i)), c.ID, approve(c.Revision))
			must(t, err)
		}
		for i := range 3 {
			click(i)
		}
		row := card(t, s, c)
		if row.Wanted != 4 || row.Shown != 0 || jobsFor(t, s, row.ID) != 1 {
			t.Fatalf("wanted %d, shown %d, %d jobs", row.Wanted, row.Shown, jobsFor(t, s, row.ID))
		}
		row, err := s.MarkSending(ctx, row, "me")
		must(t, err)
		if row.State != store.DeliverySending || row.Attempts != 1 {
			t.Errorf("%s, attempt %d", row.State, row.Attempts)
		}
		click(3)
		must(t, s.MarkSent(ctx, row, store.Sent{TS: "1.1", Shown: row.Wanted}, nil))
		row = card(t, s, c)
		if row.State != store.DeliveryPending || row.Wanted != 5 || row.Shown != 4 || row.TS != "1.1" || row.Attempts != 0 {
			t.Errorf("with something newer: %+v", row)
		}
		must(t, s.MarkSent(ctx, row, store.Sent{Shown: row.Wanted}, nil))
		if row = card(t, s, c); row.State != store.DeliverySent || row.Open() || row.TS != "1.1" || jobsFor(t, s, row.ID) != 1 {
			t.Errorf("up to date: %+v, %d jobs", row, jobsFor(t, s, row.ID))
		}
		click(4)
		if row = card(t, s, c); row.State != store.DeliveryPending || jobsFor(t, s, row.ID) != 2 {
			t.Errorf("wanted again: %+v, %d jobs", row, jobsFor(t, s, row.ID))
		}
		must(t, s.MarkDead(ctx, row, "Invite the bot to #changes.", "not_in_channel"))
		click(5)
		if row = card(t, s, c); row.State != store.DeliveryDead || jobsFor(t, s, row.ID) != 2 {
			t.Errorf("dead rows stay dead: %+v", row)
		}
		parked, err := s.Parked(ctx, ws)
		if err != nil || len(parked) != 1 || parked[0].ParkedReason != "Invite the bot to #changes." {
			t.Errorf("%+v, %v", parked, err)
		}
		must(t, s.Retry(ctx, by("U_ADMIN"), row.ID))
		if row = card(t, s, c); row.State != store.DeliveryPending || jobsFor(t, s, row.ID) != 3 {
			t.Errorf("taken up again: %+v", row)
		}
		if err := s.Retry(ctx, store.Command{Workspace: other, Actor: "U_ADMIN"}, row.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("from another workspace: %v", err)
		}
	})
}

func TestAMessageLeadsToWhatItIsAbout(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		row := card(t, s, c)
		must(t, s.MarkSent(ctx, row, store.Sent{TS: "1.1", Shown: row.Wanted}, nil))
		if ref, err := s.ShownAt(ctx, ws, row.Channel, "1.1"); err != nil || ref != c.Ref() {
			t.Errorf("%v, %v", ref, err)
		}
		for _, at := range []struct {
			ws      models.WorkspaceID
			channel models.ChannelID
			ts      string
		}{{other, row.Channel, "1.1"}, {ws, "C0ELSEWHERE", "1.1"}, {ws, row.Channel, "1.2"}} {
			if ref, err := s.ShownAt(ctx, at.ws, at.channel, at.ts); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%v: %v, %v", at, ref, err)
			}
		}
	})
}

func TestNotesAndLinesNameTheirEvent(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		r, err := s.UpdateChange(ctx, by(cab(0)), c.ID, approve(c.Revision)) // given, and then fully approved
		must(t, err)
		var rows []store.Row
		must(t, s.DB().Where("kind IN ?", []models.DeliveryKind{models.DeliverNote, models.DeliverThread}).Order("id").Find(&rows).Error)
		if len(rows) != 3 {
			t.Fatalf("%d rows", len(rows))
		}
		for _, row := range rows {
			e, ref, err := s.Event(ctx, ws, row.EventID)
			if err != nil || ref != c.Ref() || e.Kind != models.EventFullyApproved || e.ID != r.Events[1].ID {
				t.Errorf("%s %s is about %+v, %v", row.Kind, row.Key, e, err)
			}
		}
		if _, _, err := s.Event(ctx, other, rows[0].EventID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("from another workspace: %v", err)
		}
	})
}

func TestLaneGoesOldestFirstInARecordAndByPriorityAcross(t *testing.T) {
	each(t, 2, func(t *testing.T, s *store.Store) {
		a, b := raise(t, s, ws), raiseLater(t, s, 3*time.Hour) // neither names the other
		edit := func(c *models.Change) {                       // wants its card again and adds a line under it
			_, err := s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error {
				in := models.InputOf(c)
				in.Plan += " And slowly."
				return c.Edit(in, f)
			})
			must(t, err)
		}
		edit(a)
		next := func(want string) store.Row {
			t.Helper()
			row, ok, err := s.NextInLane(ctx, ws, "C_CHANGES", s.Now())
			if err != nil || !ok || fmt.Sprint(row.Kind, row.RecordID) != want {
				t.Fatalf("want %s, got %v %s%d, %v", want, ok, row.Kind, row.RecordID, err)
			}
			return row
		}
		row := next("card1")
		must(t, s.MarkRetry(ctx, row, s.Now().Add(time.Minute), "busy")) // its line waits with it
		must(t, s.MarkSent(ctx, next("card2"), store.Sent{TS: "2", Shown: 1}, nil))
		if row, ok, err := s.NextInLane(ctx, ws, "C_CHANGES", s.Now()); ok || err != nil {
			t.Fatalf("%+v, %v", row, err)
		}
		must(t, s.Jump(ctx, 2*time.Minute))
		edit(b)
		must(t, s.MarkUncertain(ctx, next("card1"), s.Now().Add(-time.Second), "hung up"))
		must(t, s.MarkSent(ctx, next("card1"), store.Sent{TS: "1", Shown: 2}, nil))
		must(t, s.MarkSent(ctx, next("card2"), store.Sent{TS: "2", Shown: 2}, nil))
		must(t, s.MarkSent(ctx, next("thread1"), store.Sent{TS: "3", Shown: 1}, nil))
		must(t, s.MarkSuperseded(ctx, next("thread2"), "no need"))
		if n, err := s.Unsent(ctx, other); err != nil || n != 0 {
			t.Errorf("%d unsent elsewhere, %v", n, err)
		}
	})
}

func TestAskHeldForWorkingHoursHoldsBackNothing(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		hours := models.DefaultWorkingHours()
		hours.Days = []time.Weekday{(s.Now().Weekday() + 3) % 7} // not today, wherever
		must(t, s.SaveSettings(ctx, ws, models.Settings{ChangesChannel: "C_CHANGES", Hours: hours}))
		c := raise(t, s, ws)
		if len(c.Asked) != 1 || !c.Asked[0].NotBefore.After(s.Now()) {
			t.Fatalf("%+v", c.Asked)
		}
		lane := "dm:" + string(c.Asked[0].User)
		if _, ok, err := s.NextInLane(ctx, ws, lane, s.Now()); ok || err != nil {
			t.Errorf("due at once: %v", err)
		}
		if n, err := s.Unsent(ctx, ws); err != nil || n != 2 {
			t.Errorf("%d wanted now, %v", n, err)
		}
		var at time.Time
		must(t, s.DB().Table("river_job").Where("state = 'scheduled'").Select("scheduled_at").Row().Scan(&at))
		if d := at.Sub(c.Asked[0].NotBefore).Abs(); d > time.Second {
			t.Errorf("woken %v off", d)
		}
		row, ok, err := s.NextInLane(ctx, ws, lane, c.Asked[0].NotBefore)
		if err != nil || !ok || row.Kind != models.DeliverAsk || row.Key == "" {
			t.Errorf("when it is due: %+v, %v", row, err)
		}
		moved := s.Clock().Moved()
		must(t, s.Jump(ctx, c.Asked[0].NotBefore.Sub(s.Now())+time.Second))
		if n := jobsFor(t, s, row.ID); n != 2 { // River would find its own seconds later
			t.Errorf("a jump past it left it with %d jobs", n)
		}
		select {
		case <-moved:
		default:
			t.Error("who waits by the clock was not told that it moved")
		}
	})
}

func TestEightWorkersKeepOneOrderALane(t *testing.T) {
	changes := proof.N(6, 60)
	each(t, 20, func(t *testing.T, s *store.Store) {
		for range changes {
			c := raise(t, s, ws)
			for i := range 3 {
				_, err := s.UpdateChange(ctx, by(cab(i)), c.ID, approve(c.Revision))
				must(t, err)
			}
		}
		var mu sync.Mutex
		var inside [2]atomic.Int32
		var sends, overlaps int
		shown := map[int64]int64{}
		serve := func(owner string, i int, conversation string) bool {
			now := s.WireNow()
			got, err := s.TakeLane(ctx, ws, conversation, owner, now.Add(time.Minute), now)
			must(t, err)
			if !got {
				return true
			}
			defer func() { must(t, s.ReleaseLane(ctx, ws, conversation, owner)) }()
			row, ok, err := s.NextInLane(ctx, ws, conversation, s.Now())
			must(t, err)
			if !ok {
				return false
			}
			n := inside[i].Add(1)
			row, err = s.MarkSending(ctx, row, owner)
			must(t, err)
			mu.Lock()
			sends++
			if n != 1 || shown[row.ID] >= row.Wanted {
				overlaps++
			}
			shown[row.ID] = row.Wanted
			mu.Unlock()
			inside[i].Add(-1)
			must(t, s.MarkSent(ctx, row, store.Sent{TS: "1", Shown: row.Wanted}, nil))
			return true
		}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i, conversation := range []string{"C_CHANGES", "C_API"} {
					for n := 0; serve(fmt.Sprint(w, "/", i, "/", n), i, conversation); n++ {
					}
				}
			})
		}
		wg.Wait()
		left := 0
		for _, conversation := range []string{"C_CHANGES", "C_API"} {
			if _, ok, err := s.NextInLane(ctx, ws, conversation, s.Now()); ok || err != nil {
				left++
			}
		}
		proof.Record(t, proof.Row{What: "sends of eight workers in two lanes: one at a time, none twice", Where: s.Engine(), Tried: sends, Bad: overlaps + left})
		if sends != 2*changes {
			t.Errorf("%d sends for %d cards", sends, 2*changes)
		}
	})
}

func TestLaneIsLostWithItsLease(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		row := card(t, s, raise(t, s, ws))
		now := s.WireNow()
		take := func(owner string, at time.Time) bool {
			got, err := s.TakeLane(ctx, ws, row.Conversation, owner, at.Add(time.Minute), at)
			must(t, err)
			return got
		}
		if !take("a", now) || take("b", now) || take("a", now) {
			t.Fatal("one lane, one owner, once")
		}
		must(t, s.Jump(ctx, time.Hour)) // business time moves no lease
		if take("b", s.WireNow()) {
			t.Error("a jump freed the lane")
		}
		if kept, err := s.ExtendLane(ctx, ws, row.Conversation, "a", now.Add(2*time.Minute), now); !kept || err != nil {
			t.Errorf("extend: %v", err)
		}
		if !take("b", now.Add(3*time.Minute)) {
			t.Error("a lease that ran out still holds")
		}
		if _, err := s.MarkSending(ctx, row, "a"); !errors.Is(err, store.ErrLaneLost) {
			t.Errorf("sending without the lane: %v", err)
		}
		if kept, err := s.ExtendLane(ctx, ws, row.Conversation, "a", now.Add(time.Hour), now); kept || err != nil {
			t.Errorf("extended what was lost: %v", err)
		}
		must(t, s.ReleaseLane(ctx, ws, row.Conversation, "a")) // not theirs any more
		if take("c", now.Add(3*time.Minute)) {
			t.Error("released by somebody else")
		}
		must(t, s.ReleaseLane(ctx, ws, row.Conversation, "b"))
		if !take("c", now) {
			t.Error("released and not free")
		}
	})
}

func TestStuckDeliveriesAreFoundAndWokenOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		stuck := func() []int64 {
			t.Helper()
			rows, err := s.Stuck(ctx, ws, s.Now().Add(-30*time.Second), 100)
			must(t, err)
			var ids []int64
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			return ids
		}
		if ids := stuck(); len(ids) != 0 {
			t.Fatalf("at once: %v", ids)
		}
		must(t, s.Jump(ctx, time.Minute))
		now := s.WireNow()
		if ok, err := s.TakeLane(ctx, ws, "C_API", "me", now.Add(time.Minute), now); !ok {
			t.Fatal(err)
		}
		ids := stuck()
		if len(ids) != 2 { // card and ask; the other card is being worked on
			t.Fatalf("%v", ids)
		}
		must(t, s.Enqueue(ctx, ids...))
		if again := stuck(); len(again) != 0 {
			t.Errorf("woken ones are stuck still: %v", again)
		}
		if row := card(t, s, c); jobsFor(t, s, row.ID) != 2 {
			t.Errorf("%d jobs", jobsFor(t, s, row.ID))
		}
	})
}

func TestWhatWaitsForAClockThatWasSetBackIsWoken(t *testing.T) {
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour} {
		t.Run(back.String(), func(t *testing.T) { setBack(t, back) })
	}
}

func setBack(t *testing.T, back time.Duration) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		row, morning := card(t, s, c), s.Now().Add(20*time.Hour)
		must(t, s.Jump(ctx, back)) // by mistake
		must(t, s.MarkRetry(ctx, row, s.Now().Add(time.Minute), "Slack is down"))
		must(t, s.Hold(ctx, ws, "chat.update", "", s.Now().Add(time.Second)))
		must(t, s.Hold(ctx, ws, "views.publish", "", s.Now().Add(time.Second)))
		wire := s.WireNow().Add(back)
		if ok, err := s.TakeLane(ctx, ws, "C_API", "killed", wire.Add(time.Minute), wire); !ok {
			t.Fatal(err)
		}
		must(t, s.SetBack(ctx, back))

		var ask store.Row
		must(t, s.DB().Where("workspace_id = ? AND kind = 'ask'", ws).Take(&ask).Error)
		must(t, s.MarkHeld(ctx, ask, morning))
		must(t, s.Hold(ctx, ws, "chat.postMessage", "C_API", s.Now().Add(time.Hour)))
		if until, err := s.HeldUntil(ctx, ws, "chat.update", "C_API", s.Now()); err != nil || !until.IsZero() {
			t.Errorf("held until %v, %v, before anybody tidied up", until, err)
		}
		asked := s.Now().Add(time.Minute)
		must(t, s.Hold(ctx, ws, "views.publish", "", asked))
		if until, err := s.HeldUntil(ctx, ws, "views.publish", "", s.Now()); err != nil || !until.Equal(asked) {
			t.Errorf("what Slack asks for now: held until %v, %v, want %v", until, err, asked)
		}
		jobs := jobsFor(t, s, row.ID)
		if n, err := s.WakeAhead(ctx, ws); err != nil || n != 1 || jobsFor(t, s, row.ID) != jobs+1 {
			t.Errorf("%d were woken, %v, %d jobs where there were %d", n, err, jobsFor(t, s, row.ID), jobs)
		}
		if row = card(t, s, c); row.RetryAt != nil || row.UpdatedAt.After(s.Now()) {
			t.Errorf("it waits until %v", row.RetryAt)
		}
		if until, err := s.HeldUntil(ctx, ws, "chat.update", "C_API", s.Now()); err != nil || !until.IsZero() {
			t.Errorf("held until %v, %v", until, err)
		}
		if ok, err := s.TakeLane(ctx, ws, "C_API", "me", s.WireNow().Add(time.Minute), s.WireNow()); ok {
			t.Errorf("the lane was taken in the middle of a call, %v", err)
		}
		if ok, err := s.TakeLane(ctx, ws, "C_API", "me", s.WireNow().Add(2*time.Minute), s.WireNow().Add(time.Minute)); !ok {
			t.Errorf("the lane is not free within a minute, %v", err)
		}
		if n, err := s.WakeAhead(ctx, ws); err != nil || n != 0 {
			t.Errorf("woken again: %d, %v", n, err)
		}
		if until, err := s.HeldUntil(ctx, ws, "chat.postMessage", "C_API", s.Now()); err != nil || until.IsZero() {
			t.Errorf("what Slack asked for is not kept: %v, %v", until, err)
		}
		if ask, err := s.Delivery(ctx, ask.ID); err != nil || ask.NotBefore == nil || !ask.NotBefore.Equal(morning) {
			t.Errorf("what waits for the morning: %+v, %v", ask, err)
		}
	})
}

// crowded adds more deliveries than are taken up in one transaction, and says how
// many there are.
func crowded(t *testing.T, s *store.Store) int {
	t.Helper()
	var rows int64
	for rows <= store.MostMended {
		raise(t, s, ws)
		must(t, s.DB().Model(&store.Row{}).Where("workspace_id = ?", ws).Count(&rows).Error)
	}
	return int(rows)
}

func TestAllThatWaitsForAClockThatWasSetBackIsWokenAtOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		rows := crowded(t, s)
		must(t, s.DB().Model(&store.Row{}).Where("workspace_id = ?", ws).Update("updated_at", s.Now().Add(time.Hour)).Error)
		if n, err := s.WakeAhead(ctx, ws); err != nil || n != rows {
			t.Errorf("%d of %d were woken, %v", n, rows, err)
		}
	})
}

func TestAllThatIsDeadIsTakenUpAtOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		dead := crowded(t, s)
		must(t, s.DB().Model(&store.Row{}).Where("workspace_id = ?", ws).Update("state", store.DeliveryDead).Error)
		if n, err := s.RetryAll(ctx, by(raiser)); err != nil || n != dead {
			t.Errorf("%d of %d were taken up, %v", n, dead, err)
		}
		if left, err := s.Parked(ctx, ws); err != nil || len(left) != 0 {
			t.Errorf("%d are dead still, %v", len(left), err)
		}
		if _, err := s.RetryAll(ctx, by(raiser)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("with nothing dead: %v", err)
		}
	})
}

func TestHoldsAreSharedAndNeverShortened(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		now := s.Now()
		must(t, s.Hold(ctx, ws, "chat.postMessage", "C1", now.Add(time.Minute)))
		must(t, s.Hold(ctx, ws, "chat.postMessage", "C1", now.Add(time.Second)))
		must(t, s.Hold(ctx, ws, "chat.update", "", now.Add(2*time.Minute)))
		for _, c := range []struct {
			ws      models.WorkspaceID
			method  string
			channel models.ChannelID
			want    time.Time
		}{
			{ws, "chat.postMessage", "C1", now.Add(time.Minute)},
			{ws, "chat.postMessage", "C2", time.Time{}},
			{ws, "chat.update", "C2", now.Add(2 * time.Minute)},
			{other, "chat.update", "C2", time.Time{}},
		} {
			if until, err := s.HeldUntil(ctx, c.ws, c.method, c.channel, now); err != nil || !until.Equal(c.want) {
				t.Errorf("%s in %s of %s: %v, %v", c.method, c.channel, c.ws, until, err)
			}
		}
		if until, err := s.HeldUntil(ctx, ws, "chat.update", "", now.Add(3*time.Minute)); err != nil || !until.IsZero() {
			t.Errorf("when it is over: %v, %v", until, err)
		}
	})
}

func TestPruneRemovesOnlyWhatIsOld(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raise(t, s, ws)
		cmd := store.Command{Workspace: ws, Actor: cab(0), Key: "click"}
		_, err := s.UpdateChange(ctx, cmd, c.ID, approve(c.Revision))
		must(t, err)
		var rows []store.Row
		must(t, s.DB().Find(&rows).Error)
		for _, row := range rows {
			must(t, s.MarkSent(ctx, row, store.Sent{TS: "1", Shown: row.Wanted}, nil))
		}
		must(t, s.Hold(ctx, ws, "chat.update", "", s.Now()))
		for _, about := range []models.ChangeID{c.ID, 999} { // of 999 nothing will be due any more
			must(t, s.DB().Exec("INSERT INTO reminders (workspace_id, record_kind, record_id, about, kind, user_id, round, stage, bundle, said_at) VALUES (?, 'change', ?, '', 'decide', 'U1', 1, 1, 'b', ?)", ws, about, s.Now()).Error)
		}
		for _, step := range []struct {
			wait time.Duration
			want int
		}{{0, 0}, {2 * time.Hour, 1}, {6 * 24 * time.Hour, 0}, {24 * time.Hour, 1}, {31 * 24 * time.Hour, 4}} {
			must(t, s.Jump(ctx, step.wait))
			if n, err := s.Prune(ctx, s.Now()); err != nil || n != step.want {
				t.Errorf("after %v more: %d rows, %v", step.wait, n, err)
			}
		}
		if n := count(t, s, "reminders"); n != 1 {
			t.Errorf("%d reminders left, want that of the change that is open", n)
		}
		if events := count(t, s, "events"); events == 0 || count(t, s, "deliveries") != 3 {
			t.Errorf("%d events and %d deliveries left", events, count(t, s, "deliveries"))
		}
	})
}
