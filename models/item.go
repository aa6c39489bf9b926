package models

import (
	"slices"
	"time"
)

// ItemStatus is how far an item has come.
type ItemStatus string

// The statuses of an item.
const (
	ItemOpen          ItemStatus = "open"
	ItemInProgress    ItemStatus = "in_progress"
	ItemBlocked       ItemStatus = "blocked"
	ItemSubmitted     ItemStatus = "submitted" // evidence submitted
	ItemVerified      ItemStatus = "verified"
	ItemReturned      ItemStatus = "returned"
	ItemWaived        ItemStatus = "waived"
	ItemNotApplicable ItemStatus = "not_applicable"
)

// ItemStatuses lists all of them, in the order of an item's way.
var ItemStatuses = []ItemStatus{ItemOpen, ItemInProgress, ItemBlocked, ItemSubmitted, ItemVerified, ItemReturned, ItemWaived, ItemNotApplicable}

var itemStatusNames = map[ItemStatus]string{
	ItemOpen: "open", ItemInProgress: "in progress", ItemBlocked: "blocked", ItemSubmitted: "evidence submitted",
	ItemVerified: "verified", ItemReturned: "returned", ItemWaived: "waived", ItemNotApplicable: "not applicable",
}

// String says the status in words ("evidence submitted").
func (s ItemStatus) String() string {
	if name, ok := itemStatusNames[s]; ok {
		return name
	}
	return string(s)
}

// phrase finishes the sentence "Item 12 is …".
func (s ItemStatus) phrase() string {
	if s == ItemSubmitted {
		return "waiting for verification"
	}
	return s.String()
}

// Settled reports whether nothing is to be done about such an item.
func (s ItemStatus) Settled() bool {
	return s == ItemVerified || s == ItemWaived || s == ItemNotApplicable
}

// Origin says where an item comes from.
type Origin string

// The origins of an item.
const (
	FromTemplate  Origin = "template"
	FromRelease   Origin = "release"   // added by its people
	FromCondition Origin = "condition" // born in a handover meeting
	FromLesson    Origin = "lesson"    // of a post-implementation review
)

// Item is one line of a release's checklist. It is kept with its release and
// never deleted, so that its number is never given again.
type Item struct {
	No             int    // in the release; never reused
	ID             string // "DO2", unique in the release
	Bucket         Bucket
	Title          string
	Expected       string // what counts as evidence
	Mandatory      bool
	MandatoryTiers []Tier    // for which tiers it is mandatory; the release's tier decides
	When           Attribute // applies only to releases with this attribute; "" = to all
	DueDays        int       // working days before go-live; of early-life items, after it
	Due            time.Time // the end of work on that day
	Tests          bool      // reports tests, and so has open issues
	OpenIssues     int
	Owner          UserID // "" = the owner of its bucket
	Status         ItemStatus
	Since          time.Time // when it came to this status
	Reason         string    // why it is blocked, returned, waived or not applicable
	Origin         Origin
	// Line is its id in the template, where the release had given that one to an
	// item of its own; "" = it is called as the template calls it.
	Line   string   `json:",omitempty"`
	Lesson ChangeID // whose review it comes out of; 0 = none

	Evidence   []Evidence // every version ever submitted, the last one standing
	Round      int        // how many of these a return or a reopening has put aside
	AgainAt    time.Time  // when the last return or reopening was; zero = never
	VerifiedBy UserID
	VerifiedAt time.Time
	Waiver     *Waiver
	// Exempt is a mandatory item's being called not applicable, until the
	// operations lead confirms it; nil = nobody asks.
	Exempt    *Exemption
	Condition *HandoverCondition // what a handover decision made of it; nil = nothing
}

func (i Item) clone() Item {
	i.Evidence, i.MandatoryTiers = slices.Clone(i.Evidence), slices.Clone(i.MandatoryTiers)
	if i.Waiver != nil {
		w := *i.Waiver
		i.Waiver = &w
	}
	if i.Exempt != nil {
		e := *i.Exempt
		i.Exempt = &e
	}
	if i.Condition != nil {
		c := *i.Condition
		i.Condition = &c
	}
	return i
}

// Label names the item in a sentence: "12 (DO2)".
func (i *Item) Label() string { return number(i.No) + " (" + i.ID + ")" }

// Stage is the stage to which the item belongs.
func (i *Item) Stage() Stage {
	if i.Bucket == BucketEarlyLife {
		return StageEarlyLife
	}
	return StageOf(i.DueDays)
}

// Weight is what the item counts in readiness: mandatory 3, advisory 1.
func (i *Item) Weight() int {
	if i.Mandatory {
		return 3
	}
	return 1
}

// Met reports whether nothing is to be done about the item: it is verified,
// waived in date, or not applicable.
func (i *Item) Met(now time.Time) bool {
	return i.Status == ItemVerified || i.Status == ItemNotApplicable || i.WaivedAt(now)
}

// Unmet reports whether the item keeps a release from being accepted.
func (i *Item) Unmet(now time.Time) bool {
	return i.Mandatory && i.Bucket != BucketEarlyLife && !i.Met(now)
}

// Overdue reports whether the item should have been settled by now.
func (i *Item) Overdue(now time.Time) bool { return !i.Met(now) && !i.Due.IsZero() && now.After(i.Due) }
