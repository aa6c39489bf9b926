package models

import (
	"slices"
	"time"
)

// Brief is what those invited to a handover read the day before: how far each
// bucket is, and exceptions only.
type Brief struct {
	Ready      Ready
	Buckets    []BucketBrief
	Issues     []*Item        // test results with open issues
	Conditions []*Item        // open ones of an earlier meeting
	Linked     []LinkedChange // by id
	Slipped    int            // working days since the first go-live
	Since      *Meeting       // the meeting before, if it ended without acceptance
}

// BucketBrief is one bucket of a brief.
type BucketBrief struct {
	Bucket     Bucket
	Owner      UserID
	Readiness  Readiness
	Exceptions []Exception
}

// Exception is an item that somebody has to talk about.
type Exception struct {
	Item  *Item
	Owner UserID
	What  string // "overdue", "waived until 3 May 2026: …"
}

// Brief gathers what a handover is about. The pointers are into the release.
func (r *Release) Brief(f ReleaseFacts) Brief {
	b := Brief{Ready: r.Readiness(f.Facts), Linked: f.Linked}
	b.Slipped, _ = r.Slippage(f.Facts)
	for _, bucket := range Buckets {
		x := BucketBrief{Bucket: bucket, Owner: r.BucketOwner(bucket), Readiness: b.Ready.Buckets[bucket]}
		for _, i := range r.Bucket(bucket) {
			if what := r.exception(i, f); what != "" {
				x.Exceptions = append(x.Exceptions, Exception{i, r.OwnerOf(i), what})
			}
			if i.Tests && i.OpenIssues > 0 {
				b.Issues = append(b.Issues, i)
			}
			if i.OpenCondition() {
				b.Conditions = append(b.Conditions, i)
			}
		}
		slices.SortStableFunc(x.Exceptions, func(a, b Exception) int { return byDue(a.Item, b.Item) })
		b.Buckets = append(b.Buckets, x)
	}
	for k := len(r.Meetings) - 1; k >= 0 && b.Since == nil; k-- {
		if d := r.Meetings[k].Decision; d != nil && (d.Outcome == HandoverDeclined || d.Outcome == HandoverAdjourned) {
			b.Since = &r.Meetings[k]
		}
	}
	return b
}

// exception says what there is to say about an item; "" for nothing: it is
// verified, does not apply, or is advisory and on its way.
func (r *Release) exception(i *Item, f ReleaseFacts) string {
	zone := f.Person(r.ProjectLead).Location()
	switch {
	case i.WaivedAt(f.Now):
		return "waived until " + i.Waiver.Expires.In(zone).Format("2 January 2006") + ": " + i.Reason
	case i.Status == ItemVerified || i.Status == ItemNotApplicable:
		return ""
	case i.Exempt != nil:
		return "called not applicable, to be confirmed: " + i.Exempt.Reason
	case i.Status == ItemBlocked || i.Status == ItemReturned:
		return i.Status.String() + ": " + i.Reason
	case i.Tests && i.OpenIssues > 0:
		return units(i.OpenIssues, "open issue")
	case i.Overdue(f.Now) && i.Status == ItemSubmitted:
		return "overdue, its evidence waits for verification"
	case i.Overdue(f.Now):
		return "overdue"
	case i.Mandatory && i.Status == ItemSubmitted:
		return "its evidence waits for verification"
	case i.Mandatory:
		return i.Status.String()
	}
	return ""
}

// AgendaPoint is one part of a handover meeting.
type AgendaPoint struct {
	From, To time.Duration // since the beginning
	Title    string
	What     string // what is done, in a sentence
}

const silentVote = "Silent vote"

// agenda is the course of a meeting of 45 minutes: what is there is ratified,
// not discovered; exceptions only.
var agenda = []struct {
	to          int // minutes
	title, what string
}{
	{3, "Quorum", "Who decides, the project lead and an owner of each bucket are here, or somebody stands in."},
	{7, "Scope and date", "What exactly ships and when, with its linked changes, freezes and conflicts."},
	{19, "Six buckets", "Exceptions only, two minutes each."},
	{25, "Risks", "What could go wrong, how soon it would be seen, and who decides to roll back within which time."},
	{30, "Support", "Rota, early-life support and its exit criteria."},
	{34, silentVote, "Every bucket owner votes; the votes are shown together."},
	{41, "Conditions", "For each item that is not met: owner, date, and a test that can be seen."},
	{45, "Decision", "By the operations lead or the deputy. Declining needs the next date."},
}

// Agenda is the course of the meeting, fitted to its length.
func (m *Meeting) Agenda() []AgendaPoint {
	var out []AgendaPoint
	from := time.Duration(0)
	for _, p := range agenda {
		to := (m.Length * time.Duration(p.to) / time.Duration(agenda[len(agenda)-1].to)).Round(time.Minute)
		out = append(out, AgendaPoint{from, to, p.title, p.what})
		from = to
	}
	return out
}

// Explain answers "why amber?": what counts, what is wrong with which item, and
// when the rest will be ready, a sentence each.
func (x Ready) Explain(r *Release, f Facts) []string {
	zone := f.Person(r.ProjectLead).Location()
	out := []string{number(x.Percent()) + " % ready: " + number(x.Verified) + " of " + number(x.Applicable) +
		" points are verified. A mandatory item counts 3, an advisory one 1; what is waived or not applicable counts on neither side."}
	if x.Colour == Green {
		out = append(out, "It is green: nothing mandatory is overdue, blocked or returned, and nothing due within 3 working days lacks evidence.")
	} else {
		out = append(out, "It is "+string(x.Colour)+" because of "+units(len(x.Why), "item")+":")
	}
	for _, c := range x.Why {
		out = append(out, number(c.No)+" ("+c.ID+") "+c.Title+", "+f.Name(c.Owner)+", due "+c.Due.In(zone).Format("2 January")+": "+c.What)
	}
	return append(out, x.Forecast.Words(zone))
}
