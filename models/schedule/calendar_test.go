package schedule

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

// drawn is a freeze or maintenance window with every minute at which it holds,
// worked out on its zone's own clock and by no rule of the program.
type drawn struct {
	when    models.When
	minutes map[int64]int // minute since 1970 -> which of its times, from 1
}

// draw makes a random one round a moment: once, or each week at a local time.
func draw(rng *rand.Rand, round time.Time) drawn {
	d := drawn{minutes: map[int64]int{}}
	mark := func(n int, w models.Window) {
		for t := w.Start; t.Before(w.End); t = t.Add(time.Minute) {
			if d.minutes[t.Unix()/60] == 0 {
				d.minutes[t.Unix()/60] = n
			}
		}
	}
	length := time.Duration(30+rng.IntN(36*60)) * time.Minute
	if rng.IntN(2) == 0 {
		start := round.Add(time.Duration(rng.IntN(6*24*60)-3*24*60) * time.Minute)
		d.when.Window = models.NewWindow(start, start.Add(length))
		mark(1, d.when.Window)
		return d
	}
	zone := zones[rng.IntN(len(zones))]
	day, at := time.Weekday(rng.IntN(7)), time.Duration(rng.IntN(24*60))*time.Minute
	d.when = models.When{Cron: fmt.Sprintf("%d %d * * %d", int(at.Minutes())%60, int(at.Hours()), day), Length: length, Zone: zone}
	loc, _ := time.LoadLocation(zone)
	on := func(t time.Time) bool { return t.Weekday() == day }
	for n, start := range expected(loc, round.AddDate(0, 0, -9), round.AddDate(0, 0, 5), at, on) {
		mark(n+1, models.NewWindow(start, start.Add(length)))
	}
	return d
}

var named = regexp.MustCompile(`FRZ-\d+`)

// clockChanges are moments round which many of the calendars lie.
var clockChanges = []time.Time{time.Date(2026, 3, 8, 9, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 4, 16, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}

// TestFreezesAndMaintenanceWindowsAreThoseOfABruteForceOracle holds what the
// verdict says of random calendars against the minutes themselves: which freezes
// a change falls into, which of them stop it, and whether it lies in a
// maintenance window, when it is planned and when it starts.
func TestFreezesAndMaintenanceWindowsAreThoseOfABruteForceOracle(t *testing.T) {
	const seed = 20261126
	rounds, wrong, asked, stopped := proof.N(60, 1000), 0, 0, 0
	rng := rand.New(rand.NewPCG(seed, 3))
	for round := range rounds {
		base := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Add(time.Duration(rng.IntN(360*24*60)) * time.Minute)
		if rng.IntN(2) == 0 {
			base = clockChanges[rng.IntN(len(clockChanges))].Add(time.Duration(rng.IntN(24*60)-12*60) * time.Minute)
		}
		dir := &models.Directory{Services: map[models.Slug]models.Service{}, People: map[models.UserID]models.Person{}}
		for i := range 4 {
			slug := models.Slug(fmt.Sprint("s", i))
			dir.Services[slug] = models.Service{Slug: slug, Name: string(slug), Tier: models.Tier(i)}
		}
		c := &models.Change{Identity: models.Identity{ID: 1, Requester: "U1"}}
		c.Type, c.State, c.Implementer = models.Normal, models.Approved, "U1"
		c.Environment = models.Environments[rng.IntN(2)]
		c.Services = []models.Slug{models.Slug(fmt.Sprint("s", rng.IntN(4)))}
		start := base.Add(time.Duration(rng.IntN(48*60)-24*60) * time.Minute)
		c.Window = models.NewWindow(start, start.Add(time.Duration(10+rng.IntN(8*60))*time.Minute))
		tier := dir.Services[c.Services[0]].Tier

		var all []drawn
		f := models.Facts{Directory: dir}
		for i := range 1 + rng.IntN(5) {
			d := draw(rng, base)
			z := models.Freeze{ID: models.FreezeID(i + 1), Kind: []models.FreezeKind{models.SoftFreeze, models.HardFreeze, models.Lockdown}[rng.IntN(3)], When: d.when}
			if rng.IntN(2) == 0 {
				z.Environments = []models.Environment{models.Environments[rng.IntN(2)]}
			}
			if rng.IntN(3) == 0 {
				z.Tiers = []models.Tier{models.Tier(rng.IntN(4)), models.Tier(rng.IntN(4))}
			}
			if rng.IntN(3) == 0 {
				z.Services = []models.Slug{models.Slug(fmt.Sprint("s", rng.IntN(4))), models.Slug(fmt.Sprint("s", rng.IntN(4)))}
			}
			dir.Freezes, all = append(dir.Freezes, z), append(all, d)
			spans, err := Windows(z.When, c.Window.Start.Add(-24*time.Hour), c.Window.End.Add(24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range spans {
				f.Around.Freezes = append(f.Around.Freezes, models.FreezeSpan{Freeze: z, Window: w})
			}
		}
		var openings []drawn
		for range rng.IntN(3) {
			d := draw(rng, base)
			spans, err := Windows(d.when, c.Window.Start.Add(-24*time.Hour), c.Window.End.Add(24*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			if f.Around.Openings == nil {
				f.Around.Openings = map[models.Slug][]models.Window{}
			}
			f.Around.Openings[c.Services[0]] = append(f.Around.Openings[c.Services[0]], spans...)
			openings = append(openings, d)
		}

		// hit: what the minutes say, of the whole window or of the present moment.
		judge := func(what string, v models.Verdict, minutes []int64) {
			asked++
			want := map[string]bool{} // freeze -> it stops the change
			for i, z := range dir.Freezes {
				about := (len(z.Environments) == 0 || slices.Contains(z.Environments, c.Environment)) && (len(z.Tiers) == 0 || slices.Contains(z.Tiers, tier)) &&
					(len(z.Services) == 0 || slices.Contains(z.Services, c.Services[0]))
				if about && slices.ContainsFunc(minutes, func(m int64) bool { return all[i].minutes[m] > 0 }) {
					want[z.ID.String()] = z.Kind != models.SoftFreeze
				}
			}
			outside := c.Environment == models.Production && len(openings) > 0 && !slices.ContainsFunc(openings, func(d drawn) bool {
				n := d.minutes[minutes[0]]
				return n > 0 && !slices.ContainsFunc(minutes, func(m int64) bool { return d.minutes[m] != n })
			})
			got, shut := map[string]bool{}, false
			for _, r := range v.Reasons {
				if id := named.FindString(r.What); id != "" {
					got[id] = got[id] || r.Blocks
				} else if r.Blocks && strings.Contains(r.What, "maintenance windows") {
					shut = true
				}
			}
			if len(got) > 0 || shut {
				stopped++
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || shut != outside {
				wrong++
				t.Errorf("round %d, %s of %v: freezes %v, want %v; outside its maintenance windows %v, want %v", round, what, c.Window, got, want, shut, outside)
			}
		}
		var whole []int64
		for m := c.Window.Start; m.Before(c.Window.End); m = m.Add(time.Minute) {
			whole = append(whole, m.Unix()/60)
		}
		f.Now = c.Window.Start.Add(-time.Hour)
		judge("planning", models.PlanVerdict(c, f), whole)
		f.Now = c.Window.Start.Add(time.Duration(rng.IntN(int(c.Window.Length().Minutes()))) * time.Minute)
		judge("starting", models.StartVerdict(c, f), []int64{f.Now.Unix() / 60})
	}
	proof.Record(t, proof.Row{What: "verdicts on random calendars of freezes and maintenance windows, half of them round clock changes, against every minute on the clocks of 24 zones: verdicts that differ",
		Where: "pure", Tried: asked, Bad: wrong, Seed: fmt.Sprint("seed ", seed), Note: fmt.Sprintf("%d calendars; in %d verdicts something was frozen or shut.", rounds, stopped)})
}
