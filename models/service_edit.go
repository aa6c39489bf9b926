package models

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// What can happen to a service.
const (
	EventServiceAdded   EventKind = "service_added"
	EventServiceEdited  EventKind = "service_edited"
	EventServiceRetired EventKind = "service_retired"
	EventServiceBack    EventKind = "service_brought_back"
)

// The fields of a service that a person fills in, beside those of a change and
// a freeze.
const (
	FieldTier    Field = "tier"
	FieldTeam    Field = "team"
	FieldMembers Field = "members"
	FieldGroup   Field = "group"
)

// ServiceInput is what a form says of a service and of its team. An empty
// Members and Group leave the team as it is.
type ServiceInput struct {
	Service
	Members  []UserID // of the team: named people
	Group    string   // or one Slack user group
	SeenTeam int      // the version of the team that was shown
}

// InputOfService is what the form of a service is filled with.
func InputOfService(s Service, d *Directory) ServiceInput {
	t := d.Teams[s.Team]
	in := ServiceInput{Service: s, Group: t.Group, SeenTeam: t.Version}
	if t.Group == "" {
		in.Members = slices.Clone(t.Members)
	}
	return in
}

// MayManageServices: change managers and admins. Everybody reads.
func MayManageServices(f Facts) error {
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't edit services: %s. Ask a change manager.", why)
	}
	if f.Holds(f.Actor.ID, RoleChangeManager) || f.Holds(f.Actor.ID, RoleAdmin) {
		return nil
	}
	return Refusef("Only change managers and admins edit services, so nothing was saved. %s", whoManages(f))
}

// ServiceEdit is what an edit comes to: the service, its team when that is
// another one now, and what happened.
type ServiceEdit struct {
	Service Service
	Team    *Team // nil = left as it is
	Events  []Event
}

// Set adds a service (was is empty then) or edits the one that the person saw
// as version seen.
func (s Service) Set(in ServiceInput, seen int, f Facts) (ServiceEdit, error) {
	if err := MayManageServices(f); err != nil {
		return ServiceEdit{}, err
	}
	fresh := s.Slug == ""
	switch _, taken := f.Services[in.Slug]; {
	case fresh && taken:
		return ServiceEdit{}, &Refusal{Text: "Nothing is saved yet.", Fields: map[Field]string{FieldName: "There is a service " + string(in.Slug) + " already. Choose another short name, or edit that one."}}
	case s.Version != seen:
		return ServiceEdit{}, Refusef("%s was edited by somebody else after you opened it, so nothing was saved. Copy what you need, close the form and open it again.", s.Name)
	}
	if !fresh {
		in.Slug = s.Slug
	}
	in.Service.ID, in.Retired = s.ID, s.Retired
	in.Service = in.Service.tidy()
	team, err := in.team(s, f)
	if err == nil {
		err = in.check(s, f)
	}
	if err != nil {
		return ServiceEdit{}, err
	}
	next := in.Service
	diff := s.diff(next, f)
	if team != nil {
		diff = append(diff, team.diff(f.Teams[team.ID], f)...)
		team.Version = f.Teams[team.ID].Version + 1
	}
	if len(diff) == 0 {
		return ServiceEdit{}, Settledf("Nothing of %s is different, so nothing was changed.", s.Name)
	}
	kind := EventServiceEdited
	if fresh {
		kind = EventServiceAdded
	}
	next.Version = s.Version + 1
	return ServiceEdit{next, team, []Event{{Kind: kind, Actor: f.Actor.ID, At: f.Now, Reason: string(next.Slug), Diff: diff}}}, nil
}

// Retire keeps the service for its history; nothing can be raised on it.
func (s Service) Retire(seen int, f Facts) (ServiceEdit, error) {
	return s.turn(true, seen, EventServiceRetired, f)
}

// BringBack makes a retired service one that can be chosen again. Templates
// that were suspended with it are reinstated one by one, by whoever looks at them.
func (s Service) BringBack(seen int, f Facts) (ServiceEdit, error) {
	return s.turn(false, seen, EventServiceBack, f)
}

func (s Service) turn(retired bool, seen int, kind EventKind, f Facts) (ServiceEdit, error) {
	if err := MayManageServices(f); err != nil {
		return ServiceEdit{}, err
	}
	switch {
	case s.Retired == retired && retired:
		return ServiceEdit{}, Settledf("%s is retired already, so nothing more was recorded.", s.Name)
	case s.Retired == retired:
		return ServiceEdit{}, Settledf("%s is in use already, so nothing more was recorded.", s.Name)
	case s.Version != seen:
		return ServiceEdit{}, Refusef("%s was edited by somebody else after you opened it, so nothing was done. Open it again and read what it says now.", s.Name)
	}
	s.Retired = retired
	s.Version++
	return ServiceEdit{s, nil, []Event{{Kind: kind, Actor: f.Actor.ID, At: f.Now, Reason: string(s.Slug)}}}, nil
}

var serviceSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

const slugWords = "Use 1 to 63 small letters, digits, dots and dashes, such as payments-api."

func (s Service) tidy() Service {
	s.Name = oneLine(s.Name)
	if blank(s.Name) {
		s.Name = string(s.Slug)
	}
	s.DependsOn = slices.Clone(s.DependsOn)
	slices.Sort(s.DependsOn)
	s.DependsOn = slices.Compact(s.DependsOn)
	if len(s.Environments) == len(Environments) {
		s.Environments = nil
	}
	return s
}

// check refuses what no service can be, beside the field.
func (in ServiceInput) check(was Service, f Facts) error {
	errs := fieldErrors{}
	for field, text := range in.Service.wrong(f) {
		errs.add(field, "%s", text)
	}
	for _, slug := range in.DependsOn {
		switch s, known := f.Services[slug]; {
		case !known && slug != in.Slug:
			errs.add(FieldServices, "There is no service %q that it could depend on. Choose one from the list.", string(slug))
		case s.Retired && !slices.Contains(was.DependsOn, slug):
			errs.add(FieldServices, "%s is retired, so nothing should depend on it. Choose the service that replaced it.", s.Name)
		}
	}
	services := maps.Clone(f.Services)
	if services == nil {
		services = map[Slug]Service{}
	}
	services[in.Slug] = in.Service
	if circle := Circle(services, in.Slug); circle != nil {
		errs.add(FieldServices, "These depend on each other in a circle: %s. Leave one of the links out.", circleWords(circle))
	}
	return errs.err("Nothing is saved yet: some answers need another look.")
}

// wrong is what is wrong with the service by itself, by field.
func (s Service) wrong(f Facts) map[Field]string {
	errs := fieldErrors{}
	if !serviceSlug.MatchString(string(s.Slug)) {
		errs.add(FieldName, "%s", slugWords)
	}
	if utf8.RuneCountInString(s.Name) > MaxTitle {
		errs.add(FieldTitle, "At most %d letters fit.", MaxTitle)
	}
	if s.Tier < 0 || s.Tier > 3 {
		errs.add(FieldTier, "Choose a tier from 0, the most critical, to 3.")
	}
	if s.Team == "" {
		errs.add(FieldTeam, "Name the team: its members review each other's changes.")
	}
	for field, u := range map[Field]UserID{FieldOwner: s.Owner, FieldOpsLead: s.OpsLead} {
		switch p := f.People[u]; {
		case u == "" && field == FieldOwner:
			errs.add(field, "Choose who owns the service: this person approves changes to it.")
		case p.Bot || p.Deleted || p.Guest:
			_, why := p.CanDecide()
			errs.add(field, "%s can't be chosen: %s. Choose another person.", upperFirst(f.Name(u)), why)
		}
	}
	for _, e := range s.Environments {
		if !slices.Contains(Environments, e) {
			errs.add(FieldEnvironments, "There is no environment %q. Choose from production, staging, test and development.", string(e))
		}
	}
	return errs
}

// team is the service's team as the form makes it; nil when it stays as it is.
func (in *ServiceInput) team(was Service, f Facts) (*Team, error) {
	errs := fieldErrors{}
	t, known := f.Teams[in.Team]
	before := f.Teams[was.Team]
	if in.Team != was.Team && slices.Equal(in.Members, before.Members) && in.Group == before.Group {
		in.Members, in.Group = nil, "" // the form shows those of the team that the service had
	}
	group := in.Group != t.Group && in.Group != ""
	members := len(in.Members) > 0 && !slices.Equal(distinct(slices.Clone(in.Members)), distinct(slices.Clone(t.Members)))
	switch {
	case in.Team == "":
		return nil, nil // said beside the field by check
	case !serviceSlug.MatchString(string(in.Team)):
		errs.add(FieldTeam, "%s", slugWords)
	case in.Group != "" && !IsSlackGroup(in.Group):
		errs.add(FieldGroup, "Give the id of a Slack user group, such as S0123456789. Slack shows it in the group's own menu.")
	case in.Group != "" && len(in.Members) > 0 && (t.Group == "" || !slices.Equal(in.Members, t.Members)):
		errs.add(FieldGroup, "A team is either named people or one Slack user group. Empty one of the two.")
	case !known && !group && !members:
		errs.add(FieldTeam, "There is no team %q yet. Name its people or its Slack user group below, and it is made.", string(in.Team))
	case (group || members) && known && in.Team == was.Team && t.Version != in.SeenTeam:
		return nil, Refusef("The team %s was edited by somebody else after you opened this, so nothing was saved. Copy what you need, close the form and open it again.", f.teamName(in.Team))
	}
	if err := errs.err("Nothing is saved yet: some answers need another look."); err != nil || !group && !members {
		return nil, err
	}
	next := Team{ID: in.Team, Name: t.Name, Group: in.Group, Members: distinct(slices.Clone(in.Members)), Version: t.Version}
	if next.Name == "" {
		next.Name = upperFirst(strings.ReplaceAll(string(in.Team), "-", " "))
	}
	for _, u := range next.Members {
		if p := f.People[u]; p.Bot || p.Deleted {
			return nil, &Refusal{Text: "Nothing is saved yet.", Fields: map[Field]string{FieldMembers: upperFirst(f.Name(u)) + " is a bot or deactivated. Leave this account out."}}
		}
	}
	return &next, nil
}

// diff says what an edit of a team made different.
func (t Team) diff(was Team, f Facts) []FieldDiff {
	words := func(t Team) string {
		if t.Group != "" {
			return "Slack user group " + t.Group
		}
		var names []string
		for _, u := range t.Members {
			names = append(names, f.recorded(u))
		}
		return strings.Join(names, ", ")
	}
	return []FieldDiff{{"Team " + t.Name, words(was), words(t)}}
}

// diff says field by field what is different in next.
func (s Service) diff(next Service, f Facts) []FieldDiff {
	team := func(s Service) string {
		if s.Team == "" {
			return ""
		}
		return f.teamName(s.Team)
	}
	tier := func(s Service) string {
		if s.Slug == "" {
			return "" // there was none before
		}
		return number(int(s.Tier))
	}
	state := func(s Service) string { return map[bool]string{true: "yes"}[s.Retired] }
	var out []FieldDiff
	for _, x := range []FieldDiff{
		{"Name", s.Name, next.Name}, {"Tier", tier(s), tier(next)}, {"Team", team(s), team(next)},
		{"Owner", f.recorded(s.Owner), f.recorded(next.Owner)}, {"Operations lead", f.recorded(s.OpsLead), f.recorded(next.OpsLead)},
		{"Channel", string(s.Channel), string(next.Channel)}, {"Environments", join(s.Environments), join(next.Environments)},
		{"Depends on", join(s.DependsOn), join(next.DependsOn)}, {"Retired", state(s), state(next)},
	} {
		if x.Before != x.After {
			out = append(out, x)
		}
	}
	return out
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = string(x)
	}
	return strings.Join(words, ", ")
}
