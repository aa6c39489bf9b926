package models

import "time"

// Subjects are the records that reminders are about, as they stand.
type Subjects struct {
	Changes  map[ChangeID]*Change
	Releases map[ReleaseID]*Release
}

// duties are those of the reminder's record.
func (s Subjects) duties(r Reminder, f Facts) []duty {
	switch r.Record.Kind {
	case RecordChange:
		if c := s.Changes[ChangeID(r.Record.ID)]; c != nil {
			return c.duties(f)
		}
	case RecordRelease:
		if x := s.Releases[ReleaseID(r.Record.ID)]; x != nil {
			return x.duties(f)
		}
	case RecordPerson:
		return absenceDuties(UserID(r.About), f)
	}
	return nil
}

// Concerns reports whether what the person was reminded of is still to be done.
func (s Subjects) Concerns(r Reminder, f Facts) bool { return dutyOf(s.duties(r, f), r) != nil }

// Snooze says until when the person puts off what they were reminded of, and
// refuses what would come too late. It is theirs alone: nobody else's reminder
// moves, and neither does the escalation.
func (s Subjects) Snooze(r Reminder, by SnoozeFor, f Facts) (time.Time, error) {
	what := "This"
	switch r.Record.Kind {
	case RecordChange:
		what = ChangeID(r.Record.ID).String()
	case RecordRelease:
		what = ReleaseID(r.Record.ID).String()
	}
	return snooze(dutyOf(s.duties(r, f), r), r, by, what, f)
}

// MaySnooze lists what the reminder can be put off for now.
func (s Subjects) MaySnooze(r Reminder, f Facts) []SnoozeFor {
	return maySnooze(dutyOf(s.duties(r, f), r), r, f)
}
