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

// Choice is what a bucket owner votes.
type Choice string

// The choices.
const (
	ChoiceReady      Choice = "ready"
	ChoiceConditions Choice = "conditions" // ready with conditions
	ChoiceNotReady   Choice = "not_ready"
)

// Choices lists all of them.
var Choices = []Choice{ChoiceReady, ChoiceConditions, ChoiceNotReady}

var choiceNames = map[Choice]string{ChoiceReady: "ready", ChoiceConditions: "ready with conditions", ChoiceNotReady: "not ready"}

// String says the choice in words.
func (c Choice) String() string { return choiceNames[c] }

// Vote is one bucket owner's. A late one came after the votes were shown.
type Vote struct {
	By      UserID
	Buckets []Bucket // those they own
	Choice  Choice
	Comment string
	At      time.Time
	Late    bool
}

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
	Unanimous  bool      // every counting vote was "ready"
}

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

// Voters are the owners of the six buckets, each once.
func (r *Release) Voters() []UserID {
	var out []UserID
	for _, b := range Buckets {
		out = append(out, r.BucketOwner(b))
	}
	return distinct(out)
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

// MayVote is the meeting in which the person votes, or why they don't.
func (r *Release) MayVote(no int, f ReleaseFacts) (*Meeting, []Bucket, error) {
	m, err := r.session(no, "vote")
	if err != nil {
		return nil, nil, err
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return nil, nil, Refusef("You can't vote on %s: %s.", r.ID, why)
	}
	var owns []Bucket
	for _, b := range Buckets {
		if r.BucketOwner(b) == f.Actor.ID {
			owns = append(owns, b)
		}
	}
	if len(owns) == 0 {
		return nil, nil, Refusef("Only those who own a bucket of %s vote on its handover, so nothing was recorded. Tell %s what you know of.", r.ID, f.Name(r.ProjectLead))
	}
	return m, owns, nil
}

// Vote records a bucket owner's vote, which nobody sees before all are shown.
// Until then it may be changed; afterwards it is kept beside the first one and
// flagged as late. "Not ready" says why.
func (r *Release) Vote(no int, choice Choice, comment string, f ReleaseFacts) error {
	m, owns, err := r.MayVote(no, f)
	if err != nil {
		return err
	}
	if !slices.Contains(Choices, choice) {
		return Refusef("Your vote was not recorded, because it says nothing. Choose ready, ready with conditions, or not ready.")
	}
	if comment = tidy(comment); choice == ChoiceNotReady || comment != "" {
		if comment, err = needReason(comment, "Say what is not ready."); err != nil {
			return err
		}
	}
	if v, voted := m.latestOf(f.Actor.ID); voted && v.Choice == choice && v.Comment == comment {
		return Settledf("Your vote on %s is recorded already: %s.", r.ID, choice)
	}
	return r.try(f, func(next *Release) error {
		next.vote(Vote{By: f.Actor.ID, Buckets: owns, Choice: choice, Comment: comment, At: f.Now}, f)
		return nil
	})
}

func (r *Release) vote(v Vote, f ReleaseFacts) {
	m := r.InSession()
	m.attend(v.By)
	v.Late = !m.RevealedAt.IsZero()
	if !v.Late {
		m.Votes = slices.DeleteFunc(m.Votes, func(x Vote) bool { return x.By == v.By })
	}
	m.Votes = append(m.Votes, v)
	reason := "" // a silent vote is silent in the audit log too, until it is shown
	if v.Late {
		reason = "late: " + v.Choice.String()
	}
	r.record(f, Event{Kind: EventVoted, Reason: reason})
	if m.RevealedAt.IsZero() && len(r.Missing(m)) == 0 {
		r.reveal(m, f)
	}
}

// reveal shows the votes, all together.
func (r *Release) reveal(m *Meeting, f ReleaseFacts) {
	m.RevealedAt = f.Now
	var diff []FieldDiff
	for _, v := range m.Votes {
		diff = append(diff, FieldDiff{"Vote of " + f.Name(v.By), "", v.Choice.String()})
	}
	r.record(f, Event{Kind: EventVotesRevealed, Diff: diff})
}

// VoteOf is the vote of a person that counts: the last one in time.
func (m *Meeting) VoteOf(u UserID) (Vote, bool) {
	var last Vote
	found := false
	for _, v := range m.Votes {
		if v.By == u && (!found || !v.Late) {
			last, found = v, true
		}
	}
	return last, found
}

// latestOf is the vote that a person gave last, whether it counts or is late.
func (m *Meeting) latestOf(u UserID) (Vote, bool) {
	for k := len(m.Votes) - 1; k >= 0; k-- {
		if m.Votes[k].By == u {
			return m.Votes[k], true
		}
	}
	return Vote{}, false
}

// Missing are the bucket owners who have not voted.
func (r *Release) Missing(m *Meeting) []UserID {
	return slices.DeleteFunc(r.Voters(), func(u UserID) bool { _, voted := m.VoteOf(u); return voted })
}

// Shown are the votes that may be seen: none before they are shown together.
func (m *Meeting) Shown() []Vote {
	if m.RevealedAt.IsZero() {
		return nil
	}
	return m.Votes
}

// Reveal shows the votes although some are missing.
func (r *Release) Reveal(no int, f ReleaseFacts) error {
	m, err := r.session(no, "click")
	if err != nil {
		return err
	}
	if !m.RevealedAt.IsZero() {
		return Settledf("The votes on %s are shown already, so nothing more was recorded.", r.ID)
	}
	if err := r.mayRun("show the votes of", f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		next.reveal(next.InSession(), f)
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

// callOff ends what is scheduled or under way.
func (r *Release) callOff(f ReleaseFacts) {
	if m := r.LastMeeting(); m != nil && (m.State == MeetingScheduled || m.State == MeetingInSession) {
		m.State = MeetingCalledOff
		m.Sequence++
		r.record(f, Event{Kind: EventHandoverCalledOff, Asked: r.invited()})
	}
}
