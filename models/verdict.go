package models

import (
	"strings"
	"time"
)

// Verdict answers "may this change start now?". Card, refusal, App Home and
// audit all ask this one function, so that they can't disagree.
type Verdict struct {
	Reasons []Reason // empty = clear
}

// Reason is one thing in the way, with the cheapest way to clear it.
type Reason struct {
	What    string
	Unblock string
}

// Clear reports whether nothing is in the way.
func (v Verdict) Clear() bool { return len(v.Reasons) == 0 }

// Words are all reasons as sentences.
func (v Verdict) Words() string {
	var parts []string
	for _, r := range v.Reasons {
		parts = append(parts, strings.TrimSpace(r.What+" "+r.Unblock))
	}
	return strings.Join(parts, " ")
}

// checks are asked in order; each returns the zero Reason when it is content.
var startChecks = []func(*Change, Facts) Reason{approvedCheck, revisionCheck, windowCheck, implementerCheck, templateCheck}

// StartVerdict judges the change against the facts of the moment.
func StartVerdict(c *Change, f Facts) Verdict {
	var v Verdict
	for _, check := range startChecks {
		if r := check(c, f); r.What != "" {
			v.Reasons = append(v.Reasons, r)
		}
	}
	return v
}

func approvedCheck(c *Change, f Facts) Reason {
	switch c.State {
	case Approved, InProgress:
		return Reason{}
	case AwaitingApproval:
		return Reason{"It is not approved yet: " + c.Standing().Missing() + " still to approve.", "Ask them to decide on its card."}
	case Draft:
		return Reason{"It is still a draft.", "Submit it first."}
	case ChangesRequested:
		return Reason{"Changes were requested: " + stop(c.Reason), "Edit it and resubmit."}
	}
	return Reason{"It is " + c.State.phrase() + ".", "Raise it again if it is still needed."}
}

// revisionCheck is the last guard against work that nobody agreed to: what
// was approved must be what is about to be done.
func revisionCheck(c *Change, _ Facts) Reason {
	if c.State == Approved && (c.Material.revision() != c.Revision || !c.Standing().Met()) {
		return Reason{"What is written now is not what was approved.", "Edit and save it, so that it is asked again."}
	}
	return Reason{}
}

func windowCheck(c *Change, f Facts) Reason {
	switch {
	case c.State != Approved || c.Window.Contains(f.Now):
		return Reason{}
	case f.Now.Before(c.Window.Start):
		return Reason{"Its window opens in " + span(c.Window.Start.Sub(f.Now)) + ".", "Start it then, or edit the window (that asks for approval again)."}
	}
	return Reason{"Its window is over.", "Raise it again with a new window."}
}

func implementerCheck(c *Change, f Facts) Reason {
	if p, known := f.People[c.Implementer]; known && p.Deleted {
		return Reason{f.Name(c.Implementer) + ", who was to carry it out, is deactivated in Slack.", "Edit it to name another implementer."}
	}
	return Reason{}
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
