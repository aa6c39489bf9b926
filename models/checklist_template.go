package models

import (
	"maps"
	"slices"
	"time"
)

// ChecklistTemplate is one version of what a release has to show. Releases
// keep the version that they started with; see Release.Offers for the rest.
type ChecklistTemplate struct {
	Name    Slug
	Version int
	Title   string
	Items   []TemplateItem // those of early-life support last; ids are unique
}

// TemplateItem is one line of a template. It applies to releases with the
// attribute When, and is mandatory always, never, or for the tiers listed.
type TemplateItem struct {
	ID        string
	Bucket    Bucket
	Title     string
	Expected  string    // what counts as evidence
	Mandatory bool      // for every tier, or for MandatoryTiers where these are given
	Tiers     []Tier    `json:",omitempty"`
	When      Attribute `json:",omitempty"`
	Due       int       // working days before go-live; of early-life items, after it
	Tests     bool      `json:",omitempty"`
}

// DefaultChecklistName is the template that a release starts with when nobody
// chooses another.
const DefaultChecklistName Slug = "service-transition"

// Checklist is the newest version of a template, or of the default one when no
// name is given; nil when there is none.
func (d *Directory) Checklist(name Slug) *ChecklistTemplate {
	if name == "" {
		name = DefaultChecklistName
	}
	return d.Checklists[name]
}

// ChecklistNames lists the templates that a release can start with, the
// default one first.
func (d *Directory) ChecklistNames() []Slug {
	names := slices.Sorted(maps.Keys(d.Checklists))
	slices.SortStableFunc(names, func(a, b Slug) int {
		switch DefaultChecklistName {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	return names
}

// MandatoryFor reports whether a release of that tier can't do without.
func (t TemplateItem) MandatoryFor(tier Tier) bool {
	return t.Mandatory && (len(t.Tiers) == 0 || slices.Contains(t.Tiers, tier))
}

// Ref names the version.
func (t *ChecklistTemplate) Ref() TemplateRef { return TemplateRef{Name: t.Name, Version: t.Version} }

// item finds a line by its id.
func (t *ChecklistTemplate) item(id string) (TemplateItem, bool) {
	i := slices.IndexFunc(t.Items, func(x TemplateItem) bool { return x.ID == id })
	if i < 0 {
		return TemplateItem{}, false
	}
	return t.Items[i], true
}

// take makes an item of the release out of a line of its template.
func (r *Release) take(t TemplateItem, f ReleaseFacts) *Item {
	in := Item{ID: t.ID, Bucket: t.Bucket, Origin: FromTemplate, Status: ItemOpen, Since: f.Now}
	if _, taken := r.Item(t.ID); taken { // ids are never given anew, so this one gets another
		in.ID, in.Line = r.newID(t.Bucket), t.ID
	}
	i := r.add(in)
	r.adapt(i, t, f)
	return i
}

// add gives an item the next number.
func (r *Release) add(i Item) *Item {
	r.LastNo++
	i.No = r.LastNo
	r.Items = append(r.Items, i)
	return &r.Items[len(r.Items)-1]
}

// adapt brings an item to what a line of a template says of it.
func (r *Release) adapt(i *Item, t TemplateItem, f ReleaseFacts) {
	i.Title, i.Expected, i.When, i.DueDays, i.Tests = t.Title, t.Expected, t.When, t.Due, t.Tests
	i.MandatoryTiers, i.Mandatory = mandatoryTiers(t), t.MandatoryFor(r.Tier)
	if i.Condition == nil {
		i.Due = r.dueOf(i, f)
	}
	r.apply(i, f)
}

// mandatoryTiers are the tiers for which an item is mandatory, all written out.
func mandatoryTiers(t TemplateItem) []Tier {
	switch {
	case !t.Mandatory:
		return nil
	case len(t.Tiers) == 0:
		return []Tier{0, 1, 2, 3}
	}
	return slices.Clone(t.Tiers)
}

// notMarked is why an item whose attribute the release lacks does not apply.
func notMarked(a Attribute) string {
	return "The release is not marked as one that " + a.String() + "."
}

// apply leaves out an item whose attribute the release lacks, and opens it when
// the release has it after all.
func (r *Release) apply(i *Item, f ReleaseFacts) {
	applies := i.When == "" || slices.Contains(r.Attributes, i.When)
	left := i.Status == ItemNotApplicable && i.Reason == notMarked(i.When)
	switch {
	case applies && left:
		i.Status, i.Since, i.Reason, i.Due = ItemOpen, f.Now, "", r.dueOf(i, f)
	case !applies && i.Status == ItemOpen && i.Condition == nil:
		i.Status, i.Since, i.Reason = ItemNotApplicable, f.Now, notMarked(i.When)
	}
}

// dueOf is the end of work so many working days before go-live, in the project
// lead's zone; of early-life items, after it. Nothing is due before the end
// of the working day after it is first asked for.
func (r *Release) dueOf(i *Item, f ReleaseFacts) time.Time {
	hours, lead := f.Settings.Hours, f.Person(r.ProjectLead)
	if i.Bucket == BucketEarlyLife {
		from := r.GoLive
		if !r.LiveAt.IsZero() {
			from = r.LiveAt
		}
		return hours.EndOfWorkday(lead, from, i.DueDays)
	}
	due := hours.EndOfWorkday(lead, r.GoLive, -i.DueDays)
	if soonest := hours.EndOfWorkday(lead, f.Now, 1); due.Before(soonest) {
		due = soonest
	}
	if r.GoLive.Before(due) { // never after go-live itself
		due = r.GoLive
	}
	return due.UTC()
}

// OfferKind says how a newer template differs in one line.
type OfferKind string

// The kinds of difference.
const (
	OfferAdded   OfferKind = "added"
	OfferChanged OfferKind = "changed"
	OfferRemoved OfferKind = "removed"
)

// Offer is one line of a newer template that a release may adopt.
type Offer struct {
	Kind OfferKind
	ID   string
	No   int          // of the item it is about; 0 = none yet
	Item TemplateItem // as the newer template has it; of a removed one, empty
	What []FieldDiff  // what adopting it changes
}

// Offers lists what a newer version of the release's template changes, item by
// item, in the order of the template. Nothing changes by itself.
func (r *Release) Offers(t *ChecklistTemplate) []Offer {
	var out []Offer
	if t == nil || t.Name != r.Template.Name {
		return nil
	}
	for _, line := range t.Items {
		i := r.ofLine(line.ID)
		if i == nil {
			out = append(out, Offer{Kind: OfferAdded, ID: line.ID, Item: line, What: []FieldDiff{{"Item", "", line.Title}}})
		} else if what := i.differs(line, r.Tier); len(what) > 0 {
			out = append(out, Offer{Kind: OfferChanged, ID: line.ID, No: i.No, Item: line, What: what})
		}
	}
	for k := range r.Items {
		i := &r.Items[k]
		if _, still := t.item(i.line()); !still && i.Origin == FromTemplate && i.Status != ItemNotApplicable {
			out = append(out, Offer{Kind: OfferRemoved, ID: i.line(), No: i.No, What: []FieldDiff{{"Item", i.Title, ""}}})
		}
	}
	return out
}

// ofLine is the item that a line of the template became; nil when there is none.
// An item of the release's own may bear the line's id.
func (r *Release) ofLine(id string) *Item {
	for k := range r.Items {
		if i := &r.Items[k]; i.Origin == FromTemplate && i.line() == id {
			return i
		}
	}
	return nil
}

// line is what the template calls the item.
func (i *Item) line() string {
	if i.Line != "" {
		return i.Line
	}
	return i.ID
}

// differs lists what a line of a template says otherwise.
func (i *Item) differs(t TemplateItem, tier Tier) []FieldDiff {
	var out []FieldDiff
	add := func(label, before, after string) {
		if before != after {
			out = append(out, FieldDiff{label, before, after})
		}
	}
	add("Title", i.Title, t.Title)
	add("Evidence", i.Expected, t.Expected)
	add("Mandatory", yesNo(i.Mandatory), yesNo(t.MandatoryFor(tier)))
	add("Due", units(i.DueDays, "working day"), units(t.Due, "working day"))
	add("Applies to", string(i.When), string(t.When))
	add("Reports tests", yesNo(i.Tests), yesNo(t.Tests))
	return out
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Adopt takes over one line of a newer template. A line that is new becomes an
// item with a number of its own. One that the template has no more is called
// not applicable; for a mandatory one the operations lead confirms that.
func (r *Release) Adopt(id string, f ReleaseFacts) error {
	if err := r.mayRun("adopt an item for", f); err != nil {
		return err
	}
	offers := r.Offers(f.Template)
	k := slices.IndexFunc(offers, func(o Offer) bool { return o.ID == id })
	if k < 0 {
		return Settledf("The newest template says nothing else about %s, so nothing was changed in %s.", id, r.ID)
	}
	o := offers[k]
	if o.Kind == OfferRemoved {
		return r.NotApplicable(o.No, "Version "+number(f.Template.Version)+" of the template has it no more.", f)
	}
	return r.try(f, func(next *Release) error {
		if o.Kind == OfferAdded {
			next.take(o.Item, f)
		} else if i, err := next.no(o.No); err == nil {
			next.adapt(i, o.Item, f)
		}
		if len(next.Offers(f.Template)) == 0 {
			next.Template = f.Template.Ref()
		}
		next.record(f, Event{Kind: EventItemAdopted, Reason: o.ID + " of " + f.Template.Ref().String(), Diff: o.What})
		return nil
	})
}
