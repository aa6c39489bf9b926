package models

import (
	"slices"
	"time"
)

// What can happen to a release.
const (
	EventReleasePlanned   EventKind = "release_planned"
	EventReleaseEdited    EventKind = "release_edited"
	EventGoLiveMoved      EventKind = "go_live_moved"
	EventReleaseReopened  EventKind = "release_reopened" // accepted no more: an item is unmet again
	EventReleaseLive      EventKind = "release_live"
	EventReleaseCancelled EventKind = "release_cancelled"
	EventReleaseClosed    EventKind = "release_closed"

	EventBucketAssigned EventKind = "bucket_assigned"
	EventVerifierNamed  EventKind = "verifier_named"
	EventItemAdded      EventKind = "item_added"
	EventItemAdopted    EventKind = "item_adopted" // from a newer template

	EventItemAssigned         EventKind = "item_assigned"
	EventItemBegun            EventKind = "item_begun"
	EventItemBlocked          EventKind = "item_blocked"
	EventItemSubmitted        EventKind = "item_submitted"
	EventItemVerified         EventKind = "item_verified"
	EventItemReturned         EventKind = "item_returned"
	EventItemWaived           EventKind = "item_waived"
	EventWaiverExpired        EventKind = "waiver_expired"
	EventItemExemptionAsked   EventKind = "exemption_asked"
	EventItemExemptionRefused EventKind = "exemption_refused"
	EventItemNotApplicable    EventKind = "item_not_applicable"
	EventItemReopened         EventKind = "item_reopened"
	EventItemIssues           EventKind = "item_issues" // open issues of a test item

	EventHandoverScheduled   EventKind = "handover_scheduled"
	EventHandoverCalledOff   EventKind = "handover_called_off"
	EventHandoverBriefed     EventKind = "handover_briefed"
	EventHandoverBegun       EventKind = "handover_begun"
	EventHandoverAttended    EventKind = "handover_attended"
	EventVoted               EventKind = "voted"
	EventVotesMissing        EventKind = "votes_missing"
	EventVotesRevealed       EventKind = "votes_revealed"
	EventHandoverOverrun     EventKind = "handover_overrun" // its time is over, and nothing is decided
	EventHandoverAccepted    EventKind = "handover_accepted"
	EventHandoverConditional EventKind = "handover_accepted_with_conditions"
	EventHandoverDeclined    EventKind = "handover_declined"
	EventHandoverAdjourned   EventKind = "handover_adjourned"
	EventConditionsMet       EventKind = "conditions_met"
	EventConditionOverdue    EventKind = "condition_overdue"
	EventHandoverConfirmed   EventKind = "handover_confirmed"
	EventCertified           EventKind = "certified" // its reason is the hash

	EventEarlyLifeBegun      EventKind = "early_life_begun"
	EventEarlyLifeExtended   EventKind = "early_life_extended"
	EventEarlyLifePulse      EventKind = "early_life_pulse"
	EventEarlyLifeOver       EventKind = "early_life_over" // the agreed days, not the support
	EventIncidentReported    EventKind = "incident_reported"
	EventEarlyIncidentClosed EventKind = "early_incident_closed"
)

// The fields of a release that a person fills in, beside those of a change.
const (
	FieldProjectLead Field = "project_lead"
	FieldOpsLead     Field = "ops_lead"
	FieldDeputy      Field = "deputy"
	FieldGoLive      Field = "go_live"
	FieldChannel     Field = "channel"
	FieldAttributes  Field = "attributes"
	FieldItem        Field = "item"
	FieldBucket      Field = "bucket"
	FieldExpected    Field = "expected"
	FieldDue         Field = "due"
	FieldEvidence    Field = "evidence"
	FieldNote        Field = "note"
	FieldOpenIssues  Field = "open_issues"
	FieldExpiry      Field = "expiry"
	FieldPlace       Field = "place"
	FieldGuests      Field = "guests"
	FieldNext        Field = "next"
	FieldConditions  Field = "conditions"
	FieldDays        Field = "days"
	FieldPriority    Field = "priority"
	FieldVerifier    Field = "verifier"
	FieldTests       Field = "tests"
)

// AskKind says what a person is asked about a release, by DM.
type AskKind string

// The kinds of ask. Each is one message a person, edited in place.
const (
	AskItems  AskKind = "items"  // what they own and have to do
	AskVerify AskKind = "verify" // what waits for their verification
	AskVote   AskKind = "vote"   // in a meeting, whose number is part of the ask
	AskLead   AskKind = "lead"   // what the operations lead or deputy is to decide or confirm
)

// ReleaseAsk is one person's being asked something about a release.
type ReleaseAsk struct {
	User      UserID
	Kind      AskKind
	Round     int // the meeting of a vote; of a lead's, which time of asking
	At        time.Time
	NotBefore time.Time
}

// AskKey is the ask's delivery key.
func (r *Release) AskKey(a ReleaseAsk) string {
	return "ask/release/" + number64(int64(r.ID)) + "/" + string(a.Kind) + "/" + number(a.Round) + "/" + string(a.User)
}

// ReleaseAskByKey finds the ask of a delivery.
func (r *Release) ReleaseAskByKey(key string) (ReleaseAsk, bool) {
	k := slices.IndexFunc(r.Asked, func(a ReleaseAsk) bool { return r.AskKey(a) == key })
	if k < 0 {
		return ReleaseAsk{}, false
	}
	return r.Asked[k], true
}

// PromptKey is the delivery key of a meeting's prompt.
func (r *Release) PromptKey(meeting int) string {
	return "prompt/release/" + number64(int64(r.ID)) + "/" + number(meeting)
}

// owners are the distinct owners of what is still to be done before go-live.
func (r *Release) owners() []UserID {
	var out []UserID
	for k := range r.Items {
		if i := &r.Items[k]; !i.Status.Settled() && r.workable(i) {
			out = append(out, r.OwnerOf(i))
		}
	}
	return distinct(out)
}

// leads are those who speak for operations.
func (r *Release) leads() []UserID { return distinct([]UserID{r.OpsLead, r.Deputy}) }

// concerned are the people whose open messages show the item.
func (r *Release) concerned(i *Item) []UserID {
	return distinct([]UserID{r.OwnerOf(i), r.Buckets[i.Bucket].Verifier, r.OpsLead, r.Deputy})
}

// asked are the people who have something to do because of an event about an
// item: its owner, or whoever is to verify or confirm it.
func (r *Release) asked(kind EventKind, i *Item, f Facts) []UserID {
	switch kind {
	case EventItemReturned, EventItemReopened, EventWaiverExpired, EventItemExemptionRefused:
		return []UserID{r.OwnerOf(i)}
	case EventItemExemptionAsked:
		return r.leads()
	case EventItemSubmitted:
		if v := r.Buckets[i.Bucket].Verifier; f.active(v) && !i.SubmittedBy(v) {
			return []UserID{v}
		}
		return r.leads()
	}
	return nil
}

// releaseAsks says what an event asks those whom it names. Each person has one
// message of a kind, edited in place; of a lead's there is one each time.
var releaseAsks = map[EventKind]AskKind{
	EventReleasePlanned: AskItems, EventBucketAssigned: AskItems, EventItemAssigned: AskItems, EventItemAdded: AskItems, EventLessonAsked: AskItems,
	EventItemReturned: AskItems, EventItemReopened: AskItems, EventWaiverExpired: AskItems, EventItemExemptionRefused: AskItems,
	EventHandoverConditional: AskItems, EventEarlyLifeBegun: AskItems,
	EventItemSubmitted: AskVerify, EventItemExemptionAsked: AskVerify,
	EventHandoverBegun: AskVote, EventConditionsMet: AskLead, EventEarlyLifeOver: AskLead,
}

// daily are the events of which a person who was asked earlier hears once a
// day: their message was edited, and Slack shows no sign of that.
var daily = map[EventKind]string{
	EventBucketAssigned: "assigned", EventItemAssigned: "assigned", EventItemAdded: "assigned", EventLessonAsked: "assigned", EventItemSubmitted: "submitted",
	EventItemExemptionAsked: "submitted", EventHandoverConditional: "conditions",
}

// releaseNotes are the events that those whom they name hear of by DM, once.
var releaseNotes = map[EventKind]bool{
	EventItemReturned: true, EventItemReopened: true, EventItemExemptionRefused: true, EventWaiverExpired: true, EventConditionOverdue: true,
	EventHandoverScheduled: true, EventHandoverCalledOff: true, EventHandoverBriefed: true,
	EventReleaseReopened: true, EventIncidentReported: true, EventVotesMissing: true, EventHandoverOverrun: true,
	EventEarlyLifePulse: true,
}

// releaseThreads are the events that get a line under the card in the release's
// own channel: moves of its life and of its date, never of an item.
var releaseThreads = map[EventKind]bool{
	EventGoLiveMoved: true, EventHandoverScheduled: true, EventHandoverAccepted: true, EventHandoverConditional: true,
	EventHandoverDeclined: true, EventHandoverAdjourned: true, EventHandoverConfirmed: true, EventReleaseReopened: true,
	EventReleaseLive: true, EventEarlyLifeBegun: true, EventEarlyLifeExtended: true, EventReleaseClosed: true, EventReleaseCancelled: true,
}

// releaseFiles are the events whose file stands under the card: the calendar
// entry of a meeting, and the certificate.
var releaseFiles = map[EventKind]bool{EventHandoverScheduled: true, EventHandoverCalledOff: true, EventCertified: true}

// prompts are the events that show in the prompt of the meeting.
var prompts = map[EventKind]bool{
	EventHandoverBegun: true, EventHandoverAttended: true, EventVoted: true, EventVotesRevealed: true, EventHandoverAccepted: true,
	EventHandoverConditional: true, EventHandoverDeclined: true, EventHandoverAdjourned: true, EventHandoverCalledOff: true,
}

// askPeople notes who is asked what because of the events of this command.
// Nobody is asked by their own act, but for a lead, who may have verified the
// last condition and still has to confirm.
func (r *Release) askPeople(f ReleaseFacts) {
	for _, e := range r.events {
		kind, any := releaseAsks[e.Kind]
		if !any || !e.At.Equal(f.Now) {
			continue
		}
		for _, u := range e.Asked {
			if (u != e.Actor || kind == AskLead) && f.active(u) && (kind != AskVote || slices.Contains(r.Voters(), u)) {
				r.ask(u, kind, f)
			}
		}
	}
}

func (r *Release) ask(u UserID, kind AskKind, f ReleaseFacts) {
	ask := ReleaseAsk{User: u, Kind: kind, At: f.Now, NotBefore: f.Settings.Hours.Next(f.Person(u), f.Now)}
	switch kind {
	case AskVote:
		ask.Round, ask.NotBefore = r.LastMeeting().No, time.Time{} // the meeting is now
	case AskLead:
		for _, a := range r.Asked {
			if a.User == u && a.Kind == AskLead && !a.At.Equal(f.Now) {
				ask.Round++
			}
		}
	}
	if _, known := r.ReleaseAskByKey(r.AskKey(ask)); !known {
		r.Asked = append(r.Asked, ask)
	}
}

// ReleaseDeliveries turns what one command recorded into what people must see:
// the card in the release's channel, edited in place; the prompt of a meeting;
// a line a move of its life; and DMs. Work on items posts nothing.
func ReleaseDeliveries(r *Release, events []Event, f ReleaseFacts) []Delivery {
	if len(events) == 0 {
		return nil
	}
	var out []Delivery
	for _, place := range r.Places {
		out = append(out, Delivery{Kind: DeliverCard, Record: r.Ref(), Channel: place, Key: releaseKey("card", r) + string(place)})
	}
	if slices.ContainsFunc(events, Event.moves) {
		out = append(out, linkedCards(f.Linked)...)
	}
	homes := []UserID{r.ProjectLead, r.OpsLead, r.Deputy}
	for n, e := range events {
		if prompts[e.Kind] {
			if m := r.latest(); m != nil && r.Channel != "" {
				out = append(out, Delivery{Kind: DeliverPrompt, Record: r.Ref(), Channel: r.Channel, Key: r.PromptKey(m.No)})
			}
		}
		if releaseThreads[e.Kind] && r.Channel != "" {
			out = append(out, Delivery{Kind: DeliverThread, Record: r.Ref(), Channel: r.Channel, Event: n, Key: releaseEventKey("thread", r, e, "")})
		}
		if releaseFiles[e.Kind] && r.Channel != "" {
			out = append(out, Delivery{Kind: DeliverFile, Record: r.Ref(), Channel: r.Channel, Event: n, Key: releaseEventKey("file", r, e, "")})
		}
		out = append(out, r.directMessages(e, n, f)...)
		homes = append(homes, e.Asked...)
	}
	for _, u := range distinct(homes) {
		if f.People[u].SeesHome {
			out = append(out, Delivery{Kind: DeliverHome, User: u, Key: "home/" + string(u)})
		}
	}
	return distinctDeliveries(out)
}

// linkedCards are the cards of changes that name the release: whether they can
// start depends on it.
func linkedCards(list []LinkedChange) []Delivery {
	var out []Delivery
	for _, x := range list {
		c := &Change{Identity: Identity{ID: x.ID}}
		for _, place := range x.Places {
			out = append(out, Delivery{Kind: DeliverCard, Record: c.Ref(), Channel: place, Key: cardKey(c, place)})
		}
	}
	return out
}

// releaseCards are the cards of the release that a change names: it shows how
// far its changes are.
func releaseCards(l *LinkedRelease) []Delivery {
	if l == nil {
		return nil
	}
	r := &Release{ReleaseIdentity: ReleaseIdentity{ID: l.ID}}
	var out []Delivery
	for _, place := range l.Places {
		out = append(out, Delivery{Kind: DeliverCard, Record: r.Ref(), Channel: place, Key: releaseKey("card", r) + string(place)})
	}
	return out
}

// latest is the last meeting that began; nil when none did.
func (r *Release) latest() *Meeting {
	for k := len(r.Meetings) - 1; k >= 0; k-- {
		if !r.Meetings[k].StartedAt.IsZero() {
			return &r.Meetings[k]
		}
	}
	return nil
}

// directMessages are the asks that an event brings up to date, and the notes.
func (r *Release) directMessages(e Event, n int, f ReleaseFacts) []Delivery {
	var out []Delivery
	touched := append(slices.Clone(e.Asked), e.Touched...)
	if prompts[e.Kind] { // a vote's own message follows the meeting
		touched = append(touched, r.invited()...)
	}
	if ended := r.State.Final(); ended {
		touched = append(touched, r.everybodyAsked()...)
	}
	for _, a := range r.Asked {
		if !slices.Contains(touched, a.User) || !r.follows(a, e.Kind) {
			continue
		}
		out = append(out, Delivery{Kind: DeliverAsk, Record: r.Ref(), User: a.User, Key: r.AskKey(a), NotBefore: a.NotBefore})
		if what := daily[e.Kind]; what != "" && a.Kind == releaseAsks[e.Kind] && a.At.Before(e.At) && slices.Contains(e.Asked, a.User) && a.User != e.Actor && f.active(a.User) {
			day := e.At.In(f.Person(a.User).Location()).Format(time.DateOnly)
			out = append(out, Delivery{Kind: DeliverNote, Record: r.Ref(), User: a.User, Event: n, NotBefore: f.Settings.Hours.Next(f.Person(a.User), e.At),
				Key: releaseKey("note", r) + what + "/" + day + "/" + string(a.User)})
		}
	}
	if !releaseNotes[e.Kind] {
		return out
	}
	for _, u := range distinct(e.Asked) {
		if u != e.Actor && f.active(u) {
			out = append(out, Delivery{Kind: DeliverNote, Record: r.Ref(), User: u, Event: n, Key: releaseEventKey("note", r, e, u),
				NotBefore: r.noteNotBefore(e.Kind, u, f)})
		}
	}
	return out
}

func (r *Release) everybodyAsked() []UserID {
	var out []UserID
	for _, a := range r.Asked {
		out = append(out, a.User)
	}
	return out
}

// follows reports whether an ask shows what such an event changes.
func (r *Release) follows(a ReleaseAsk, kind EventKind) bool {
	if a.Kind != AskVote {
		return true
	}
	m := r.latest()
	return (prompts[kind] && kind != EventHandoverAttended || r.State.Final()) && m != nil && m.No == a.Round
}

func releaseKey(what string, r *Release) string {
	return what + "/release/" + number64(int64(r.ID)) + "/"
}

func releaseEventKey(what string, r *Release, e Event, u UserID) string {
	return releaseKey(what, r) + string(e.Kind) + "/" + number64(e.At.UnixNano()) + "/" + string(u)
}

// distinctDeliveries keeps one of each key, the last: a thread or a note about
// several events of one kind tells of the newest.
func distinctDeliveries(list []Delivery) []Delivery {
	last := map[string]int{}
	for n, d := range list {
		last[d.Key] = n
	}
	var out []Delivery
	for n, d := range list {
		if last[d.Key] == n {
			out = append(out, d)
		}
	}
	return out
}
