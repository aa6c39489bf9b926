package handlers_test

import (
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

func TestADigestThatCanNotBeSetIsRefusedInWordsThatNameWhatIsWrong(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		for typed, words := range map[string]string{
			"at 09:00 Europe/Atlantis": `There is no time zone "Europe/Atlantis": write its name as in Europe/Berlin`,
			"at 09:00 Local":           `There is no time zone "Local"`,
			"at 0 0 31 2 *":            `"0 0 31 2 *" never comes round: no year has such a day. Nothing was changed.`,
			"at * * * * * Asia/Manila": `more often than once an hour, which is the limit. Nothing was changed.`,
			"at noon":                  `"noon" is no time, so nothing was changed`,
			"weekly":                   `"weekly" is nothing the digest can do`,
		} {
			fine(t, w.As("ana").Slash("general", "/gatehouse digest "+typed))
			w.told("ana", words)
		}
		if _, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL"); err == nil {
			t.Error("a digest that was refused is set")
		}
		fine(t, w.As("ana").Slash("general", "/gatehouse digest at 09:00 Asia/Manila"))
		w.told("ana", "The digest comes", "09:00", "Asia/Manila")
		fine(t, w.As("ana").Slash("general", "/gatehouse digest at 30 8 1,15 * *"))
		w.told("ana", "The digest comes", "by `30 8 1,15 * *`", "Asia/Manila")
	})
}

func TestABadCronLineIsRefusedBesideItsFieldAndNothingIsSaved(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/gatehouse digest at"))
		w.opened("ana", "digest.form")
		const taken = "30 9 * * 1,4"
		for _, try := range []struct{ line, zone, field, words string }{
			{"0 0 31 2 *", "Europe/Berlin", "cron", `"0 0 31 2 *" never comes round: no year has such a day.`},
			{"* * * * *", "Europe/Berlin", "cron", `"* * * * *" comes round more often than once an hour, which is the limit.`},
			{"*/5 9 * * 1", "Europe/Berlin", "cron", `"*/5 9 * * 1" comes round more often than once an hour, which is the limit.`},
			{"@every 1s", "Europe/Berlin", "cron", "write five fields"},
			{"CRON_TZ=UTC", "Europe/Berlin", "cron", "the time zone is a choice of its own"},
			{"tomorrow", "Europe/Berlin", "cron", "write five fields"},
			{"0 9 * * 7", "Europe/Berlin", "cron", "no cron line"},
			{taken, "Europe/Atlantis", "zone", `There is no time zone "Europe/Atlantis": write its name as in Europe/Berlin.`},
			{taken, "Local", "zone", `There is no time zone "Local"`},
		} {
			r := w.As("ana").Submit(slackfake.Fields{"cron": try.line, "zone": try.zone})
			if len(r.Errors) != 1 || !strings.Contains(r.Errors[try.field], try.words) {
				t.Errorf("%q in %s: %v, want %s beside %s", try.line, try.zone, r.Errors, try.words, try.field)
			}
			if _, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL"); err == nil {
				t.Fatalf("%q in %s is saved", try.line, try.zone)
			}
		}
		if r := w.As("ana").Submit(slackfake.Fields{"cron": "", "zone": "Europe/Berlin", "days": []string{}}); !strings.Contains(r.Errors["days"], "Choose at least one day") {
			t.Errorf("no day and no line: %v", r.Errors)
		}
		if r := w.As("ana").Submit(slackfake.Fields{"days": []string{"Monday"}, "at": ""}); !strings.Contains(r.Errors["at"], "Choose a time") {
			t.Errorf("no time and no line: %v", r.Errors)
		}
		fine(t, w.As("ana").Submit(slackfake.Fields{"cron": taken})) // the form still stands as it was filled in
		w.told("ana", "The digest comes", "Europe/Berlin")
		if s, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL"); err != nil || s.Cron != taken || s.Zone != "Europe/Berlin" {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// TestTheDigestOfAnArchivedChannelIsTurnedOffFromTheHomeThatListsIt: Slack takes
// no command in an archived channel.
func TestTheDigestOfAnArchivedChannelIsTurnedOffFromTheHomeThatListsIt(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ana").Slash("general", "/gatehouse digest on"))
		w.told("ana", "The digest comes")
		sch, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL")
		must(t, err)
		key := sch.SlotKey(sch.NextAt)
		_, err = w.store.Fire(t.Context(), sch, sch.NextAt.AddDate(0, 0, 1), []models.Delivery{{Kind: models.DeliverDigest, Record: sch.Ref(), Key: key, Channel: "C0GENERAL"}})
		must(t, err)
		row, found, err := w.store.NextInLane(t.Context(), workspace, "C0GENERAL", w.store.Now())
		if must(t, err); !found {
			t.Fatal("no digest waits")
		}
		must(t, w.store.MarkDead(t.Context(), row, "The message was not posted. The channel is archived. Unarchive it.", "is_archived"))
		fine(t, w.As("dev").Home())
		fine(t, w.As("dev").PressIn(w.home("dev", "Digest"), "Turn the digest off"))
		w.until("it is off", func() bool {
			_, err := w.store.Schedule(t.Context(), workspace, models.ScheduleDigest, "C0GENERAL")
			list, _ := w.store.Undelivered(t.Context(), workspace)
			return err != nil && len(list) == 0
		})
	})
}
