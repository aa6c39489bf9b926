package view

import (
	"maps"
	"slices"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// reminders: each kind, alone, put off, and as an escalation, a full bundle, and
// one of which nothing is left.
func (g *gallery) reminders(k cast) {
	var bundle []models.Reminder
	about := models.Subjects{Changes: map[models.ChangeID]*models.Change{}}
	for _, x := range []struct {
		kind     models.ReminderKind
		state    string
		user     models.UserID
		deadline func(*models.Change) time.Time
	}{
		{models.RemindDecide, "awaiting", cara, func(c *models.Change) time.Time { return c.Window.Start }},
		{models.RemindOpens, "approved", ben, func(c *models.Change) time.Time { return c.Window.Start }},
		{models.RemindStart, "approved", ben, func(c *models.Change) time.Time { return c.Window.End }},
		{models.RemindComplete, "in-progress", ben, func(c *models.Change) time.Time { return c.Window.End }},
		{models.RemindReview, "implemented", ben, func(c *models.Change) time.Time { return c.ReviewDue }},
	} {
		p := k.life(x.state)
		f := k.facts(x.user, p.now)
		alone := models.Subjects{Changes: map[models.ChangeID]*models.Change{p.c.ID: p.c}}
		r := models.Reminder{Record: p.c.Ref(), Kind: x.kind, User: x.user, Round: x.deadline(p.c).Unix(), Stage: 1}
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind))
		r.Stage = models.LastStage
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind), "escalated")
		r.Stage = models.BackupStage
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind), "standing-in")
		r.Stage, r.Snoozed = 1, f.Now.Add(time.Hour)
		g.add(Reminders([]models.Reminder{r}, alone, f), k.name, "reminder", string(x.kind), "put-off")
		p.c.ID += models.ChangeID(len(bundle))
		r.Record, r.Snoozed = p.c.Ref(), time.Time{}
		for range 3 {
			about.Changes[p.c.ID] = p.c
			bundle = append(bundle, r)
		}
	}
	g.releaseReminders(k)
	p := k.life("awaiting")
	f := k.facts(cara, p.now)
	g.add(Reminders(bundle, about, f), k.name, "reminder", "many")
	g.add(Reminders(nil, models.Subjects{}, f), k.name, "reminder", "none")
	f.Actor.Own.Away = models.Absence{From: f.Now.AddDate(0, 0, -3), Until: f.Now.AddDate(0, 0, 1), Delegate: paul}
	f.Directory = withPerson(f.Directory, f.Actor)
	r := models.Reminder{Record: models.RecordRef{Kind: models.RecordPerson}, About: string(cara), Kind: models.RemindAbsence, User: paul,
		Round: f.Actor.Own.Away.Until.Unix(), Stage: 1}
	g.add(Reminders([]models.Reminder{r}, models.Subjects{}, f), k.name, "reminder", "absence", "standing-in")
	r.User = cara
	g.add(Reminders([]models.Reminder{r}, models.Subjects{}, f), k.name, "reminder", "absence", "back")
	g.add(Snoozed(f.Now.Add(time.Hour)), k.name, "reminder", "snoozed")
}

// withPerson is the directory with one person as given.
func withPerson(d *models.Directory, p models.Person) *models.Directory {
	next := *d
	next.People = maps.Clone(d.People)
	next.People[p.ID] = p
	return &next
}

// releaseReminders: what owner, verifier and whoever stands in hear of items.
func (g *gallery) releaseReminders(k cast) {
	s := k.released()
	s.now = s.r.GoLive
	f := s.facts(ana).Facts
	about := models.Subjects{Releases: map[models.ReleaseID]*models.Release{s.r.ID: s.r}}
	seen := map[string]bool{}
	due, _ := s.r.Reminders(nil, f)
	for _, r := range due {
		what := string(r.Kind)
		if r.Stage >= models.BackupStage {
			what += "-" + map[int]string{models.BackupStage: "standing-in", models.LastStage: "escalated"}[r.Stage]
		}
		if !seen[what] {
			seen[what] = true
			g.add(Reminders([]models.Reminder{r}, about, f), k.name, "reminder", "release", what)
		}
	}
	for n := range s.r.Items { // returned together, whatever the date of each
		if i := &s.r.Items[n]; !i.Status.Settled() {
			i.Status, i.AgainAt = models.ItemReturned, s.now
		}
	}
	f.Now = s.now.Add(72 * time.Hour)
	due, _ = s.r.Reminders(nil, f)
	if n := slices.IndexFunc(due, func(r models.Reminder) bool { return r.Kind == models.RemindItem && r.Stage < models.BackupStage }); n >= 0 {
		g.add(Reminders(due[n:n+1], about, f), k.name, "reminder", "release", "returned")
	}
}
