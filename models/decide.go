package models

import (
	"slices"
	"time"
)

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

// decide ends the meeting under way.
func (r *Release) decide(d HandoverDecision, to ReleaseState, f ReleaseFacts) error {
	m, from := r.InSession(), r.State
	if err := r.move(to); err != nil {
		return err
	}
	m.attend(f.Actor.ID)
	d.By, d.AsDeputy, d.At = f.Actor.ID, f.Actor.ID != r.OpsLead, f.Now
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
