package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

func TestOpeningTheHomeTabShowsIt(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.raise()
		for name, want := range map[string]string{"ben": "CHG-1", "ana": "CHG-1", "kai": "Nothing waits for you"} {
			fine(t, w.As(name).Home())
			w.until(name+" sees the Home", func() bool {
				v, ok := w.As(name).HomeView()
				return ok && holds(v.Plain(), want)
			})
		}
		f, err := w.store.Facts(t.Context(), workspace, ben)
		must(t, err)
		if !f.Actor.SeesHome {
			t.Error("Ben's Home is not kept up to date from now on")
		}
		fine(t, w.As("dev").MessagesTab())
		if _, ok := w.As("dev").HomeView(); ok {
			t.Error("opening the messages tab published a Home")
		}
	})
}

// message is a message event of a direct conversation.
func message(eventID, user, more string) []byte {
	return fmt.Appendf(nil, `{"type":"event_callback","team_id":"T0TEST","event_id":%q,"event":{"type":"message","channel_type":"im","channel":%q,"user":%q,"text":"hello","ts":"1.1"%s}}`,
		eventID, "D0NONE", user, more)
}

func TestAMessageToGatehouseGetsOneAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		fine(t, w.As("ben").Tell("please approve CHG-1"))
		w.until("Ben is answered", func() bool { return len(w.DM("ben")) == 2 }) // his own words, and the answer
		answer := w.DM("ben")[1]
		if !holds(answer.Plain()+answer.Text, "/change") || answer.User != w.BotUser() {
			t.Errorf("the answer: %s", answer.Plain())
		}
		fine(t, w.As("ben").Reply(answer, "thanks"))
		w.until("his reply is answered too", func() bool { return len(w.DM("ben")) == 3 })
		fine(t, w.As("ben").Say("general", "nothing for Gatehouse"))
		w.h.Close(soon(t)) // everything that was begun is over, so no answer to an answer is on its way
		if n := len(w.DM("ben")); n != 3 {
			t.Errorf("%d messages, want 3: does it talk with itself?\n%s", n, w.DM("ben")[n-1].Plain())
		}
	})
}

func TestGatehouseIgnoresItselfAndWhatIsNoMessage(t *testing.T) {
	w := build(t, plan{})
	for i, event := range [][]byte{
		message("Ev1", w.BotUser(), `,"bot_id":"B0FAKEBOT0"`), message("Ev2", "U0BEN", `,"subtype":"message_changed"`), message("Ev3", "U0BEN", `,"subtype":"bot_message"`),
		message("Ev4", "", ""), message("Ev5", "U0BEN", `,"subtype":"message_deleted","hidden":true`),
	} {
		if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), event)); status != http.StatusOK {
			t.Errorf("event %d got %d", i+1, status)
		}
	}
	channel := strings.Replace(string(message("Ev6", "U0BEN", "")), `"im"`, `"channel"`, 1)
	w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), []byte(channel)))
	w.h.Close(soon(t))
	for _, u := range cast {
		if n := len(w.DM(u.Name)); n != 0 {
			t.Errorf("%s has %d messages", u.Name, n)
		}
	}
	if strings.Contains(w.log.String(), "failed") {
		t.Errorf("Gatehouse tried to answer:\n%s", w.log)
	}
}

func TestAnEventSentAgainIsDealtWithOnce(t *testing.T) {
	w := build(t, plan{})
	fine(t, w.As("ben").Tell("hello"))
	w.until("Ben is answered", func() bool { return len(w.DM("ben")) == 2 })
	channel := w.DM("ben")[0].Channel
	event := []byte(strings.Replace(string(message("EvTwice", "U0BEN", "")), "D0NONE", channel, 1))
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), event)); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
		})
	}
	group.Wait()
	w.h.Close(soon(t))
	if n := len(w.DM("ben")); n != 3 {
		t.Errorf("%d messages, want 3: the same event came ten times", n)
	}
}

// TestAnEventThatFailedIsDealtWithWhenItComesAgain: Slack sends again what was
// not acknowledged, and the database is back by then.
func TestAnEventThatFailedIsDealtWithWhenItComesAgain(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AnswerWithin = 100 * time.Millisecond },
		slack: func(c *slackfake.Config) {
			c.EventRetries = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second}
		}}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	release := block(t, p.engine, p.url)
	defer release()
	w.As("ben").Home() // its first attempt is over
	if _, ok := w.As("ben").HomeView(); ok {
		t.Fatal("a Home was published while the database hung")
	}
	release()
	w.until("Ben sees his Home", func() bool { _, ok := w.As("ben").HomeView(); return ok })
}

func TestWhatSlackRefusesForGoodIsNotAskedForAgain(t *testing.T) {
	w := build(t, plan{})
	_, err := w.Break(slackfake.Rule{Method: "views.publish", Kind: "user_disabled"})
	must(t, err)
	event := `{"type":"event_callback","team_id":"T0TEST","event_id":"EvGone","event":{"type":"app_home_opened","user":"U0BEN","tab":"home"}}`
	if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), []byte(event))); status != http.StatusOK {
		t.Errorf("status %d: Slack would try for nothing, and count a failure", status)
	}
}

func TestAChangedPersonIsLookedUpAnew(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		w.SetUser(slackfake.User{ID: "U0BEN", Name: "benedikt", RealName: "Benedikt", TZ: "Asia/Tokyo", IsRestricted: true})
		w.knows(ben, func(p models.Person) bool { return p.Name == "benedikt" && p.Zone == "Asia/Tokyo" && p.Guest })
		w.SetUser(slackfake.User{ID: "U0BEN", Name: "benedikt", RealName: "Benedikt", TZ: "Asia/Tokyo", Deleted: true})
		w.knows(ben, func(p models.Person) bool { return p.Deleted })
		w.SetUser(slackfake.User{ID: "U0NEW", Name: "new", RealName: "New", TZ: "Asia/Tokyo"})
		w.h.Close(soon(t))
		f, err := w.store.Facts(t.Context(), workspace, ana)
		must(t, err)
		if p, known := f.People["U0NEW"]; known {
			t.Errorf("somebody whom Gatehouse never met is kept: %+v", p)
		}
	})
}

// knows waits until what is kept of a person fits.
func (w *house) knows(u models.UserID, fits func(models.Person) bool) {
	w.t.Helper()
	for tick, end := time.NewTicker(2*time.Millisecond), soon(w.t); ; {
		f, err := w.store.Facts(w.t.Context(), workspace, u)
		must(w.t, err)
		if fits(f.Actor) {
			return
		}
		select {
		case <-tick.C:
		case <-end.Done():
			w.t.Fatalf("kept of %s: %+v; the log says:\n%s", u, f.Actor, w.log)
		}
	}
}
