package models

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bucket is one of the six groups of checklist items.
type Bucket string

// The buckets of the service transition checklist, and the list of early-life
// support, which is one of its own and counts in no readiness.
const (
	BucketCosting       Bucket = "costing"
	BucketResources     Bucket = "resources"
	BucketProcesses     Bucket = "processes"
	BucketDocumentation Bucket = "documentation"
	BucketQuality       Bucket = "quality"
	BucketTests         Bucket = "tests"
	BucketEarlyLife     Bucket = "early_life"
)

// Buckets lists the six, in the order of the checklist.
var Buckets = []Bucket{BucketCosting, BucketResources, BucketProcesses, BucketDocumentation, BucketQuality, BucketTests}

var bucketNames = map[Bucket]string{
	BucketCosting: "Costing & budget", BucketResources: "Resources & people", BucketProcesses: "Processes",
	BucketDocumentation: "Documentation", BucketQuality: "Quality gates & checks", BucketTests: "Test results & simulations",
	BucketEarlyLife: "Early-life support",
}

// bucketLetters begin the ids of items that a release adds itself.
var bucketLetters = map[Bucket]string{
	BucketCosting: "CB", BucketResources: "RP", BucketProcesses: "PR", BucketDocumentation: "DO", BucketQuality: "QG",
	BucketTests: "TS", BucketEarlyLife: "EL",
}

// String names the bucket as people read it.
func (b Bucket) String() string {
	if name, ok := bucketNames[b]; ok {
		return name
	}
	return string(b)
}

// Stage is the part of a service's way into production to which an item belongs.
type Stage string

// The stages, by how many working days before go-live an item is due.
const (
	StageStrategy   Stage = "strategy"
	StageDesign     Stage = "design"
	StageBuild      Stage = "build & test"
	StageTransition Stage = "transition"
	StageEarlyLife  Stage = "early life"
)

// StageOf is the stage of what is due so many working days before go-live:
// 30 and more strategy, 20 design, 10 build & test, less transition.
func StageOf(days int) Stage {
	switch {
	case days >= 30:
		return StageStrategy
	case days >= 20:
		return StageDesign
	case days >= 10:
		return StageBuild
	}
	return StageTransition
}

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
	VerifiedBy UserID
	VerifiedAt time.Time
	Waiver     *Waiver
	// Exempt is a mandatory item's being called not applicable, until the
	// operations lead confirms it; nil = nobody asks.
	Exempt    *Exemption
	Condition *HandoverCondition // what a handover decision made of it; nil = nothing
}

// EvidenceKind says what a piece of evidence is.
type EvidenceKind string

// The kinds of evidence. Gatehouse holds the reference, not what it points to.
const (
	EvidenceLink EvidenceKind = "link"
	EvidenceNote EvidenceKind = "note"
	EvidenceFile EvidenceKind = "file" // a file in Slack: its link, or its id
)

// Evidence is one version of what shows that an item is done.
type Evidence struct {
	Version int
	Kind    EvidenceKind
	Ref     string // the link, or the file's id; "" for a note
	Note    string
	By      UserID // who submitted it; of a pipeline, whoever made its token
	Via     string // the name of the token; "" = a person
	At      time.Time
}

// Waiver is a mandatory or advisory item's being let off for a while.
type Waiver struct {
	By      UserID
	At      time.Time
	Reason  string
	Expires time.Time
}

// Exemption asks the operations lead to confirm that an item does not apply.
type Exemption struct {
	By     UserID
	At     time.Time
	Reason string
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

// Standing is the evidence that is to be verified; nil when there is none.
func (i *Item) Standing() *Evidence {
	if len(i.Evidence) <= i.Round {
		return nil
	}
	return &i.Evidence[len(i.Evidence)-1]
}

// Version is the number of the evidence that stands; 0 = none. Buttons carry
// it, so that nobody verifies what they did not see.
func (i *Item) Version() int {
	if e := i.Standing(); e != nil {
		return e.Version
	}
	return 0
}

// SubmittedBy reports whether the person submitted any of the evidence that
// stands: then somebody else verifies it.
func (i *Item) SubmittedBy(u UserID) bool {
	return slices.ContainsFunc(i.Evidence[min(i.Round, len(i.Evidence)):], func(e Evidence) bool { return e.By == u })
}

// VersionOf is the number of the evidence that says the same by the same way;
// false when there is none.
func (i *Item) VersionOf(in EvidenceInput) (int, bool) {
	for _, e := range slices.Backward(i.Evidence) {
		if e.Kind == in.Kind && e.Ref == oneLine(in.Ref) && e.Note == tidy(in.Note) && e.Via == in.Via {
			return e.Version, true
		}
	}
	return 0, false
}

// WaivedAt reports whether a waiver holds at that moment.
func (i *Item) WaivedAt(now time.Time) bool {
	return i.Status == ItemWaived && (i.Waiver == nil || now.Before(i.Waiver.Expires))
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

// OwnerOf is who works on the item: its owner, else its bucket's, else the
// project lead.
func (r *Release) OwnerOf(i *Item) UserID {
	if i.Owner != "" {
		return i.Owner
	}
	return r.BucketOwner(i.Bucket)
}

// BucketOwner is who looks after the bucket.
func (r *Release) BucketOwner(b Bucket) UserID {
	if u := r.Buckets[b].Owner; u != "" {
		return u
	}
	return r.ProjectLead
}

// Bucket lists the items of one bucket, by number. The pointers are into the
// release.
func (r *Release) Bucket(b Bucket) []*Item {
	var out []*Item
	for i := range r.Items {
		if r.Items[i].Bucket == b {
			out = append(out, &r.Items[i])
		}
	}
	return out
}

// Unmet lists the items that keep the release from being accepted, by due date.
func (r *Release) Unmet(now time.Time) []*Item {
	var out []*Item
	for i := range r.Items {
		if r.Items[i].Unmet(now) {
			out = append(out, &r.Items[i])
		}
	}
	slices.SortStableFunc(out, byDue)
	return out
}

func byDue(a, b *Item) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	return a.No - b.No
}

// OpenItem is one item that a person has something to do with, in its release.
type OpenItem struct {
	Release *Release
	Item    *Item // within Release
}

// ItemsOf lists what the person owns and has still to do, by due date.
func (r *Release) ItemsOf(u UserID, now time.Time) []*Item {
	var out []*Item
	for i := range r.Items {
		item := &r.Items[i]
		if !item.Met(now) && item.Status != ItemSubmitted && r.OwnerOf(item) == u && r.workable(item) {
			out = append(out, item)
		}
	}
	slices.SortStableFunc(out, byDue)
	return out
}

// workable: early-life items are worked once the release is live.
func (r *Release) workable(i *Item) bool {
	return i.Bucket != BucketEarlyLife || !r.State.BeforeGoLive()
}

// ToVerify lists the items whose evidence the person may verify now.
func (r *Release) ToVerify(u UserID) []*Item {
	var out []*Item
	for i := range r.Items {
		if item := &r.Items[i]; item.Status == ItemSubmitted && r.verifies(u, item) && !item.SubmittedBy(u) {
			out = append(out, item)
		}
	}
	return out
}

// ToSettle lists what only the person's word is missing for: evidence that they may
// verify, and items that they are to confirm as not applicable.
func (r *Release) ToSettle(u UserID) []*Item {
	out := r.ToVerify(u)
	for i := range r.Items {
		if item := &r.Items[i]; item.Exempt != nil && r.Leads(u) && item.Exempt.By != u && !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

// verifies: operations lead, deputy, and the verifier of the bucket.
func (r *Release) verifies(u UserID, i *Item) bool {
	return r.Leads(u) || u != "" && r.Buckets[i.Bucket].Verifier == u
}

// works: the item's owner and the project lead.
func (r *Release) works(u UserID, i *Item) bool {
	return u != "" && (u == r.OwnerOf(i) || u == r.ProjectLead)
}

// itemSpelling accepts 12, #12, DO2, do-2 and do 2.
var itemSpelling = regexp.MustCompile(`^(?:#?([0-9]{1,6})|([A-Za-z]{1,6})[-_ ]?([0-9]{1,6}))$`)

// Item finds an item by its number or its id, in any spelling: "12", "#12",
// "DO2", "do-2". The pointer is into the release as it is: a command makes
// it stale.
func (r *Release) Item(ref string) (*Item, bool) {
	m := itemSpelling.FindStringSubmatch(strings.Trim(ref, around))
	if m == nil {
		return nil, false
	}
	no, _ := strconv.Atoi(m[1])
	n, _ := strconv.Atoi(m[3])
	for i := range r.Items {
		item := &r.Items[i]
		if no > 0 && item.No == no || m[2] != "" && strings.EqualFold(item.ID, m[2]+number(n)) {
			return item, true
		}
	}
	return nil, false
}

// no is the item of a number, for commands; a refusal when there is none.
func (r *Release) no(n int) (*Item, error) {
	for i := range r.Items {
		if r.Items[i].No == n {
			return &r.Items[i], nil
		}
	}
	return nil, Refusef("%s has no item %d. Its checklist shows the numbers.", r.ID, n)
}
