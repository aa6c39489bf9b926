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
	if m := r.InSession(); m != nil {
		if m.RevealedAt.IsZero() && m.NudgedAt.IsZero() {
			out = append(out, m.nudgeAt())
		}
		if m.OverrunAt.IsZero() {
			out = append(out, m.StartedAt.Add(m.Length))
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
	if r.State == ReleaseEarlyLife {
		out = append(out, r.pulseAt(f))
		if r.EarlyLife.PromptedAt.IsZero() {
			out = append(out, r.EarlyLife.Ends)
		}
	}
	return out
}

// nudgeAt is when the agenda's silent vote is over: whoever has not voted by
// then is asked once more.
func (m *Meeting) nudgeAt() time.Time {
	for _, p := range m.Agenda() {
		if p.Title == silentVote {
			return m.StartedAt.Add(p.To)
		}
	}
	return m.StartedAt.Add(m.Length)
}

// pulseDays is how often it is told how early-life support stands.
const pulseDays = 5

// pulseAt is when that is told next: every fifth working day, at its start.
func (r *Release) pulseAt(f ReleaseFacts) time.Time {
	return f.Settings.Hours.StartOfWorkday(f.Person(r.ProjectLead), later(r.EarlyLife.Began, r.EarlyLife.PulsedAt), pulseDays)
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
				if over := m.At.Add(m.Length); !over.After(f.Now) { // nothing ran at its time: whoever decides hears so, and nobody is asked for a vote twice
					m.StartedAt, m.NudgedAt = m.At, f.Now
				}
			} else if m.BriefedAt.IsZero() && !next.briefAt(m, f).After(f.Now) {
				if err := next.brief(m, f); err != nil {
					return err
				}
			}
		}
		next.followMeeting(f)
		switch {
		case next.State == ReleaseLive && !next.earlyLifeAt(f).After(f.Now):
			return next.beginEarlyLife(EarlyLifeDays(next.Tier), f)
		case next.State == ReleaseEarlyLife:
			next.followEarlyLife(f)
		}
		return nil
	})
}

// followMeeting asks those who have not voted once more, and whoever decides
// when the time is over.
func (r *Release) followMeeting(f ReleaseFacts) {
	m := r.InSession()
	if m == nil {
		return
	}
	if m.RevealedAt.IsZero() && m.NudgedAt.IsZero() && !m.nudgeAt().After(f.Now) {
		m.NudgedAt = f.Now
		r.record(f, Event{Kind: EventVotesMissing, Asked: r.Missing(m)})
	}
	if m.OverrunAt.IsZero() && !m.StartedAt.Add(m.Length).After(f.Now) {
		m.OverrunAt = f.Now
		r.record(f, Event{Kind: EventHandoverOverrun, Asked: r.leads()})
	}
}

// followEarlyLife asks whether support can end when its days are over, and else
// tells now and then how it stands.
func (r *Release) followEarlyLife(f ReleaseFacts) {
	over := r.EarlyLife.PromptedAt.IsZero() && !r.EarlyLife.Ends.After(f.Now)
	if over {
		r.EarlyLife.PromptedAt = f.Now
		r.record(f, Event{Kind: EventEarlyLifeOver, Asked: r.leads()})
	}
	if !r.pulseAt(f).After(f.Now) {
		r.EarlyLife.PulsedAt = f.Now
		asked := []UserID{r.ProjectLead}
		if !over { // those are asked this minute
			asked = append(asked, r.leads()...)
		}
		r.record(f, Event{Kind: EventEarlyLifePulse, Asked: asked})
	}
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
		i.again(now)
		i.Status, i.Since, i.Reason = ItemOpen, now, "its waiver ran out"
	}
}

// flagConditions tells, once each, of conditions that are overdue. That one is
// due soon is a reminder of its owner's, and comes with their others.
func (r *Release) flagConditions(f ReleaseFacts) {
	for k := range r.Items {
		i := &r.Items[k]
		if !i.OpenCondition() || !i.Condition.Flagged.IsZero() {
			continue
		}
		if f.Now.After(i.Condition.Due) {
			i.Condition.Flagged = f.Now
			r.record(f, Event{Kind: EventConditionOverdue, Reason: i.Label() + " " + i.Title, Asked: []UserID{r.OwnerOf(i), r.OpsLead, r.ProjectLead}})
		}
	}
}
