package models

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// HandoverCondition is what a handover decision made of an item that was not
// met: who meets it until when, and how one sees that they did. One that is due
// before go-live blocks the acceptance; the others are tracked until early-life
// support ends.
type HandoverCondition struct {
	Meeting int // the number of the meeting; 0 = an edit reopened the item
	Test    string
	Due     time.Time
	After   bool // after go-live: tracked, does not block
	By      UserID
	At      time.Time
	Told    time.Time // when its owner was told that it is due soon
	Flagged time.Time // when it was told that it is overdue
}

// ConditionInput is what the operations lead fills in for one unmet item, or,
// with No 0, for something that no item says.
type ConditionInput struct {
	No    int
	Title string // of a new one
	Owner UserID
	Due   time.Time
	Test  string
	After bool
}

// OpenCondition reports whether the item is a condition that is not met.
func (i *Item) OpenCondition() bool { return i.Condition != nil && i.Status != ItemVerified }

// Blocks reports whether the item keeps a conditional release from being
// confirmed: an open condition before go-live, or an unmet item that is none.
func (i *Item) Blocks(now time.Time) bool {
	if i.Condition != nil {
		return !i.Condition.After && i.OpenCondition()
	}
	return i.Unmet(now)
}

// Blocking lists the items that block a conditional release, by due date.
func (r *Release) Blocking(now time.Time) []*Item {
	return r.itemsWhere(func(i *Item) bool { return i.Blocks(now) })
}

// Conditions lists the items that a handover made conditions, by due date.
func (r *Release) Conditions() []*Item {
	return r.itemsWhere(func(i *Item) bool { return i.Condition != nil })
}

func (r *Release) itemsWhere(wanted func(*Item) bool) []*Item {
	var out []*Item
	for k := range r.Items {
		if wanted(&r.Items[k]) {
			out = append(out, &r.Items[k])
		}
	}
	slices.SortStableFunc(out, byDue)
	return out
}

// mayDecide: the operations lead or the named deputy, in a meeting whose votes
// were shown.
func (r *Release) mayDecide(no int, what string, f ReleaseFacts) (*Meeting, error) {
	m, err := r.session(no, "decision")
	if err != nil {
		return nil, err
	}
	if err := r.mayLead(what, f); err != nil {
		return nil, err
	}
	return m, nil
}

// MayDecide is the meeting that the person can end, or why not; accepting needs
// the votes and a quorum, too.
func (r *Release) MayDecide(no int, accept bool, f ReleaseFacts) (*Meeting, error) {
	m, err := r.mayDecide(no, "decide on the handover", f)
	if err == nil && accept {
		err = r.heard(m, f)
	}
	return m, err
}

// heard refuses a decision before the votes were shown or without a quorum.
func (r *Release) heard(m *Meeting, f ReleaseFacts) error {
	if m.RevealedAt.IsZero() {
		var names []string
		for _, u := range r.Missing(m) {
			names = append(names, f.Name(u))
		}
		return Refusef("The votes on %s are not shown yet: %s still to vote. Wait for them, or press Show votes.", r.ID, list(names, "nobody"))
	}
	here := *m
	here.Present = append(slices.Clone(m.Present), f.Actor.ID) // whoever decides is here
	if absent := r.Absent(&here, f); len(absent) > 0 {
		return Refusef("The handover of %s has no quorum: %s did not take part. Ask them to vote, or make somebody who is here the owner of their bucket; or adjourn.", r.ID, list(absent, ""))
	}
	return nil
}

// Accept ends the meeting with the acceptance. It is refused while any
// mandatory item is unmet.
func (r *Release) Accept(no int, f ReleaseFacts) error {
	m, err := r.mayDecide(no, "accept the handover", f)
	if err != nil {
		return err
	}
	if unmet := r.Unmet(f.Now); len(unmet) > 0 {
		return Refusef("%s can't be accepted as it is: %s not met: %s. Accept it with conditions, have them verified or waived first, or decline.",
			r.ID, isAre(len(unmet), "mandatory item"), labels(unmet, 5))
	}
	if err := r.heard(m, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		return next.decide(HandoverDecision{Outcome: HandoverAccepted}, ReleaseAccepted, f)
	})
}

func isAre(n int, unit string) string {
	if n == 1 {
		return "1 " + unit + " is"
	}
	return number(n) + " " + unit + "s are"
}

// labels names the first of the items, and says how many more there are.
func labels(items []*Item, most int) string {
	var words []string
	for k, i := range items {
		if k == most {
			words = append(words, number(len(items)-most)+" more")
			break
		}
		words = append(words, i.Label()+" "+clipRunes(i.Title, 60))
	}
	return list(words, "")
}

// AcceptWithConditions ends the meeting with an acceptance that waits for its
// conditions. Every unmet item needs one; each has an owner, a date and a test
// that can be observed. With nothing to be met before go-live the release is
// accepted at once.
func (r *Release) AcceptWithConditions(no int, list []ConditionInput, f ReleaseFacts) error {
	m, err := r.mayDecide(no, "accept the handover", f)
	if err != nil {
		return err
	}
	if err := r.heard(m, f); err != nil {
		return err
	}
	if err := r.checkConditions(list, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		d := HandoverDecision{Outcome: HandoverConditional}
		to := ReleaseAccepted
		for _, in := range list {
			i := next.imposed(in, m.No, f)
			d.Conditions = append(d.Conditions, i.No)
			if !in.After {
				to = ReleaseConditional
			}
		}
		return next.decide(d, to, f)
	})
}

// imposed makes a condition of an item, or of what no item says yet.
func (r *Release) imposed(in ConditionInput, meeting int, f ReleaseFacts) *Item {
	i, err := r.no(in.No)
	if err != nil {
		i = r.add(Item{Bucket: BucketQuality, Title: oneLine(in.Title), Expected: oneLine(in.Test), Mandatory: true, Status: ItemOpen, Since: f.Now, Origin: FromCondition})
		i.ID = "HC" + number(i.No)
	}
	i.lapse(f.Now)
	i.Owner, i.Due, i.Exempt = in.Owner, in.Due.UTC(), nil
	i.Condition = &HandoverCondition{Meeting: meeting, Test: tidy(in.Test), Due: in.Due.UTC(), After: in.After, By: f.Actor.ID, At: f.Now}
	return i
}

func (r *Release) checkConditions(list []ConditionInput, f ReleaseFacts) error {
	var wrong []string
	errs := fieldErrors{}
	given := map[int]bool{}
	for k, in := range list {
		i, err := r.no(in.No)
		what := "Condition " + number(k+1)
		if err == nil {
			what = "Item " + i.Label()
		}
		if field, text := in.bad(r, f); text != "" {
			wrong = append(wrong, what+": "+text)
			errs.add(ConditionField(field, in.No), "%s", upperFirst(text))
		}
		switch {
		case in.No == 0:
		case err != nil:
			wrong = append(wrong, what+": there is no item "+number(in.No)+".")
		case given[in.No]:
			wrong = append(wrong, what+" is given twice.")
		case i.Bucket == BucketEarlyLife:
			wrong = append(wrong, what+" belongs to early-life support, which has its own exit criteria.")
		case i.Met(f.Now):
			wrong = append(wrong, what+" is "+i.Status.String()+", so it needs no condition.")
		}
		given[in.No] = true
	}
	for _, i := range r.Unmet(f.Now) {
		if !given[i.No] {
			wrong = append(wrong, "Item "+i.Label()+" is unmet and has no condition: give it an owner, a date and a test.")
		}
	}
	if len(list) == 0 && len(wrong) == 0 {
		return Refusef("No condition was given, and no item of %s is unmet. Press Accept instead.", r.ID)
	}
	if len(wrong) > 0 {
		errs.add(FieldConditions, "%s", strings.Join(wrong, " "))
		return errs.err("Nothing is recorded yet. " + strings.Join(wrong, " "))
	}
	return nil
}

// ConditionField is one answer about the condition on an item; 0 is the one that
// no item says.
func ConditionField(part Field, no int) Field { return part + "/" + Field(number(no)) }

// bad says what one condition lacks, and which answer that is; "" for nothing.
func (in ConditionInput) bad(r *Release, f ReleaseFacts) (Field, string) {
	test := utf8.RuneCountInString(tidy(in.Test))
	switch p := f.Person(in.Owner); {
	case in.Owner == "":
		return FieldOwner, "it needs an owner."
	case p.Deleted || p.Bot:
		return FieldOwner, f.Name(in.Owner) + " can't own it: this account is deactivated or a bot."
	case in.Due.IsZero():
		return FieldDue, "it needs a date."
	case !in.Due.After(f.Now):
		return FieldDue, "its date is in the past."
	case !in.After && in.Due.After(r.GoLive):
		return FieldDue, "it is to be met before go-live, and its date lies after it."
	case test < 3 || blank(in.Test):
		return FieldCheck, "it needs a test: what can be seen when it is met."
	case test > MaxReason:
		return FieldCheck, "its test is longer than 1,000 letters."
	case in.No == 0 && blank(oneLine(in.Title)):
		return FieldTitle, "it needs a title."
	case utf8.RuneCountInString(oneLine(in.Title)) > 2*MaxTitle:
		return FieldTitle, "its title is too long."
	}
	return "", ""
}

// mostConditions is how many unmet items one decision can make conditions of:
// more than that is no release to accept.
const mostConditions = 20

// Proposed are the conditions that the unmet items would become, filled in with
// their owners, what is expected of them, and the end of work two working days
// before go-live, or of tomorrow when that is too late.
func (r *Release) Proposed(f ReleaseFacts) ([]ConditionInput, error) {
	unmet := r.Unmet(f.Now)
	if len(unmet) > mostConditions {
		return nil, Refusef("%s can't be accepted with conditions yet: %s not met, and at most %d can become conditions. Have some verified or waived first, or decline.",
			r.ID, isAre(len(unmet), "mandatory item"), mostConditions)
	}
	hours := f.Settings.Hours
	var out []ConditionInput
	for _, i := range unmet {
		owner := f.Person(r.OwnerOf(i))
		due := hours.EndOfWorkday(owner, r.GoLive, -2)
		if !due.After(f.Now) {
			due = hours.EndOfWorkday(owner, f.Now, 1)
		}
		out = append(out, ConditionInput{No: i.No, Title: i.Title, Owner: owner.ID, Due: due, Test: i.Expected})
	}
	return out, nil
}

// decide ends the meeting under way.
func (r *Release) decide(d HandoverDecision, to ReleaseState, f ReleaseFacts) error {
	m, from := r.InSession(), r.State
	if err := r.move(to); err != nil {
		return err
	}
	m.attend(f.Actor.ID)
	d.By, d.AsDeputy, d.At, d.Unanimous = f.Actor.ID, f.Actor.ID != r.OpsLead, f.Now, m.unanimous()
	m.Decision, m.State = &d, MeetingDecided
	if d.Outcome == HandoverAdjourned {
		m.State = MeetingAdjourned
	}
	r.Reason, r.ConfirmAt = d.Reason, time.Time{}
	var diff []FieldDiff
	for _, no := range d.Conditions {
		if i, err := r.no(no); err == nil {
			diff = append(diff, FieldDiff{"Condition " + i.Label(), "", i.Condition.Test})
		}
	}
	r.record(f, Event{Kind: decided[d.Outcome], From: State(from), To: State(to), Reason: d.Reason, Diff: diff, Asked: r.owners()})
	if to == ReleaseAccepted {
		r.certify(m.No, f)
	}
	return nil
}

var decided = map[HandoverOutcome]EventKind{HandoverAccepted: EventHandoverAccepted, HandoverConditional: EventHandoverConditional,
	HandoverDeclined: EventHandoverDeclined, HandoverAdjourned: EventHandoverAdjourned}

// unanimous reports whether every vote that counts was "ready".
func (m *Meeting) unanimous() bool {
	return len(m.Votes) > 0 && !slices.ContainsFunc(m.Votes, func(v Vote) bool { return v.Choice != ChoiceReady })
}

// Decline ends the meeting without acceptance: the release is planned again,
// with the next meeting on the date given.
func (r *Release) Decline(no int, reason string, next time.Time, f ReleaseFacts) error {
	return r.putOff(no, HandoverDeclined, "decline the handover", "Say what is missing, so that the next meeting can accept it.", reason, next, f)
}

// Adjourn ends the meeting undecided, because something new came up.
func (r *Release) Adjourn(no int, reason string, next time.Time, f ReleaseFacts) error {
	return r.putOff(no, HandoverAdjourned, "adjourn the handover", "Say what came up.", reason, next, f)
}

func (r *Release) putOff(no int, outcome HandoverOutcome, what, missing, reason string, at time.Time, f ReleaseFacts) error {
	m, err := r.mayDecide(no, what, f)
	if err != nil {
		return err
	}
	errs := fieldErrors{}
	reason, err = needReason(reason, missing)
	if refusal, ok := AsRefusal(err); ok {
		errs.add(FieldReason, "%s", refusal.Fields[FieldReason])
	}
	in := MeetingInput{At: at, Length: m.Length, Place: m.Place, Guests: m.Guests}
	if !at.After(f.Now) { // it may lie after the go-live, which then has to move
		errs.add(FieldNext, "Choose when the next meeting is, a time that is still to come.")
	}
	if err := errs.err("Nothing is recorded yet: some answers need another look."); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		m := next.InSession()
		if m.RevealedAt.IsZero() && len(m.Votes) > 0 {
			next.reveal(m, f) // what was voted is part of the record
		}
		if err := next.decide(HandoverDecision{Outcome: outcome, Reason: reason, Next: at.UTC()}, ReleasePlanning, f); err != nil {
			return err
		}
		return next.schedule(in, f)
	})
}

// Confirm is the operations lead's word that the blocking conditions are met:
// only then is a conditional release accepted.
func (r *Release) Confirm(f ReleaseFacts) error {
	if r.State != ReleaseConditional {
		if r.State.HandedOver() {
			return Settledf("%s is %s already, so nothing more was recorded.", r.ID, r.State.phrase())
		}
		return Refusef("%s is %s, so there is nothing to confirm yet.", r.ID, r.State.phrase())
	}
	if err := r.mayLead("confirm the acceptance", f); err != nil {
		return err
	}
	if open := r.Blocking(f.Now); len(open) > 0 {
		return Refusef("%s can't be confirmed yet: %s still open before go-live: %s. Have them verified first.", r.ID, isAre(len(open), "condition"), labels(open, 5))
	}
	return r.try(f, func(next *Release) error {
		if err := next.move(ReleaseAccepted); err != nil {
			return err
		}
		next.ConfirmAt = time.Time{}
		next.record(f, Event{Kind: EventHandoverConfirmed, From: State(ReleaseConditional), To: State(ReleaseAccepted), Asked: next.owners(), Touched: next.leads()})
		no := 0
		if m := next.LastMeeting(); m != nil {
			no = m.No
		}
		next.certify(no, f)
		return nil
	})
}

// settle follows up on what a command left: an acceptance that stands on an
// item which is unmet again becomes conditional, and the operations lead is
// asked to confirm once nothing blocks.
func (r *Release) settle(f ReleaseFacts) error {
	if r.State != ReleaseAccepted && r.State != ReleaseConditional {
		return nil
	}
	open := r.Blocking(f.Now)
	for _, i := range open {
		if i.Condition == nil {
			r.reopened(i, f)
		}
	}
	switch {
	case r.State == ReleaseAccepted && len(open) > 0:
		if err := r.move(ReleaseConditional); err != nil {
			return err
		}
		r.revoke(f)
		r.record(f, Event{Kind: EventReleaseReopened, From: State(ReleaseAccepted), To: State(ReleaseConditional),
			Reason: isAre(len(open), "item") + " not met any more: " + labels(open, 5), Asked: []UserID{r.OpsLead, r.Deputy, r.ProjectLead}})
	case r.State == ReleaseConditional && len(open) > 0:
		r.ConfirmAt = time.Time{}
	case r.State == ReleaseConditional && r.ConfirmAt.IsZero():
		r.ConfirmAt = f.Now
		r.record(f, Event{Kind: EventConditionsMet, Asked: []UserID{r.OpsLead, r.Deputy}})
	}
	return nil
}

// reopened makes a condition of an item that is unmet after the acceptance.
func (r *Release) reopened(i *Item, f ReleaseFacts) {
	test := i.Expected
	if blank(test) {
		test = i.Title
	}
	i.lapse(f.Now)
	i.Due, i.Exempt = r.dueOf(i, f), nil
	i.Condition = &HandoverCondition{Test: test, Due: i.Due, By: f.Actor.ID, At: f.Now}
}
