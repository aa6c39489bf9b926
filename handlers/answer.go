package handlers

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
)

// finish turns a result into what goes back to Slack. Only the first of
// several that brought the same act is told anything beside the answer.
func (h *Handlers) finish(r *Request, res result, first bool) answer {
	reply := h.inWords(r, res)
	tell := func() {
		h.background(func(ctx context.Context) { h.tell(ctx, r, reply, slackapi.View{}) })
	}
	a := answer{}
	switch {
	case r.Door == DoorEvent:
		return answer{again: res.err != nil && worthAnother(res.err)}
	case r.Door == DoorOptions:
		if reply.Options == nil {
			reply.Options = &noOptions
		}
		return answer{body: reply.Options}
	case r.Door == DoorForm && len(reply.Errors) > 0:
		return answer{body: slack.NewErrorsViewSubmissionResponse(reply.Errors), after: reply.Then}
	case r.Door == DoorForm && reply.View != nil:
		a.body = slack.NewUpdateViewSubmissionResponse(reply.View)
	case r.Door == DoorForm && reply.Say != nil && reply.SayAt == "":
		a.body, a.instead = slack.NewUpdateViewSubmissionResponse(shown("Gatehouse", *reply.Say)), tell
	case r.Door == DoorSlash && reply.Say != nil:
		a.body, a.instead = privately(*reply.Say), tell
	case first && (reply.Say != nil || reply.View != nil):
		a.after = tell
	}
	return a
}

// interim says that nothing is known to be recorded yet, and has the true
// result told when it is there.
func (h *Handlers) interim(r *Request, work *act, first bool) answer {
	a := answer{}
	switch r.Door {
	case DoorEvent:
		return answer{again: true, pending: true} // the next one joins what is still at work
	case DoorOptions:
		return answer{body: &noOptions}
	case DoorForm:
		if len(r.Inputs) > 0 {
			a.body = slack.NewErrorsViewSubmissionResponse(map[string]string{r.Inputs[0]: notSavedYet})
		}
	case DoorSlash:
		if !r.opened.Load() {
			a.body = privately(view.Working())
		}
	}
	if first {
		a.after = func() { h.work.Go(func() { h.guard(func() { h.report(r, work) }) }) }
	}
	return a
}

const notSavedYet = "Not saved yet: Gatehouse is slow right now. What you typed is still here; press the button again in a moment."

var noOptions = view.Options{Options: []*slack.OptionBlockObject{}}

// report tells the true result of work that outlived its answer. Whoever
// clicked hears first that it is being worked on.
func (h *Handlers) report(r *Request, work *act) {
	var working slackapi.View
	if r.Door == DoorClick && !r.opened.Load() {
		ctx, cancel := h.saying()
		working, _ = h.line(ctx, r, Reply{Say: ref(view.Working())}, working)
		cancel()
	}
	<-work.done // work has a time limit of its own
	if refusal, ok := models.AsRefusal(work.res.err); ok && r.Door == DoorForm && len(refusal.Fields) > 0 {
		return // the form stands open as it was, and says this beside its fields when it is sent again
	}
	reply := h.inWords(r, work.res)
	if reply.Say == nil && reply.View == nil {
		return
	}
	ctx, cancel := h.saying()
	defer cancel()
	h.tell(ctx, r, reply, working)
}

// tell says something to the person who acted: where they look, else by DM.
func (h *Handlers) tell(ctx context.Context, r *Request, reply Reply, working slackapi.View) {
	if reply.View != nil && h.replace(ctx, r, reply, working) || reply.Say == nil {
		return
	}
	if _, told := h.line(ctx, r, reply, working); told {
		return
	}
	channel, err := h.Slack.OpenDM(ctx, string(r.User))
	if err == nil {
		_, err = h.Slack.Post(ctx, slackapi.Message{Channel: channel, Text: reply.Say.Text, Blocks: reply.Say.Blocks})
	}
	if err != nil {
		h.Log.ErrorContext(ctx, "could not tell a person the result of what they did", "door", r.Door, "name", r.Name, "user", r.User, "error", err)
	}
}

// replace puts a view in the place of the modal that was used, or of the one
// that said "working", and reports whether that says everything.
func (h *Handlers) replace(ctx context.Context, r *Request, reply Reply, working slackapi.View) bool {
	at := slackapi.View{ID: r.View.ID} // without its hash: a second click must find it, too
	if working.ID != "" && reply.Say == nil {
		at = working
	}
	if _, err := h.Slack.UpdateView(ctx, at.ID, at.Hash, *reply.View); err != nil {
		h.Log.InfoContext(ctx, "could not bring a modal up to date", "name", r.Name, "error", err)
		return false
	}
	return at == working || working.ID == ""
}

// line says something where the person looks: in the modal that said
// "working", at the response URL, or in a modal of its own, which it returns.
func (h *Handlers) line(ctx context.Context, r *Request, reply Reply, working slackapi.View) (slackapi.View, bool) {
	at := reply.SayAt
	if at == "" {
		at = r.ResponseURL
	}
	var modal slackapi.View
	var err error
	switch {
	case working.ID != "":
		modal, err = h.Slack.UpdateView(ctx, working.ID, working.Hash, *shown("Gatehouse", *reply.Say))
	case at != "":
		err = h.Slack.Respond(ctx, at, slackapi.Reply{Text: reply.Say.Text, Blocks: reply.Say.Blocks})
	case r.Trigger != "" && !r.spent.Load() && (r.Door == DoorClick || r.Door == DoorShortcut):
		modal, err = h.openOrPush(ctx, r, *shown("Gatehouse", *reply.Say))
	default:
		return modal, false
	}
	if err != nil {
		h.Log.InfoContext(ctx, "an answer found another way, because the first one failed", "door", r.Door, "name", r.Name, "error", err)
	}
	return modal, err == nil
}

// background does what nobody's answer waits for.
func (h *Handlers) background(f func(context.Context)) {
	h.work.Go(func() {
		ctx, cancel := h.saying()
		defer cancel()
		h.guard(func() { f(ctx) })
	})
}

// openOrPush opens a modal, on top of the one that the click came from. It
// spends the request's trigger, whether that works or not.
func (h *Handlers) openOrPush(ctx context.Context, r *Request, v slack.ModalViewRequest) (opened slackapi.View, err error) {
	r.spent.Store(true)
	if r.View.ID != "" && r.View.Type == slack.VTModal {
		opened, err = h.Slack.PushView(ctx, r.Trigger, v)
	} else {
		opened, err = h.Slack.OpenView(ctx, r.Trigger, v)
	}
	r.opened.Store(r.opened.Load() || err == nil)
	return opened, err
}

// shown is a message as a modal.
func shown(title string, m view.Message) *slack.ModalViewRequest {
	modal := view.FormGone(title, m.Text)
	if len(m.Blocks) > 0 {
		modal.Blocks.BlockSet = m.Blocks
	}
	return &modal
}

// privately is the body of a slash command's answer that only its author sees.
func privately(m view.Message) any {
	return struct {
		ResponseType string        `json:"response_type"`
		Text         string        `json:"text"`
		Blocks       []slack.Block `json:"blocks,omitempty"`
	}{"ephemeral", m.Text, m.Blocks}
}

func ref[T any](v T) *T { return &v }
