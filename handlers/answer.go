package handlers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// answer is what a door sends back to Slack: a JSON body (nil = empty), what
// is to be said right after it, and whether the request was dealt with at all
// (if not, an event must not be acknowledged, so that Slack sends it again).
type answer struct {
	body  any
	after func()
	done  bool
}

type result struct {
	reply Reply
	err   error
}

// serve runs the request's handler and answers in time: with its result, or
// with an honest interim answer while the work goes on under the same key and
// reports by itself when it is done.
func (h *Handlers) serve(r *Request) answer {
	route, ok := h.find(r)
	if !ok || r.Door == doorNone {
		return answer{done: true}
	}
	if r.Workspace != h.Workspace {
		return h.finish(r, result{err: models.Refusef("This Gatehouse serves another workspace, so nothing was done. Ask your admins to install it here.")})
	}
	results := make(chan result, 1)
	h.spawn(func(ctx context.Context) { results <- h.run(ctx, route, r) })
	timer := time.NewTimer(h.AnswerWithin)
	defer timer.Stop()
	select {
	case res := <-results:
		return h.finish(r, res)
	case <-timer.C:
	}
	h.work.Go(func() {
		res := <-results // run ends with its own context, so this can't wait for ever
		h.spawn(func(ctx context.Context) { h.reportLate(ctx, r, res) })
	})
	return h.interim(r)
}

// run calls the handler; a panic becomes an error with a reference, and the
// rest goes on.
func (h *Handlers) run(ctx context.Context, route handle, r *Request) (res result) {
	defer func() {
		if p := recover(); p != nil {
			res = result{err: fmt.Errorf("panic in %s %s: %v", r.Door, r.Name, p)}
		}
	}()
	reply, err := route(h, ctx, r)
	return result{reply, err}
}

// finish turns a result into what goes back to Slack.
func (h *Handlers) finish(r *Request, res result) answer {
	reply := h.inWords(r, res)
	if r.Door == DoorEvent {
		return answer{done: res.err == nil}
	}
	a := answer{done: true}
	switch {
	case r.Door == DoorOptions:
		if reply.Options == nil {
			reply.Options = &slack.OptionsResponse{Options: []*slack.OptionBlockObject{}}
		}
		a.body = reply.Options
	case r.Door == DoorForm && len(reply.Errors) > 0:
		a.body = slack.NewErrorsViewSubmissionResponse(reply.Errors)
	case r.Door == DoorForm && reply.View != nil:
		a.body = slack.NewUpdateViewSubmissionResponse(reply.View)
	case r.Door == DoorForm && reply.Say != nil && reply.SayAt == "":
		gone := view.FormGone("Done", reply.Say.Text)
		a.body = slack.NewUpdateViewSubmissionResponse(&gone)
	case r.Door == DoorSlash && reply.Say != nil:
		a.body = privately(*reply.Say)
	case reply.Say != nil:
		a.after = func() { h.spawn(func(ctx context.Context) { h.tell(ctx, r, reply) }) }
	}
	return a
}

// interim says that nothing is known to be recorded yet.
func (h *Handlers) interim(r *Request) answer {
	switch r.Door {
	case DoorSlash:
		return answer{body: privately(view.Working()), done: true}
	case DoorForm:
		if block := r.firstInput(); block != "" {
			return answer{done: true, body: slack.NewErrorsViewSubmissionResponse(map[string]string{
				block: "Not saved yet: Gatehouse is slow right now. What you typed is still here; press the button again in a moment."})}
		}
		return answer{done: true}
	case DoorClick:
		working := view.Working()
		return answer{done: true, after: func() {
			h.spawn(func(ctx context.Context) { h.tell(ctx, r, Reply{Say: &working}) })
		}}
	case DoorOptions:
		return answer{done: true, body: &slack.OptionsResponse{Options: []*slack.OptionBlockObject{}}}
	}
	return answer{done: r.Door != DoorEvent}
}

// reportLate tells the true result of work that outlived its answer.
func (h *Handlers) reportLate(ctx context.Context, r *Request, res result) {
	reply := h.inWords(r, res)
	if r.Door == DoorEvent || r.Door == DoorOptions {
		return
	}
	if reply.Say == nil && len(reply.Errors) > 0 {
		return // the form is still open, and pressing the button again says this beside the fields
	}
	if reply.Say == nil {
		return
	}
	h.tell(ctx, r, reply)
}

// tell says something to the person who acted, after the acknowledgement: by
// response URL, else in a modal, else by DM.
func (h *Handlers) tell(ctx context.Context, r *Request, reply Reply) {
	at := reply.SayAt
	if at == "" {
		at = r.ResponseURL
	}
	if at != "" {
		err := h.Slack.Respond(ctx, at, slackapi.Reply{Text: reply.Say.Text, Blocks: reply.Say.Blocks})
		if err == nil {
			return
		}
		h.Log.WarnContext(ctx, "could not answer at the response URL", "door", r.Door, "name", r.Name, "error", err)
	} else if r.Trigger != "" && r.Door != DoorForm {
		if _, err := h.Slack.OpenView(ctx, r.Trigger, view.FormGone("Gatehouse", reply.Say.Text)); err == nil {
			return
		}
	}
	channel, err := h.Slack.OpenDM(ctx, string(r.User))
	if err == nil {
		_, err = h.Slack.Post(ctx, slackapi.Message{Channel: channel, Text: reply.Say.Text, Blocks: reply.Say.Blocks})
	}
	if err != nil {
		h.Log.ErrorContext(ctx, "could not tell a person the result of what they did", "door", r.Door, "name", r.Name, "user", r.User, "error", err)
	}
}

// inWords is the one place where an error becomes words: a refusal is shown
// as it is; anything else is logged under a reference that the person gets.
func (h *Handlers) inWords(r *Request, res result) Reply {
	if res.err == nil {
		return res.reply
	}
	reply := Reply{SayAt: res.reply.SayAt}
	refusal, refused := models.AsRefusal(res.err)
	if errors.Is(res.err, store.ErrNotFound) {
		refusal, refused = &models.Refusal{Text: "There is no such change in this workspace. `" + h.ChangeCommand + " list` shows those there are."}, true
	}
	text := ""
	if slow := new(slackapi.Error); errors.As(res.err, &slow) && slow.Trouble == slackapi.TooLate {
		refusal, refused = &models.Refusal{Text: slow.Words().String()}, true
	}
	if refused {
		text = refusal.Text
		reply.Say = ref(view.Refusal(text))
		if len(refusal.Fields) > 0 {
			reply.Errors = view.FieldErrors(refusal.Fields)
		}
	} else {
		reference := rand.Text()[:8]
		h.Log.Error("a request failed", "reference", reference, "door", r.Door, "name", r.Name, "user", r.User, "error", res.err)
		reply.Say = ref(view.Trouble(reference))
		text = reply.Say.Text
	}
	if r.Door != DoorForm {
		reply.Errors = nil
		return reply
	}
	// In a form everything is said beside a field: nothing typed is lost.
	reply.Errors = onlyInputs(reply.Errors, r)
	if block := r.firstInput(); len(reply.Errors) == 0 && block != "" {
		reply.Errors = map[string]string{block: text}
	}
	return reply
}

// onlyInputs keeps errors for blocks that the sent form has: Slack shows a
// connection error for any other.
func onlyInputs(errs map[string]string, r *Request) map[string]string {
	out := map[string]string{}
	for _, block := range r.View.Blocks.BlockSet {
		if input, ok := block.(*slack.InputBlock); ok && errs[input.BlockID] != "" {
			out[input.BlockID] = errs[input.BlockID]
		}
	}
	return out
}

// privately is the body of a slash command's answer that only its author sees.
func privately(m view.Message) any {
	return struct {
		ResponseType string        `json:"response_type"`
		Text         string        `json:"text"`
		Blocks       []slack.Block `json:"blocks,omitempty"`
	}{"ephemeral", m.Text, m.Blocks}
}

// encode writes an answer's body; an empty acknowledgement has none.
func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return json.Marshal(body)
}

func ref[T any](v T) *T { return &v }
