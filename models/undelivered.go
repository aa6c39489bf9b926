package models

import (
	"slices"
	"time"
)

// Undelivered is a message that did not reach Slack, or may not have.
type Undelivered struct {
	ID      int64
	Kind    DeliveryKind
	Record  RecordRef
	Channel ChannelID
	User    UserID // of a message to one person
	Since   time.Time
	// Reason says what happened, why, and what to do; "" while Slack has not
	// confirmed it yet and Gatehouse itself looks for it or sends it again.
	Reason string
}

// What admins and change managers do about it.
const (
	EventSentAgain EventKind = "sent_again"
	EventGivenUp   EventKind = "given_up"
)

// Mended is what the audit log keeps of it: who did what with which message.
func (u Undelivered) Mended(what EventKind, f Facts) Event {
	of := string(u.Kind)
	if u.Record.ID != 0 {
		of += " of " + string(u.Record.Kind) + " " + number64(u.Record.ID)
	}
	switch {
	case u.Channel != "":
		of += " in " + string(u.Channel)
	case u.User != "":
		of += " to " + string(u.User)
	}
	return Event{Kind: what, Actor: f.Actor.ID, At: f.Now, Reason: of}
}

// MendsDeliveries reports whether the person sees what could not be delivered:
// admins and change managers.
func MendsDeliveries(u UserID, f Facts) bool {
	ok, _ := f.Person(u).CanDecide()
	return ok && (f.Holds(u, RoleAdmin) || f.Holds(u, RoleChangeManager))
}

// Menders lists those who see it, by id.
func Menders(f Facts) []UserID {
	out := slices.Concat(f.Roles[RoleAdmin], f.Roles[RoleChangeManager])
	out = slices.DeleteFunc(out, func(u UserID) bool { return !MendsDeliveries(u, f) })
	slices.Sort(out)
	return slices.Compact(out)
}

// MayMendDeliveries refuses everybody else.
func MayMendDeliveries(f Facts) error {
	if MendsDeliveries(f.Actor.ID, f) {
		return nil
	}
	return Refusef("Only admins and change managers take up messages that could not be delivered, so nothing was done. Ask one of them.")
}
