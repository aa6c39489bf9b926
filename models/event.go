package models

import (
	"slices"
	"strconv"
	"time"
)

// EventKind names what happened, in the past tense.
type EventKind string

// What can happen to a change.
const (
	EventDraftSaved        EventKind = "draft_saved"
	EventSubmitted         EventKind = "submitted"
	EventResubmitted       EventKind = "resubmitted"
	EventRevised           EventKind = "revised" // a material edit: approvals are void
	EventEdited            EventKind = "edited"  // a cosmetic edit
	EventApprovalGiven     EventKind = "approval_given"
	EventApprovalWithdrawn EventKind = "approval_withdrawn"
	EventFullyApproved     EventKind = "approved"
	EventReopened          EventKind = "reopened" // approved no more
	EventChangesRequested  EventKind = "changes_requested"
	EventRejected          EventKind = "rejected"
	EventCancelled         EventKind = "cancelled"
	EventExpired           EventKind = "expired"
	EventStarted           EventKind = "started"
	EventCompleted         EventKind = "completed"
	EventOutcomeCorrected  EventKind = "outcome_corrected"
	EventReviewed          EventKind = "reviewed"
	EventClosed            EventKind = "closed"
	EventRollbackRaised    EventKind = "rollback_raised"
	EventRefused           EventKind = "refused" // an attempt that a rule refused
)

// Event is one line of the append-only audit log: who did what, when, before
// and after. The store adds the record's id and the event's own.
type Event struct {
	ID       int64 // given by the store
	Kind     EventKind
	Actor    UserID // "" = Gatehouse itself
	At       time.Time
	From, To State
	Revision Revision
	Reason   string
	Diff     []FieldDiff
	Asked    []UserID // who is asked by DM because of it
	Touched  []UserID // whose open messages it changes; not kept
	Via      string   // the name of the token by which Actor did it; "" = by hand
}

// moves reports whether the event took its record from one state to another.
func (e Event) moves() bool { return e.From != e.To }

// FieldDiff is one field before and after an edit, in words.
type FieldDiff struct {
	Field  string // label, "Window"
	Before string
	After  string
}

// RecordKind names what sort of record a delivery is about.
type RecordKind string

// RecordChange is the kind of CHG-n. Later kinds join it here.
const RecordChange RecordKind = "change"

// RecordRef points at one record of a workspace.
type RecordRef struct {
	Kind RecordKind
	ID   int64
}

// Ref is how deliveries and events point at the change.
func (c *Change) Ref() RecordRef { return RecordRef{RecordChange, int64(c.ID)} }

// DeliveryKind says what somebody must see.
type DeliveryKind string

// The kinds of delivery. Cards, asks, prompts and digests are edited in place; a
// thread line, a file and a note are posted once; a home is a person's App Home.
const (
	DeliverCard   DeliveryKind = "card"
	DeliverAsk    DeliveryKind = "ask"
	DeliverThread DeliveryKind = "thread"
	DeliverNote   DeliveryKind = "note"
	DeliverHome   DeliveryKind = "home"
	DeliverPrompt DeliveryKind = "prompt" // a handover meeting, in the channel of its release
	DeliverFile   DeliveryKind = "file"   // a calendar entry or a certificate, under the card
	DeliverDigest DeliveryKind = "digest" // what a channel or a person needs to know today
	DeliverRemind DeliveryKind = "remind" // what one person is reminded of, all in one message
	DeliverCopy   DeliveryKind = "copy"   // a message that Slack shows twice, which is put right
)

// EditedInPlace reports whether further events update the same message.
func (k DeliveryKind) EditedInPlace() bool {
	return k == DeliverCard || k == DeliverAsk || k == DeliverHome || k == DeliverPrompt || k == DeliverDigest || k == DeliverRemind
}

// Priority orders deliveries that wait for the same conversation: lower is
// sent first (decision results, approval requests, cards, the rest).
func (k DeliveryKind) Priority() int {
	switch k {
	case DeliverNote, DeliverCopy:
		return 1
	case DeliverAsk, DeliverPrompt, DeliverRemind:
		return 2
	case DeliverCard:
		return 3
	case DeliverThread, DeliverFile:
		return 4
	}
	return 5
}

// Delivery is one thing that somebody must see in Slack. It says what
// happened and who must hear, never how it looks.
type Delivery struct {
	Kind    DeliveryKind
	Record  RecordRef
	Channel ChannelID // cards and thread lines
	User    UserID    // asks, notes and homes, by DM
	// Key is unique in the workspace. A delivery edited in place that exists
	// already is wanted once more instead of being added twice.
	Key   string
	Event int // index into the command's events: what a note or line is about
	// NotBefore holds back a first post that may wait for working hours.
	NotBefore time.Time
}

// maxServiceCards is how many touched services' channels get a card.
const maxServiceCards = 3

// threadLines are the events that a reader of the changes channel would miss
// without a line under the card.
var threadLines = map[EventKind]bool{
	EventRevised: true, EventResubmitted: true, EventFullyApproved: true, EventReopened: true,
	EventChangesRequested: true, EventRejected: true, EventCancelled: true, EventExpired: true,
	EventStarted: true, EventCompleted: true, EventOutcomeCorrected: true, EventReviewed: true,
	EventRollbackRaised: true,
	EventNobodyLeft:     true, EventApprovedLater: true, EventRefusedLater: true, EventIncidentLinked: true,
	EventHeld: true, EventHoldLifted: true, EventOverridden: true, EventExtended: true,
}

// tellRequester are the events that requester and implementer hear of by DM,
// unless they did it themselves.
var tellRequester = map[EventKind]bool{
	EventFullyApproved: true, EventReopened: true, EventChangesRequested: true, EventRejected: true,
	EventCancelled: true, EventExpired: true, EventApprovedLater: true, EventRefusedLater: true,
	EventHeld: true, EventHoldLifted: true, EventOverridden: true,
}

// Deliveries turns what one command recorded into what people must see. The
// approver whose click settled a change is told by the answer to the click;
// nobody gets a message about their own act. What was never submitted shows
// in no channel.
func Deliveries(c *Change, events []Event, f Facts) []Delivery {
	if len(events) == 0 || c.State == Draft {
		return nil
	}
	var out []Delivery
	for _, place := range c.Places {
		out = append(out, Delivery{Kind: DeliverCard, Record: c.Ref(), Channel: place, Key: cardKey(c, place)})
	}
	out = append(out, c.requests()...)
	for i, e := range events {
		if threadLines[e.Kind] && f.Settings.ChangesChannel != "" && len(c.Places) > 0 {
			out = append(out, Delivery{Kind: DeliverThread, Record: c.Ref(), Channel: f.Settings.ChangesChannel,
				Event: i, Key: eventKey(c, "thread", e, "")})
		}
		for _, u := range toldOf(c, e, f) {
			out = append(out, Delivery{Kind: DeliverNote, Record: c.Ref(), User: u,
				Event: i, Key: eventKey(c, "note", e, u), NotBefore: c.noteNotBefore(u, f)})
		}
	}
	if slices.ContainsFunc(events, Event.moves) {
		out = append(out, releaseCards(f.Around.Release)...)
	}
	if Replan(events) {
		out = append(out, neighbourCards(f.Around)...)
	}
	for _, u := range distinct(append(askedUsers(c), c.Requester, c.Implementer)) {
		if f.People[u].SeesHome {
			out = append(out, Delivery{Kind: DeliverHome, User: u, Key: "home/" + string(u)})
		}
	}
	return out
}

// requests are what those who were asked to decide see of the change.
func (c *Change) requests() []Delivery {
	var out []Delivery
	for _, ask := range c.Asked {
		out = append(out, Delivery{Kind: DeliverAsk, Record: c.Ref(), User: ask.User, Key: askKey(c, ask), NotBefore: ask.NotBefore})
	}
	return out
}

// toldOf is who hears of an event by DM: never its actor, and nobody whose
// account is closed.
func toldOf(c *Change, e Event, f Facts) []UserID {
	people := []UserID{c.Requester, c.Implementer}
	switch {
	case e.Kind == EventTemplateOffered:
		return []UserID{c.Requester} // also when they closed it: nobody asked for the offer
	case e.Kind == EventNobodyLeft:
		people = append(people, f.Roles[RoleChangeManager]...)
	case !tellRequester[e.Kind]:
		return nil
	}
	var out []UserID
	for _, u := range distinct(people) {
		if p := f.People[u]; u != e.Actor && !p.Deleted && !p.Bot {
			out = append(out, u)
		}
	}
	return out
}

// noteNotBefore: what came of a change waits for the person's hours, in which
// its implementer's own window counts. An emergency waits for nothing.
func (c *Change) noteNotBefore(u UserID, f Facts) time.Time {
	if c.Type == Emergency {
		return time.Time{}
	}
	at := f.Settings.Hours.Next(f.Person(u), f.Now)
	if begins := c.Window.Start.Add(-ownWindow); u == c.Implementer && c.Window.End.After(f.Now) && begins.Before(at) {
		at = later(begins, f.Now)
	}
	if !at.After(f.Now) {
		return time.Time{}
	}
	return at
}

// cardPlaces: the changes channel, then the channels of up to three touched
// services; a channel counts once. Where a card stands already it is kept up
// to date, also when an edit took that service out.
func cardPlaces(c *Change, f Facts) []ChannelID {
	out := slices.Clone(c.Places)
	seen := map[ChannelID]bool{"": true}
	for _, place := range out {
		seen[place] = true
	}
	add := func(channel ChannelID) {
		if !seen[channel] {
			seen[channel] = true
			out = append(out, channel)
		}
	}
	add(f.Settings.ChangesChannel)
	services := 0
	for _, slug := range c.Services {
		if channel := f.Services[slug].Channel; channel != "" && services < maxServiceCards {
			services++
			add(channel)
		}
	}
	return out
}

func cardKey(c *Change, place ChannelID) string {
	return "card/change/" + number64(int64(c.ID)) + "/" + string(place)
}

func askKey(c *Change, a Ask) string {
	return "ask/change/" + number64(int64(c.ID)) + "/" + string(a.User) + "/" + a.Revision.Short() + "/" + number64(a.At.Unix())
}

func eventKey(c *Change, what string, e Event, u UserID) string {
	return what + "/change/" + number64(int64(c.ID)) + "/" + string(e.Kind) + "/" + number64(e.At.UnixNano()) + "/" + string(u)
}

func askedUsers(c *Change) []UserID {
	out := make([]UserID, 0, len(c.Asked)+2)
	for _, ask := range c.Asked {
		out = append(out, ask.User)
	}
	return out
}

func number(n int) string     { return strconv.Itoa(n) }
func number64(n int64) string { return strconv.FormatInt(n, 10) }
