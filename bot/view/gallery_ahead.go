package view

import (
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// ahead shows the change form while it is filled in: in a free time, in a
// crowded one, too late, for other types, and with the next free time taken.
func (g *gallery) ahead(k cast) {
	p := k.life("draft")
	f := k.facts(ana, p.now)
	meta := FormMeta{Mode: ModeNew, Channel: "C0CHANGES"}
	show := func(name string, meta FormMeta, in models.Input, f models.Facts) {
		o := models.Outlook{Preview: in.Preview(nil, f)}
		if o.Misfit() {
			o.Slots = in.SlotsFor(nil, f)
		}
		g.add(ChangeFormAhead(meta, in, o, f), k.name, "form", "ahead", name)
	}
	in := k.in
	show("free", meta, in, f)
	crowded := k.facts(ana, p.now)
	k.crowd(p.c, &crowded)
	show("crowded", meta, in, crowded)
	taken := meta
	taken.Slot = in.Start.Unix()
	show("taken", taken, in, f)

	late := *k.dir
	late.Policy.Notice = models.DefaultNotice()
	late.Settings.Hours.Days = []time.Weekday{time.Friday}
	f.Directory = &late
	in.Risk = models.RiskAnswers{}
	show("expedited", meta, in, f)
	hurry := in
	hurry.WhyNow = "N/A"
	show("expedited-why-na", meta, hurry, f)
	in.Start, in.End = p.now.Add(-2*time.Hour), p.now.Add(-time.Hour)
	show("past", meta, in, f)
	in = k.in
	in.Type = models.Emergency
	show("emergency", meta, in, k.facts(ana, p.now))

	in.Type, in.Plan = models.Standard, k.in.Plan
	g.add(ChangeForm(meta, in, k.facts(ana, p.now), 0), k.name, "form", "standard", "no-templates")
	d := *k.dir
	d.Templates = map[models.Slug]models.Template{}
	for _, t := range k.templates() {
		d.Templates[t.Name] = t
	}
	f = k.facts(ana, p.now)
	f.Directory = &d
	g.add(ChangeForm(meta, in, f, 0), k.name, "form", "standard", "choose")
	in.Template, in.Plan, in.Check, in.Rollback = "warm-the-cache", "", "", ""
	show("standard", meta, in, f)
}
