package view

import (
	"strconv"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Ids of the buttons of messages that could not be delivered; the value is the
// delivery's number, and that of the one for all is empty.
const (
	ActionSendAgain    = "delivery.retry"
	ActionSendAllAgain = "delivery.retry_all"
	ActionGiveUp       = "delivery.discard"
)

// DeliveryActions lists every button id of messages that could not be delivered.
func DeliveryActions() []string { return []string{ActionSendAgain, ActionSendAllAgain, ActionGiveUp} }

// undeliveredMost is how many of them the Home spells out.
const undeliveredMost = 5

// undelivered tells those who can mend it what Slack did not take, and why;
// nothing when all went well.
func undelivered(list []models.Undelivered, f models.Facts) []slack.Block {
	if len(list) == 0 {
		return nil
	}
	out := []slack.Block{header("Could not be delivered")}
	parked := 0
	for _, u := range list {
		if u.Reason != "" {
			parked++
		}
	}
	if parked > 1 {
		all := button(ActionSendAllAgain, "Send all again", "")
		all.Confirm = confirm("Send all of them again?", "Mend first what is in their way. What still can't be delivered is listed here once more.", "Send again", "Not yet", slack.StylePrimary)
		out = append(out, actions(all)...)
	}
	for _, u := range list[:min(undeliveredMost, len(list))] {
		out = append(out, section(undeliveredLine(u, f)))
		if u.Reason != "" {
			value := strconv.FormatInt(u.ID, 10)
			give := button(ActionGiveUp, "Discard", value)
			give.Confirm = confirm("Discard it?", "It is then never sent, and no longer listed here.", "Discard", "Keep", slack.StyleDanger)
			mend := []*slack.ButtonBlockElement{button(ActionSendAgain, "Send again", value), give}
			if u.Kind == models.DeliverDigest && u.User == "" && u.Channel != "" { // in an archived channel nobody can write a command
				mend = append(mend, button(ActionDigestOff, "Turn the digest off", string(u.Channel)))
			}
			out = append(out, actions(mend...)...)
		}
	}
	return append(append(out, moreLine(len(list)-undeliveredMost)...), divider())
}

func undeliveredLine(u models.Undelivered, f models.Facts) markup {
	where := channel(u.Channel)
	if u.User != "" {
		where = "to " + name(u.User, f)
	} else if where != "" {
		where = "in " + where
	}
	why := markup("Slack has not confirmed it yet. There is nothing to do: Gatehouse looks for it, or sends it again.")
	if u.Reason != "" {
		why = esc(u.Reason, 400)
	}
	return joined("\n", joined(" · ", bold(kindWords[u.Kind]), recordName(u.Record), where, "since "+when(u.Since)), why)
}

var kindWords = map[models.DeliveryKind]markup{
	models.DeliverCard: "Card", models.DeliverAsk: "Request to decide", models.DeliverThread: "Line under a card", models.DeliverNote: "Note",
	models.DeliverHome: "App Home", models.DeliverPrompt: "Handover prompt", models.DeliverDigest: "Digest", models.DeliverRemind: "Reminders",
}

func recordName(r models.RecordRef) markup {
	switch r.Kind {
	case models.RecordChange:
		return markup(models.ChangeID(r.ID).String())
	case models.RecordRelease:
		return markup(models.ReleaseID(r.ID).String())
	}
	return ""
}
