package models

import (
	"slices"
	"time"
)

// Colour says at a glance how a checklist stands.
type Colour string

// The colours.
const (
	Green Colour = "green"
	Amber Colour = "amber"
	Red   Colour = "red"
)

// soon is within how many working days an item without evidence turns amber.
const soon = 3

// Readiness is how much of what applies is verified, by weight: of one bucket,
// or of a whole release. Waived and not applicable items are in neither sum.
type Readiness struct {
	Verified   int // weight
	Applicable int // weight
	Items      int // those that count
	Done       int // of them verified
	Unmet      int // mandatory ones that keep the release from being accepted
	Colour     Colour
	Why        []Cause // why it is red, or amber; nothing when green
}

// Cause is one item that makes a bucket red or amber.
type Cause struct {
	No     int
	ID     string
	Title  string
	Owner  UserID
	Due    time.Time
	Colour Colour
	What   string // "overdue since 2 Mar", "blocked: …", "due 5 Mar, no evidence yet"
}

// Percent is the share that is verified, rounded down, so that 100 means all of
// it; 100 when nothing applies.
func (x Readiness) Percent() int {
	if x.Applicable == 0 {
		return 100
	}
	return x.Verified * 100 / x.Applicable
}

// Ready reports whether nothing mandatory is unmet.
func (x Readiness) Ready() bool { return x.Unmet == 0 }

// Ready is the readiness of a release: the whole, by bucket, and its forecast.
// The same numbers stand in card, App Home, digest and export.
type Ready struct {
	Readiness
	Buckets  map[Bucket]Readiness
	Forecast Forecast
}

// Forecast is when the rest will be verified at the pace of late.
type Forecast struct {
	Remaining int // weight
	Recent    int // weight verified in the last ten working days
	Over      int // working days that the pace is taken over
	Days      int // working days from now; 0 when nothing remains
	Date      time.Time
	NoPace    bool
	Far       bool       // more than a year of working days away: no date is worth naming
	Late      int        // calendar days after the go-live; 0 or less when in time
	Deciding  []Deciding // the first unmet mandatory items, by due date
}

// Deciding is one item that a release waits for.
type Deciding struct {
	No    int
	ID    string
	Title string
	Owner UserID
	Due   time.Time
}

// paceDays is over how many working days the pace is taken.
const paceDays = 10

// farDays is how far ahead a forecast names a date.
const farDays = 260

// Gauge is what the readiness of many releases at one moment has in common:
// working days are looked up once a zone.
type Gauge struct {
	f     Facts
	zones map[string]gaugeDays
}

type gaugeDays struct {
	soon  time.Time // the end of the third working day from now
	since time.Time // the beginning of the last ten
}

// NewGauge measures at f.Now.
func NewGauge(f Facts) *Gauge { return &Gauge{f: f, zones: map[string]gaugeDays{}} }

// Readiness measures one release at f.Now. For many, make one Gauge.
func (r *Release) Readiness(f Facts) Ready { return NewGauge(f).Of(r) }

func (g *Gauge) days(p Person) gaugeDays {
	days, known := g.zones[p.Zone]
	if !known {
		hours := g.f.Settings.Hours
		local := g.f.Now.In(p.Location())
		days.soon = hours.at(local, hours.dayOff(local, soon)+1, 0).UTC()
		days.since = hours.since(p, g.f.Now, paceDays)
		g.zones[p.Zone] = days
	}
	return days
}

// Of measures a release.
func (g *Gauge) Of(r *Release) Ready {
	lead := g.f.Person(r.ProjectLead)
	days := g.days(lead)
	out := Ready{Buckets: make(map[Bucket]Readiness, len(Buckets))}
	var by [6]Readiness
	recent := 0
	for k := range r.Items {
		i := &r.Items[k]
		n := slices.Index(Buckets, i.Bucket)
		if n < 0 || i.Status == ItemNotApplicable || i.WaivedAt(g.f.Now) {
			continue
		}
		x := &by[n]
		x.Applicable += i.Weight()
		x.Items++
		if i.Status == ItemVerified {
			x.Verified += i.Weight()
			x.Done++
			if !i.VerifiedAt.Before(days.since) {
				recent += i.Weight()
			}
			continue
		}
		if i.Mandatory {
			x.Unmet++
			if cause, is := g.cause(r, i, days); is {
				x.Why = append(x.Why, cause)
			}
		}
	}
	for n, b := range Buckets {
		by[n].colour()
		out.Buckets[b] = by[n]
		out.add(by[n])
	}
	out.colour()
	out.Forecast = g.forecast(r, lead, out.Applicable-out.Verified, recent, days)
	return out
}

func (x *Readiness) add(o Readiness) {
	x.Verified, x.Applicable, x.Items, x.Done, x.Unmet = x.Verified+o.Verified, x.Applicable+o.Applicable, x.Items+o.Items, x.Done+o.Done, x.Unmet+o.Unmet
	x.Why = append(x.Why, o.Why...)
}

// colour keeps the causes of the worse colour first, each by due date.
func (x *Readiness) colour() {
	x.Colour = Green
	for _, c := range x.Why {
		if c.Colour == Red {
			x.Colour = Red
		} else if x.Colour == Green {
			x.Colour = Amber
		}
	}
	slices.SortStableFunc(x.Why, func(a, b Cause) int {
		switch {
		case a.Colour != b.Colour && a.Colour == Red:
			return -1
		case a.Colour != b.Colour:
			return 1
		}
		return a.Due.Compare(b.Due)
	})
}

// cause says why a mandatory item is red or amber: overdue, blocked or
// returned; or due within three working days with no evidence yet.
func (g *Gauge) cause(r *Release, i *Item, days gaugeDays) (Cause, bool) {
	c := Cause{No: i.No, ID: i.ID, Title: i.Title, Owner: r.OwnerOf(i), Due: i.Due}
	switch {
	case i.Status == ItemBlocked:
		c.Colour, c.What = Red, "blocked: "+i.Reason
	case i.Status == ItemReturned:
		c.Colour, c.What = Red, "returned: "+i.Reason
	case i.Overdue(g.f.Now):
		c.Colour, c.What = Red, "overdue"
		switch {
		case i.Status == ItemSubmitted && i.OpenIssues > 0: // nobody can verify it
			c.What = "overdue, its evidence reports " + units(i.OpenIssues, "open issue")
		case i.Status == ItemSubmitted:
			c.What = "overdue, its evidence waits for verification"
		}
	case i.Status != ItemSubmitted && i.Due.Before(days.soon):
		c.Colour, c.What = Amber, "due soon, no evidence yet"
	default:
		return c, false
	}
	return c, true
}

// forecast: pace = weight verified in the last ten working days ÷ the working
// days since the release began, at least one and at most ten; the rest takes
// ⌈remaining ÷ pace⌉ working days.
func (g *Gauge) forecast(r *Release, lead Person, remaining, recent int, days gaugeDays) Forecast {
	hours := g.f.Settings.Hours
	x := Forecast{Remaining: remaining, Recent: recent, Over: paceDays}
	if r.CreatedAt.After(days.since) {
		x.Over = min(paceDays, max(1, hours.WorkdaysBetween(lead, r.CreatedAt, g.f.Now)))
	}
	for _, i := range r.Deciding(g.f.Now) {
		x.Deciding = append(x.Deciding, Deciding{i.No, i.ID, i.Title, r.OwnerOf(i), i.Due})
	}
	switch {
	case remaining == 0:
		x.Date = g.f.Now
	case recent == 0:
		x.NoPace = true
		return x
	default:
		x.Days = (remaining*x.Over + recent - 1) / recent
		if x.Days > farDays {
			x.Far = true
			return x
		}
		x.Date = hours.EndOfWorkday(lead, g.f.Now, x.Days)
	}
	x.Late = daysBetween(r.GoLive.In(lead.Location()), x.Date.In(lead.Location()))
	return x
}

// daysBetween counts calendar days from one local date to another.
func daysBetween(from, to time.Time) int {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(to).Sub(date(from)).Hours() / 24)
}

// Deciding lists the first three unmet mandatory items by due date.
func (r *Release) Deciding(now time.Time) []*Item {
	var first []*Item
	for k := range r.Items {
		i := &r.Items[k]
		if !i.Unmet(now) {
			continue
		}
		at := len(first)
		for at > 0 && byDue(i, first[at-1]) < 0 {
			at--
		}
		if at < 3 {
			first = slices.Insert(first, at, i)
			first = first[:min(3, len(first))]
		}
	}
	return first
}

// Words says the forecast in one sentence: "At this pace ready on 14 May, 6
// days after go-live; RP4, DO2 and TS5 decide it."
func (x Forecast) Words(zone *time.Location) string {
	var ids []string
	for _, d := range x.Deciding {
		ids = append(ids, d.ID)
	}
	decides := ""
	if len(ids) == 1 {
		decides = "; " + ids[0] + " decides it"
	} else if len(ids) > 1 {
		decides = "; " + list(ids, "") + " decide it"
	}
	switch {
	case x.Remaining == 0:
		return "Everything that applies is verified."
	case x.NoPace:
		return "No pace yet: nothing was verified in the last 10 working days" + decides + "."
	case x.Far:
		return "At this pace not ready within a year" + decides + "."
	}
	when := ", on the day of go-live"
	if x.Late > 0 {
		when = ", " + units(x.Late, "day") + " after go-live"
	} else if x.Late < 0 {
		when = ", " + units(-x.Late, "day") + " before go-live"
	}
	return "At this pace ready on " + x.Date.In(zone).Format("2 January") + when + decides + "."
}
