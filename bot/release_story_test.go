package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models"
)

// inView waits for a window that holds the words.
func (w *world) inView(name string, words ...string) slackfake.View {
	w.t.Helper()
	var v slackfake.View
	w.until(fmt.Sprintf("%s sees %q", name, words), func() bool {
		var open bool
		if v, open = w.As(name).View(); !open {
			return false
		}
		for _, word := range words {
			if !strings.Contains(v.Title+"\n"+v.Plain(), word) {
				return false
			}
		}
		return true
	})
	return v
}

// give has the project lead give a bucket to somebody, through the checklist's
// windows.
func (w *world) give(card slackfake.Message, n int, b models.Bucket, to string) {
	w.t.Helper()
	mustDo(w.t, w.As("ana").Click(card, "Checklist"))
	v := w.inView("ana", "Checklist of REL-1", strings.ReplaceAll(b.String(), "&", "&amp;"))
	for _, c := range v.Controls() {
		if c.Label == "Open" && strings.HasPrefix(c.Value, fmt.Sprint("1:", n, ":")) {
			mustDo(w.t, w.As("ana").Do(slackfake.Act{Type: "click", BlockID: c.BlockID, ActionID: c.ActionID, Value: c.Value, ViewID: v.ID}))
		}
	}
	w.inView("ana", "items verified", "Assign")
	mustDo(w.t, w.As("ana").Press("Assign the bucket…"))
	w.inView("ana", "Verifier")
	mustDo(w.t, w.As("ana").Submit(slackfake.Fields{"owner": to}))
	w.inView("ana", "owner "+to)
	w.As("ana").CloseAll()
}

func TestAReleaseIsPlannedWorkedOnByFourPeopleAndReady(t *testing.T) {
	eachOnce(t, workedOnByFour)
}

func workedOnByFour(t *testing.T, w *world) {
	mustDo(t, w.As("ana").Slash("general", "/checklist new Tracking for Poland"))
	w.inView("ana", "Operations lead")
	mustDo(t, w.As("ana").Submit(slackfake.Fields{"services": []string{"tracking"}, "channel": "tracking", "go_live": w.now().AddDate(0, 0, 60).Truncate(time.Minute)}))
	w.told("ana", "REL-1", "accepts it")
	card := w.card("tracking", "REL-1")
	mustHold(t, card.Plain(), "Planning", "Tracking for Poland", "0 % green", "not scheduled yet", "dev")

	owners := map[models.UserID]string{"U0ANA": "ana", "U0BEN": "ben", "U0CHI": "chi", "U0FAY": "fay"}
	w.give(card, 1, models.BucketCosting, "fay")
	w.give(card, 4, models.BucketDocumentation, "ben")
	w.give(card, 6, models.BucketTests, "chi")

	ask := w.dm("ben", "REL-1", "yours to do", "DO1")
	mustDo(t, w.As("ben").Click(ask, "Submit evidence…"))
	w.inView("ben", "What do you want to do?", "Evidence")
	mustDo(t, w.As("ben").Submit(slackfake.Fields{"evidence": "https://wiki.example/architecture"}))
	w.told("ben", "evidence submitted", "to verify")

	done := 0
	for _, i := range w.release(1).Items {
		r := w.release(1)
		if i.Bucket == models.BucketEarlyLife || i.Status != models.ItemOpen {
			continue
		}
		line := fmt.Sprintf("/checklist REL-1 done %s https://wiki.example/%d", i.ID, i.No)
		if i.Tests {
			line += " issues:0"
		}
		mustDo(t, w.As(owners[r.OwnerOf(&i)]).Slash("general", line))
		done++
	}
	for round := 0; round < 12 && len(w.release(1).ToVerify("U0DEV")) > 0; round++ {
		w.settle()
		ask := w.fake.DM("dev")[0] // edited in place: always the same message
		for _, c := range ask.Controls() {
			if c.Label == "Verify" {
				mustDo(t, w.As("dev").Do(slackfake.Act{Type: "click", BlockID: c.BlockID, ActionID: c.ActionID, Value: c.Value, Channel: ask.Channel, MessageTS: ask.TS}))
			}
		}
	}
	w.told("dev", "verified")

	card = w.card("tracking", "REL-1") // still the only message about it there
	mustHold(t, card.Plain(), "100 % green", "Everything that applies is verified")
	mustDo(t, w.As("dev").Slash("general", "/checklist REL-1 why"))
	w.told("dev", "Nothing mandatory is unmet: operations can accept it")
	mustDo(t, w.As("ana").Slash("general", "/checklist"))
	w.told("ana", "No item is yours to do")
	if lines := w.thread(card); len(lines) != 0 {
		t.Errorf("work on items made lines under the card: %v", lines)
	}
	for name, most := range map[string]int{"ana": 0, "ben": 1, "chi": 1, "fay": 1, "dev": 2} {
		all := w.fake.DM(name)
		if len(all) > most {
			t.Errorf("%s got %d messages, at most %d are allowed", name, len(all), most)
		}
		for _, m := range all {
			w.claimed["dm-"+name+m.TS] = true
		}
	}
	t.Logf("%d items submitted by four people and verified by a fifth: 1 post in the channel", done+1)
}
