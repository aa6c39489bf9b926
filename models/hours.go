package models

import "time"

// A message to one person is planned for their hours when it is decided. What
// Slack, or a downtime, then delays is judged once more when it can be sent.

// MayWait is when the person may get a message about the change that comes
// late: in their hours, unless nothing of it can wait.
func (c *Change) MayWait(u UserID, f Facts) time.Time { return later(c.noteNotBefore(u, f), f.Now) }

// MayWait is when the person may get a late message of this kind about the
// release: in their hours, but a vote is asked for while people meet.
func (r *Release) MayWait(a ReleaseAsk, f ReleaseFacts) time.Time {
	if a.Kind == AskVote {
		return f.Now
	}
	return f.Settings.Hours.Next(f.Person(a.User), f.Now)
}

// noteNotBefore: what is said of a release waits for the person's hours, but
// for what is about a meeting that goes on, and for an incident.
func (r *Release) noteNotBefore(kind EventKind, u UserID, f ReleaseFacts) time.Time {
	switch kind {
	case EventVotesMissing, EventHandoverOverrun, EventIncidentReported:
		return time.Time{}
	}
	if at := f.Settings.Hours.Next(f.Person(u), f.Now); at.After(f.Now) {
		return at
	}
	return time.Time{}
}

// NoteMayWait is when the person may get a late note of such an event.
func (r *Release) NoteMayWait(kind EventKind, u UserID, f ReleaseFacts) time.Time {
	return later(r.noteNotBefore(kind, u, f), f.Now)
}

// MayWait is when the person may get a late message of these reminders: in
// their hours, unless one of them can't wait.
func (s Subjects) MayWait(list []Reminder, u UserID, f Facts) time.Time {
	for _, r := range list {
		if d := dutyOf(s.duties(r, f), r); d != nil && !d.waits(r.Stage) {
			return f.Now
		}
	}
	return f.Settings.Hours.Next(f.Person(u), f.Now)
}
