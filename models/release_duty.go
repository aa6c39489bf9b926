package models

import (
	"slices"
	"time"
)

// Reminders are what is to be said now about the release, given what was said
// before, and when to look again; the zero time when nothing will be due.
func (r *Release) Reminders(said []Reminder, f Facts) (due []Reminder, next time.Time) {
	return remind(r.Ref(), r.duties(f), said, f)
}

// Reminded are the items that the reminder is about and that still wait for its
// person, by number. The pointers are into the release.
func (r *Release) Reminded(x Reminder, f Facts) []*Item {
	var out []*Item
	for k := range r.Items {
		if kind, user, deadline := r.dutyOf(&r.Items[k], f); kind == x.Kind && deadline.Unix() == x.Round && (user == x.User || x.Escalated()) {
			out = append(out, &r.Items[k])
		}
	}
	return out
}

// Owing are those who were to see to what the reminder is about, each once.
func (r *Release) Owing(x Reminder, f Facts) []UserID {
	var out []UserID
	for _, i := range r.Reminded(x, f) {
		_, user, _ := r.dutyOf(i, f)
		out = append(out, user)
	}
	return distinct(out)
}

// dutyOf is what somebody has to do about an item by when; no kind = nothing.
// What comes to them after the item was due is due when it comes: all that could
// be said of the item's own date may have been said by then.
func (r *Release) dutyOf(i *Item, f Facts) (kind ReminderKind, user UserID, deadline time.Time) {
	switch {
	case !r.workable(i):
		return "", "", deadline
	case i.Status == ItemWaived && i.Waiver != nil:
		return RemindWaiver, r.OwnerOf(i), i.Waiver.Expires
	case i.Status.Settled():
		return "", "", deadline
	case i.Status == ItemSubmitted:
		return RemindVerify, r.verifierOf(i, f), later(i.Due, i.submittedAt())
	case i.OpenCondition():
		return RemindCondition, r.OwnerOf(i), i.Condition.Due
	}
	return RemindItem, r.OwnerOf(i), later(i.Due, i.AgainAt)
}

// submittedAt is when the first of the evidence came that is to be verified: what
// a pipeline adds with every build gives nobody more time.
func (i *Item) submittedAt() time.Time {
	if i.Standing() == nil {
		return time.Time{}
	}
	return i.Evidence[i.Round].At
}

// verifierOf is who is asked to verify the item: its bucket's verifier, else the
// operations lead, else the deputy; never whoever submitted it.
func (r *Release) verifierOf(i *Item, f Facts) UserID {
	for _, u := range []UserID{r.Buckets[i.Bucket].Verifier, r.OpsLead, r.Deputy} {
		if f.active(u) && !i.SubmittedBy(u) {
			return u
		}
	}
	return ""
}

// duties are what people have to do about the items of the release: whoever has
// several with one date hears of them together.
func (r *Release) duties(f Facts) []duty {
	if r.State.Final() {
		return nil
	}
	var out []duty
	for k := range r.Items {
		i := &r.Items[k]
		kind, user, deadline := r.dutyOf(i, f)
		if kind == "" || user == "" || deadline.IsZero() {
			continue
		}
		came := deadline.After(i.Due) && (kind == RemindItem || kind == RemindVerify)
		same := func(d duty) bool { return d.kind == kind && d.users[0] == user && d.deadline.Equal(deadline) }
		n := slices.IndexFunc(out, same)
		if n < 0 {
			out, n = append(out, r.itemDuty(kind, user, deadline, came, f)), len(out)
		}
		if i.Mandatory && kind != RemindWaiver && out[n].escalate.IsZero() {
			out[n].escalate = f.Settings.Hours.StartOfWorkday(f.Person(user), later(deadline, r.plannedAt()), 2)
		}
	}
	return out
}

// itemDuty: a working day before, on the day, a working day after. Of what was
// past when the release was planned, or its date moved, nobody hears at once. A
// condition that is overdue is told by the release itself. What came to somebody
// after its date they were told of when it came.
func (r *Release) itemDuty(kind ReminderKind, user UserID, deadline time.Time, came bool, f Facts) duty {
	p, hours, planned := f.Person(user), f.Settings.Hours, r.plannedAt()
	d := duty{kind: kind, users: []UserID{user}, backup: r.standsInFor(user, f), deadline: deadline}
	for n := -1; n <= 1; n++ {
		at := hours.StartOfWorkday(p, deadline, n)
		switch {
		case n == 1 && (kind == RemindWaiver || kind == RemindCondition):
			continue
		case n == 1:
			at = hours.StartOfWorkday(p, later(deadline, planned), n)
		case came, at.Before(planned):
			at = time.Time{}
		}
		d.stages = append(d.stages, at)
	}
	return d
}

// plannedAt is when the dates of the release were set.
func (r *Release) plannedAt() time.Time {
	at := r.CreatedAt
	for _, m := range r.Moves {
		at = later(at, m.At)
	}
	return at
}

// standsInFor is who hears when somebody does not act: whoever that person
// named, the deputy of the operations lead, else the project lead.
func (r *Release) standsInFor(u UserID, f Facts) UserID {
	named := []UserID{f.backup(u)}
	if r.Leads(u) {
		named = append(named, r.OpsLead, r.Deputy)
	}
	for _, to := range append(named, r.ProjectLead) {
		if to != u && f.active(to) {
			return to
		}
	}
	return ""
}
