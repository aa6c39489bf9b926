package handlers

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// inWords is the one place where an error becomes words: a rule's no is shown
// as it is; everything else is logged, with a reference that the person gets.
// In a form everything is said beside a field, so that nothing typed is lost.
func (h *Handlers) inWords(r *Request, res result) Reply {
	if res.err == nil {
		return res.reply
	}
	reply := Reply{SayAt: res.reply.SayAt, Then: res.reply.Then}
	refusal := h.refusal(res.err)
	var text string
	if refusal != nil {
		text, reply.Say = refusal.Text, ref(view.Refusal(refusal.Aloud()))
	} else {
		reference := rand.Text()[:8]
		h.Log.Error("a request failed", "reference", reference, "door", r.Door, "name", r.Name, "user", r.User, "error", res.err)
		text, reply.Say = fmt.Sprintf(broken, reference), ref(view.Trouble(reference))
	}
	if r.Door != DoorForm {
		return reply
	}
	if refusal != nil {
		reply.Errors = besideInputs(view.FieldErrors(refusal.Fields), r.Inputs)
	}
	if len(reply.Errors) == 0 && len(r.Inputs) > 0 {
		reply.Errors = map[string]string{r.Inputs[0]: text}
	}
	return reply
}

// broken is view.Trouble for a place without formatting.
const broken = "Something on Gatehouse's side went wrong. What you typed is still here. Look at the change before you send this again: it shows what was recorded. If it happens again, give an admin this reference: %s"

// refusal is the error as a rule's no, or nil when it is a failure of ours.
func (h *Handlers) refusal(err error) *models.Refusal {
	if refusal, ok := models.AsRefusal(err); ok {
		return refusal
	}
	if errors.Is(err, store.ErrNotFound) {
		return &models.Refusal{Text: "There is no such change in this workspace, so nothing was done. `" + h.ChangeCommand + " list` shows those there are."}
	}
	var slack *slackapi.Error
	if !errors.As(err, &slack) {
		return nil
	}
	switch {
	case slack.Trouble == slackapi.TooLate: // a click that came too late is nobody's fault
	case slack.Kind == slackapi.Never:
		h.Log.Error("Slack refuses what a request needs", "error", slack)
	default:
		h.Log.Warn("Slack did not do what a request needs", "error", slack)
	}
	return &models.Refusal{Text: slack.Words().String()}
}

// worthAnother: an event that failed so may succeed when Slack sends it again.
// What Slack itself refused, or may have done already, is not repeated.
func worthAnother(err error) bool {
	if _, ok := models.AsRefusal(err); ok {
		return errors.Is(err, errLeaving) || errors.Is(err, errBusy)
	}
	var slack *slackapi.Error
	return !errors.As(err, &slack) || slack.Kind == slackapi.Later
}

// besideInputs keeps errors for inputs that the sent form has: Slack shows a
// connection error for any other.
func besideInputs(errs map[string]string, inputs []string) map[string]string {
	for block := range errs {
		if !slices.Contains(inputs, block) {
			delete(errs, block)
		}
	}
	return errs
}
