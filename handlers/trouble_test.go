package handlers_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/handlers"
	"github.com/gatehousehq/gatehouse/models/store"
	"github.com/gatehousehq/gatehouse/models/store/storetest"
)

var reference = regexp.MustCompile(`\b[A-Z2-7]{8}\b`)

// referenced checks that the words hold a reference and the log the same one.
func (w *house) referenced(what, words string) {
	w.t.Helper()
	ref := reference.FindString(words)
	if ref == "" || !strings.Contains(w.log.String(), "reference="+ref) {
		w.t.Errorf("%s: the person gets %q; the log says:\n%s", what, words, w.log)
	}
	if strings.Contains(words, "panic") || strings.Contains(words, "nil pointer") {
		w.t.Errorf("%s: the person sees the raw error: %s", what, words)
	}
}

// The way from a panic to words is the same behind both doors; Socket Mode
// itself needs the client that is taken away here.
func TestAPanicIsToldWithAReferenceAndTheRestGoesOn(t *testing.T) {
	w := build(t, plan{})
	form := w.filled()
	w.h.Slack = nil // every handler that needs Slack now panics
	fine(t, w.As("ben").Slash("general", "/change new"))
	w.referenced("command", w.told("ben", "reference").Plain())
	errs := w.sendForm(w.submission(ana, form, nil))
	w.referenced("form", errs["type"])
	if !strings.Contains(w.log.String(), "panic: ") || !strings.Contains(w.log.String(), "change.go") {
		t.Errorf("the log does not say where it panicked:\n%s", w.log)
	}
	w.sign(w.approval(w.raise(), ben, "nowhere to tell it"))
	fine(t, w.As("ben").Slash("general", "/change help"))
	w.told("ben", "can do")
	if n := w.count(); n != 1 {
		t.Errorf("%d changes", n)
	}
}

func TestABrokenDatabaseIsToldWithAReference(t *testing.T) {
	for _, p := range slowSettings[:2] {
		t.Run(string(p.engine), func(t *testing.T) {
			w := build(t, plan{engine: p.engine})
			c := w.raise()
			card := w.card("ben", c.ID)
			form := w.filled()
			must(t, w.store.Close())
			fine(t, w.As("ben").Click(card, "Approve"))
			w.referenced("click", w.told("ben", "reference").Plain())
			fine(t, w.As("chi").Slash("general", "/change list"))
			w.referenced("command", w.told("chi", "reference").Plain())
			errs := w.sendForm(w.submission(ana, form, nil))
			w.referenced("form", errs["type"])
			if v, open := w.As("ana").View(); !open || v.Values["title"] == nil {
				t.Error("the form with what was typed is gone")
			}
			r, err := http.NewRequest(http.MethodGet, w.url+"/readyz", nil)
			must(t, err)
			if status, _ := w.send(r); status != http.StatusServiceUnavailable {
				t.Errorf("/readyz got %d while the database is gone", status)
			}
		})
	}
}

func TestOneMoreThanCanBeWorkedOnIsAskedToComeAgain(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AtOnce, c.AnswerWithin = 2, 200*time.Millisecond }}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	c := w.raise()
	cards := []slackfake.Message{w.card("ben", c.ID), w.card("chi", c.ID), w.card("dev", c.ID)}
	form := w.filled()
	release := block(t, p.engine, p.url)
	defer release()
	fine(t, w.As("ben").Click(cards[0], "Approve"))
	fine(t, w.As("chi").Click(cards[1], "Approve"))
	fine(t, w.As("dev").Click(cards[2], "Approve"))
	w.told("dev", "more to do than it can take")
	fine(t, w.As("kai").Slash("general", "/change list"))
	w.told("kai", "more to do than it can take")
	if errs := w.sendForm(w.submission(ana, form, nil)); !strings.Contains(errs["type"], "more to do than it can take") {
		t.Errorf("beside the form: %v", errs)
	}
	event := `{"type":"event_callback","team_id":"T0TEST","event_id":"EvBusy","event":{"type":"app_home_opened","user":"U0KAI","tab":"home"}}`
	if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), []byte(event))); status != http.StatusServiceUnavailable {
		t.Errorf("an event got %d, so Slack will not send it again", status)
	}
	release()
	w.told("ben", "Your approval")
	w.told("chi", "Your approval")
	w.until("the slots are free again", func() bool { return w.As("dev").Slash("general", "/change help").OK && holds(w.last("dev"), "can do") })
	if status, _ := w.send(w.signed(handlers.PathEvents, jsonType, time.Now(), []byte(event))); status != http.StatusOK {
		t.Errorf("the event, sent again, got %d", status)
	}
	if errs := w.sendForm(w.submission(ana, form, nil)); len(errs) != 0 {
		t.Errorf("the form, sent again: %v", errs)
	}
}

func TestClosingLetsNothingInAndFinishesWhatWasBegun(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AnswerWithin = 100 * time.Millisecond }}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	c := w.raise()
	card := w.card("ben", c.ID)
	chis := w.card("chi", c.ID)
	form := w.filled()
	release := block(t, p.engine, p.url)
	defer release()
	fine(t, w.As("ben").Click(card, "Approve"))
	w.told("ben", "not recorded yet")
	if errs := w.sendForm(w.submission(ana, form, nil)); !holds(errs["type"], "Not saved yet") {
		t.Fatalf("beside the form: %v", errs)
	}
	closed := make(chan struct{})
	go func() { w.h.Close(soon(t)); close(closed) }()
	w.until("nothing is let in", func() bool {
		return w.As("kai").Slash("general", "/change help").OK && holds(w.last("kai"), "being restarted")
	})
	if r := w.As("chi").Click(chis, "Approve"); r.OK {
		t.Error("a click that was turned away looks as if it worked")
	}
	if errs := w.sendForm(w.submission(ana, form, nil)); !holds(errs["type"], "Not saved yet") {
		t.Errorf("beside a form that is being saved: %v", errs)
	}
	select {
	case <-closed:
		t.Fatal("closed while a click was still at work")
	default:
	}
	release()
	<-closed
	w.told("ben", "Your approval of CHG-1")
	if n := w.count(); n != 2 {
		t.Errorf("%d changes, want the one of the form beside the first", n)
	}
	if n := len(w.change(c.ID).Counting()); n != 1 {
		t.Errorf("%d approvals, want 1", n)
	}
}

func TestClosingDoesNotWaitForEver(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AnswerWithin = 50 * time.Millisecond }}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	c := w.raise()
	card := w.card("ben", c.ID)
	release := block(t, p.engine, p.url)
	defer release()
	fine(t, w.As("ben").Click(card, "Approve"))
	w.told("ben", "not recorded yet")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	w.h.Close(ctx)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("closing took %s", took)
	}
	release()
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Errorf("%d approvals, though the person was never told of one", n)
	}
}

// TestAnAnswerFindsItsWay: the response URL is spent or Slack drops it.
func TestAnAnswerFindsItsWay(t *testing.T) {
	both(t, func(t *testing.T, w *house) {
		c := w.raise()
		card := w.card("ben", c.ID)
		rule, err := w.Break(slackfake.Rule{Method: "response_url", Kind: slackfake.Error500})
		must(t, err)
		fine(t, w.As("ben").Click(card, "Approve"))
		w.until("Ben is told by DM", func() bool { return len(w.DM("ben")) == 1 && lines(w, "ben", "Your approval of CHG-1") == 1 })
		w.Mend(rule)
		if n := len(w.change(c.ID).Counting()); n != 1 {
			t.Errorf("%d approvals", n)
		}
	})
}

func TestASlackThatHangsDoesNotHoldAnybody(t *testing.T) {
	for _, mode := range []bot.Mode{bot.ModeHTTP, bot.ModeSocket} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := build(t, plan{mode: mode, parallel: true})
			c := w.raise()
			card := w.card("ben", c.ID)
			_, err := w.Break(slackfake.Rule{Method: "users.info", Kind: slackfake.Hang})
			must(t, err)
			_, err = w.Break(slackfake.Rule{Method: "views.open", Kind: slackfake.Hang})
			must(t, err)
			late := lateness{t: t}
			var group sync.WaitGroup
			group.Go(func() { late.check("click", w.As("ben").Click(card, "Approve")) })
			group.Go(func() { late.check("command", w.As("chi").Slash("general", "/change new")) })
			group.Go(func() { late.check("shortcut", w.As("dev").Shortcut("change.shortcut.new")) })
			group.Wait()
			w.told("ben", "not recorded yet")
			w.told("ben", "Your approval of CHG-1") // on facts that are fresh enough
			w.told("chi", "The form may not have opened", "try again")
			w.until("Dev is told", func() bool { return lines(w, "dev", "The form may not have opened") == 1 })
			if n := len(w.change(c.ID).Counting()); n != 1 {
				t.Errorf("%d approvals", n)
			}
		})
	}
}

func TestFactsThatAreTooOldRefuseInWords(t *testing.T) {
	w := build(t, plan{})
	c := w.raise()
	must(t, w.store.Jump(t.Context(), 90*time.Minute))
	_, err := w.Break(slackfake.Rule{Method: "users.info", Kind: "fatal_error"})
	must(t, err)
	w.sign(w.approval(c, ben, "t1"))
	w.until("Ben is told", func() bool { return len(w.DM("ben")) == 1 })
	if n := len(w.change(c.ID).Approvals); n != 0 {
		t.Errorf("%d approvals on old facts: %s", n, w.DM("ben")[0].Plain())
	}
	w.Mend("")
	w.sign(w.approval(c, ben, "t2"))
	w.until("Ben approved", func() bool { return len(w.DM("ben")) == 2 })
	if n := len(w.change(c.ID).Counting()); n != 1 {
		t.Errorf("%d approvals: %s", n, w.DM("ben")[1].Plain())
	}
}

func TestClosingAFormThatLoadsIsNoTrouble(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AnswerWithin = 200 * time.Millisecond }}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	c := w.raise()
	card := w.card("ben", c.ID)
	lines := len(w.Ephemerals("ben"))
	release := block(t, p.engine, p.url)
	defer release()
	fine(t, w.As("ben").Click(card, "Details"))
	w.sees("ben", "Loading")
	fine(t, w.As("ben").Close())
	release()
	w.h.Close(soon(t))
	if n := len(w.Ephemerals("ben")) - lines + len(w.DM("ben")); n != 0 {
		t.Errorf("Ben is told something, though he closed it himself: %s", w.last("ben"))
	}
}

func TestAFormOpensWhileItsRecordIsAwaited(t *testing.T) {
	p := plan{engine: store.Postgres, config: func(c *handlers.Config) { c.AnswerWithin = 200 * time.Millisecond }}
	p.url = storetest.URL(t, p.engine)
	w := build(t, p)
	c := w.raise()
	card := w.card("ben", c.ID)
	lines := len(w.Ephemerals("ben"))
	release := block(t, p.engine, p.url)
	defer release()
	fine(t, w.As("ben").Click(card, "Details"))
	w.sees("ben", "Loading")
	fine(t, w.As("chi").Slash("general", "/change history 1"))
	w.sees("chi", "Loading")
	release()
	w.sees("ben", "Point the read pool at the replica.")
	w.sees("chi", "submitted it for approval")
	if n := len(w.Ephemerals("ben")) - lines + len(w.Ephemerals("chi")); n != 0 {
		t.Errorf("%d lines say beside the open form that something is worked on", n)
	}
}
