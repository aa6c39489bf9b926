package models

// MayMaintain refuses, in words, whoever can't set the maintenance windows of a
// service: its owner, its operations lead, change managers and admins can.
func MayMaintain(s Service, f Facts) error {
	ok, why := f.Actor.CanDecide()
	switch u := f.Actor.ID; {
	case !ok:
		return Refusef("You can't set maintenance windows: %s. Ask the owner of %s.", why, s.Name)
	case u == s.Owner, u == s.OpsLead, f.Holds(u, RoleChangeManager), f.Holds(u, RoleAdmin):
		return nil
	}
	return Refusef("Only the owner and the operations lead of %s, change managers and admins set its maintenance windows, so nothing was saved. Ask one of them.", s.Name)
}

// mostWindows is how many maintenance windows a service may have.
const mostWindows = 20

// SetMaintenance replaces the maintenance windows of a service; none means that
// production work may start at any time.
func SetMaintenance(slug Slug, when []When, f Facts) (Event, error) {
	s, known := f.Services[slug]
	if !known {
		return Event{}, Refusef("There is no service %q any more, so nothing was saved.", string(slug))
	}
	if err := MayMaintain(s, f); err != nil {
		return Event{}, err
	}
	if len(when) > mostWindows {
		return Event{}, &Refusal{Text: "Nothing is saved yet.", Fields: map[Field]string{FieldCron: "At most 20 windows fit. Join some of them."}}
	}
	return Event{Kind: EventMaintenanceSet, Actor: f.Actor.ID, At: f.Now, Reason: string(slug)}, nil
}
