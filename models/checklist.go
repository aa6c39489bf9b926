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
