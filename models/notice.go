package models

import "time"

// Change managers plan ahead by notice: the riskier a change is, the earlier
// it is to be submitted. A normal change in production that comes later is
// expedited: it says why it can't wait, and the policy asks for more. Nobody
// chooses that; it is computed from the submission that set the window.

// DefaultNotice is how many working days ahead a change is to be submitted,
// by its risk, unless the policy says otherwise.
func DefaultNotice() map[RiskLevel]int {
	return map[RiskLevel]int{RiskVeryHigh: 10, RiskHigh: 5, RiskMedium: 1, RiskLow: 0}
}

// asksNotice: an emergency and a rollback can't wait, a template was agreed to
// beforehand, and outside production nobody has to prepare for it.
func (c *Change) asksNotice() bool {
	return c.Type == Normal && c.Environment == Production && c.Identity.RollbackOf == 0
}

// missedNotice reports whether the window begins before the notice that this
// risk asks for has passed, in the requester's working days, and since when it
// would have been in time.
func (c *Change) missedNotice(level RiskLevel, f Facts) (days int, missed bool) {
	days = f.Policy.Notice[level]
	if !c.asksNotice() || days == 0 || c.Window.Start.IsZero() {
		return days, false
	}
	return days, c.Window.Start.Before(f.Settings.Hours.AddDays(f.Person(c.Requester), c.windowSetAt(f), days))
}

// EarliestWithNotice is the first start that would leave the notice which this
// risk asks for, for a change submitted now.
func EarliestWithNotice(level RiskLevel, f Facts) time.Time {
	return f.Settings.Hours.AddDays(f.Actor, f.Now, f.Policy.Notice[level])
}

// windowSetAt is the moment from which the notice counts; now for a window
// that is only about to be submitted.
func (c *Change) windowSetAt(f Facts) time.Time {
	if c.WindowSetAt.IsZero() {
		return f.Now
	}
	return c.WindowSetAt
}

// assess sets the change's risk, and whether it is expedited. A missed notice
// is judged once and last, against the risk without it, and is one band up: it
// never makes the notice itself longer.
func (c *Change) assess(f Facts) {
	a := Assess(c.Material, f)
	days, missed := c.missedNotice(a.Level, f)
	if missed {
		a = a.oneUp("submitted with less notice than the " + units(days, "working day") + " that " + a.Level.String() + " risk asks for")
	}
	c.Assessment, c.Expedited = a, missed
}

// planned notes when the window of the change as it was written now was set: a
// window that was submitted before keeps its moment.
func (c *Change) planned(before *Change, f Facts) {
	if before.Revision == "" || c.Window != before.Window {
		c.WindowSetAt = f.Now
	}
}

// checkWhyNow insists on the reason of a change that comes with too little
// notice. What was submitted before and only gets another title is not asked
// again; what an exception to a freeze takes, the verdict says.
func (in Input) checkWhyNow(errs fieldErrors, c *Change, f Facts) {
	if len(errs) > 0 || !onlyPlaceholder(in.WhyNow) {
		return
	}
	next := *c
	in.apply(&next)
	if next.Material.revision() == c.Revision {
		return
	}
	next.planned(c, f)
	next.assess(f)
	if why := next.whyAsked(f); next.Expedited {
		errs.add(FieldWhyNow, "%s Say why it can't wait, as in “The certificate expires on Friday”: approvers read it.", why)
	}
}

// whyAsked says why the change needs a reason for being done now; "" when it
// needs none.
func (c *Change) whyAsked(f Facts) string {
	next := *c
	next.assess(f)
	level := Assess(c.Material, f).Level
	switch frozen := c.meets(f, planning); {
	case c.Type == Emergency: // its incident says why
		return ""
	case next.Expedited:
		return "This is " + level.String() + " risk, which asks for " + units(f.Policy.Notice[level], "working day") +
			" of notice, and the window begins sooner. So it is expedited, and a change manager is asked too."
	case len(frozen) > 0:
		return "The window falls into " + frozen[0].named() + "."
	}
	return ""
}
