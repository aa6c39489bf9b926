package view

import "github.com/gatehousehq/gatehouse/models"

// reminders: each kind, alone and as an escalation, a full bundle, and one of
// which nothing is left.
func (g *gallery) reminders(k cast) {
	var bundle []models.Reminder
	about := map[models.ChangeID]*models.Change{}
	for _, x := range []struct {
		kind  models.ReminderKind
		state string
		user  models.UserID
	}{
		{models.RemindDecide, "awaiting", cara}, {models.RemindStart, "approved", ben},
		{models.RemindComplete, "in-progress", ben}, {models.RemindReview, "implemented", ben},
	} {
		p := k.life(x.state)
		f := k.facts(x.user, p.now)
		alone := map[models.ChangeID]*models.Change{p.c.ID: p.c}
		r := models.Reminder{Change: p.c.ID, Kind: x.kind, User: x.user, Stage: 1}
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind))
		r.Stage = models.LastStage
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind), "escalated")
		p.c.ID += models.ChangeID(len(bundle))
		for range 3 {
			about[p.c.ID] = p.c
			bundle = append(bundle, models.Reminder{Change: p.c.ID, Kind: x.kind, User: x.user, Stage: 1})
		}
	}
	p := k.life("awaiting")
	g.add(Reminders(bundle, about, k.facts(cara, p.now)), k.name, "reminder", "many")
	g.add(Reminders(nil, nil, k.facts(cara, p.now)), k.name, "reminder", "none")
}
