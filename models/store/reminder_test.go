package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// messagesTo are the rows of messages of reminders to one person, oldest first.
func messagesTo(t testing.TB, s *store.Store, u models.UserID) (rows []store.Row) {
	t.Helper()
	must(t, s.DB().Where("workspace_id = ? AND kind = 'remind' AND user_id = ?", ws, u).Order("id").Find(&rows).Error)
	return rows
}

// escalated raises two changes that nobody decides, of which the change manager
// hears some time after it is due; the second is not looked at yet.
func escalated(t testing.TB, s *store.Store, after time.Duration) (first store.Row) {
	t.Helper()
	raiseLater(t, s, 7*time.Hour)
	raiseLater(t, s, 7*time.Hour)
	must(t, s.Jump(ctx, 7*time.Hour+after))
	if look, err := s.Remind(ctx, ws, 1); err != nil || look.Said == 0 {
		t.Fatalf("%d reminders, %v", look.Said, err)
	}
	rows := messagesTo(t, s, "U_OWNER")
	if len(rows) != 1 {
		t.Fatalf("%d messages to the change manager", len(rows))
	}
	return rows[0]
}

func reminded(t testing.TB, s *store.Store, key string) int {
	t.Helper()
	list, _, err := s.Reminded(ctx, ws, key)
	must(t, err)
	return len(list)
}

func TestAMessageThatWasGivenUpIsSentWhenThereIsMoreToSayInIt(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		row := escalated(t, s, 30*time.Minute)
		must(t, s.MarkSuperseded(ctx, row, "all of it was done meanwhile"))
		jobs := jobsFor(t, s, row.ID)
		_, err := s.Remind(ctx, ws, 1)
		must(t, err)
		got := messagesTo(t, s, "U_OWNER")
		if len(got) != 1 || got[0].State != store.DeliveryPending || jobsFor(t, s, row.ID) != jobs+1 || reminded(t, s, row.Key) != 2 {
			t.Errorf("%+v, %d jobs, %d reminders", got, jobsFor(t, s, row.ID), reminded(t, s, row.Key))
		}
	})
}

func TestARecordOnWhichARulePanicsSilencesNoOther(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		spoilt, sound := raiseLater(t, s, 7*time.Hour), raiseLater(t, s, 7*time.Hour)
		must(t, s.Jump(ctx, 7*time.Hour+30*time.Minute))
		said := func(c *models.Change) int {
			t.Helper()
			var n int64
			must(t, s.DB().Table("reminders").Where("workspace_id = ? AND record_kind = 'change' AND record_id = ?", ws, c.ID).Count(&n).Error)
			return int(n)
		}
		mend := s.SpoilReminders(spoilt.ID)
		look, err := s.Remind(ctx, ws, 100)
		must(t, err)
		if len(look.Broken) != 1 || look.Broken[0].Record != spoilt.Ref() || look.Broken[0].Panic != "made by the test" || len(look.Broken[0].Trace) == 0 {
			t.Errorf("broken: %+v", look.Broken)
		}
		if said(spoilt) != 0 || said(sound) == 0 || look.Said != said(sound) {
			t.Errorf("%d said of the spoilt one, %d of the sound one", said(spoilt), said(sound))
		}
		if again, err := s.Remind(ctx, ws, 100); err != nil || len(again.Broken) != 0 {
			t.Errorf("at once it is tried again: %+v, %v", again, err)
		}
		mend()
		must(t, s.Jump(ctx, 5*time.Minute))
		_, err = s.Remind(ctx, ws, 100)
		must(t, err)
		if said(spoilt) != said(sound) {
			t.Errorf("once it is mended %d are said of it", said(spoilt))
		}
	})
}

func TestMessagesOfARecordOnWhichARulePanicsStayAsTheyAre(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		c := raiseLater(t, s, 7*time.Hour)
		must(t, s.Jump(ctx, 7*time.Hour+30*time.Minute))
		_, err := s.Remind(ctx, ws, 100)
		must(t, err)
		before := messagesTo(t, s, "U_OWNER")
		s.SpoilReminders(c.ID)
		must(t, s.Jump(ctx, 24*time.Hour))
		if look, err := s.Remind(ctx, ws, 100); err != nil || len(look.Broken) != 1 {
			t.Fatalf("%+v, %v", look, err)
		}
		after := messagesTo(t, s, "U_OWNER")
		if len(before) != 1 || len(after) != 1 || after[0].Wanted != before[0].Wanted {
			t.Errorf("it is to be drawn anew: %+v, before %+v", after, before)
		}
	})
}

func TestWhatIsOverIsNotLookedAtAgainAndTheRestIs(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		open := raise(t, s, ws)
		for range 3 {
			c := raise(t, s, ws)
			_, err := s.UpdateChange(ctx, by(raiser), c.ID, func(c *models.Change, f models.Facts) error { return c.Cancel("It is not needed.", f) })
			must(t, err)
		}
		if look, err := s.Remind(ctx, ws, 100); err != nil || look.Records != 4 {
			t.Fatalf("%+v, %v", look, err)
		}
		var left []int64
		must(t, s.DB().Table("reminder_looks").Where("workspace_id = ?", ws).Pluck("record_id", &left).Error)
		if len(left) != 1 || left[0] != int64(open.ID) {
			t.Errorf("looked at again: %v, want change %d", left, open.ID)
		}
	})
}

func TestRemindersThatAreHeldJoinTheMessageOfTheMorning(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		row := escalated(t, s, 30*time.Minute)
		morning := s.Now().Add(9 * time.Hour)
		key := models.StartBundle(models.Person{ID: "U_OWNER", Zone: "Europe/Berlin"}, morning)
		must(t, s.HoldReminders(ctx, row, morning, key))
		_, err := s.Remind(ctx, ws, 1) // nothing of it waits with what is held
		must(t, err)
		rows := messagesTo(t, s, "U_OWNER")
		if len(rows) != 2 || rows[0].Key != key || rows[0].NotBefore == nil || rows[1].Key == key || rows[1].State != store.DeliveryPending {
			t.Fatalf("one is held: %+v", rows)
		}
		must(t, s.HoldReminders(ctx, rows[1], morning, key))
		rows = messagesTo(t, s, "U_OWNER")
		if !rows[0].Open() || rows[1].State != store.DeliverySuperseded || reminded(t, s, key) != 2 {
			t.Errorf("%d reminders in %+v", reminded(t, s, key), rows)
		}
	})
}

func TestWhatFallsDueWhileAMessageWaitsForSlackJoinsIt(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		row := escalated(t, s, 2*time.Minute)
		must(t, s.DB().Exec("UPDATE deliveries SET state = 'sending' WHERE id = ?", row.ID).Error) // Slack is slow to say no
		must(t, s.Jump(ctx, 5*time.Minute))                                                        // by itself it would be another message
		_, err := s.Remind(ctx, ws, 1)
		must(t, err)
		if rows := messagesTo(t, s, "U_OWNER"); len(rows) != 1 || rows[0].Wanted != 2 || rows[0].State != store.DeliverySending || reminded(t, s, row.Key) != 2 {
			t.Errorf("%d reminders in %+v", reminded(t, s, row.Key), rows)
		}
	})
}

// Whoever read a message hours ago does not see what is added to it: Slack
// rings for a new message only.
func TestWhatIsLateAgainHoursLaterComesInAMessageOfItsOwn(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		must(t, err)
		now := s.Now().In(berlin)
		must(t, s.Jump(ctx, time.Date(now.Year(), now.Month(), now.Day()+1, 6, 0, 0, 0, berlin).Sub(now))) // the day is long enough for both
		raiseLater(t, s, 7*time.Hour)
		raiseLater(t, s, 15*time.Hour)
		look := func() []store.Row {
			_, err := s.Remind(ctx, ws, 100)
			must(t, err)
			return messagesTo(t, s, "U_OWNER")
		}
		must(t, s.Jump(ctx, 7*time.Hour+30*time.Minute))
		rows := look()
		if len(rows) != 1 {
			t.Fatalf("%d messages to the change manager", len(rows))
		}
		must(t, s.MarkSent(ctx, rows[0], store.Sent{TS: fmt.Sprintf("%d.000100", s.Now().Unix()), Shown: rows[0].Wanted}, nil))
		must(t, s.Jump(ctx, 7*time.Hour))
		rows = look()
		if len(rows) != 2 || rows[1].State != store.DeliveryPending || rows[1].TS != "" {
			t.Fatalf("%+v", rows)
		}
		if a, b := reminded(t, s, rows[0].Key), reminded(t, s, rows[1].Key); a != 1 || b != 1 {
			t.Errorf("%d in the first and %d in the second", a, b)
		}
	})
}

// TestWhoeverChangesTheirHoursIsRemindedByTheNewOnes: a reminder that was planned
// for the morning in Los Angeles comes in the afternoon in Berlin. In Los Angeles'
// morning it would be evening there, and at the next start of work too late.
func TestWhoeverChangesTheirHoursIsRemindedByTheNewOnes(t *testing.T) {
	for name, move := range map[string]func(t *testing.T, s *store.Store, u models.UserID){
		"in Slack": func(t *testing.T, s *store.Store, u models.UserID) {
			must(t, s.SavePeople(ctx, ws, models.Person{ID: u, Name: "Board", Zone: "Europe/Berlin", CheckedAt: s.Now()}))
		},
		"in Gatehouse": func(t *testing.T, s *store.Store, u models.UserID) {
			must(t, s.SaveOwn(ctx, by(u), func(f models.Facts) (models.Own, []models.Event, error) {
				return models.SetOwn(models.OwnInput{Zone: "Europe/Berlin"}, f)
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, 1, func(t *testing.T, s *store.Store) {
				hours := models.DefaultWorkingHours()
				hours.Days = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
				must(t, s.SaveSettings(ctx, ws, models.Settings{ChangesChannel: "C_CHANGES", Hours: hours}))
				for i := range board {
					must(t, s.SavePeople(ctx, ws, models.Person{ID: cab(i), Name: "Board", Zone: "America/Los_Angeles", CheckedAt: s.Now()}))
				}
				now := s.Now()
				must(t, s.Jump(ctx, time.Date(now.Year(), now.Month(), now.Day()+1, 18, 0, 0, 0, time.UTC).Sub(now)))
				c := raiseLater(t, s, 36*time.Hour+30*time.Minute)
				if len(c.Asked) != 1 {
					t.Fatalf("asked: %+v", c.Asked)
				}
				u := c.Asked[0].User
				look := func(d time.Duration) int {
					must(t, s.Jump(ctx, d))
					look, err := s.Remind(ctx, ws, 100)
					must(t, err)
					return look.Said
				}
				look(time.Minute)
				move(t, s, u)
				look(time.Minute)
				if said := look(18*time.Hour + 45*time.Minute); said != 1 || len(messagesTo(t, s, u)) != 1 {
					t.Errorf("%d reminders, %+v", said, messagesTo(t, s, u))
				}
			})
		})
	}
}
