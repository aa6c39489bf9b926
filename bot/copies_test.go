package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/models/store"
)

// The click on a copy counts, and then only one card is left to be used.
func TestAClickOnACopyCountsAndRetiresIt(t *testing.T) {
	for _, s := range []setting{{store.SQLite, ModeSocket}, {store.Postgres, ModeHTTP}} { // both engines, both doors
		t.Run(fmt.Sprintf("%s/%s", s.engine, s.mode), func(t *testing.T) {
			t.Parallel() // most of it is waiting
			aCopyIsUsed(t, newWorld(t, s))
		})
	}
}

func aCopyIsUsed(t *testing.T, w *world) {
	if _, err := w.fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: slackfake.DropReply}); err != nil {
		t.Fatal(err)
	}
	form := goodForm(w, 96*time.Hour)
	for field, answer := range map[string]string{"users": "one team", "rehearsed": "yes", "rollback_tested": "yes", "reversible": "yes",
		"done_before": "one to four times"} {
		form[field] = answer
	}
	mustDo(t, w.As("ana").Slash("general", "/change new"))
	mustDo(t, w.As("ana").Submit(form))
	rooms := []string{"changes", "tracking"}
	w.until("Slack has taken both cards", func() bool { return len(w.fake.Messages(rooms[0])) > 0 && len(w.fake.Messages(rooms[1])) > 0 })
	w.fake.Mend("")
	w.until("they were sent again", func() bool {
		w.later(10 * time.Second)
		return len(w.fake.Messages(rooms[0])) == 2 && len(w.fake.Messages(rooms[1])) == 2
	})
	w.settle()
	for i, name := range []string{"ben", "chi"} {
		mustDo(t, w.As(name).Click(w.fake.Messages(rooms[i])[0], "change.approve"))
		w.told(name, "CHG-1")
		w.until("the copy is retired", func() bool { return strings.Contains(w.fake.Messages(rooms[i])[0].Text, "out of date") })
		w.claimed[rooms[i]+w.fake.Messages(rooms[i])[0].TS] = true
	}
	for _, room := range rooms {
		if plain := w.card(room, "CHG-1").Plain(); !strings.Contains(plain, "by ben") {
			t.Errorf("ben's approval on the copy did not count:\n%s", plain)
		}
	}
	for _, u := range cast {
		for _, m := range w.fake.DM(u.Name) {
			w.claimed["dm-"+u.Name+m.TS] = true
		}
	}
}
