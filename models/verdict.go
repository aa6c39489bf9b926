package models

import (
	"slices"
	"strings"
	"time"
)

// Verdict answers "may this change go on now?". Card, refusal, App Home, why
// and audit all ask it, so that they can't disagree.
type Verdict struct {
	Reasons []Reason // what stands in the way first, then what to know of
}

// Reason is one thing in the way, or one to know of, with the cheapest way to
// clear it.
type Reason struct {
	What    string
	Brief   string // What in a few words, for where one line is left; "" = What is cut
	Unblock string
	Blocks  bool
	Field   Field  // where a form that is refused says it; "" = on top
	Firm    bool   // not even an override goes past it
	Told    bool   // a card says it by its state, or in a line of its own
	When    Window // the time that it speaks of, if any, in the words of Window.Words
}

// Clear reports whether nothing is in the way.
func (v Verdict) Clear() bool { return len(v.Blocking()) == 0 }

// Blocking are the reasons that stand in the way.
func (v Verdict) Blocking() []Reason { return v.only(true) }

// Notes are the reasons that only have to be known.
func (v Verdict) Notes() []Reason { return v.only(false) }

func (v Verdict) only(blocks bool) []Reason {
	var out []Reason
	for _, r := range v.Reasons {
		if r.Blocks == blocks {
			out = append(out, r)
		}
	}
	return out
}

// Untold are the reasons that a card has to list: it says the others by its
// state, its approvals and its window, or in a line of their own.
func (v Verdict) Untold() []Reason {
	return slices.DeleteFunc(slices.Clone(v.Reasons), func(r Reason) bool { return r.Told })
}

// Words are the blocking reasons as sentences.
func (v Verdict) Words() string {
	var parts []string
	for _, r := range v.Blocking() {
		parts = append(parts, r.Words())
	}
	return strings.Join(parts, " ")
}

// WordsFor are the same for f.Actor alone, with times on their own clock.
func (v Verdict) WordsFor(f Facts) string {
	var parts []string
	for _, r := range v.Blocking() {
		parts = append(parts, r.WordsFor(f))
	}
	return strings.Join(parts, " ")
}

// WordsFor is [Reason.Words] for f.Actor alone, with times on their own clock.
func (r Reason) WordsFor(f Facts) string {
	return strings.Replace(r.Words(), r.When.words(), r.When.on(f.Actor.Location()), 1)
}

// Words is the reason as one or two sentences.
func (r Reason) Words() string { return strings.TrimSpace(r.What + " " + r.Unblock) }

// stage is when the calendar is asked: planned or about to begin.
type stage int

// ahead reports whether it is the window that the calendar is asked about, not
// this moment: while it is planned, and until the window opens. So a freeze over
// the window is known beforehand, and not only on the day.
func (c *Change) ahead(f Facts, s stage) bool {
	return s == planning || f.Now.Before(c.Window.Start)
}

const (
	planning stage = iota // at submit and at approve
	starting
)

// checks are asked in order, at both stages or at the start only; each returns
// nothing when it is content.
var checks = []struct {
	from  stage
	firm  bool // what rests on agreement or registration: no override goes past it
	told  bool // see Reason.Told
	check func(*Change, Facts, stage) []Reason
}{
	{starting, true, true, approvedCheck}, {starting, true, false, revisionCheck}, {starting, false, true, windowCheck}, {starting, true, false, implementerCheck}, {starting, true, false, templateCheck},
	{planning, false, true, holdCheck}, {planning, true, false, serviceCheck}, {planning, false, true, releaseCheck}, {planning, false, false, conflictCheck}, {planning, false, false, freezeCheck}, {planning, false, false, openingCheck},
}

func judge(c *Change, f Facts, s stage) Verdict {
	var all Verdict
	for _, x := range checks {
		if s >= x.from {
			for _, r := range x.check(c, f, s) {
				r.Firm, r.Told = x.firm, x.told || r.Told
				all.Reasons = append(all.Reasons, r)
			}
		}
	}
	return Verdict{append(all.Blocking(), all.Notes()...)}
}

// StartVerdict judges whether the change may start at this moment.
func StartVerdict(c *Change, f Facts) Verdict { return judge(c, f, starting) }

// PlanVerdict judges whether the change may be planned as it stands: it is
// asked at submit and again at every approval.
func PlanVerdict(c *Change, f Facts) Verdict { return judge(c, f, planning) }

// stops is a reason that stands in the way.
func stops(what, unblock string) []Reason {
	return []Reason{{What: what, Unblock: unblock, Blocks: true}}
}

// note is a reason that only has to be known.
func note(what, unblock string) Reason { return Reason{What: what, Unblock: unblock} }

func approvedCheck(c *Change, f Facts, _ stage) []Reason {
	switch c.State {
	case Approved, InProgress:
		return nil
	case AwaitingApproval:
		return stops("It is not approved yet: "+c.Standing().Missing()+" still to approve.", c.cheapest(f))
	case Draft:
		return stops("It is still a draft.", "Submit it first.")
	case ChangesRequested:
		return stops("Changes were requested: "+stop(c.Reason), "Edit it and resubmit.")
	}
	return stops("It is "+c.phrase()+".", "Raise it again if it is still needed.")
}

// revisionCheck is the last guard against work that nobody agreed to: what
// was approved must be what is about to be done.
func revisionCheck(c *Change, _ Facts, _ stage) []Reason {
	if c.State == Approved && (c.Material.revision() != c.Revision || !c.Standing().Met()) {
		return stops("What is written now is not what was approved.", "Edit and save it, so that it is asked again.")
	}
	return nil
}

func windowCheck(c *Change, f Facts, _ stage) []Reason {
	switch {
	case c.State != Approved || c.Window.Contains(f.Now):
		return nil
	case f.Now.Before(c.Window.Start):
		return stops("Its window opens in "+span(c.Window.Start.Sub(f.Now))+".", "Start it then, or edit the window (that asks for approval again).")
	}
	return stops("Its window is over.", "Raise it again with a new window.")
}

func implementerCheck(c *Change, f Facts, _ stage) []Reason {
	if p, known := f.People[c.Implementer]; known && p.Deleted {
		return stops(f.Name(c.Implementer)+", who was to carry it out, is deactivated in Slack.", "Edit it to name another implementer.")
	}
	return nil
}

// serviceCheck: production is changed only on services that are registered and
// in use, and every service only where it runs. Going back asks nobody.
func serviceCheck(c *Change, f Facts, _ stage) []Reason {
	if c.Identity.RollbackOf != 0 || !c.State.Editable() {
		return nil
	}
	var out []Reason
	for _, slug := range c.Services {
		switch s, known := f.Services[slug]; {
		case !known && c.Environment == Production:
			out = append(out, Reason{What: "There is no service " + string(slug) + " any more, and a production change needs a registered one.",
				Unblock: "Edit it to name another, or have a change manager add it.", Blocks: true, Field: FieldServices})
		case s.Retired && c.Environment == Production:
			out = append(out, Reason{What: s.Name + " is retired, so production work on it has stopped.",
				Unblock: "Edit it to name the service that replaced it.", Blocks: true, Field: FieldServices})
		case known && !s.RunsIn(c.Environment):
			out = append(out, Reason{What: s.Name + " does not run in " + string(c.Environment) + ": it is registered for " + join(s.Environments) + ".",
				Unblock: "Choose another environment, or have a change manager correct the service.", Blocks: true, Field: FieldServices})
		}
	}
	return out
}

// conflictCheck: before work that has begun nothing gives way any more.
func conflictCheck(c *Change, f Facts, _ stage) []Reason {
	if !c.State.Editable() {
		return nil
	}
	var out []Reason
	for _, x := range Conflicts(c, f) {
		out = append(out, x.reason(c, f))
	}
	return out
}

// releaseCheck: production work that belongs to a release waits until
// operations have accepted it. Going back waits for nothing.
func releaseCheck(c *Change, f Facts, s stage) []Reason {
	if c.Release == 0 || c.Environment != Production || c.Identity.RollbackOf != 0 || !c.State.Editable() {
		return nil
	}
	l := f.Around.Release
	found := l != nil && l.ID == c.Release
	switch {
	case !found && s == planning && f.Around.Provisional:
		return nil
	case !found:
		return []Reason{{What: "It names " + c.Release.String() + ", and there is no such release.", Unblock: "Edit it to name another release, or none.", Blocks: true, Field: FieldRelease}}
	case l.State.HandedOver():
		return nil
	case l.State == ReleaseCancelled:
		return []Reason{{What: l.ID.String() + " (" + clipRunes(l.Name, 60) + "), which it belongs to, is cancelled.", Unblock: "Edit it to name another release, or none.", Blocks: true, Field: FieldRelease}}
	}
	what := l.ID.String() + " (" + clipRunes(l.Name, 60) + "), which it belongs to, is " + l.State.phrase() + "."
	if s == planning {
		return []Reason{note(what, "It can't start before operations accept the handover.")}
	}
	return stops(what, "Its operations lead accepts it in the handover; until then it can't start.")
}

// span says a duration in the two largest units that matter.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0:
		return units(days, "day") + " " + units(hours, "hour")
	case days > 0:
		return units(days, "day")
	case hours > 0 && minutes > 0:
		return units(hours, "hour") + " " + units(minutes, "minute")
	case hours > 0:
		return units(hours, "hour")
	}
	return units(max(1, minutes), "minute")
}

func units(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return number(n) + " " + unit + "s"
}
