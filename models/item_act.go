package models

import (
	"slices"
	"time"
)

// ItemAct is one thing that a person does with an item.
type ItemAct string

// What can be done with an item.
const (
	ActBegin   ItemAct = "begin"
	ActBlock   ItemAct = "block"
	ActSubmit  ItemAct = "submit"
	ActVerify  ItemAct = "verify"
	ActReturn  ItemAct = "return"
	ActWaive   ItemAct = "waive"
	ActExempt  ItemAct = "exempt"  // call it not applicable
	ActConfirm ItemAct = "confirm" // that a mandatory one is
	ActRefuse  ItemAct = "refuse"  // that it is
	ActReopen  ItemAct = "reopen"
)

// What can be done with an item in any of its states, beside the acts that move
// it.
const (
	ActAssign ItemAct = "assign" // give it to somebody
	ActReport ItemAct = "report" // how many issues are open
)

// ItemActs lists all of them.
var ItemActs = []ItemAct{ActBegin, ActBlock, ActSubmit, ActVerify, ActReturn, ActWaive, ActExempt, ActConfirm, ActRefuse, ActReopen}

// itemMoves says from where each act leads where. Exempting a mandatory item
// and refusing that leave it where it is.
var itemMoves = map[ItemAct]struct {
	from []ItemStatus
	to   ItemStatus
	verb string // finishes "… can't be …"
}{
	ActBegin:   {[]ItemStatus{ItemOpen, ItemBlocked, ItemReturned}, ItemInProgress, "begun"},
	ActBlock:   {[]ItemStatus{ItemOpen, ItemInProgress, ItemReturned}, ItemBlocked, "called blocked"},
	ActSubmit:  {[]ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemReturned, ItemSubmitted}, ItemSubmitted, "submitted"},
	ActVerify:  {[]ItemStatus{ItemSubmitted}, ItemVerified, "verified"},
	ActReturn:  {[]ItemStatus{ItemSubmitted, ItemVerified}, ItemReturned, "returned"},
	ActWaive:   {[]ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemSubmitted, ItemReturned}, ItemWaived, "waived"},
	ActExempt:  {[]ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemSubmitted, ItemReturned}, ItemNotApplicable, "called not applicable"},
	ActConfirm: {[]ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemSubmitted, ItemReturned}, ItemNotApplicable, "confirmed as not applicable"},
	ActRefuse:  {[]ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemSubmitted, ItemReturned}, "", "refused as not applicable"},
	ActReopen:  {[]ItemStatus{ItemVerified, ItemWaived, ItemNotApplicable}, ItemOpen, "reopened"},
}

// CanAct reports whether an act fits an item of that status.
func (s ItemStatus) CanAct(a ItemAct) bool { return slices.Contains(itemMoves[a].from, s) }

// who says in words who may do it, and whether this person may.
func (r *Release) who(a ItemAct, i *Item, u UserID) (bool, string) {
	switch a {
	case ActBegin, ActBlock, ActSubmit:
		return r.works(u, i), "its owner or the project lead"
	case ActExempt:
		return r.works(u, i) || r.Leads(u), "its owner, the project lead or the operations lead"
	case ActVerify, ActReturn:
		return r.verifies(u, i), "the operations lead, the deputy or the verifier of its bucket"
	case ActWaive:
		if i.Mandatory {
			return r.Leads(u), "the operations lead or the deputy, because it is mandatory"
		}
		return u != "" && (u == r.ProjectLead || r.Leads(u)), "the project lead or the operations lead"
	case ActConfirm, ActRefuse:
		return r.Leads(u), "the operations lead or the deputy"
	}
	return r.works(u, i) || r.verifies(u, i), "its owner, the project lead or whoever verifies it"
}

// MayAct reports whether the person may do this with the item as it stands:
// what a card offers and what a command accepts agree.
func (r *Release) MayAct(a ItemAct, i *Item, f ReleaseFacts) bool { return r.mayAct(a, i, f) == nil }

// Fits reports whether f.Actor may do this with the item now and would not be
// refused for something in plain sight: only that is worth a button.
func (r *Release) Fits(a ItemAct, i *Item, f ReleaseFacts) bool {
	switch a {
	case ActAssign:
		return r.MayRun(f)
	case ActReport:
		return r.MayReport(i, f)
	case ActVerify:
		return r.MayAct(a, i, f) && !i.SubmittedBy(f.Actor.ID) && !(i.Tests && i.OpenIssues > 0)
	case ActConfirm:
		return i.Exempt != nil && i.Exempt.By != f.Actor.ID && r.MayAct(a, i, f)
	case ActRefuse:
		return i.Exempt != nil && r.MayAct(a, i, f)
	case ActExempt:
		return i.Exempt == nil && i.Condition == nil && r.MayAct(a, i, f)
	case ActWaive:
		return i.Condition == nil && r.MayAct(a, i, f)
	}
	return r.MayAct(a, i, f)
}

// mayAct refuses what does not fit the release, the item or the person.
func (r *Release) mayAct(a ItemAct, i *Item, f ReleaseFacts) error {
	m := itemMoves[a]
	if r.State.Final() {
		return Settledf("%s is %s, so its items stay as they are.", r.ID, r.State.phrase())
	}
	if f.Actor.Bot || f.Actor.Deleted || f.Actor.ID == "" {
		_, why := f.Actor.CanDecide()
		return Refusef("Item %s of %s was not changed: %s.", i.Label(), r.ID, why)
	}
	if may, who := r.who(a, i, f.Actor.ID); !may {
		return Refusef("Item %s of %s can be %s only by %s. Ask %s.", i.Label(), r.ID, m.verb, who, r.askFor(a, i, f))
	}
	if ok, why := f.Actor.CanDecide(); !ok && a != ActBegin && a != ActBlock && a != ActSubmit { // guests may work, never decide
		return Refusef("You can't decide on item %s of %s: %s. Ask %s.", i.Label(), r.ID, why, r.askFor(a, i, f))
	}
	if !i.Status.CanAct(a) {
		if i.Status == m.to {
			return Settledf("Item %s of %s is %s already, so nothing more was recorded.", i.Label(), r.ID, i.Status.phrase())
		}
		return Refusef("Item %s of %s is %s, so it can't be %s now. Its checklist shows what can be done.", i.Label(), r.ID, i.Status.phrase(), m.verb)
	}
	if i.Bucket == BucketEarlyLife && r.State.BeforeGoLive() && a != ActExempt && a != ActConfirm && a != ActRefuse && a != ActReopen {
		return Refusef("Item %s belongs to early-life support, and %s is not live yet. It can be worked on after go-live.", i.Label(), r.ID)
	}
	return nil
}

// askFor names somebody who may, the nearest to the item first.
func (r *Release) askFor(a ItemAct, i *Item, f ReleaseFacts) string {
	for _, u := range []UserID{r.OwnerOf(i), r.ProjectLead, r.Buckets[i.Bucket].Verifier, r.OpsLead, r.Deputy} {
		if may, _ := r.who(a, i, u); may && f.active(u) && u != f.Actor.ID {
			return f.Name(u)
		}
	}
	return "a change manager to name somebody who can"
}

// act runs one act on the item of that number and records it.
func (r *Release) act(a ItemAct, no int, f ReleaseFacts, kind EventKind, reason string, do func(next *Release, i *Item) error) error {
	return r.try(f, func(next *Release) error {
		i, err := next.no(no)
		if err != nil {
			return err
		}
		if err := next.mayAct(a, i, f); err != nil {
			return err
		}
		before := *i
		i.Status, i.Since, i.Reason = itemMoves[a].to, f.Now, reason
		if err := do(next, i); err != nil {
			return err
		}
		next.recordItem(f, kind, &before, i, reason)
		return nil
	})
}

// recordItem is the audit line of one item.
func (r *Release) recordItem(f ReleaseFacts, kind EventKind, before, i *Item, reason string) {
	r.record(f, Event{Kind: kind, Reason: reason, Asked: r.asked(kind, i, f.Facts), Touched: r.concerned(i),
		Diff: []FieldDiff{{i.Label() + " " + clipRunes(i.Title, 80), before.Status.String(), i.Status.String()}}})
}

// Begin says that somebody works on the item.
func (r *Release) Begin(no int, f ReleaseFacts) error {
	return r.act(ActBegin, no, f, EventItemBegun, "", func(_ *Release, _ *Item) error { return nil })
}

// Block says that the item can't go on, and why.
func (r *Release) Block(no int, reason string, f ReleaseFacts) error {
	reason, err := needReason(reason, "Say what it waits for, so that somebody can help.")
	if err != nil {
		return err
	}
	return r.act(ActBlock, no, f, EventItemBlocked, reason, func(_ *Release, _ *Item) error { return nil })
}

// Verify accepts the evidence of that version. Whoever submitted any of what
// stands can't, and a test item with open issues is not verified by anybody.
func (r *Release) Verify(no, seen int, f ReleaseFacts) error {
	return r.act(ActVerify, no, f, EventItemVerified, "", func(next *Release, i *Item) error {
		switch {
		case i.SubmittedBy(f.Actor.ID):
			return Refusef("You submitted evidence for item %s of %s, so somebody else must verify it. Ask %s.", i.Label(), r.ID, next.otherVerifier(i, f))
		case i.Tests && i.OpenIssues > 0:
			return Refusef("Item %s of %s reports %s, so nobody can verify it yet. Have them closed, then submit the result again.", i.Label(), r.ID, units(i.OpenIssues, "open issue"))
		case seen != i.Version():
			return Refusef("The evidence of item %s of %s changed after you opened it. Read it again, then verify it.", i.Label(), r.ID)
		}
		i.VerifiedBy, i.VerifiedAt, i.Exempt = f.Actor.ID, f.Now, nil
		return f.Actor.confirmed(f.Now)
	})
}

// otherVerifier names somebody who may verify what the actor submitted.
func (r *Release) otherVerifier(i *Item, f ReleaseFacts) string {
	for _, u := range distinct([]UserID{r.Buckets[i.Bucket].Verifier, r.OpsLead, r.Deputy}) {
		if f.active(u) && !i.SubmittedBy(u) {
			return f.Name(u)
		}
	}
	return "the project lead to name a verifier for " + i.Bucket.String()
}

// Return sends the evidence back with a comment, also after it was verified.
func (r *Release) Return(no int, comment string, f ReleaseFacts) error {
	comment, err := needReason(comment, "Say what is missing, so that the next version can be accepted.")
	if err != nil {
		return err
	}
	return r.act(ActReturn, no, f, EventItemReturned, comment, func(_ *Release, i *Item) error {
		i.again(f.Now)
		return nil
	})
}

// again puts aside what stood so far.
func (i *Item) again(now time.Time) {
	i.Round, i.AgainAt = len(i.Evidence), now
	i.VerifiedBy, i.VerifiedAt, i.Waiver, i.Exempt = "", time.Time{}, nil, nil
}

// Reopen takes back what was verified, waived or called not applicable.
func (r *Release) Reopen(no int, reason string, f ReleaseFacts) error {
	reason, err := needReason(reason, "Say why it is open again.")
	if err != nil {
		return err
	}
	return r.act(ActReopen, no, f, EventItemReopened, reason, func(_ *Release, i *Item) error {
		i.again(f.Now)
		return nil
	})
}

// MayReport reports whether f.Actor may say how many issues of the item are open.
func (r *Release) MayReport(i *Item, f ReleaseFacts) bool {
	return i.Tests && !r.State.Final() && (r.works(f.Actor.ID, i) || r.verifies(f.Actor.ID, i))
}

// ReportIssues sets how many issues of a test item are open. A verified item
// with open issues is verified no more.
func (r *Release) ReportIssues(no, issues int, f ReleaseFacts) error {
	return r.try(f, func(next *Release) error {
		i, err := next.no(no)
		if err != nil {
			return err
		}
		if err := (EvidenceInput{Kind: EvidenceNote, Note: "issues", OpenIssues: &issues}).check(i); err != nil {
			return err
		}
		switch {
		case r.State.Final():
			return Settledf("%s is %s, so its items stay as they are.", r.ID, r.State.phrase())
		case !next.works(f.Actor.ID, i) && !next.verifies(f.Actor.ID, i):
			return Refusef("Item %s of %s is reported on by its owner, the project lead or whoever verifies it. Ask %s.", i.Label(), r.ID, f.Name(next.OwnerOf(i)))
		case i.OpenIssues == issues:
			return Settledf("Item %s of %s has %s already, so nothing was changed.", i.Label(), r.ID, units(issues, "open issue"))
		}
		before := *i
		i.OpenIssues = issues
		if i.Status == ItemVerified && issues > 0 {
			i.Status, i.Since, i.Reason = ItemReturned, f.Now, units(issues, "open issue")+" reported"
			i.again(f.Now)
			next.recordItem(f, EventItemReturned, &before, i, i.Reason) // so that its owner hears of it
		}
		next.record(f, Event{Kind: EventItemIssues, Touched: next.concerned(i), Reason: units(issues, "open issue"),
			Diff: []FieldDiff{{i.Label() + " " + clipRunes(i.Title, 80), units(before.OpenIssues, "open issue"), units(issues, "open issue")}}})
		return nil
	})
}
