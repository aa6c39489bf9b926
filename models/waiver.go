package models

import "time"

// Waiver is a mandatory or advisory item's being let off for a while.
type Waiver struct {
	By      UserID
	At      time.Time
	Reason  string
	Expires time.Time
}

// Exemption asks the operations lead to confirm that an item does not apply.
type Exemption struct {
	By     UserID
	At     time.Time
	Reason string
}

// WaivedAt reports whether a waiver holds at that moment.
func (i *Item) WaivedAt(now time.Time) bool {
	return i.Status == ItemWaived && (i.Waiver == nil || now.Before(i.Waiver.Expires))
}

// maxWaiver keeps "for a while" from being for ever.
const maxWaiver = 366 * 24 * time.Hour

// Waive lets the release do without the item until a date: a mandatory one is
// waived by the operations lead, who must not be the one who owes it; an
// advisory one by the project lead. A condition of the handover is never waived.
func (r *Release) Waive(no int, reason string, expires time.Time, f ReleaseFacts) error {
	reason, err := needReason(reason, "Say why the release can do without it for now.")
	if err != nil {
		return err
	}
	return r.act(ActWaive, no, f, EventItemWaived, reason, func(next *Release, i *Item) error {
		switch {
		case i.Condition != nil:
			return Refusef("Item %s is a condition of the handover of %s, so it is met or not; it can't be waived.", i.Label(), r.ID)
		case i.Mandatory && (next.OwnerOf(i) == f.Actor.ID || i.SubmittedBy(f.Actor.ID)):
			return Refusef("You are to deliver item %s of %s yourself, so somebody else must waive it. Ask %s.", i.Label(), r.ID, next.otherLead(f))
		case !expires.After(f.Now):
			return &Refusal{Text: "Nothing is recorded yet: the waiver needs a date.", Fields: map[Field]string{
				FieldExpiry: "Choose until when the waiver holds, a day that is still to come. Then the item opens again."}}
		case expires.Sub(f.Now) > maxWaiver:
			return &Refusal{Text: "Nothing is recorded yet: the waiver needs another date.", Fields: map[Field]string{
				FieldExpiry: "A waiver holds for a year at most. Choose an earlier day."}}
		}
		i.Waiver = &Waiver{By: f.Actor.ID, At: f.Now, Reason: reason, Expires: expires.UTC()}
		i.Exempt = nil
		return f.Actor.confirmed(f.Now)
	})
}

// otherLead is the other one of operations lead and deputy.
func (r *Release) otherLead(f ReleaseFacts) string {
	for _, u := range []UserID{r.OpsLead, r.Deputy} {
		if u != f.Actor.ID && f.active(u) {
			return f.Name(u)
		}
	}
	return "the deputy; none is named yet, so edit " + r.ID.String() + " to name one"
}

// NotApplicable says that the item has nothing to do with this release. For a
// mandatory one that is a request, which the operations lead confirms; their
// own word is enough unless they owe the item.
func (r *Release) NotApplicable(no int, reason string, f ReleaseFacts) error {
	reason, err := needReason(reason, "Say why it does not apply to this release.")
	if err != nil {
		return err
	}
	item, err := r.no(no)
	if err != nil {
		return err
	}
	direct := !item.Mandatory || r.Leads(f.Actor.ID) && r.OwnerOf(item) != f.Actor.ID
	kind := EventItemNotApplicable
	if !direct {
		kind = EventItemExemptionAsked
	}
	was := item.Status
	return r.act(ActExempt, no, f, kind, reason, func(next *Release, i *Item) error {
		if i.Condition != nil {
			return Refusef("Item %s is a condition of the handover of %s, so it can't be called not applicable.", i.Label(), r.ID)
		}
		if !direct && i.Exempt != nil {
			return Settledf("The operations lead is asked already whether item %s of %s applies, so nothing more was recorded.", i.Label(), r.ID)
		}
		i.Exempt = nil
		if !direct {
			i.Status, i.Since, i.Reason = was, item.Since, item.Reason
			i.Exempt = &Exemption{By: f.Actor.ID, At: f.Now, Reason: reason}
		}
		return nil
	})
}

// ConfirmNotApplicable agrees that a mandatory item does not apply. Whoever
// asked for it can't.
func (r *Release) ConfirmNotApplicable(no int, f ReleaseFacts) error {
	return r.act(ActConfirm, no, f, EventItemNotApplicable, "", func(next *Release, i *Item) error {
		switch {
		case i.Exempt == nil:
			return Settledf("Nobody asks any more whether item %s of %s applies, so nothing was recorded.", i.Label(), r.ID)
		case i.Exempt.By == f.Actor.ID:
			return Refusef("You asked for item %s of %s to be called not applicable, so somebody else must confirm it. Ask %s.", i.Label(), r.ID, next.otherLead(f))
		}
		i.Reason, i.Exempt = i.Exempt.Reason, nil
		return f.Actor.confirmed(f.Now)
	})
}

// RefuseNotApplicable insists that a mandatory item applies.
func (r *Release) RefuseNotApplicable(no int, comment string, f ReleaseFacts) error {
	comment, err := needReason(comment, "Say why it does apply.")
	if err != nil {
		return err
	}
	item, err := r.no(no)
	if err != nil {
		return err
	}
	return r.act(ActRefuse, no, f, EventItemExemptionRefused, comment, func(_ *Release, i *Item) error {
		if i.Exempt == nil {
			return Settledf("Nobody asks any more whether item %s of %s applies, so nothing was recorded.", i.Label(), r.ID)
		}
		i.Status, i.Since, i.Reason, i.Exempt = item.Status, item.Since, item.Reason, nil
		return nil
	})
}
