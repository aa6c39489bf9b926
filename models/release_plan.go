package models

import (
	"slices"
	"time"
	"unicode/utf8"
)

// ReleaseInput is what a person fills in to plan or edit a release.
type ReleaseInput struct {
	Name        string
	Services    []Slug
	ProjectLead UserID // "" = the one who plans it
	OpsLead     UserID // "" = the operations lead of the most critical service
	Deputy      UserID
	GoLive      time.Time // of a new release; later it moves by MoveGoLive
	Channel     ChannelID
	Attributes  []Attribute
	Template    Slug // of a new release; "" = the default one

	// Seen is the content that an edit is based on, "" when that is not known.
	Seen Revision
}

// revision tells one content of what is edited here from another; the go-live
// is moved by other means.
func (in ReleaseInput) revision() Revision {
	in.GoLive, in.Template, in.Seen = time.Time{}, "", ""
	return revisionOf(in)
}

// ReleaseInputOf is the form content of a release, for editing it.
func ReleaseInputOf(r *Release) ReleaseInput {
	in := ReleaseInput{Name: r.Name, Services: slices.Clone(r.Services), ProjectLead: r.ProjectLead, OpsLead: r.OpsLead,
		Deputy: r.Deputy, GoLive: r.GoLive, Channel: r.Channel, Attributes: slices.Clone(r.Attributes)}
	in.Seen = in.revision()
	return in
}

// MaxItems is how many items a release may have.
const MaxItems = 1000

// Plan fills a new release from the form and its template: every item gets its
// number, its due date and its owner.
func (r *Release) Plan(in ReleaseInput, f ReleaseFacts) error {
	if r.State != "" {
		return Settledf("%s is planned already. Edit it instead.", r.ID)
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't plan a release: %s. Ask a colleague to plan it.", why)
	}
	if in.Template != "" {
		f.Template = f.Checklist(in.Template)
	}
	if f.Template == nil || len(f.Template.Items) == 0 {
		return &Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[Field]string{
			FieldTemplate: "There is no checklist template of this name. Choose one from the list."}}
	}
	in = in.fill(f)
	if err := in.check(r, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		next.CreatedBy, next.CreatedAt = f.Actor.ID, f.Now
		next.GoLive, next.Baseline = in.GoLive.UTC(), in.GoLive.UTC()
		next.Template = f.Template.Ref()
		if err := next.move(ReleasePlanning); err != nil {
			return err
		}
		next.planned(in, f)
		for _, line := range f.Template.Items {
			next.take(line, f)
		}
		lessons := next.learn(next.Services, f)
		next.record(f, Event{Kind: EventReleasePlanned, From: "", To: State(ReleasePlanning), Reason: next.Template.String(), Asked: next.owners()})
		next.record(f, lessons...)
		return nil
	})
}

// planned writes the form into the release.
func (r *Release) planned(in ReleaseInput, f ReleaseFacts) {
	services := slices.Clone(in.Services)
	slices.Sort(services)
	attributes := slices.Clone(in.Attributes)
	slices.Sort(attributes)
	r.Name, r.Services, r.Attributes = oneLine(in.Name), slices.Compact(services), slices.Compact(attributes)
	r.ProjectLead, r.OpsLead, r.Deputy, r.Channel = in.ProjectLead, in.OpsLead, in.Deputy, in.Channel
	r.Tier = tierOfServices(r.Services, f.Facts)
	if r.Channel != "" && !slices.Contains(r.Places, r.Channel) {
		r.Places = append(r.Places, r.Channel)
	}
}

// tierOfServices is the tier of the most critical of them; 3 when none is known.
func tierOfServices(services []Slug, f Facts) Tier {
	return tierOf(&Change{Material: Material{Services: services}}, f)
}

// fill answers what the form leaves open.
func (in ReleaseInput) fill(f ReleaseFacts) ReleaseInput {
	if in.ProjectLead == "" {
		in.ProjectLead = f.Actor.ID
	}
	lead, tier := UserID(""), Tier(4) // of the most critical service
	for _, slug := range in.Services {
		if s := f.Services[slug]; s.OpsLead != "" && s.OpsLead != in.ProjectLead && s.Tier < tier {
			lead, tier = s.OpsLead, s.Tier
		}
	}
	if in.OpsLead == "" {
		in.OpsLead = lead
	}
	return in
}

func (in ReleaseInput) check(r *Release, f ReleaseFacts) error {
	errs := fieldErrors{}
	switch name := oneLine(in.Name); {
	case blank(name):
		errs.add(FieldTitle, "A name is needed: say in one line what goes live.")
	case utf8.RuneCountInString(name) > MaxTitle:
		errs.add(FieldTitle, "At most %d letters fit. Nothing you typed is lost: shorten it and send again.", MaxTitle)
	}
	if len(in.Services) == 0 {
		errs.add(FieldServices, "Choose at least one service, so that operations know what they receive.")
	}
	for _, slug := range in.Services {
		switch s, known := f.Services[slug]; {
		case !known:
			errs.add(FieldServices, "There is no service %q. Choose one from the list, or ask an admin to add it.", string(slug))
		case s.Retired:
			errs.add(FieldServices, "%s is retired. Choose the service that replaced it.", s.Name)
		}
	}
	for _, a := range in.Attributes {
		if !slices.Contains(Attributes, a) {
			errs.add(FieldAttributes, "Choose from the list.")
		}
	}
	if in.Channel == "" {
		errs.add(FieldChannel, "Choose the channel in which the release's card and its handover stand.")
	}
	in.checkPeople(errs, r, f)
	if r.State == "" {
		for _, text := range badGoLive(in.GoLive, in.Services, f) {
			errs.add(FieldGoLive, "%s", text)
		}
	}
	return errs.err("Nothing is saved yet: some answers need another look.")
}

// checkPeople: those named are in the workspace, and nobody hands over to
// themselves. Somebody who left may stay named where they were named before.
func (in ReleaseInput) checkPeople(errs fieldErrors, r *Release, f ReleaseFacts) {
	for _, x := range []struct {
		field Field
		who   UserID
		was   UserID
		what  string
	}{{FieldProjectLead, in.ProjectLead, r.ProjectLead, "lead the project"}, {FieldOpsLead, in.OpsLead, r.OpsLead, "accept the handover"},
		{FieldDeputy, in.Deputy, r.Deputy, "accept the handover"}} {
		if p := f.Person(x.who); x.who != "" && x.who != x.was && (p.Deleted || p.Bot || p.Guest) {
			errs.add(x.field, "%s can't %s: this account is a guest, a bot, or deactivated. Choose another person.", upperFirst(f.Name(x.who)), x.what)
		}
	}
	switch {
	case in.OpsLead == "":
		errs.add(FieldOpsLead, "Choose the operations lead: the one who accepts the release or declines it.")
	case in.OpsLead == in.ProjectLead:
		errs.add(FieldOpsLead, "Nobody hands over to themselves: operations lead and project lead must be two people.")
	case in.Deputy != "" && in.Deputy == in.OpsLead:
		errs.add(FieldDeputy, "The deputy must be somebody other than the operations lead.")
	case in.Deputy != "" && in.Deputy == in.ProjectLead:
		errs.add(FieldDeputy, "Nobody hands over to themselves: deputy and project lead must be two people.")
	}
}

// badGoLive says what is wrong with a day for going live.
func badGoLive(at time.Time, services []Slug, f ReleaseFacts) []string {
	var out []string
	switch {
	case at.IsZero():
		return []string{"Choose the day on which it goes live."}
	case !at.After(f.Now):
		return []string{"This go-live is in the past. Choose one that is still to come."}
	case at.After(f.Now.AddDate(3, 0, 0)):
		return []string{"This go-live is more than three years away. Check the year."}
	}
	as := &Change{Material: Material{Environment: Production, Services: services}}
	day := f.dayOf(at)
	for _, x := range f.Around.Freezes {
		if x.Freeze.strict() && x.Freeze.covers(as, f.Facts) && x.Window.Overlaps(day) {
			out = append(out, "On this day nothing goes live: "+x.on(f.Actor.Location())+". Choose a day outside it, or ask "+f.Name(x.Freeze.Owner)+", who owns the freeze.")
		}
	}
	return out
}

// dayOf is the day of t in the actor's zone.
func (f ReleaseFacts) dayOf(t time.Time) Window {
	local := t.In(f.Actor.Location())
	start := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	return NewWindow(start, start.AddDate(0, 0, 1))
}

// Edit changes what was planned; the go-live moves by MoveGoLive. Tier and
// attributes decide anew which items are mandatory and which apply. Who leads
// operations is changed by those who do, or by a change manager, so that
// nobody chooses their own judge. An edit of what is no longer so is refused:
// it would undo what somebody else has saved meanwhile.
func (r *Release) Edit(in ReleaseInput, f ReleaseFacts) error {
	if err := r.mayRun("edit", f); err != nil {
		return err
	}
	if now := ReleaseInputOf(r).Seen; in.Seen != "" && in.Seen != now && in.revision() != now {
		return Refusef("%s was edited after this form was opened, so saving would undo that. Copy what you need, close the form and open Edit again.", r.ID)
	}
	in = in.fill(f)
	if in.OpsLead != r.OpsLead || in.Deputy != r.Deputy {
		if !r.Leads(f.Actor.ID) && !f.Holds(f.Actor.ID, RoleChangeManager) {
			field := FieldOpsLead
			if in.OpsLead == r.OpsLead {
				field = FieldDeputy
			}
			return &Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[Field]string{
				field: "Who accepts for operations is changed by the operations lead, the deputy or a change manager. " + whoManages(f.Facts)}}
		}
		if m := r.InSession(); m != nil && in.Deputy != r.Deputy && !f.Holds(f.Actor.ID, RoleChangeManager) {
			return &Refusal{Text: "Nothing is saved yet: some answers need another look.", Fields: map[Field]string{
				FieldDeputy: "The handover meeting is under way, and a deputy is named before it begins. Adjourn the meeting first."}}
		}
	}
	if err := in.check(r, f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		before := r
		next.planned(in, f)
		for k := range next.Items {
			i := &next.Items[k]
			if i.Origin == FromTemplate {
				i.Mandatory = slices.Contains(i.MandatoryTiers, next.Tier)
			}
			next.apply(i, f)
		}
		diff := releaseDiff(before, next, f)
		if len(diff) == 0 {
			return Settledf("Nothing in %s is different, so nothing was changed.", r.ID)
		}
		next.record(f, Event{Kind: EventReleaseEdited, Diff: diff, Touched: before.leads()})
		next.askNewLeads(before, f)
		added := slices.DeleteFunc(slices.Clone(next.Services), func(s Slug) bool { return slices.Contains(before.Services, s) })
		next.record(f, next.learn(added, f)...)
		return nil
	})
}

// askNewLeads asks those who came to lead operations what those before them
// were asked and have not answered.
func (r *Release) askNewLeads(before *Release, f ReleaseFacts) {
	came := slices.DeleteFunc(r.leads(), before.Leads)
	switch {
	case len(came) == 0:
	case r.State == ReleaseConditional && !r.ConfirmAt.IsZero() && len(r.Blocking(f.Now)) == 0:
		r.record(f, Event{Kind: EventConditionsMet, Asked: came})
	case r.State == ReleaseEarlyLife && !r.EarlyLife.PromptedAt.IsZero():
		r.record(f, Event{Kind: EventEarlyLifeOver, Asked: came})
	}
}

// releaseDiff lists what an edit changed, in words.
func releaseDiff(before, after *Release, f ReleaseFacts) []FieldDiff {
	var out []FieldDiff
	add := func(label, b, a string) {
		if a != b {
			out = append(out, FieldDiff{label, b, a})
		}
	}
	words := func(attributes []Attribute) string {
		var all []string
		for _, a := range attributes {
			all = append(all, a.String())
		}
		return list(all, "")
	}
	slugs := func(r *Release) string { return serviceSlugs(&Change{Material: Material{Services: r.Services}}) }
	who := func(u UserID) string { return nameOr(f, u) }
	add("Name", before.Name, after.Name)
	add("Services", slugs(before), slugs(after))
	add("Project lead", who(before.ProjectLead), who(after.ProjectLead))
	add("Operations lead", who(before.OpsLead), who(after.OpsLead))
	add("Deputy", who(before.Deputy), who(after.Deputy))
	add("Channel", string(before.Channel), string(after.Channel))
	add("The release", words(before.Attributes), words(after.Attributes))
	return out
}

// MoveGoLive sets another go-live, with a reason. The first date stays as the
// baseline, open items get new due dates, and the items that caused the move
// are kept with it: those named, else those that decide the release now.
func (r *Release) MoveGoLive(to time.Time, reason string, causes []int, f ReleaseFacts) error {
	if err := r.mayRun("move the go-live of", f); err != nil {
		return err
	}
	if !r.State.BeforeGoLive() {
		return Refusef("%s is %s, so its go-live can't be moved any more.", r.ID, r.State.phrase())
	}
	errs := fieldErrors{}
	for _, text := range badGoLive(to, r.Services, f) {
		errs.add(FieldGoLive, "%s", text)
	}
	reason, err := needReason(reason, "Say why the go-live moves.")
	if refusal, ok := AsRefusal(err); ok {
		errs.add(FieldReason, "%s", refusal.Fields[FieldReason])
	}
	if err := errs.err("The go-live is not moved yet: some answers need another look."); err != nil {
		return err
	}
	if to.Equal(r.GoLive) {
		return Settledf("%s goes live at that time already, so nothing was changed.", r.ID)
	}
	return r.try(f, func(next *Release) error {
		for _, no := range causes {
			if _, err := next.no(no); err != nil {
				return err
			}
		}
		if len(causes) == 0 {
			for _, i := range r.Deciding(f.Now) {
				causes = append(causes, i.No)
			}
		}
		diff := []FieldDiff{{"Go-live", dateText(r.GoLive), dateText(to)}}
		next.Moves = append(next.Moves, GoLiveMove{From: r.GoLive, To: to.UTC(), Reason: reason, By: f.Actor.ID, At: f.Now, Items: causes})
		next.GoLive = to.UTC()
		for k := range next.Items {
			i := &next.Items[k]
			if i.Condition == nil { // what is met may be opened again, and is not late then by the old date
				i.Due = next.dueOf(i, f)
			}
		}
		next.record(f, Event{Kind: EventGoLiveMoved, Reason: reason, Diff: diff})
		return nil
	})
}

func dateText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// Slippage is by how many working days the go-live lies after the first one
// planned; negative when before. The items are those that caused it, each once.
func (r *Release) Slippage(f Facts) (days int, items []*Item) {
	hours, lead := f.Settings.Hours, f.Person(r.ProjectLead)
	switch at := r.wentLive(); {
	case at.After(r.Baseline):
		days = hours.WorkdaysBetween(lead, r.Baseline, at) - hours.WorkdaysBetween(lead, r.Baseline, r.Baseline)
	case at.Before(r.Baseline):
		days = -(hours.WorkdaysBetween(lead, at, r.Baseline) - hours.WorkdaysBetween(lead, at, at))
	}
	seen := map[int]bool{}
	for _, m := range r.Moves {
		for _, no := range m.Items {
			if i, err := r.no(no); err == nil && !seen[no] {
				seen[no] = true
				items = append(items, i)
			}
		}
	}
	return days, items
}

// wentLive is when it did, else when it is planned to.
func (r *Release) wentLive() time.Time {
	if !r.LiveAt.IsZero() {
		return r.LiveAt
	}
	return r.GoLive
}

// Cancel ends a release that has not gone live.
func (r *Release) Cancel(reason string, f ReleaseFacts) error {
	if err := r.mayRun("cancel", f); err != nil {
		return err
	}
	if !r.State.CanMove(ReleaseCancelled) {
		return Refusef("%s is %s, so it can't be cancelled. What is in production is closed at the end of early-life support.", r.ID, r.State.phrase())
	}
	reason, err := needReason(reason, "Say why it is cancelled.")
	if err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		from := r.State
		next.callOff(f)
		if err := next.move(ReleaseCancelled); err != nil {
			return err
		}
		next.Reason = reason
		next.record(f, Event{Kind: EventReleaseCancelled, From: State(from), To: State(ReleaseCancelled), Reason: reason})
		return nil
	})
}
