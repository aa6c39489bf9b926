package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FieldAt is when a digest comes, beside FieldDays, FieldZone and FieldCron.
const FieldAt Field = "at"

// Events of a digest's schedule.
const (
	EventDigestSet     EventKind = "digest_set"
	EventDigestDropped EventKind = "digest_dropped"
)

// skipDigest is how late a digest still helps.
const skipDigest = 12 * time.Hour

// DigestInput is when somebody wants a digest: on some days at one time, or by
// a cron line, which then counts alone.
type DigestInput struct {
	Days []time.Weekday
	At   time.Duration // since midnight; below zero = no time was chosen
	Zone string
	Cron string
}

// DefaultDigest comes at nine on the workspace's working days, in the actor's zone.
func DefaultDigest(f Facts) DigestInput {
	return DigestInput{Days: f.Settings.Hours.Days, At: 9 * time.Hour, Zone: f.Actor.Location().String()}
}

// DigestInputOf reads a schedule back into what somebody chose.
func DigestInputOf(s Schedule) DigestInput {
	in := DigestInput{Zone: s.Zone}
	var minute, hour int
	var days string
	if n, err := fmt.Sscanf(s.Cron, "%d %d * * %s", &minute, &hour, &days); n != 3 || err != nil {
		in.Cron = s.Cron
		return in
	}
	list, ok := weekdays(days)
	if !ok {
		return DigestInput{Zone: s.Zone, Cron: s.Cron}
	}
	in.Days = list
	in.At = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	return in
}

// weekdays reads the days of a cron line; false where it is more than a list of
// days and ranges of them.
func weekdays(days string) ([]time.Weekday, bool) {
	if days == "*" {
		days = "0-6"
	}
	var out []time.Weekday
	for part := range strings.SplitSeq(days, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		if len(first) != 1 || len(last) != 1 || first < "0" || last > "6" || first > last {
			return nil, false
		}
		for d := first[0]; d <= last[0]; d++ {
			out = append(out, time.Weekday(d-'0'))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

// Line is the cron line of what was chosen.
func (in DigestInput) Line() string {
	if in.Cron != "" {
		return in.Cron
	}
	var days []string
	for _, d := range slices.Sorted(slices.Values(in.Days)) {
		days = append(days, fmt.Sprint(int(d)))
	}
	return fmt.Sprintf("%d %d * * %s", int(in.At.Minutes())%60, int(in.At.Hours()), strings.Join(days, ","))
}

// SetDigest subscribes a channel, or the actor themself, to the digest, or
// moves it. next tells when a cron line comes round first, and refuses what it
// can't read.
func SetDigest(target string, in DigestInput, next func(When, time.Time) (time.Time, error), f Facts) (Schedule, []Event, error) {
	if err := maySetDigest(target, f); err != nil {
		return Schedule{}, nil, err
	}
	if in.Cron == "" && len(in.Days) == 0 {
		return Schedule{}, nil, &Refusal{Text: "Nothing is saved yet: some answers need another look.",
			Fields: map[Field]string{FieldDays: "Choose at least one day, or turn the digest off."}}
	}
	if in.Cron == "" && in.At < 0 {
		return Schedule{}, nil, &Refusal{Text: "Nothing is saved yet: some answers need another look.",
			Fields: map[Field]string{FieldAt: "Choose a time, or write a cron line."}}
	}
	at, err := next(When{Cron: in.Line(), Zone: in.Zone}, f.Now)
	if err != nil {
		return Schedule{}, nil, err
	}
	s := Schedule{Kind: ScheduleDigest, Target: target, Cron: in.Line(), Zone: in.Zone, SkipAfter: skipDigest, NextAt: at}
	return s, []Event{{Kind: EventDigestSet, Actor: f.Actor.ID, At: f.Now, Reason: target + ": " + s.Cron + " " + s.Zone}}, nil
}

// MaySetDigest refuses, in words, whoever can't subscribe the target.
func maySetDigest(target string, f Facts) error {
	person := Schedule{Target: target}.Person()
	switch ok, why := f.Actor.CanDecide(); {
	case person != "" && person != f.Actor.ID:
		return Refusef("This digest is somebody else's, so nothing was changed. Each person sets their own.")
	case !ok:
		return Refusef("Nothing was changed: %s, and so can't set the digest either.", why)
	}
	return nil
}

// DropDigest is what happens when the actor ends a digest.
func DropDigest(target string, f Facts) (Event, error) {
	return Event{Kind: EventDigestDropped, Actor: f.Actor.ID, At: f.Now, Reason: target}, maySetDigest(target, f)
}

// DigestFacts are what a digest is made of, as read. Calendar covers the days
// that it is about, and freezes of the day after.
type DigestFacts struct {
	Target     string
	Days       int // 1, or 7 for the full one of a week
	Zone       *time.Location
	Calendar   Calendar
	Awaiting   []*Change
	Unfinished []*Change // in progress after their window, or implemented with a review to do
	Releases   []DigestRelease
}

// Digest is what a channel or a person needs to know, most urgent first.
type Digest struct {
	Date     time.Time // midnight, in the digest's zone
	Full     bool      // of a week
	Releases []DigestRelease
	Planned  []DigestChange // what runs on after its window, then what is in its days
	Waiting  []*Change      // for approval; none that is in Planned
	Reviews  []*Change
	Freezes  []FreezeSpan // that begin soon
}

// DigestChange is a planned change with what is in its way.
type DigestChange struct {
	Change    *Change
	Conflicts []ChangeID
	Freezes   []Freeze
}

// Late reports whether its time is over and nobody has recorded an outcome.
func (p DigestChange) Late(now time.Time) bool {
	return p.Change.State == InProgress && !p.Change.Ends().After(now)
}

// DigestRelease is a release on its way into production.
// Its items are measured and let go: of thousands nobody could keep them.
type DigestRelease struct {
	Release *Release
	Ready   Ready
}

// goLiveSoon is how near a go-live makes a digest worth posting by itself.
const goLiveSoon = 7 * 24 * time.Hour

// Empty reports whether nobody has to act or look out: then nothing is said.
func (d Digest) Empty() bool {
	return len(d.Planned)+len(d.Waiting)+len(d.Reviews)+len(d.Freezes) == 0 && !slices.ContainsFunc(d.Releases, func(r DigestRelease) bool {
		return r.Ready.Colour != Green || r.Release.GoLive.Sub(d.Date) < goLiveSoon
	})
}

// NewDigest makes a digest of the facts. A channel that belongs to services
// hears of these only; a person of what they carry out or have to decide.
func NewDigest(in DigestFacts, f Facts) Digest {
	day := f.Now.In(in.Zone)
	out := Digest{Date: time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, in.Zone), Full: in.Days > 1}
	mine := in.concerns(f)
	clash, held, planned := in.Calendar.InTheWay(f), in.frozen(f), map[ChangeID]bool{}
	end := out.Date.AddDate(0, 0, in.Days)
	for _, c := range in.Unfinished {
		switch p := (DigestChange{Change: c}); {
		case !mine(c):
		case p.Late(f.Now):
			planned[c.ID] = true
			out.Planned = append(out.Planned, p)
		case c.owesReview():
			out.Reviews = append(out.Reviews, c)
		}
	}
	slices.SortFunc(out.Planned, func(a, b DigestChange) int { return a.Change.Ends().Compare(b.Change.Ends()) })
	slices.SortFunc(out.Reviews, func(a, b *Change) int { return cmp.Or(a.ReviewDue.Compare(b.ReviewDue), cmp.Compare(a.ID, b.ID)) })
	for _, c := range in.Calendar.Changes {
		if c.State != Implemented && c.Window.Start.Before(end) && c.Ends().After(f.Now) && mine(c) {
			planned[c.ID] = true
			out.Planned = append(out.Planned, DigestChange{c, clash[c.ID], held[c.ID]})
		}
	}
	for _, c := range in.Awaiting {
		if !planned[c.ID] && mine(c) {
			out.Waiting = append(out.Waiting, c)
		}
	}
	if in.person() == "" {
		for _, x := range in.Calendar.Freezes {
			if !x.Window.Start.Before(out.Date) {
				out.Freezes = append(out.Freezes, x)
			}
		}
	}
	out.Releases = slices.Clone(in.Releases)
	slices.SortStableFunc(out.Releases, func(a, b DigestRelease) int {
		return cmp.Or(a.Release.GoLive.Compare(b.Release.GoLive), cmp.Compare(a.Release.ID, b.Release.ID))
	})
	return out
}

func (in DigestFacts) person() UserID { return Schedule{Target: in.Target}.Person() }

// concerns says which changes the target has to know of.
func (in DigestFacts) concerns(f Facts) func(*Change) bool {
	if u := in.person(); u != "" {
		return func(c *Change) bool {
			decides := (c.State == AwaitingApproval || c.OwesApproval()) && c.MayDecide(f.Person(u), f) &&
				!slices.ContainsFunc(c.Counting(), func(a Approval) bool { return a.By == u })
			return decides || c.Implementer == u || c.State == AwaitingApproval && c.Requester == u
		}
	}
	own := in.services(f)
	return func(c *Change) bool { return len(own) == 0 || meets(own, c.Services) }
}

// services are those that the channel belongs to; none means that it hears of all.
func (in DigestFacts) services(f Facts) []Slug {
	var own []Slug
	for slug, s := range f.Services {
		if s.Channel == ChannelID(in.Target) && in.Target != string(f.Settings.ChangesChannel) {
			own = append(own, slug)
		}
	}
	return own
}

func meets(a, b []Slug) bool {
	return slices.ContainsFunc(a, func(s Slug) bool { return slices.Contains(b, s) })
}

// frozen says of each change which freezes hold in its window.
func (in DigestFacts) frozen(f Facts) map[ChangeID][]Freeze {
	out := map[ChangeID][]Freeze{}
	for _, x := range in.Calendar.Freezes {
		for _, c := range x.Freeze.Holds(in.Calendar.Changes, []Window{x.Window}, f) {
			out[c.ID] = append(out[c.ID], x.Freeze)
		}
	}
	return out
}

// Measure says which releases the target has to know of, and measures them.
// It is called with one after the other, as they are read.
func (in *DigestFacts) Measure(f Facts) func(*Release) {
	gauge, own, u := NewGauge(f), in.services(f), in.person()
	return func(r *Release) {
		concerned := u != "" && (r.ProjectLead == u || r.Leads(u)) || u == "" && (len(own) == 0 || r.Channel == ChannelID(in.Target) || meets(own, r.Services))
		if !r.State.BeforeGoLive() || !concerned {
			return
		}
		x := DigestRelease{&Release{ReleaseIdentity: r.ReleaseIdentity, ReleasePlan: r.ReleasePlan}, gauge.Of(r)}
		x.Release.State, x.Release.Tier = r.State, r.Tier
		in.Releases = append(in.Releases, x)
	}
}
