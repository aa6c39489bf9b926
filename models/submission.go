package models

import "slices"

// untitled is what a draft is called until it has a title.
const untitled = "Untitled draft"

// SaveDraft keeps what was typed, complete or not; only length limits and
// unknown services are refused.
func (c *Change) SaveDraft(in Input, f Facts) error {
	if c.State != "" && c.State != Draft {
		return Refusef("%s was submitted already, so it can't be saved as a draft. Edit it instead.", c.ID)
	}
	if err := c.mayEdit(f); err != nil {
		return err
	}
	in = in.fill(c, f)
	if err := in.checkAlways(f).err("Your draft is not saved yet: some answers need another look."); err != nil {
		return err
	}
	return c.try(func(next *Change) error {
		in.apply(next)
		next.take(in, c, f)
		if blank(next.Title) {
			next.Title = untitled
		}
		next.credit(c, f)
		next.State = Draft
		next.record(f, Event{Kind: EventDraftSaved, From: c.State, To: Draft})
		return nil
	})
}

// Raise fills a new change and submits it in one step.
func (c *Change) Raise(in Input, f Facts) error {
	if c.State != "" && c.State != Draft {
		return Refusef("%s was submitted already. Edit it instead.", c.ID)
	}
	return c.fillIn(in, f, func(next *Change) error {
		next.State = Draft
		next.credit(c, f)
		return next.submit(EventSubmitted, nil, f)
	})
}

// Submit sends a draft as it stands to its approvers. What it lacks is said
// in the refusal's text, because no form is open that could show it.
func (c *Change) Submit(f Facts) error {
	if c.State != Draft {
		return Settledf("%s was submitted before: it is %s. Its card shows where it stands.", c.ID, c.phrase())
	}
	err := c.Raise(InputOf(c), f)
	if r, ok := AsRefusal(err); ok && len(r.Fields) > 0 {
		return &Refusal{Text: c.ID.String() + " is not submitted yet. " + r.sentences() + " Edit it, then submit it again.", Fields: r.Fields}
	}
	return err
}

// Edit changes what was raised. In a draft it saves. Elsewhere a material
// edit makes a new revision: approvals are void, requirements are set anew
// and the change waits for approval again; a cosmetic one resets nothing.
// A change sent back for changes is resubmitted by the edit.
func (c *Change) Edit(in Input, f Facts) error {
	if c.State == Draft {
		return c.SaveDraft(in, f)
	}
	if !c.State.Editable() {
		return Refusef("%s is %s, so it can't be edited any more. Raise it again if something else has to be done.", c.ID, c.phrase())
	}
	return c.fillIn(in, f, func(next *Change) error {
		diff := DiffFields(c, next, f)
		resubmit := c.State == ChangesRequested
		if len(diff) == 0 && !resubmit {
			return Settledf("Nothing in %s is different, so nothing was changed.", c.ID)
		}
		next.credit(c, f)
		switch {
		case resubmit:
			return next.submit(EventResubmitted, diff, f)
		case next.Material.revision() != next.Revision:
			return next.submit(EventRevised, diff, f)
		}
		return next.touchUp(c, diff, f)
	})
}

// fillIn takes over answers that are complete and allowed, and then goes on with
// the change as they make it.
func (c *Change) fillIn(in Input, f Facts, then func(next *Change) error) error {
	if err := c.mayEdit(f); err != nil {
		return err
	}
	in = in.fill(c, f)
	if err := in.check(c, f); err != nil {
		return err
	}
	return c.try(func(next *Change) error {
		in.apply(next)
		next.take(in, c, f)
		return then(next)
	})
}

// credit notes who wrote what stands now. Sending on what another person
// wrote makes nobody its author.
func (c *Change) credit(before *Change, f Facts) {
	c.planned(before, f)
	material := c.Material.revision() != before.Material.revision()
	if material || c.Author == "" {
		c.Author = f.Actor.ID
	}
	if material || c.Cosmetic != before.Cosmetic || c.LastEditor == "" {
		c.LastEditor = f.Actor.ID
	}
}

// touchUp finishes an edit that leaves the content as it is.
func (c *Change) touchUp(before *Change, diff []FieldDiff, f Facts) error {
	c.voidExcluded()
	c.recount(before, f)
	edited := Event{Kind: EventEdited, From: c.State, To: c.State, Diff: diff}
	if c.State == AwaitingApproval {
		edited.Asked = c.ask(f)
	}
	c.record(f, edited)
	return c.settle(f)
}

// recount raises the numbers of people needed where they rested on somebody's
// not counting who counts again: naming a board member as implementer for a
// while makes no majority smaller.
func (c *Change) recount(before *Change, f Facts) {
	freed := func(u UserID) bool { return before.Excluded(u) != "" && c.Excluded(u) == "" }
	if !slices.ContainsFunc([]UserID{before.Implementer, before.LastEditor, before.Author}, freed) {
		return
	}
	_, now, err := f.Policy.Requirements(c, f)
	if err != nil {
		return // a revision keeps its requirements when the policy covers it no more
	}
	for i := range c.Requirements {
		for _, r := range now {
			if r.Key == c.Requirements[i].Key {
				c.Requirements = merge(c.Requirements, r)
			}
		}
	}
}

// submit sets the revision, its risk and its requirements, and asks.
func (c *Change) submit(kind EventKind, diff []FieldDiff, f Facts) error {
	c.assess(f)
	if err := c.byTemplate(f); err != nil {
		return err
	}
	rule, requirements, err := f.Policy.Requirements(c, f)
	if err != nil {
		return err
	}
	requirements = append(requirements, c.freezeRequirements(f)...)
	from := c.State
	if revision := c.Material.revision(); revision != c.Revision {
		c.voidAll("the content changed after it was given")
		c.Revision, c.Requirements = revision, nil
	}
	c.voidExcluded()
	gone := c.letGo(f)               // while it was back with its requester nobody asked whether a freeze is still there
	for _, r := range requirements { // content seen before keeps its requirements; a newer policy only adds
		c.Requirements = merge(c.Requirements, r)
	}
	c.PolicyVersion, c.PolicyRule = f.Policy.Version, rule
	c.SubmittedAt, c.Reason, c.AskedAll = f.Now, "", false // and with it the right of way
	if err := c.mayBePlanned(f); err != nil {
		return err
	}
	if c.byTemplateAlone() && (c.State == Approved || c.State.CanMove(Approved)) {
		return c.approvedByTemplate(kind, diff, f)
	}
	if c.State != AwaitingApproval {
		if err := c.move(AwaitingApproval); err != nil {
			return err
		}
	}
	c.Places = cardPlaces(c, f)
	c.record(f, Event{Kind: kind, From: from, To: c.State, Diff: diff, Asked: c.ask(f)})
	c.recordThaw(gone, f)
	return c.settle(f)
}

// mayBePlanned refuses what can't be carried out as planned, beside the answers
// that would have to be others.
func (c *Change) mayBePlanned(f Facts) error {
	errs := fieldErrors{}
	for _, r := range PlanVerdict(c, f).Blocking() {
		errs.add(r.Field, "%s", r.WordsFor(f))
	}
	return errs.err("Nothing is saved yet: it can't be done as planned.")
}

// settle moves the change to where its approvals put it: approved once every
// requirement is matched, back to waiting when one is missing again.
func (c *Change) settle(f Facts) error {
	met := c.Standing().Met()
	if c.State == Approved && !met { // it would wait again, and never for a freeze that is over
		c.recordThaw(c.letGo(f), f)
		met = c.Standing().Met()
	}
	switch {
	case c.OwesApproval() && met:
		return c.approveLater(f)
	case c.State == AwaitingApproval && met:
		from := c.State
		if err := c.move(Approved); err != nil {
			return err
		}
		c.record(f, Event{Kind: EventFullyApproved, From: from, To: Approved, Reason: c.notMet()})
	case c.State == Approved && !met:
		from := c.State
		if err := c.move(AwaitingApproval); err != nil {
			return err
		}
		c.unlapse()
		c.record(f, Event{Kind: EventReopened, From: from, To: AwaitingApproval, Asked: c.ask(f)})
	}
	c.noteShort(f)
	return nil
}
