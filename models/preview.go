package models

import (
	"slices"
	"time"
)

// Preview is what a form would come to if it were sent now: the form shows it
// while it is filled in, so that nobody learns of it by a refusal.
type Preview struct {
	Assessment Assessment
	Expedited  bool
	WhyNow     string // why the form asks for a reason; "" = it does not
	NoReason   bool   // what is filled in there stands for a reason, but is none
	// Earliest is the first start with enough notice; set when Expedited.
	Earliest     time.Time
	Requirements []Requirement
	Asked        int      // people who would get a message
	Unmeetable   []string // requirements that too few people can meet
	Absent       []string // requirements that nobody works for before the window opens
	Trouble      string   // the policy or the template refuses it, in words
	Past         bool     // the window has passed
	Verdict      Verdict  // conflicts, freezes and maintenance windows
}

// Outlook is a preview with the free times that would fit better; none are
// looked for when the time fits.
type Outlook struct {
	Preview
	Slots Slots
}

// Preview judges the form as it is filled in so far, over the change that it
// edits; c is nil for a new one. Nothing is written.
func (in Input) Preview(c *Change, f Facts) Preview {
	if c == nil {
		c = &Change{Identity: Identity{Requester: f.Actor.ID}}
	}
	in = in.fill(c, f)
	next := *c
	next.Approvals, next.Asked = slices.Clone(c.Approvals), slices.Clone(c.Asked)
	in.apply(&next)
	next.take(in, c, f)
	next.planned(c, f)
	next.assess(f)
	p := Preview{Assessment: next.Assessment, Expedited: next.Expedited, WhyNow: next.whyAsked(f), Past: in.past(c, f)}
	p.NoReason = p.WhyNow != "" && !blank(in.WhyNow) && onlyPlaceholder(in.WhyNow)
	if p.Expedited {
		p.Earliest = EarliestWithNotice(Assess(next.Material, f).Level, f)
	}
	err := next.TemplateServes(f)
	if err == nil {
		err = next.byTemplate(f)
	}
	if err == nil {
		_, p.Requirements, err = f.Policy.Requirements(&next, f)
	}
	if r, refused := AsRefusal(err); refused {
		p.Trouble = r.Text
	}
	p.Requirements = append(p.Requirements, next.freezeRequirements(f)...)
	same := next.Material.revision() == c.Revision
	next.State, next.Requirements = Draft, p.Requirements
	if p.Verdict = PlanVerdict(&next, f); same || err != nil {
		return p
	}
	next.Revision, next.State = next.Material.revision(), AwaitingApproval
	p.Unmeetable = next.Unmeetable(f)
	p.Absent = next.absent(f)
	p.Asked = len(next.ask(f))
	return p
}

// past reports whether the window lies behind us, as submitting it would find.
func (in Input) past(c *Change, f Facts) bool {
	errs := fieldErrors{}
	in.checkWindow(errs, c, f.Now)
	return !in.Start.IsZero() && in.Start.Before(f.Now) && len(errs) > 0
}

// Misfit reports whether another time would fit better: the next free one is
// then offered.
func (p Preview) Misfit() bool {
	return p.Past || p.Expedited || len(p.Absent) > 0 || slices.ContainsFunc(p.Verdict.Untold(), func(r Reason) bool { return r.Field != FieldServices })
}

// PlanScope is what the form lays claim to as it is filled in.
func (in Input) PlanScope(c *Change, f Facts) Scope { return in.asChange(c, f).Scope() }

// absent are the requirements that somebody could meet, but nobody who works
// before the window opens. An emergency waits for nobody's hours.
func (c *Change) absent(f Facts) []string {
	if c.Type == Emergency || c.Window.Start.IsZero() {
		return nil
	}
	var out []string
	for _, r := range c.Requirements {
		able := c.eligible(r, f)
		atWork := slices.ContainsFunc(able, func(u UserID) bool {
			return f.Settings.Hours.Next(f.Person(u), f.Now).Before(c.Window.Start)
		})
		if len(able) > 0 && !atWork {
			out = append(out, r.Text)
		}
	}
	return out
}
