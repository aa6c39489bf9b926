package models

import (
	"slices"
	"time"
)

// ReleaseState is where a release stands in its life.
type ReleaseState string

// The states of a release.
const (
	ReleasePlanning    ReleaseState = "planning"
	ReleaseHandoverDue ReleaseState = "handover_due" // its meeting was announced, or is under way
	ReleaseConditional ReleaseState = "conditional"  // accepted, once its blocking conditions are verified and confirmed
	ReleaseAccepted    ReleaseState = "accepted"
	ReleaseLive        ReleaseState = "live"
	ReleaseEarlyLife   ReleaseState = "early_life"
	ReleaseClosed      ReleaseState = "closed"
	ReleaseCancelled   ReleaseState = "cancelled"
)

// ReleaseStates lists all of them, in the order of a life.
var ReleaseStates = []ReleaseState{ReleasePlanning, ReleaseHandoverDue, ReleaseConditional, ReleaseAccepted,
	ReleaseLive, ReleaseEarlyLife, ReleaseClosed, ReleaseCancelled}

// releaseMoves is the whole life of a release.
var releaseMoves = map[ReleaseState][]ReleaseState{
	"":                 {ReleasePlanning},
	ReleasePlanning:    {ReleaseHandoverDue, ReleaseCancelled},
	ReleaseHandoverDue: {ReleaseAccepted, ReleaseConditional, ReleasePlanning, ReleaseCancelled},
	ReleaseConditional: {ReleaseAccepted, ReleaseCancelled},
	ReleaseAccepted:    {ReleaseLive, ReleaseConditional, ReleaseCancelled},
	ReleaseLive:        {ReleaseEarlyLife},
	ReleaseEarlyLife:   {ReleaseClosed},
}

var releaseStateNames = map[ReleaseState]string{
	ReleasePlanning: "Planning", ReleaseHandoverDue: "Handover due", ReleaseConditional: "Accepted with conditions",
	ReleaseAccepted: "Accepted", ReleaseLive: "Live", ReleaseEarlyLife: "Early-life support", ReleaseClosed: "Closed",
	ReleaseCancelled: "Cancelled",
}

// releasePhrases finish the sentence "REL-3 is …".
var releasePhrases = map[ReleaseState]string{
	ReleasePlanning: "still being planned", ReleaseHandoverDue: "waiting for its handover",
	ReleaseConditional: "accepted with conditions that are not confirmed yet", ReleaseAccepted: "accepted by operations",
	ReleaseLive: "live", ReleaseEarlyLife: "in early-life support", ReleaseClosed: "closed", ReleaseCancelled: "cancelled",
}

// String names the state as people read it ("Handover due").
func (s ReleaseState) String() string {
	if name, ok := releaseStateNames[s]; ok {
		return name
	}
	return string(s)
}

func (s ReleaseState) phrase() string { return releasePhrases[s] }

// CanMove reports whether the life of a release has a step from s to t.
func (s ReleaseState) CanMove(t ReleaseState) bool { return slices.Contains(releaseMoves[s], t) }

// Final reports whether nothing can happen to the release any more.
func (s ReleaseState) Final() bool { return len(releaseMoves[s]) == 0 }

// BeforeGoLive reports whether the release is not in production yet, and still
// going there.
func (s ReleaseState) BeforeGoLive() bool { return s.CanMove(ReleaseCancelled) }

// ReleasesAhead are the states of releases on their way into production.
var ReleasesAhead = slices.DeleteFunc(slices.Clone(ReleaseStates), func(s ReleaseState) bool { return !s.BeforeGoLive() })

// HandedOver reports whether operations accepted it: linked production changes
// may start.
func (s ReleaseState) HandedOver() bool {
	return s == ReleaseAccepted || s == ReleaseLive || s == ReleaseEarlyLife || s == ReleaseClosed
}

// Attribute is something about a release that makes items apply.
type Attribute string

// The attributes that items of a template may ask for.
const (
	PersonalData Attribute = "personal_data"
	UserFacing   Attribute = "user_facing"
	Compliance   Attribute = "compliance"
)

// Attributes lists all of them.
var Attributes = []Attribute{PersonalData, UserFacing, Compliance}

var attributeNames = map[Attribute]string{PersonalData: "handles personal data", UserFacing: "is seen by users",
	Compliance: "needs a compliance or audit approval"}

// String finishes the sentence "The release …".
func (a Attribute) String() string { return attributeNames[a] }

// Release is REL-n: a project going into production. Its methods are the only
// ones that write to it; a refusal leaves it as it was.
type Release struct {
	ReleaseIdentity
	ReleasePlan
	ReleaseProgress
}

// ReleaseIdentity is what never changes after the first save.
type ReleaseIdentity struct {
	Workspace WorkspaceID
	ID        ReleaseID
	CreatedBy UserID
	CreatedAt time.Time
}

// ReleasePlan is what people fill in. The go-live moves by MoveGoLive only.
type ReleasePlan struct {
	Name        string
	Services    []Slug // sorted, distinct
	ProjectLead UserID
	OpsLead     UserID // the one who accepts
	Deputy      UserID // accepts in their stead; "" = nobody
	GoLive      time.Time
	Channel     ChannelID
	Attributes  []Attribute // sorted, distinct
	Template    TemplateRef // the version that it started with, or adopted since
}

// ReleaseProgress is what happens to the release; only its methods write it.
type ReleaseProgress struct {
	State     ReleaseState
	Tier      Tier      // of the most critical service, when last planned
	Baseline  time.Time // the first go-live
	Moves     []GoLiveMove
	LastNo    int // the highest number ever given to an item
	Items     []Item
	Buckets   map[Bucket]BucketDuty // who looks after a bucket; a missing one is the project lead's
	Meetings  []Meeting
	ConfirmAt time.Time // when the operations lead was asked to confirm; zero = not asked

	Certificates []Certificate
	LiveAt       time.Time
	EarlyLife    EarlyLife
	Incidents    []EarlyIncident
	ClosedAt     time.Time
	Reason       string // of the last cancel, decline or adjournment

	Asked  []ReleaseAsk
	Places []ChannelID // where its card stands

	events []Event
}

// BucketDuty is who looks after one bucket of a release.
type BucketDuty struct {
	Owner    UserID // "" = the project lead
	Verifier UserID // verifies beside operations lead and deputy; "" = nobody
}

// GoLiveMove is one move of the go-live, with the items that caused it.
type GoLiveMove struct {
	From, To time.Time
	Reason   string
	By       UserID
	At       time.Time
	Items    []int // numbers of the items that caused it
}

// ReleaseFacts are what a rule about a release may ask, read by the store in
// the deciding transaction. Around.Freezes holds the occurrences of freezes
// round the go-live and the one that is asked for; nothing else of Around is used.
type ReleaseFacts struct {
	Facts
	Template *ChecklistTemplate // the newest version of the one chosen; nil = unknown
	Linked   []LinkedChange     // changes that name the release, by id
	Lessons  []Lesson           // what future releases are asked for, by change
}

// LinkedChange is a change that names the release, as far as it matters here.
type LinkedChange struct {
	ID          ChangeID
	Title       string
	State       State
	Environment Environment
	Window      Window
	Outcome     Outcome
	Places      []ChannelID // where its card stands
}

// LinkedRelease is the release that a change names, as its verdict needs it.
type LinkedRelease struct {
	ID     ReleaseID
	Name   string
	State  ReleaseState
	Places []ChannelID // where its card stands
}

// RecordRelease is the kind of REL-n, in events and deliveries.
const RecordRelease RecordKind = "release"

// Ref is how deliveries and events point at the release.
func (r *Release) Ref() RecordRef { return RecordRef{RecordRelease, int64(r.ID)} }

// Events hands over what happened since the last call.
func (r *Release) Events() []Event {
	events := r.events
	r.events = nil
	return events
}

func (r *Release) record(f ReleaseFacts, list ...Event) {
	for _, e := range list {
		e.Actor, e.At = f.Actor.ID, f.Now
		if e.From == "" && e.To == "" {
			e.From, e.To = State(r.State), State(r.State)
		}
		r.events = append(r.events, e)
	}
}

// move takes one legal step; anything else is refused in words.
func (r *Release) move(to ReleaseState) error {
	if !r.State.CanMove(to) {
		return Refusef("%s is %s, so this can't be done with it now. Its card shows what can.", r.ID, r.State.phrase())
	}
	r.State = to
	return nil
}

// try runs a command on a copy and keeps the copy only if nothing refused.
// Whatever it did, what follows from it is settled in the same step.
func (r *Release) try(f ReleaseFacts, command func(next *Release) error) error {
	next := r.clone()
	if err := command(next); err != nil {
		return err
	}
	if err := next.settle(f); err != nil {
		return err
	}
	next.askPeople(f)
	*r = *next
	return nil
}

// clone copies the release so deeply that a command on the copy leaves the
// original as it is. What is appended to only is shared.
func (r *Release) clone() *Release {
	next := *r
	next.Services, next.Attributes = slices.Clone(r.Services), slices.Clone(r.Attributes)
	next.Moves, next.Items = slices.Clone(r.Moves), slices.Clone(r.Items)
	for i := range next.Items {
		next.Items[i] = next.Items[i].clone()
	}
	next.Buckets = make(map[Bucket]BucketDuty, len(r.Buckets))
	for b, duty := range r.Buckets {
		next.Buckets[b] = duty
	}
	next.Meetings = slices.Clone(r.Meetings)
	for i := range next.Meetings {
		next.Meetings[i] = next.Meetings[i].clone()
	}
	next.Certificates, next.Incidents = slices.Clone(r.Certificates), slices.Clone(r.Incidents)
	next.EarlyLife.Extensions = slices.Clone(r.EarlyLife.Extensions)
	next.Asked, next.Places, next.events = slices.Clone(r.Asked), slices.Clone(r.Places), slices.Clone(r.events)
	return &next
}

// Leads reports whether the person accepts in the name of operations: the
// operations lead or the named deputy.
func (r *Release) Leads(u UserID) bool { return u != "" && (u == r.OpsLead || u == r.Deputy) }

// active reports whether the person's account is in use.
func (f Facts) active(u UserID) bool {
	p := f.Person(u)
	return u != "" && !p.Deleted && !p.Bot
}

// whoLeads names those of operations lead and deputy who can still act.
func (r *Release) whoLeads(f ReleaseFacts) string {
	var names []string
	for _, u := range distinct([]UserID{r.OpsLead, r.Deputy}) {
		if f.active(u) {
			names = append(names, f.Name(u))
		}
	}
	return list(names, "nobody")
}

// mayLead refuses whoever may not speak for operations.
func (r *Release) mayLead(what string, f ReleaseFacts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s for %s: %s. Ask %s.", what, r.ID, why, r.whoLeads(f))
	}
	if r.Leads(f.Actor.ID) {
		return f.Actor.confirmed(f.Now)
	}
	if !f.active(r.OpsLead) && !f.active(r.Deputy) {
		return Refusef("Only the operations lead of %s can %s, and that account is deactivated in Slack with no deputy named. A change manager can name another operations lead. %s",
			r.ID, what, whoManages(f.Facts))
	}
	return Refusef("Only the operations lead of %s or the named deputy can %s: that is %s. Nothing was recorded.", r.ID, what, r.whoLeads(f))
}

// runs reports whether the person may say how the project goes on.
func (r *Release) runs(f ReleaseFacts) bool {
	ok, _ := f.Actor.CanDecide()
	return ok && (f.Actor.ID == r.ProjectLead || r.Leads(f.Actor.ID) || f.Holds(f.Actor.ID, RoleChangeManager))
}

// MayRun reports whether f.Actor may still plan, assign and schedule: what a
// card offers and what a command accepts agree.
func (r *Release) MayRun(f ReleaseFacts) bool { return !r.State.Final() && r.runs(f) }

func (r *Release) mayRun(what string, f ReleaseFacts) error {
	if r.State.Final() {
		return Settledf("%s is %s, so nothing can be changed in it any more.", r.ID, r.State.phrase())
	}
	if r.runs(f) {
		return nil
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s %s: %s. Ask %s.", what, r.ID, why, f.Name(r.ProjectLead))
	}
	return Refusef("Only the project lead of %s, its operations lead or deputy, or a change manager can %s it. Ask %s.", r.ID, what, f.Name(r.ProjectLead))
}
