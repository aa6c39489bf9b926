package models

import "unicode/utf8"

// AssignBucket makes one person owner of a bucket and of everything in it that
// is still to be done.
func (r *Release) AssignBucket(b Bucket, to UserID, f ReleaseFacts) error {
	if err := r.mayAssign(to, f); err != nil {
		return err
	}
	if bucketNames[b] == "" {
		return Refusef("%s has no bucket %q. Choose one of the six.", r.ID, string(b))
	}
	return r.try(f, func(next *Release) error {
		was, losing := r.BucketOwner(b), []UserID{}
		duty := next.Buckets[b]
		duty.Owner = to
		next.Buckets[b] = duty
		for _, i := range next.Bucket(b) {
			if i.Owner != "" && !i.Met(f.Now) {
				losing = append(losing, i.Owner)
				i.Owner = ""
			}
		}
		if was == to && len(losing) == 0 && r.Buckets[b].Owner == to {
			return Settledf("%s owns %s in %s already, so nothing was changed.", f.Name(to), b, r.ID)
		}
		next.record(f, Event{Kind: EventBucketAssigned, Reason: b.String(), Asked: []UserID{to}, Touched: append(losing, was),
			Diff: []FieldDiff{{b.String(), f.Name(was), f.Name(to)}}})
		return nil
	})
}

// AssignVerifier names who verifies a bucket beside operations lead and
// deputy; "" names nobody. Operations say who speaks for them.
func (r *Release) AssignVerifier(b Bucket, to UserID, f ReleaseFacts) error {
	if r.State.Final() {
		return Settledf("%s is %s, so nothing can be changed in it any more.", r.ID, r.State.phrase())
	}
	if err := r.mayLead("name who verifies", f); err != nil {
		return err
	}
	if bucketNames[b] == "" {
		return Refusef("%s has no bucket %q. Choose one of the six.", r.ID, string(b))
	}
	if p := f.Person(to); to != "" {
		if p.Deleted || p.Bot || p.Guest {
			return Refusef("%s can't verify: this account is a guest, a bot, or deactivated. Choose another person.", upperFirst(f.Name(to)))
		}
		if to == r.ProjectLead {
			return Refusef("%s leads the project, so somebody else must verify. Choose another person.", f.Name(to))
		}
	}
	return r.try(f, func(next *Release) error {
		duty := next.Buckets[b]
		if duty.Verifier == to {
			return Settledf("Nothing about who verifies %s in %s is different, so nothing was changed.", b, r.ID)
		}
		next.record(f, Event{Kind: EventVerifierNamed, Reason: b.String(), Asked: []UserID{to}, Diff: []FieldDiff{{"Verifier of " + b.String(), nameOr(f, duty.Verifier), nameOr(f, to)}}})
		duty.Verifier = to
		next.Buckets[b] = duty
		return nil
	})
}

func nameOr(f ReleaseFacts, u UserID) string {
	if u == "" {
		return "nobody"
	}
	return f.Name(u)
}

// Assign makes one person owner of one item.
func (r *Release) Assign(no int, to UserID, f ReleaseFacts) error {
	if err := r.mayAssign(to, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		i, err := next.no(no)
		if err != nil {
			return err
		}
		was := next.OwnerOf(i)
		if was == to {
			return Settledf("%s owns item %s of %s already, so nothing was changed.", f.Name(to), i.Label(), r.ID)
		}
		i.Owner = to
		next.record(f, Event{Kind: EventItemAssigned, Asked: []UserID{to}, Touched: []UserID{was},
			Diff: []FieldDiff{{i.Label() + " " + clipRunes(i.Title, 80), f.Name(was), f.Name(to)}}})
		return nil
	})
}

// mayAssign: project lead, operations lead, deputy and change manager assign,
// to people who can do the work; guests can.
func (r *Release) mayAssign(to UserID, f ReleaseFacts) error {
	if err := r.mayRun("assign items of", f); err != nil {
		return err
	}
	if p := f.Person(to); to == "" || p.Deleted || p.Bot {
		return &Refusal{Text: "Nothing is changed yet.", Fields: map[Field]string{
			FieldOwner: upperFirst(f.Name(to)) + " can't own items: this account is deactivated or a bot. Choose another person."}}
	}
	return nil
}

// NewItem is what a person fills in to add an item to a release.
type NewItem struct {
	Bucket    Bucket
	Title     string
	Expected  string
	Mandatory bool
	DueDays   int
	Tests     bool
	Owner     UserID
}

// AddItem adds an item that no template has. A mandatory one that is added to
// an accepted release makes the acceptance conditional.
func (r *Release) AddItem(in NewItem, f ReleaseFacts) error {
	if err := r.mayRun("add an item to", f); err != nil {
		return err
	}
	errs := fieldErrors{}
	title := oneLine(in.Title)
	if blank(title) {
		errs.add(FieldTitle, "A title is needed: say in one line what has to be true.")
	}
	for field, text := range map[Field]string{FieldTitle: title, FieldExpected: oneLine(in.Expected)} {
		if utf8.RuneCountInString(text) > 2*MaxTitle {
			errs.add(field, "At most %d letters fit. Nothing you typed is lost: shorten it and send again.", 2*MaxTitle)
		}
	}
	if bucketNames[in.Bucket] == "" {
		errs.add(FieldBucket, "Choose the bucket that it belongs to.")
	}
	if in.DueDays < 0 || in.DueDays > 260 {
		errs.add(FieldDue, "Say how many working days before go-live it is due, from 0 to 260.")
	}
	if p := f.Person(in.Owner); in.Owner != "" && (p.Deleted || p.Bot) {
		errs.add(FieldOwner, "This account is deactivated or a bot. Choose another person.")
	}
	if len(r.Items) >= MaxItems {
		errs.add(FieldTitle, "A release has at most %d items. Split it into several releases.", MaxItems)
	}
	if err := errs.err("Nothing is saved yet: some answers need another look."); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		i := next.add(Item{Bucket: in.Bucket, Title: title, Expected: oneLine(in.Expected), Mandatory: in.Mandatory, DueDays: in.DueDays,
			Tests: in.Tests, Owner: in.Owner, Status: ItemOpen, Since: f.Now, Origin: FromRelease})
		i.ID = next.newID(in.Bucket)
		i.Due = next.dueOf(i, f)
		next.record(f, Event{Kind: EventItemAdded, Reason: i.Label() + " " + title, Asked: []UserID{next.OwnerOf(i)}})
		return nil
	})
}

// newID is the bucket's letters and the first number that nothing has.
func (r *Release) newID(b Bucket) string {
	for n := len(r.Bucket(b)); ; n++ {
		id := bucketLetters[b] + number(n)
		if _, taken := r.Item(id); !taken && n > 0 {
			return id
		}
	}
}
