package view

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// freezes of the gallery: one of each kind, one of them recurring.
func (k cast) freezes() []models.Freeze {
	day := 24 * time.Hour
	return []models.Freeze{
		{ID: 1, Kind: models.SoftFreeze, Name: "Sale week " + k.note, Reason: k.note, Owner: mia, Version: 1, Environments: []models.Environment{models.Production},
			When: models.When{Window: models.NewWindow(opening.Add(2*day), opening.Add(5*day))}},
		{ID: 2, Kind: models.HardFreeze, Name: "Weekend", Owner: paul, Version: 3, Tiers: []models.Tier{0, 1}, Services: k.in.Services,
			When: models.When{Cron: "0 18 * * 5", Length: 62 * time.Hour, Zone: "Europe/Berlin"}},
		{ID: 3, Kind: models.Lockdown, Name: k.in.Title, Reason: k.note, Owner: mia, Version: 1, When: models.When{Window: models.NewWindow(opening.Add(-time.Hour), opening.Add(day))}},
	}
}

func (g *gallery) calendars(k cast) {
	var all []*models.Change
	for _, p := range k.lives() {
		c := *p.c
		c.ID += models.ChangeID(len(all)) * 10
		all = append(all, &c)
	}
	freezes, now := k.freezes(), opening
	manager, engineer := k.facts(mia, now), k.facts(ana, now)
	next := map[models.FreezeID]models.Window{1: freezes[0].When.Window, 3: freezes[2].When.Window,
		2: models.NewWindow(opening.Add(80*time.Hour), opening.Add(142*time.Hour))}
	week := models.Calendar{Window: models.NewWindow(now, now.Add(14*24*time.Hour)), Changes: all}
	for _, z := range freezes {
		week.Freezes = append(week.Freezes, models.FreezeSpan{Freeze: z, Window: next[z.ID]})
	}
	for d := range 14 {
		at := opening.Add(time.Duration(d)*24*time.Hour + 11*time.Hour)
		week.Openings = append(week.Openings, models.Opening{Service: k.in.Services[0], Window: models.NewWindow(at, at.Add(2*time.Hour))})
	}
	g.add(Calendar(week, engineer), k.name, "calendar", "all")
	one := week
	one.Service = k.in.Services[0]
	g.add(Calendar(one, engineer), k.name, "calendar", "service")
	g.add(Calendar(one, manager), k.name, "calendar", "service", "manager")
	windows := *k.dir
	windows.Windows = []models.MaintenanceWindow{{ID: 1, Service: one.Service, When: freezes[1].When}, {ID: 2, Service: one.Service, When: freezes[0].When}}
	g.add(MaintenanceForm(one.Service, models.Facts{Directory: &windows, Now: now}, ""), k.name, "form", "maintenance")
	g.add(MaintenanceOutcome(one.Service, 2, manager), k.name, "outcome", "maintenance")
	g.add(MaintenanceOutcome(one.Service, 0, manager), k.name, "outcome", "maintenance", "none")
	g.add(Calendar(models.Calendar{Window: week.Window}, engineer), k.name, "calendar", "empty")
	g.add(FreezeList(freezes, next, manager), k.name, "freezes", "manager")
	g.add(FreezeList(append(append(freezes, freezes...), append(freezes, freezes...)...), next, manager), k.name, "freezes", "many")
	g.add(FreezeList(freezes, next, engineer), k.name, "freezes", "engineer")
	g.add(FreezeList(nil, nil, manager), k.name, "freezes", "none")
	g.add(FreezeForm(FreezeMeta{}, models.Freeze{}, nil, manager), k.name, "form", "freeze", "new")
	for _, z := range freezes {
		g.add(FreezeForm(FreezeMeta{ID: z.ID, Seen: z.Version}, z, &FreezeHeld{Of: "x", List: all}, manager), k.name, "form", "freeze", string(z.Kind))
		g.add(FreezeOutcome(z, next[z.ID], manager), k.name, "outcome", "freeze", string(z.Kind))
	}
	g.add(FreezeForm(FreezeMeta{}, freezes[0], &FreezeHeld{Of: "x"}, manager), k.name, "form", "freeze", "touches-none")
	running := []*models.Change{k.life("in-progress").c, k.life("extended").c, k.life("in-progress").c, k.life("extended").c}
	g.add(FreezeForm(FreezeMeta{}, freezes[0], &FreezeHeld{Of: "x", Running: running[:1]}, manager), k.name, "form", "freeze", "stops-none")
	g.add(FreezeForm(FreezeMeta{}, freezes[0], &FreezeHeld{Of: "x", List: all, Running: running}, manager), k.name, "form", "freeze", "running")
	at := opening.Add(30 * time.Hour)
	slots := models.Slots{Free: []models.Window{models.NewWindow(at, at.Add(time.Hour)), models.NewWindow(at.Add(time.Hour), at.Add(2*time.Hour))}}
	for range 7 {
		w := slots.Free[0]
		slots.Passed = append(slots.Passed, models.Passed{Window: w, Why: "CHG-9 is planned from " + w.Words() + ": " + k.in.Title, When: w})
	}
	ahead := models.Outlook{Preview: k.in.Preview(nil, engineer), Slots: slots}
	g.add(ChangeFormWithSlots(FormMeta{Mode: ModeNew, Slot: at.Unix()}, k.in, ahead, engineer), k.name, "form", "slots")
	ahead.Slots.Off = "No time in the working hours of " + engineer.Name(ana) + ", who carries it out, is free within 14 days."
	g.add(ChangeFormWithSlots(FormMeta{Mode: ModeNew}, k.in, ahead, engineer), k.name, "form", "slots", "off-hours")
	ahead.Slots = models.Slots{}
	g.add(ChangeFormWithSlots(FormMeta{Mode: ModeNew}, k.in, ahead, engineer), k.name, "form", "slots", "none")
	for _, state := range []string{"draft", "approved"} {
		g.add(RefusalWithSlot("CHG-4 can't start: It falls into the hard freeze FRZ-2 ("+clip(k.note, 60)+"). Choose a time outside it.", k.life(state).c, slots.Free[0]), k.name, "refusal", "slot", state)
	}
	p := k.life("half")
	g.add(Outcome(p.c, ActionMove, k.facts(ana, p.now)), k.name, "outcome", "move")
	stop := models.Freeze{Kind: models.Lockdown, Name: "Lockdown: " + clip(k.note, 100), Environments: []models.Environment{models.Production}}
	stop.When.Window.End = now.Add(4 * time.Hour)
	g.add(FreezeForm(FreezeMeta{}, stop, nil, manager), k.name, "form", "lockdown")
	g.add(FreezeOvertaken(FreezeMeta{ID: 1, Seen: 1, Previewed: "x"}, freezes[1], freezes[0], next[1], ben, manager), k.name, "form", "freeze", "overtaken")
	lifted := freezes[0]
	lifted.LiftedAt = now
	g.add(FreezeOutcome(lifted, models.Window{}, manager), k.name, "outcome", "freeze", "lifted")
}
