package models

import (
	"slices"
	"time"
)

// HandoverOutcome is how a meeting ended.
type HandoverOutcome string

// The outcomes of a meeting. Adjourning decides nothing.
const (
	HandoverAccepted    HandoverOutcome = "accepted"
	HandoverConditional HandoverOutcome = "accepted_with_conditions"
	HandoverDeclined    HandoverOutcome = "declined"
	HandoverAdjourned   HandoverOutcome = "adjourned"
)

var handoverNames = map[HandoverOutcome]string{HandoverAccepted: "accepted", HandoverConditional: "accepted with conditions",
	HandoverDeclined: "declined", HandoverAdjourned: "adjourned"}

// String says the outcome in words.
func (o HandoverOutcome) String() string { return handoverNames[o] }

// HandoverDecision is what the operations lead or the deputy decided.
type HandoverDecision struct {
	Outcome    HandoverOutcome
	By         UserID
	AsDeputy   bool
	At         time.Time
	Reason     string
	Next       time.Time // of a declined or adjourned one
	Conditions []int     // numbers of the items that became conditions
}

// briefAt is when the brief goes out: at the start of work on the working day
// before the meeting, where the operations lead is.
func (r *Release) briefAt(m *Meeting, f ReleaseFacts) time.Time {
	return f.Settings.Hours.StartOfWorkday(f.Person(r.OpsLead), m.At, -1)
}

// brief tells those invited, and the handover is due from now on.
func (r *Release) brief(m *Meeting, f ReleaseFacts) error {
	m.BriefedAt = f.Now
	from := r.State
	if r.State == ReleasePlanning {
		if err := r.move(ReleaseHandoverDue); err != nil {
			return err
		}
	}
	r.record(f, Event{Kind: EventHandoverBriefed, From: State(from), To: State(r.State), Asked: r.invited()})
	return nil
}

// Convene begins the meeting. Gatehouse does so at its time; project lead,
// operations lead and deputy may do so earlier.
func (r *Release) Convene(f ReleaseFacts) error {
	m := r.Upcoming()
	switch {
	case r.InSession() != nil:
		return Settledf("The handover of %s is under way already, so nothing more was recorded.", r.ID)
	case m == nil:
		return Refusef("No handover of %s is scheduled. Schedule it first.", r.ID)
	}
	if err := r.mayRun("begin the handover of", f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error { return next.convene(f) })
}

func (r *Release) convene(f ReleaseFacts) error {
	m := r.Upcoming()
	from := r.State
	if r.State == ReleasePlanning {
		if err := r.move(ReleaseHandoverDue); err != nil {
			return err
		}
	}
	m.State, m.StartedAt = MeetingInSession, f.Now
	if f.Actor.ID != "" {
		m.attend(f.Actor.ID)
	}
	r.record(f, Event{Kind: EventHandoverBegun, From: State(from), To: State(r.State), Asked: r.invited()})
	return nil
}

func (m *Meeting) attend(u UserID) {
	if !slices.Contains(m.Present, u) {
		m.Present = append(m.Present, u)
	}
}

// session is the meeting under way, or why there is none.
func (r *Release) session(no int, what string) (*Meeting, error) {
	if m := r.InSession(); m != nil && (no == 0 || m.No == no) {
		return m, nil
	}
	if m, ok := r.Meeting(no); ok && m.Decision != nil {
		return nil, Settledf("The handover of %s was decided before: %s. Your %s was not recorded.", r.ID, m.Decision.Outcome, what)
	}
	if r.State.Final() || r.State.HandedOver() || r.State == ReleaseConditional {
		return nil, Settledf("%s is %s, so your %s comes too late and was not recorded.", r.ID, r.State.phrase(), what)
	}
	if m := r.Upcoming(); m != nil {
		return nil, Refusef("The handover of %s has not begun: it is planned for %s, so your %s was not recorded. The project lead can begin it earlier.", r.ID, dateText(m.At), what)
	}
	return nil, Refusef("No handover of %s is under way, so your %s was not recorded. Schedule one first.", r.ID, what)
}

// Attend says that the person is in the meeting.
func (r *Release) Attend(no int, f ReleaseFacts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You were not noted as present: %s.", why)
	}
	m, err := r.session(no, "presence")
	if err != nil {
		return err
	}
	if slices.Contains(m.Present, f.Actor.ID) {
		return Settledf("You are noted as present in the handover of %s already, so nothing more was recorded.", r.ID)
	}
	return r.try(f, func(next *Release) error {
		next.InSession().attend(f.Actor.ID)
		next.record(f, Event{Kind: EventHandoverAttended})
		return nil
	})
}

// Seat is one place of a meeting's quorum.
type Seat struct {
	What string   // "operations lead or deputy", "Documentation"
	Who  []UserID // any of these fills it
	By   UserID   // who does; "" = it is empty
}

// Quorum lists the places that must be filled to accept: who decides, the
// project lead, and the owner of each bucket.
func (r *Release) Quorum(m *Meeting) []Seat {
	seats := []Seat{{What: "operations lead or deputy", Who: distinct([]UserID{r.OpsLead, r.Deputy})}, {What: "project lead", Who: []UserID{r.ProjectLead}}}
	for _, b := range Buckets {
		seats = append(seats, Seat{What: "owner of " + b.String(), Who: []UserID{r.BucketOwner(b)}})
	}
	for i := range seats {
		for _, u := range seats[i].Who {
			if slices.Contains(m.Present, u) {
				seats[i].By = u
				break
			}
		}
	}
	return seats
}

// Absent says in words which places of the quorum are empty.
func (r *Release) Absent(m *Meeting, f ReleaseFacts) []string {
	var who []UserID
	for _, s := range r.Quorum(m) {
		if s.By == "" {
			who = append(who, s.Who...)
		}
	}
	var out []string
	for _, u := range distinct(who) {
		out = append(out, f.Name(u))
	}
	return out
}
