package handlers

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// answer is what a door sends back to Slack.
type answer struct {
	body any // JSON, nil = a plain acknowledgement
	// again: nothing was done, so this must not be acknowledged; an event comes
	// once more, and a person sees that it didn't work.
	again   bool
	pending bool   // it is still at work
	instead func() // says what body says in another way, should body not get through
	after   func() // what is to be said once the answer is out
}

type result struct {
	reply Reply
	err   error
}

// admit deals with one request. write sends the answer by the door that the
// request came through; what is to be said after it follows.
func (h *Handlers) admit(r *Request, write func(answer)) {
	if !h.enter() {
		write(h.turnAway(r))
		return
	}
	defer h.leave()
	h.guard(func() {
		a := h.serve(r)
		write(a)
		if a.after != nil {
			a.after()
		}
	})
}

// turnAway answers while Gatehouse goes: in words where the answer itself can
// carry them; elsewhere Slack shows that nothing was done, or asks again. Of
// what was begun before it does not say that nothing was done.
func (h *Handlers) turnAway(r *Request) answer {
	if a, begun := h.acts.begun(r.ID); begun {
		return h.await(r, a, false)
	}
	a := h.finish(r, result{err: errLeaving}, false)
	return answer{body: a.body, again: a.again || a.body == nil}
}

// guard keeps a panic from taking everything else down.
func (h *Handlers) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("a panic outside a request's own work", "error", &panicked{p, debug.Stack()})
		}
	}()
	f()
}

var (
	errLeaving = models.Refusef("Gatehouse is being restarted, so nothing was done. Please try again in a moment.")
	errBusy    = models.Refusef("Gatehouse has more to do than it can take right now, so nothing was done. Please try again in a moment.")
)

// serve runs the request's handler and answers in time: with its result, or
// with an honest interim answer while the work goes on under the same key and
// reports by itself when it is done. An act that is dealt with already, or
// still, is answered with its result and not done again.
func (h *Handlers) serve(r *Request) answer {
	route, err := h.find(r)
	if err != nil {
		return h.finish(r, result{err: err}, true)
	}
	if route == nil {
		return answer{}
	}
	a, first := h.acts.join(r.ID)
	if first {
		h.begin(route, r, a)
	}
	return h.await(r, a, first)
}

// await answers with the act's result, or in time without it.
func (h *Handlers) await(r *Request, a *act, first bool) answer {
	timer := time.NewTimer(h.AnswerWithin)
	defer timer.Stop()
	select {
	case <-a.done:
		return h.finish(r, a.res, first)
	case <-timer.C:
		return h.interim(r, a, first)
	}
}

// begin has the work done, within its own time and not the request's.
func (h *Handlers) begin(route handle, r *Request, a *act) {
	select {
	case h.slots <- struct{}{}:
	default:
		h.Log.Warn("turned a request away: too many are at work", "door", r.Door, "name", r.Name, "at_work", cap(h.slots))
		h.settle(r, a, result{err: errBusy})
		return
	}
	h.work.Go(func() {
		defer func() { <-h.slots }()
		ctx, cancel := h.working()
		defer cancel()
		h.settle(r, a, h.run(ctx, route, r))
		h.saw(ctx, r)
	})
}

// settle publishes the result. What Slack or a person may rightly bring again
// after a failure is done anew then.
func (h *Handlers) settle(r *Request, a *act, res result) {
	if res.err != nil && (r.Door == DoorForm || r.Door == DoorEvent) {
		h.acts.forget(r.ID, a)
	}
	a.finish(res)
}

// run calls the handler. A panic becomes an error, and everything else goes on.
func (h *Handlers) run(ctx context.Context, route handle, r *Request) (res result) {
	defer func() {
		if p := recover(); p != nil {
			res = result{err: &panicked{what: p, stack: debug.Stack()}}
		}
	}()
	reply, err := route(h, ctx, r)
	return result{reply, err}
}

// panicked is a panic on its way into the log.
type panicked struct {
	what  any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.what, p.stack) }
