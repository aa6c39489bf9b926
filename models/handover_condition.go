package models

import (
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

// settle follows up on what a command left: votes are shown once nobody's is
// missing, also when those whose were do not own a bucket any more; an
// acceptance that stands on an item which is unmet again becomes conditional,
// and the operations lead is asked to confirm once nothing blocks.
func (r *Release) settle(f ReleaseFacts) error {
	if m := r.InSession(); m != nil && m.RevealedAt.IsZero() && len(r.Missing(m)) == 0 {
		r.reveal(m, f)
	}
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
