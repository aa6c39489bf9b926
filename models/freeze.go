package models

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// FreezeID is the n of FRZ-n. It is unique and without gaps in its workspace.
type FreezeID int64

// String writes the id as people see it: "FRZ-2".
func (id FreezeID) String() string { return fmt.Sprintf("FRZ-%d", int64(id)) }

// FreezeKind says how strict a freeze is.
type FreezeKind string

// The kinds of freeze.
const (
	SoftFreeze FreezeKind = "soft"     // warns, and asks the freeze's owner too
	HardFreeze FreezeKind = "hard"     // no start without an exception
	Lockdown   FreezeKind = "lockdown" // a hard freeze that begins now and ends by itself
)

// When says when a freeze or a maintenance window holds: once in Window, or,
// with a Cron expression, for Length from each of its times in Zone.
type When struct {
	Window Window        `json:",omitzero"`
	Cron   string        `json:",omitzero"` // five fields, read by models/schedule; Sunday is 0
	Length time.Duration `json:",omitzero"`
	Zone   string        `json:",omitzero"` // IANA name
}

// Freeze is FRZ-n: a period in which changes to some environments, tiers or
// services need more, or an exception. An empty list of these means all.
type Freeze struct {
	ID           FreezeID
	Kind         FreezeKind
	Name         string
	Reason       string
	Owner        UserID
	Environments []Environment
	Tiers        []Tier
	Services     []Slug
	When         When
	Version      int // raised by every edit: two people's edits can't undo each other
	LiftedAt     time.Time
	LiftedBy     UserID
}

// MaintenanceWindow is a time in which one service's production work may start.
type MaintenanceWindow struct {
	ID      int64
	Service Slug
	When    When
	Version int
}

// strict reports whether the freeze stops work: hard, or a lockdown.
func (z Freeze) strict() bool { return z.Kind != SoftFreeze }

// covers reports whether the freeze is about such a change. A tier or service
// of the freeze that any of the change's services has is enough.
func (z Freeze) covers(c *Change, f Facts) bool {
	return z.LiftedAt.IsZero() && oneOf(z.Environments, c.Environment) &&
		(len(z.Tiers) == 0 || slices.ContainsFunc(c.Services, func(s Slug) bool { return slices.Contains(z.Tiers, f.Services[s].Tier) })) &&
		(len(z.Services) == 0 || slices.ContainsFunc(c.Services, func(s Slug) bool { return slices.Contains(z.Services, s) }))
}

// stops reports whether the change can't start while the freeze is on: it is
// hard and covers the change, which has no exception and needs none.
func (z Freeze) stops(c *Change, f Facts) bool {
	return z.strict() && c.Type != Emergency && c.Identity.RollbackOf == 0 && !c.excepted(z.ID) && z.covers(c, f)
}

// words names the freeze and its time in a sentence, in UTC.
func (s FreezeSpan) words() string { return s.named() + ", " + s.Window.words() }

// on is the same on the clock of a place.
func (s FreezeSpan) on(zone *time.Location) string { return s.named() + ", " + s.Window.on(zone) }

func (s FreezeSpan) named() string {
	kind := string(s.Freeze.Kind) + " freeze"
	if s.Freeze.Kind == Lockdown {
		kind = "lockdown"
	}
	return "the " + kind + " " + s.Freeze.ID.String() + " (" + clipRunes(s.Freeze.Name, 60) + ")"
}

// exceptionKey is the key of a requirement that excepts one change from a freeze.
func exceptionKey(id FreezeID, who string) string { return "exception:" + id.String() + ":" + who }

// freezeKey is the key of a requirement that a soft freeze adds.
func freezeKey(id FreezeID) string { return "freeze:" + id.String() }

// ofFreeze reports whether a freeze asks for it, not the policy.
func (r Requirement) ofFreeze() bool {
	return strings.HasPrefix(r.Key, "freeze:") || strings.HasPrefix(r.Key, "exception:")
}

// excepted reports whether the change asks the owner and a change manager for
// an exception. It asks by its requirements, so an approved one has it.
func (c *Change) excepted(id FreezeID) bool {
	return slices.ContainsFunc(c.Requirements, func(r Requirement) bool { return r.Key == exceptionKey(id, "owner") })
}

// meets are the spans that the change falls into: with its window while that is
// ahead, and now when it is about to start.
func (c *Change) meets(f Facts, s stage) []FreezeSpan {
	var out []FreezeSpan
	for _, x := range f.Around.Freezes {
		falls := c.ahead(f, s) && x.Window.Overlaps(c.Window) || s == starting && x.Window.Contains(f.Now)
		if falls && x.Freeze.covers(c, f) {
			out = append(out, x)
		}
	}
	return out
}

// freezeCheck: a soft freeze is noted; a hard one stops what has no exception.
// Nothing stops an emergency that the ECAB agreed to, nor a rollback, nor what
// runs already.
func freezeCheck(c *Change, f Facts, s stage) []Reason {
	if !c.State.Editable() || c.Identity.RollbackOf != 0 {
		return nil
	}
	var out []Reason
	for _, x := range c.meets(f, s) {
		r := note("It falls into "+x.words()+".", "")
		if c.ahead(f, s) && !x.Window.Overlaps(c.Window) {
			r = note("Begun now, it would fall into "+x.words()+".", "")
			r.Told = true // its window is not what is in the way, so no card says so
		}
		switch r.When = x.Window; {
		case x.Freeze.stops(c, f):
			r.Blocks, r.Field = true, FieldWhyNow
			r.Unblock = "Choose a time outside it, or edit it and say why it can't wait: then " + f.Name(x.Freeze.Owner) + " and a change manager are asked for an exception."
		case !x.Freeze.strict():
			r.Unblock = f.Name(x.Freeze.Owner) + " has to agree too."
		case c.Type == Emergency:
			r.Unblock = "The ECAB's approval is the exception."
		default:
			r.Unblock = "Its approval by " + f.Name(x.Freeze.Owner) + " and a change manager is the exception."
		}
		out = append(out, r)
	}
	return out
}

// freezeRequirements are what the freezes that the change falls into ask for
// beside the policy: a soft one its owner; a hard one, when the requester says
// why it can't wait, the exception of its owner and a change manager.
func (c *Change) freezeRequirements(f Facts) []Requirement {
	if c.Type == Emergency || c.Identity.RollbackOf != 0 {
		return nil
	}
	var out []Requirement
	for _, x := range c.meets(f, planning) {
		id := x.Freeze.ID
		switch {
		case !x.Freeze.strict():
			out = append(out, Requirement{Key: freezeKey(id), Person: x.Freeze.Owner, Count: 1, Text: f.Name(x.Freeze.Owner) + " for the freeze " + id.String()})
		case !onlyPlaceholder(c.WhyNow): // who has nothing to say there asks for no exception
			out = append(out,
				Requirement{Key: exceptionKey(id, "owner"), Person: x.Freeze.Owner, Count: 1, Text: f.Name(x.Freeze.Owner) + " for an exception to " + id.String()},
				Requirement{Key: exceptionKey(id, "change_manager"), Role: RoleChangeManager, Count: 1, Text: "1 change manager for an exception to " + id.String()})
		}
	}
	return out
}

// openingCheck: a service with maintenance windows has production work done
// only inside one, emergencies and rollbacks excepted.
func openingCheck(c *Change, f Facts, s stage) []Reason {
	if c.Environment != Production || c.Type == Emergency || c.Identity.RollbackOf != 0 || !c.State.Editable() {
		return nil
	}
	var out []Reason
	for _, slug := range c.Services {
		openings, has := f.Around.Openings[slug]
		inside := slices.ContainsFunc(openings, func(w Window) bool {
			if c.ahead(f, s) {
				return !c.Window.Start.Before(w.Start) && !c.Window.End.After(w.End)
			}
			return w.Contains(f.Now)
		})
		if has && !inside {
			r := Reason{What: f.serviceName(slug) + " takes production work only inside its maintenance windows.",
				Unblock: "Choose a time inside one.", Blocks: true, Field: FieldStart, When: nextOpening(openings, f.Now)}
			if !r.When.Start.IsZero() {
				r.Unblock = "Choose a time inside one; the next is " + r.When.words() + "."
			}
			out = append(out, r)
		}
	}
	return out
}

// nextOpening is the first that is not over, zero when none is known.
func nextOpening(openings []Window, now time.Time) Window {
	for _, w := range openings {
		if w.End.After(now) {
			return w
		}
	}
	return Window{}
}

// RecordFreeze is the kind of FRZ-n.
const RecordFreeze RecordKind = "freeze"

// Ref is how events point at the freeze.
func (z *Freeze) Ref() RecordRef { return RecordRef{RecordFreeze, int64(z.ID)} }

// What can happen to a freeze.
const (
	EventFreezeDeclared EventKind = "freeze_declared"
	EventFreezeEdited   EventKind = "freeze_edited"
	EventFreezeLifted   EventKind = "freeze_lifted"
	EventMaintenanceSet EventKind = "maintenance_set" // its Reason names the service
)

// The fields of a freeze that a person fills in, beside those of a change.
const (
	FieldKind         Field = "kind"
	FieldOwner        Field = "owner"
	FieldEnvironments Field = "environments"
	FieldTiers        Field = "tiers"
	FieldCron         Field = "cron"
	FieldZone         Field = "zone"
)

// maxFreeze keeps a mistyped year from stopping a company.
const maxFreeze = 120 * 24 * time.Hour

// Declare makes a new freeze, or edits one that the person saw as seen. next is
// when a recurring one begins the next time; zero for a single one.
func (z *Freeze) Declare(in Freeze, seen int, next time.Time, f Facts) ([]Event, error) {
	if err := mayFreeze(f); err != nil {
		return nil, err
	}
	kind := EventFreezeDeclared
	switch {
	case z.Version != seen:
		return nil, Refusef("%s was edited by somebody else after you opened it, so nothing was saved. Copy what you need, close the form and open it again.", z.ID)
	case !z.LiftedAt.IsZero():
		return nil, Refusef("%s was lifted already, so it can't be edited. Declare a new freeze instead.", z.ID)
	case z.Version > 0:
		kind = EventFreezeEdited
	}
	if err := in.check(z.Version == 0, next, f); err != nil {
		return nil, err
	}
	in.ID, in.Version = z.ID, z.Version+1
	in.Name, in.Reason = oneLine(in.Name), tidy(in.Reason)
	if in.When.Cron == "" {
		in.When = When{Window: NewWindow(in.When.Window.Start, in.When.Window.End)}
	} else {
		in.When.Window = Window{}
	}
	*z = in
	return []Event{{Kind: kind, Actor: f.Actor.ID, At: f.Now, Reason: z.Reason, Diff: []FieldDiff{{Field: "Freeze", After: z.Name}}}}, nil
}

// Lift ends a freeze for good: what it held is as it was before.
func (z *Freeze) Lift(f Facts) ([]Event, error) {
	if err := mayFreeze(f); err != nil {
		return nil, err
	}
	if !z.LiftedAt.IsZero() {
		return nil, Settledf("%s was lifted already, so nothing more was recorded.", z.ID)
	}
	z.LiftedAt, z.LiftedBy = f.Now, f.Actor.ID
	z.Version++
	return []Event{{Kind: EventFreezeLifted, Actor: f.Actor.ID, At: f.Now}}, nil
}

// Over reports whether the freeze can't hold any more.
func (z *Freeze) Over(now time.Time) bool {
	return !z.LiftedAt.IsZero() || z.When.Cron == "" && !z.When.Window.End.After(now)
}

// mayFreeze: change managers and admins.
func mayFreeze(f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't declare or lift a freeze: %s. Ask a change manager.", why)
	}
	if f.Holds(f.Actor.ID, RoleChangeManager) || f.Holds(f.Actor.ID, RoleAdmin) {
		return nil
	}
	return Refusef("Only change managers and admins declare and lift freezes, so nothing was saved. Ask one of them.")
}

func (z *Freeze) check(fresh bool, next time.Time, f Facts) error {
	errs := fieldErrors{}
	if name := oneLine(z.Name); blank(name) {
		errs.add(FieldTitle, "A name is needed: people read it wherever the freeze stops them.")
	} else if utf8.RuneCountInString(name) > MaxTitle {
		errs.add(FieldTitle, "At most %d letters fit.", MaxTitle)
	}
	if n := utf8.RuneCountInString(tidy(z.Reason)); n > MaxReason {
		errs.add(FieldReason, "At most 1,000 letters fit. Nothing you typed is lost: shorten it and send again.")
	}
	if z.Kind != SoftFreeze && z.Kind != HardFreeze && z.Kind != Lockdown {
		errs.add(FieldKind, "Choose how strict the freeze is.")
	}
	if p := f.People[z.Owner]; z.Owner == "" || p.Deleted || p.Bot {
		errs.add(FieldOwner, "Choose who owns the freeze: this person is asked for exceptions.")
	}
	for _, slug := range z.Services {
		if _, known := f.Services[slug]; !known {
			errs.add(FieldServices, "There is no service %q. Choose one from the list.", string(slug))
		}
	}
	w := z.When.Window
	switch {
	case z.When.Cron != "":
		if z.When.Length < time.Minute || z.When.Length > maxFreeze {
			errs.add(FieldLength, "Say how long it lasts each time: from 1 minute to 120 days.")
		} else if next.IsZero() {
			errs.add(FieldCron, "This line never comes round. Check the day and the month.")
		}
	case w.Start.IsZero():
		errs.add(FieldStart, "Choose when the freeze begins.")
	case !w.End.After(w.Start):
		errs.add(FieldEnd, "The end has to be after the beginning.")
	case fresh && !w.End.After(f.Now):
		errs.add(FieldEnd, "This end is in the past already, so the freeze would stop nothing. Choose a later one.")
	case w.Length() > maxFreeze:
		errs.add(FieldEnd, "A freeze is at most 120 days long. Check the year, or declare several.")
	}
	return errs.err("Nothing is saved yet: some answers need another look.")
}

// FreezeCards are the cards to bring up to date when a freeze comes, changes
// or goes: those of the changes that have not started.
func FreezeCards(list []*Change) []Delivery {
	var out []Delivery
	for _, c := range list {
		for _, place := range c.Places {
			out = append(out, Delivery{Kind: DeliverCard, Record: c.Ref(), Channel: place, Key: cardKey(c, place)})
		}
	}
	return out
}

// Holds lists those of the changes that the freeze stops as they stand: what a
// preview counts before it is declared.
func (z Freeze) Holds(list []*Change, spans []Window, f Facts) []*Change {
	var out []*Change
	for _, c := range list {
		falls := slices.ContainsFunc(spans, func(w Window) bool { return w.Overlaps(c.Window) })
		if falls && c.State.Editable() && c.State != Draft && c.Type != Emergency && c.Identity.RollbackOf == 0 && z.covers(c, f) {
			out = append(out, c)
		}
	}
	return out
}

// LetsFinish lists those of the changes that are worked on in the freeze: they
// may finish or roll back, and are more to know of than what it stops.
func (z Freeze) LetsFinish(list []*Change, spans []Window, f Facts) []*Change {
	var out []*Change
	for _, c := range list {
		falls := slices.ContainsFunc(spans, func(w Window) bool { return w.Overlaps(c.Claims(f.Now)) })
		if falls && c.State == InProgress && z.covers(c, f) {
			out = append(out, c)
		}
	}
	return out
}

// Complete makes what a form says into a whole freeze, and says when it begins
// the next time: a lockdown begins now, and begin and end don't go together
// with a cron line. next reads the line.
func (z *Freeze) Complete(next func(When) (time.Time, error), f Facts) (time.Time, error) {
	if z.When.Cron != "" && (!z.When.Window.Start.IsZero() || !z.When.Window.End.IsZero()) {
		return time.Time{}, &Refusal{Text: "Nothing is saved yet.", Fields: map[Field]string{
			FieldCron: "Either it recurs, or it has a begin and an end. Empty one of them."}}
	}
	if z.Kind == Lockdown && z.When.Cron != "" {
		return time.Time{}, &Refusal{Text: "Nothing is saved yet.", Fields: map[Field]string{
			FieldCron: "A lockdown begins now and ends by itself. Choose a hard freeze for one that recurs."}}
	}
	if z.Kind == Lockdown && z.When.Window.Start.IsZero() {
		z.When.Window.Start = f.Now
	}
	return next(z.When)
}
