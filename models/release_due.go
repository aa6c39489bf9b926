package models

import "time"

// dues are when something happens to a release by itself; zero = never.
func (r *Release) dues(f ReleaseFacts) []time.Time {
	if r.State.Final() {
		return nil
	}
	var out []time.Time
	if m := r.Upcoming(); m != nil {
		out = append(out, m.At)
		if m.BriefedAt.IsZero() {
			out = append(out, r.briefAt(m, f))
		}
	}
	for k := range r.Items {
		i := &r.Items[k]
		if i.Status == ItemWaived && i.Waiver != nil {
			out = append(out, i.Waiver.Expires)
		}
		if i.OpenCondition() && i.Condition.Flagged.IsZero() {
			out = append(out, i.Condition.Due.Add(time.Second))
		}
	}
	if r.State == ReleaseLive {
		out = append(out, r.earlyLifeAt(f))
	}
	if r.State == ReleaseEarlyLife && r.EarlyLife.PromptedAt.IsZero() {
		out = append(out, r.EarlyLife.Ends)
	}
	return out
}

// Due is when something happens to the release by itself: the brief or the
// beginning of a handover, the end of a waiver, a condition that is overdue,
// the beginning or the end of early-life support. Zero = nothing is due.
func (r *Release) Due(f ReleaseFacts) time.Time {
	var first time.Time
	for _, at := range r.dues(f) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// earlyLifeAt is when early-life support begins by itself.
func (r *Release) earlyLifeAt(f ReleaseFacts) time.Time {
	return f.Settings.Hours.StartOfWorkday(f.Person(r.ProjectLead), r.LiveAt, 1)
}

// Elapse does what is due by now. Gatehouse calls it; early or twice it does
// nothing. Being late does each thing once.
func (r *Release) Elapse(f ReleaseFacts) error {
	if due := r.Due(f); due.IsZero() || f.Now.Before(due) {
		return nil
	}
	return r.try(f, func(next *Release) error {
		next.expireWaivers(f)
		next.flagConditions(f)
		if m := next.Upcoming(); m != nil {
			if !m.At.After(f.Now) {
				if err := next.convene(f); err != nil {
					return err
				}
			} else if m.BriefedAt.IsZero() && !next.briefAt(m, f).After(f.Now) {
				if err := next.brief(m, f); err != nil {
					return err
				}
			}
		}
		switch {
		case next.State == ReleaseLive && !next.earlyLifeAt(f).After(f.Now):
			return next.beginEarlyLife(EarlyLifeDays(next.Tier), f)
		case next.State == ReleaseEarlyLife && next.EarlyLife.PromptedAt.IsZero() && !next.EarlyLife.Ends.After(f.Now):
			next.EarlyLife.PromptedAt = f.Now
			next.record(f, Event{Kind: EventEarlyLifeOver, Asked: []UserID{next.OpsLead, next.Deputy}})
		}
		return nil
	})
}

// expireWaivers opens what was waived until now.
func (r *Release) expireWaivers(f ReleaseFacts) {
	for k := range r.Items {
		i := &r.Items[k]
		if i.Status != ItemWaived || i.Waiver == nil || f.Now.Before(i.Waiver.Expires) {
			continue
		}
		before := i.clone()
		i.lapse(f.Now)
		r.recordItem(f, EventWaiverExpired, &before, i, i.Reason)
	}
}

// lapse opens an item whose waiver has run out.
func (i *Item) lapse(now time.Time) {
	if i.Status == ItemWaived && !i.WaivedAt(now) {
		i.again()
		i.Status, i.Since, i.Reason = ItemOpen, now, "its waiver ran out"
	}
}

// flagConditions tells, once, of conditions that are overdue.
func (r *Release) flagConditions(f ReleaseFacts) {
	for k := range r.Items {
		i := &r.Items[k]
		if i.OpenCondition() && i.Condition.Flagged.IsZero() && f.Now.After(i.Condition.Due) {
			i.Condition.Flagged = f.Now
			r.record(f, Event{Kind: EventConditionOverdue, Reason: i.Label() + " " + i.Title, Asked: []UserID{r.OwnerOf(i), r.OpsLead, r.ProjectLead}})
		}
	}
}
