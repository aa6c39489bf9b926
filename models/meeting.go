package models

import (
	"slices"
	"time"
	"unicode/utf8"
)

// MeetingState is where one handover meeting stands.
type MeetingState string

// The states of a meeting.
const (
	MeetingScheduled MeetingState = "scheduled"
	MeetingInSession MeetingState = "in_session"
	MeetingDecided   MeetingState = "decided"
	MeetingAdjourned MeetingState = "adjourned"
	MeetingCalledOff MeetingState = "called_off"
)

// Meeting is one handover meeting of a release. Bucket owners vote without
// seeing each other's vote; the operations lead or the deputy decides.
type Meeting struct {
	No          int
	At          time.Time
	Length      time.Duration
	Place       string
	State       MeetingState
	Sequence    int // of its calendar entry: raised by every rescheduling
	ScheduledBy UserID
	Guests      []UserID // invited beside those who belong there
	BriefedAt   time.Time
	StartedAt   time.Time
	NudgedAt    time.Time // when those who had not voted were asked once more
	OverrunAt   time.Time // when it was said that its time is over and nothing decided
	RevealedAt  time.Time // when the votes were shown; zero = still silent
	Present     []UserID  // who said so, or voted
	Votes       []Vote    // in order; the last in time of each person counts
	Decision    *HandoverDecision
}

func (m Meeting) clone() Meeting {
	m.Guests, m.Present, m.Votes = slices.Clone(m.Guests), slices.Clone(m.Present), slices.Clone(m.Votes)
	if m.Decision != nil {
		d := *m.Decision
		m.Decision = &d
	}
	return m
}

// Ends is when the meeting is planned to be over.
func (m *Meeting) Ends() time.Time { return m.At.Add(m.Length) }

// Meeting finds a meeting by its number. The pointer is into the release as it
// is: a command makes it stale.
func (r *Release) Meeting(no int) (*Meeting, bool) {
	i := slices.IndexFunc(r.Meetings, func(m Meeting) bool { return m.No == no })
	if i < 0 {
		return nil, false
	}
	return &r.Meetings[i], true
}

// LastMeeting is the newest one; nil when there is none.
func (r *Release) LastMeeting() *Meeting {
	if len(r.Meetings) == 0 {
		return nil
	}
	return &r.Meetings[len(r.Meetings)-1]
}

// Upcoming is the meeting that is scheduled; nil when there is none.
func (r *Release) Upcoming() *Meeting { return r.lastIn(MeetingScheduled) }

// InSession is the meeting that is under way; nil when there is none.
func (r *Release) InSession() *Meeting { return r.lastIn(MeetingInSession) }

func (r *Release) lastIn(s MeetingState) *Meeting {
	if m := r.LastMeeting(); m != nil && m.State == s {
		return m
	}
	return nil
}

// MeetingLength is how long a handover takes unless somebody says otherwise.
const MeetingLength = 45 * time.Minute

// MeetingInput is what a person fills in to schedule a handover.
type MeetingInput struct {
	At     time.Time
	Length time.Duration // 0 = MeetingLength
	Place  string
	Guests []UserID // beside those who belong there
}

// maxGuests keeps an invitation from becoming an announcement.
const maxGuests = 30

func (in MeetingInput) check(r *Release, f ReleaseFacts) error {
	errs := fieldErrors{}
	switch {
	case in.At.IsZero():
		errs.add(FieldStart, "Choose when the handover meeting begins.")
	case !in.At.After(f.Now):
		errs.add(FieldStart, "This time is in the past. Choose one that is still to come.")
	case !in.At.Before(r.GoLive):
		errs.add(FieldStart, "The handover comes before go-live, which is planned for %s. Choose an earlier time, or move the go-live first.", dateText(r.GoLive))
	}
	if in.Length != 0 && (in.Length < 10*time.Minute || in.Length > 8*time.Hour) {
		errs.add(FieldLength, "A meeting takes from 10 minutes to 8 hours.")
	}
	if utf8.RuneCountInString(oneLine(in.Place)) > 2*MaxTitle {
		errs.add(FieldPlace, "At most %d letters fit: a room or a link.", 2*MaxTitle)
	}
	if len(in.Guests) > maxGuests {
		errs.add(FieldGuests, "At most %d people can be invited beside those who belong in the meeting.", maxGuests)
	}
	for _, u := range in.Guests {
		if !f.active(u) {
			errs.add(FieldGuests, "%s can't be invited: this account is deactivated or a bot. Take it out.", upperFirst(f.Name(u)))
		}
	}
	return errs.err("The handover is not scheduled yet: some answers need another look.")
}

// Suggested is the meeting as it is scheduled, else one on the second working
// day from now, before go-live.
func (r *Release) Suggested(f ReleaseFacts) MeetingInput {
	if m := r.Upcoming(); m != nil {
		return MeetingInput{At: m.At, Length: m.Length, Place: m.Place, Guests: m.Guests}
	}
	in := MeetingInput{Length: MeetingLength}
	if last := r.LastMeeting(); last != nil {
		in.Length, in.Place, in.Guests = last.Length, last.Place, last.Guests
	}
	for days := 2; days >= 0 && (in.At.IsZero() || !in.At.Before(r.GoLive)); days-- {
		in.At = f.Settings.Hours.StartOfWorkday(f.Person(r.OpsLead), f.Now, days).Add(time.Hour)
	}
	return in
}

// NextMeeting is when a meeting that is put off may take place again: a week of
// work from now.
func (r *Release) NextMeeting(f ReleaseFacts) time.Time {
	return f.Settings.Hours.StartOfWorkday(f.Person(r.OpsLead), f.Now, 5).Add(time.Hour)
}

// CanSchedule refuses whoever may not schedule the handover, and a release that
// needs none now.
func (r *Release) CanSchedule(f ReleaseFacts) error {
	if err := r.mayRun("schedule the handover of", f); err != nil {
		return err
	}
	switch {
	case r.InSession() != nil:
		return Settledf("The handover of %s is under way. Adjourn it to set another time.", r.ID)
	case r.State != ReleasePlanning && r.State != ReleaseHandoverDue:
		return Refusef("%s is %s, so no handover meeting is needed now.", r.ID, r.State.phrase())
	case !f.active(r.OpsLead) && !f.active(r.Deputy):
		return Refusef("The operations lead of %s, %s, is deactivated in Slack and no deputy is named, so nobody could decide. %s They can name another operations lead.",
			r.ID, f.Name(r.OpsLead), whoManages(f.Facts))
	}
	return nil
}

// Schedule sets the handover meeting, or moves the one that is scheduled.
func (r *Release) Schedule(in MeetingInput, f ReleaseFacts) error {
	if err := r.CanSchedule(f); err != nil {
		return err
	}
	if err := in.check(r, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		return next.schedule(in, f)
	})
}

func (r *Release) schedule(in MeetingInput, f ReleaseFacts) error {
	if in.Length == 0 {
		in.Length = MeetingLength
	}
	guests := distinct(in.Guests)
	m := r.Upcoming()
	var before string
	if m == nil {
		r.Meetings = append(r.Meetings, Meeting{No: len(r.Meetings) + 1, State: MeetingScheduled, ScheduledBy: f.Actor.ID})
		m = r.LastMeeting()
	} else {
		if m.At.Equal(in.At) && m.Length == in.Length && m.Place == oneLine(in.Place) && slices.Equal(m.Guests, guests) {
			return Settledf("The handover of %s is scheduled so already, so nothing was changed.", r.ID)
		}
		before = dateText(m.At)
		m.Sequence++
		m.BriefedAt = time.Time{}
	}
	m.At, m.Length, m.Place, m.Guests = in.At.UTC(), in.Length, oneLine(in.Place), guests
	r.record(f, Event{Kind: EventHandoverScheduled, Reason: m.Place, Diff: []FieldDiff{{"Handover", before, dateText(m.At)}}, Asked: r.invited()})
	return nil
}

// Seated are those who belong in the meeting: who decides, the project lead,
// and the bucket owners.
func (r *Release) Seated() []UserID {
	return distinct(append([]UserID{r.OpsLead, r.Deputy, r.ProjectLead}, r.Voters()...))
}

// invited are those who belong in the newest meeting, and its guests.
func (r *Release) invited() []UserID {
	list := r.Seated()
	if m := r.LastMeeting(); m != nil {
		list = append(list, m.Guests...)
	}
	return distinct(list)
}

// Attendees are those invited and, beside them, the owners of the services and
// the change managers: who is on the calendar entry.
func (r *Release) Attendees(f ReleaseFacts) []UserID {
	list := r.invited()
	for _, slug := range r.Services {
		list = append(list, f.Services[slug].Owner)
	}
	list = append(list, f.Roles[RoleChangeManager]...)
	return slices.DeleteFunc(distinct(list), func(u UserID) bool { return !f.active(u) })
}

// callOff ends what is scheduled or under way.
func (r *Release) callOff(f ReleaseFacts) {
	if m := r.LastMeeting(); m != nil && (m.State == MeetingScheduled || m.State == MeetingInSession) {
		m.State = MeetingCalledOff
		m.Sequence++
		r.record(f, Event{Kind: EventHandoverCalledOff, Asked: r.invited()})
	}
}
