package models

import "time"

// RecordSchedule is the kind of what comes round by itself, in events and deliveries.
const RecordSchedule RecordKind = "schedule"

// ScheduleKind says what a schedule is for.
type ScheduleKind string

// ScheduleDigest is a readiness digest, for a channel or a person.
const ScheduleDigest ScheduleKind = "digest"

// Schedule is something that comes round for one target: a channel or a
// person. Cron and zone are read by models/schedule.
type Schedule struct {
	ID        int64
	Workspace WorkspaceID
	Kind      ScheduleKind
	Target    string
	Cron      string
	Zone      string
	SkipAfter time.Duration // a time that came longer ago is not made up for
	NextAt    time.Time
	Version   int64 // rises with every round and edit
}

// Ref is how events and deliveries point at the schedule.
func (s Schedule) Ref() RecordRef { return RecordRef{RecordSchedule, s.ID} }

// Person is the target when it is somebody; "" for a channel.
func (s Schedule) Person() UserID {
	if s.Target != "" && (s.Target[0] == 'U' || s.Target[0] == 'W') {
		return UserID(s.Target)
	}
	return ""
}

// Location is the schedule's zone; UTC should it be gone.
func (s Schedule) Location() *time.Location {
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// SlotKey names one time of the schedule, by its local clock: nothing is
// delivered twice for it, however often clocks are set.
func (s Schedule) SlotKey(slot time.Time) string {
	return string(s.Kind) + "/" + s.Target + "/" + slot.In(s.Location()).Format("2006-01-02T15:04-0700")
}
