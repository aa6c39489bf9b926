package models

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// EarlyLife is the support that a project gives operations after go-live: it
// is time-boxed, may be extended with a reason, and ends in a formal close.
type EarlyLife struct {
	Days       int // working days agreed
	Began      time.Time
	Ends       time.Time
	Extensions []Extension
	PulsedAt   time.Time // when it was last told how it stands
	PromptedAt time.Time // when the operations lead was told that the days are over
	ClosedBy   UserID
}

// Extension is one lengthening of early-life support.
type Extension struct {
	Days   int
	Reason string
	By     UserID
	At     time.Time
}

// EarlyIncident is an incident reported into early-life support.
type EarlyIncident struct {
	No       int
	Ref      string
	Priority int // 1 to 4
	Note     string
	By       UserID
	At       time.Time
	ClosedAt time.Time
	ClosedBy UserID
}

// Open reports whether the incident is not solved yet.
func (x EarlyIncident) Open() bool { return x.ClosedAt.IsZero() }

// EarlyLifeDays are the working days of early-life support: 20 for tiers 0 and
// 1, 10 for the others.
func EarlyLifeDays(t Tier) int {
	if t <= 1 {
		return 20
	}
	return 10
}

// GoLiveNow records that an accepted release is in production. Its planned day
// may not have come yet; what was moved is seen in the slippage.
func (r *Release) GoLiveNow(f ReleaseFacts) error {
	if r.State == ReleaseLive || r.State == ReleaseEarlyLife || r.State == ReleaseClosed {
		return Settledf("%s is %s already, so nothing more was recorded.", r.ID, r.State.phrase())
	}
	if err := r.mayRun("record the go-live of", f); err != nil {
		return err
	}
	if r.State != ReleaseAccepted {
		return Refusef("%s is %s, so it can't go live. Operations accept it first, in the handover.", r.ID, r.State.phrase())
	}
	return r.try(f, func(next *Release) error {
		if err := next.settle(f); err != nil { // a waiver may have run out this minute
			return err
		}
		if next.State != ReleaseAccepted {
			open := next.Blocking(f.Now)
			return Refusef("%s can't go live: %s not met any more: %s. Have them verified, then the operations lead confirms.", r.ID, isAre(len(open), "item"), labels(open, 5))
		}
		if err := next.move(ReleaseLive); err != nil {
			return err
		}
		next.LiveAt = f.Now
		next.EarlyLife.Days = EarlyLifeDays(next.Tier)
		next.record(f, Event{Kind: EventReleaseLive, From: State(ReleaseAccepted), To: State(ReleaseLive)})
		return nil
	})
}

// BeginEarlyLife begins the days of early-life support; Gatehouse does so on
// the working day after go-live if nobody did. days 0 takes those of the tier.
func (r *Release) BeginEarlyLife(days int, f ReleaseFacts) error {
	if r.State == ReleaseEarlyLife || r.State == ReleaseClosed {
		return Settledf("%s is %s already, so nothing more was recorded.", r.ID, r.State.phrase())
	}
	if err := r.mayRun("begin early-life support of", f); err != nil {
		return err
	}
	if r.State != ReleaseLive {
		return Refusef("%s is %s, so early-life support can't begin. It follows go-live.", r.ID, r.State.phrase())
	}
	least := EarlyLifeDays(r.Tier)
	switch {
	case days == 0:
		days = least
	case days > 120:
		return &Refusal{Text: "Nothing is recorded yet.", Fields: map[Field]string{FieldDays: "Early-life support lasts 120 working days at most."}}
	case days < least && !r.Leads(f.Actor.ID):
		return &Refusal{Text: "Nothing is recorded yet.", Fields: map[Field]string{
			FieldDays: "Early-life support of this release lasts " + units(least, "working day") + "; only the operations lead can agree to fewer."}}
	case days < 1:
		return &Refusal{Text: "Nothing is recorded yet.", Fields: map[Field]string{FieldDays: "Give at least one working day."}}
	}
	return r.try(f, func(next *Release) error { return next.beginEarlyLife(days, f) })
}

func (r *Release) beginEarlyLife(days int, f ReleaseFacts) error {
	if err := r.move(ReleaseEarlyLife); err != nil {
		return err
	}
	r.EarlyLife.Days, r.EarlyLife.Began = days, f.Now
	r.EarlyLife.Ends = f.Settings.Hours.EndOfWorkday(f.Person(r.OpsLead), f.Now, days)
	for _, i := range r.Bucket(BucketEarlyLife) {
		i.Due = r.dueOf(i, f) // also of what is met: it may be opened again
	}
	r.record(f, Event{Kind: EventEarlyLifeBegun, From: State(ReleaseLive), To: State(ReleaseEarlyLife), Reason: units(days, "working day"), Asked: r.owners()})
	return nil
}

// Extend lengthens early-life support by working days.
func (r *Release) Extend(days int, reason string, f ReleaseFacts) error {
	if err := r.mayRun("extend early-life support of", f); err != nil {
		return err
	}
	if r.State != ReleaseEarlyLife {
		return Refusef("%s is %s, so there is no early-life support to extend.", r.ID, r.State.phrase())
	}
	errs := fieldErrors{}
	if days < 1 || days > 60 {
		errs.add(FieldDays, "Extend it by 1 to 60 working days.")
	}
	reason, err := needReason(reason, "Say why operations still need the project.")
	if refusal, ok := AsRefusal(err); ok {
		errs.add(FieldReason, "%s", refusal.Fields[FieldReason])
	}
	if err := errs.err("Nothing is recorded yet: some answers need another look."); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		from, was := r.EarlyLife.Ends, r.EarlyLife.Ends
		if from.Before(f.Now) {
			from = f.Now
		}
		next.EarlyLife.Ends = f.Settings.Hours.EndOfWorkday(f.Person(r.OpsLead), from, days)
		next.EarlyLife.PromptedAt = time.Time{}
		next.EarlyLife.Extensions = append(next.EarlyLife.Extensions, Extension{days, reason, f.Actor.ID, f.Now})
		next.record(f, Event{Kind: EventEarlyLifeExtended, Reason: reason, Touched: r.leads(), Diff: []FieldDiff{{"Ends", dateText(was), dateText(next.EarlyLife.Ends)}}})
		return nil
	})
}

// ReportIncident reports an incident into early-life support. Anybody of the
// workspace may; those of priority 1 and 2 keep the support open.
func (r *Release) ReportIncident(ref string, priority int, note string, f ReleaseFacts) error {
	if f.Actor.Bot || f.Actor.Deleted || f.Actor.ID == "" {
		return Refusef("The incident was not recorded: this account can't report one.")
	}
	if r.State != ReleaseLive && r.State != ReleaseEarlyLife {
		return Refusef("%s is %s, so no incident can be reported into its early-life support.", r.ID, r.State.phrase())
	}
	errs := fieldErrors{}
	ref, note = oneLine(ref), tidy(note)
	if why := badIncident(ref); why != "" {
		errs.add(FieldIncident, "%s", why)
	}
	if priority < 1 || priority > 4 {
		errs.add(FieldPriority, "Choose a priority from 1 to 4.")
	}
	if utf8.RuneCountInString(note) > MaxReason {
		errs.add(FieldNote, "At most 1,000 letters fit. Nothing you typed is lost: shorten it and send again.")
	}
	if err := errs.err("Nothing is recorded yet: some answers need another look."); err != nil {
		return err
	}
	for _, x := range r.Incidents {
		if x.Open() && strings.EqualFold(x.Ref, ref) {
			return Settledf("The incident %s is reported into %s already, so nothing more was recorded.", ref, r.ID)
		}
	}
	return r.try(f, func(next *Release) error {
		next.Incidents = append(next.Incidents, EarlyIncident{No: len(r.Incidents) + 1, Ref: ref, Priority: priority, Note: note, By: f.Actor.ID, At: f.Now})
		next.record(f, Event{Kind: EventIncidentReported, Reason: ref + ", priority " + number(priority), Asked: []UserID{r.OpsLead, r.ProjectLead}})
		return nil
	})
}

// CloseIncident says that an incident is solved.
func (r *Release) CloseIncident(no int, f ReleaseFacts) error {
	if err := r.mayRun("close an incident of", f); err != nil {
		return err
	}
	k := slices.IndexFunc(r.Incidents, func(x EarlyIncident) bool { return x.No == no })
	switch {
	case k < 0:
		return Refusef("No incident %d was reported into %s, so nothing was closed.", no, r.ID)
	case !r.Incidents[k].Open():
		return Settledf("The incident %s is closed already, so nothing more was recorded.", r.Incidents[k].Ref)
	}
	return r.try(f, func(next *Release) error {
		next.Incidents[k].ClosedAt, next.Incidents[k].ClosedBy = f.Now, f.Actor.ID
		next.record(f, Event{Kind: EventEarlyIncidentClosed, Reason: next.Incidents[k].Ref, Touched: r.leads()})
		return nil
	})
}

// ExitCriterion is one thing that must be so before early-life support ends.
type ExitCriterion struct {
	What string
	Met  bool
	No   int // of the item that it is; 0 = Gatehouse works it out
}

// ExitCriteria lists them: the agreed days are over, no incident of priority 1
// or 2 is open, every condition of the handover is met, and so is every
// mandatory item of early-life support.
func (r *Release) ExitCriteria(now time.Time) []ExitCriterion {
	severe, conditions := 0, 0
	for _, x := range r.Incidents {
		if x.Open() && x.Priority <= 2 {
			severe++
		}
	}
	for _, i := range r.Conditions() {
		if i.OpenCondition() {
			conditions++
		}
	}
	out := []ExitCriterion{
		{What: "The agreed days are over", Met: !r.EarlyLife.Ends.IsZero() && !now.Before(r.EarlyLife.Ends)},
		{What: "No incident of priority 1 or 2 is open", Met: severe == 0},
		{What: "Every condition of the handover is met", Met: conditions == 0},
	}
	for _, i := range r.Bucket(BucketEarlyLife) {
		if i.Mandatory {
			out = append(out, ExitCriterion{What: i.Title, Met: i.Met(now), No: i.No})
		}
	}
	return out
}

// OpenCriteria are the exit criteria that are not met.
func (r *Release) OpenCriteria(now time.Time) []ExitCriterion {
	return slices.DeleteFunc(r.ExitCriteria(now), func(c ExitCriterion) bool { return c.Met })
}

// Close ends early-life support: operations run the service alone from here.
// Only the operations lead or the deputy closes, and only when no exit
// criterion is open.
func (r *Release) Close(f ReleaseFacts) error {
	if r.State == ReleaseClosed {
		return Settledf("%s is closed already, so nothing more was recorded.", r.ID)
	}
	if err := r.mayLead("close early-life support", f); err != nil {
		return err
	}
	if r.State != ReleaseEarlyLife {
		return Refusef("%s is %s, so there is no early-life support to close.", r.ID, r.State.phrase())
	}
	if open := r.OpenCriteria(f.Now); len(open) > 0 {
		var words []string
		for _, c := range open {
			what := c.What
			if i, err := r.no(c.No); err == nil {
				what = "item " + i.Label() + " " + clipRunes(i.Title, 60)
			}
			words = append(words, what)
		}
		return Refusef("Early-life support of %s can't be closed yet. Not met: %s. Have them met, or extend the support.", r.ID, strings.Join(words, "; "))
	}
	return r.try(f, func(next *Release) error {
		if err := next.move(ReleaseClosed); err != nil {
			return err
		}
		next.ClosedAt, next.EarlyLife.ClosedBy = f.Now, f.Actor.ID
		next.record(f, Event{Kind: EventReleaseClosed, From: State(ReleaseEarlyLife), To: State(ReleaseClosed)})
		return nil
	})
}
