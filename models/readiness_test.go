package models

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

func TestReadinessCountsWhatAppliesByWeight(t *testing.T) {
	w := newWorld()
	r := w.planned(t, nil)
	// Applicable: CB1 3, CB2 1, RP1 3, PR1 3, DO2 3, QG6 3, TS5 3; DO8 does not apply.
	w.proven(t, r, itemNo(t, r, "CB1"))
	must(t, r.Waive(itemNo(t, r, "TS5"), "Next month.", w.now.AddDate(0, 0, 20), w.forRelease(fay)))
	x := r.Readiness(w.as(ana))
	got := []int{x.Verified, x.Applicable, x.Percent(), x.Items, x.Done, x.Unmet, x.Buckets[BucketCosting].Percent(), x.Buckets[BucketTests].Applicable, x.Buckets[BucketTests].Percent()}
	if diff := cmp.Diff([]int{3, 16, 18, 6, 1, 4, 75, 0, 100}, got); diff != "" {
		t.Error(diff)
	}
	w.now = w.now.AddDate(0, 0, 21) // the waiver ran out, whether or not anybody noticed
	if x := r.Readiness(w.as(ana)); x.Applicable != 19 || x.Unmet != 5 {
		t.Errorf("%d applicable, %d unmet", x.Applicable, x.Unmet)
	}
}

func TestColoursSayWhatIsWrongAndWhy(t *testing.T) {
	due := func(r *Release, id string) time.Time { i, _ := r.Item(id); return i.Due }
	for _, test := range []struct {
		name string
		do   func(r *Release, w *world)
		want string
	}{
		{"nothing", func(*Release, *world) {}, "green []"},
		{"due in three working days", func(r *Release, w *world) { w.now = due(r, "CB1").AddDate(0, 0, -5) }, "amber [CB1 amber due soon, no evidence yet]"}, // Monday 23 March ends; Wednesday before
		{"due in four", func(r *Release, w *world) { w.now = due(r, "CB1").AddDate(0, 0, -6) }, "green []"},
		{"with evidence in time", func(r *Release, w *world) {
			w.now = due(r, "CB1").AddDate(0, 0, -1)
			must(t, r.Submit(1, ReadEvidence("It is there."), w.forRelease(ana)))
		}, "green []"},
		{"overdue", func(r *Release, w *world) { w.now = due(r, "CB1").Add(time.Second) }, "red [CB1 red overdue]"},
		{"overdue although submitted", func(r *Release, w *world) {
			must(t, r.Submit(1, ReadEvidence("It is there."), w.forRelease(ana)))
			w.now = due(r, "CB1").Add(time.Second)
		}, "red [CB1 red overdue, its evidence waits for verification]"},
		{"overdue with an open issue", func(r *Release, w *world) {
			w.worked(t, r, "TS5")
			one := 1
			must(t, r.Submit(itemNo(t, r, "TS5"), EvidenceInput{Kind: EvidenceNote, Note: "It took too long.", OpenIssues: &one}, w.forRelease(r.OwnerOf(&r.Items[itemNo(t, r, "TS5")-1]))))
			w.now = due(r, "TS5").Add(time.Second)
		}, "red [TS5 red overdue, its evidence reports 1 open issue]"},
		{"blocked", func(r *Release, w *world) { must(t, r.Block(5, "No access.", w.forRelease(cai))) }, "red [DO2 red blocked: No access.]"},
		{"returned", func(r *Release, w *world) {
			must(t, r.Submit(5, ReadEvidence("It is there."), w.forRelease(cai)))
			must(t, r.Return(5, "It is not.", w.forRelease(fay)))
		}, "red [DO2 red returned: It is not.]"},
		{"an advisory one blocked", func(r *Release, w *world) { must(t, r.Block(2, "No access.", w.forRelease(ana))) }, "green []"},
		{"waived", func(r *Release, w *world) {
			must(t, r.Block(5, "No access.", w.forRelease(cai)))
			must(t, r.Waive(5, "Not now.", w.now.AddDate(0, 3, 0), w.forRelease(fay)))
		}, "green []"},
	} {
		w := newWorld()
		r := w.planned(t, nil)
		test.do(r, w)
		x := r.Readiness(w.as(ana))
		var why []string
		for _, c := range x.Why {
			why = append(why, fmt.Sprint(c.ID, " ", c.Colour, " ", c.What))
		}
		if got := fmt.Sprint(x.Colour, " ", why); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestTheForecastGoesOnAtThePaceSoFar(t *testing.T) {
	berlin := newWorld().Person(ana).Location()
	for _, test := range []struct {
		name string
		do   func(r *Release, w *world)
		want string
	}{
		{"on the first day", func(*Release, *world) {}, "No pace yet: nothing was verified in the last 10 working days; CB1, RP1 and PR1 decide it."},
		{"one on the first day", func(r *Release, w *world) { w.proven(t, r, 1) }, // 3 a day, 16 left: 6 days
			"At this pace ready on 10 March, 55 days before go-live; RP1, PR1 and DO2 decide it."},
		{"one a fortnight", func(r *Release, w *world) { // 3 in 10 days, 16 left: 54 days
			w.now = w.now.AddDate(0, 0, 28)
			w.proven(t, r, 1)
		}, "At this pace ready on 12 June, 39 days after go-live; RP1, PR1 and DO2 decide it."},
		{"none of late", func(r *Release, w *world) {
			w.proven(t, r, 1)
			w.now = w.now.AddDate(0, 0, 14)
		}, "No pace yet: nothing was verified in the last 10 working days; RP1, PR1 and DO2 decide it."},
		{"still within ten working days", func(r *Release, w *world) {
			w.proven(t, r, 1)
			w.now = w.now.AddDate(0, 0, 11) // Friday of the second week
		}, "At this pace ready on 28 May, 24 days after go-live; RP1, PR1 and DO2 decide it."},
		{"all", func(r *Release, w *world) {
			w.worked(t, r)
			w.proven(t, r, 2)
		}, "Everything that applies is verified."},
	} {
		w := newWorld()
		r := w.planned(t, nil)
		test.do(r, w)
		if got := r.Readiness(w.as(ana)).Forecast.Words(berlin); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// oracle works out readiness and forecast in the slowest and plainest way: day
// by day, item by item, as the rule is written.
func oracle(r *Release, f Facts) string {
	loc := f.Person(r.ProjectLead).Location()
	workday := func(d time.Time) bool {
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !slices.Contains(f.Settings.Hours.Holidays, d.Format("2006-01-02"))
	}
	local := f.Now.In(loc)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, loc)
	next := func(d time.Time, n int) time.Time {
		for n > 0 {
			if d = d.AddDate(0, 0, 1); workday(d) {
				n--
			}
		}
		return d
	}
	first := today // of the ten latest working days
	for n, d := 0, today; n < 10; d = d.AddDate(0, 0, -1) {
		if workday(d) {
			first = d
			n++
		}
	}
	verified, applicable, recent, red, amber := map[Bucket]int{}, map[Bucket]int{}, 0, 0, 0
	var unmet []Item
	for _, i := range r.Items {
		if i.Bucket == BucketEarlyLife || i.Status == ItemNotApplicable || i.Status == ItemWaived && f.Now.Before(i.Waiver.Expires) {
			continue
		}
		weight := 1
		if i.Mandatory {
			weight = 3
		}
		applicable[i.Bucket] += weight
		if i.Status == ItemVerified {
			verified[i.Bucket] += weight
			if !i.VerifiedAt.Before(first) {
				recent += weight
			}
		} else if i.Mandatory {
			unmet = append(unmet, i)
			switch {
			case i.Status == ItemBlocked || i.Status == ItemReturned || f.Now.After(i.Due):
				red++
			case i.Status != ItemSubmitted && i.Due.Before(next(today, 3).AddDate(0, 0, 1)):
				amber++
			}
		}
	}
	v, a, out := 0, 0, ""
	for _, b := range Buckets {
		v, a = v+verified[b], a+applicable[b]
		out += fmt.Sprintf("%s %d/%d ", b, verified[b], applicable[b])
	}
	colour := Green
	if red > 0 {
		colour = Red
	} else if amber > 0 {
		colour = Amber
	}
	out += fmt.Sprintf("%s %d red %d amber %d unmet; ", colour, red, amber, len(unmet))
	began := r.CreatedAt.In(loc)
	since := 0
	for d := time.Date(began.Year(), began.Month(), began.Day(), 0, 0, 0, 0, loc); !d.After(today); d = d.AddDate(0, 0, 1) {
		if workday(d) {
			since++
		}
	}
	over := min(10, max(1, since))
	switch left := a - v; {
	case left == 0:
		out += "done"
	case recent == 0:
		out += "no pace"
	default:
		pace := float64(recent) / float64(over)
		days := 0
		for float64(days)*pace < float64(left)-1e-9 {
			days++
		}
		if days > 260 {
			out += "far"
		} else {
			out += fmt.Sprintf("%d days %s", days, next(today, days).Format("2006-01-02"))
		}
	}
	slices.SortStableFunc(unmet, func(a, b Item) int { return a.Due.Compare(b.Due) })
	for _, i := range unmet[:min(3, len(unmet))] {
		out += " " + i.ID
	}
	return out
}

// told is the same of the rule under test.
func told(x Ready, loc *time.Location) string {
	out := ""
	for _, b := range Buckets {
		out += fmt.Sprintf("%s %d/%d ", b, x.Buckets[b].Verified, x.Buckets[b].Applicable)
	}
	red := 0
	for _, c := range x.Why {
		if c.Colour == Red {
			red++
		}
	}
	out += fmt.Sprintf("%s %d red %d amber %d unmet; ", x.Colour, red, len(x.Why)-red, x.Unmet)
	switch p := x.Forecast; {
	case p.Remaining == 0:
		out += "done"
	case p.NoPace:
		out += "no pace"
	case p.Far:
		out += "far"
	default:
		out += fmt.Sprintf("%d days %s", p.Days, p.Date.In(loc).Format("2006-01-02"))
	}
	for _, d := range x.Forecast.Deciding {
		out += " " + d.ID
	}
	return out
}

// randomRelease is a release with n items in any state, at any age.
func randomRelease(random *rand.Rand, now time.Time, n int) *Release {
	r := &Release{ReleaseIdentity: ReleaseIdentity{Workspace: "T1", ID: ReleaseID(random.IntN(1000) + 1)}}
	r.ProjectLead, r.OpsLead, r.State = []UserID{ana, ben, ray}[random.IntN(3)], fay, ReleasePlanning
	r.CreatedAt = now.Add(-time.Duration(random.IntN(40*24)) * time.Hour)
	r.GoLive = now.Add(time.Duration(random.IntN(60*24)) * time.Hour)
	for k := range n {
		i := Item{No: k + 1, ID: fmt.Sprint("X", k+1), Bucket: append(slices.Clone(Buckets), BucketEarlyLife)[random.IntN(7)], Mandatory: random.IntN(3) > 0,
			Status: ItemStatuses[random.IntN(len(ItemStatuses))], Due: now.Add(time.Duration(random.IntN(40*24)-240) * time.Hour)}
		if random.IntN(3) == 0 {
			i.Status = ItemVerified
		}
		switch i.Status {
		case ItemVerified:
			i.VerifiedBy, i.VerifiedAt = fay, now.Add(-time.Duration(random.IntN(30*24*60))*time.Minute)
		case ItemWaived:
			i.Waiver = &Waiver{By: fay, Expires: now.Add(time.Duration(random.IntN(200)-60) * time.Hour)}
		}
		r.Items = append(r.Items, i)
	}
	r.LastNo = n
	return r
}

func TestReadinessAndForecastAgreeWithAPlainOracle(t *testing.T) {
	w := newWorld().clone()
	for u, zone := range map[UserID]string{ana: "Europe/Berlin", ben: "America/Los_Angeles", ray: "Pacific/Auckland"} {
		p := w.People[u]
		p.Zone = zone
		w.People[u] = p
	}
	w.Settings.Hours.Holidays = []string{"2026-03-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-03-07"}
	tried, bad, seed := proof.N(1000, 20000), 0, uint64(41)
	random := rand.New(rand.NewPCG(seed, seed))
	colours := map[Colour]int{}
	for range tried {
		w.now = monday.Add(time.Duration(random.IntN(60*24*60)) * time.Minute)
		r := randomRelease(random, w.now, random.IntN(60))
		x := r.Readiness(w.as(ana))
		colours[x.Colour]++
		loc := w.Person(r.ProjectLead).Location()
		if want, got := oracle(r, w.as(ana)), told(x, loc); want != got {
			if bad++; bad < 5 {
				t.Errorf("at %s\n got %s\nwant %s", w.now.In(loc), got, want)
			}
		}
	}
	proof.Record(t, proof.Row{What: "Readiness and forecast of random releases against a plain oracle in Go", Where: "pure", Tried: tried, Bad: bad, Seed: fmt.Sprint("seed ", seed),
		Note: fmt.Sprintf("%d green, %d amber, %d red", colours[Green], colours[Amber], colours[Red])})
}

func TestWorkingDaysCountTheSameThereAndBack(t *testing.T) {
	hours := DefaultWorkingHours()
	hours.Holidays = []string{"2026-03-06", "2026-03-07", "2026-04-06", "2026-04-06", "nonsense"}
	p := Person{Zone: "Europe/Berlin"}
	for day := range 80 {
		from := monday.AddDate(0, 0, day)
		for n := range 40 {
			to := hours.EndOfWorkday(p, from, n)
			want := n
			if hours.Workday(p, from) {
				want++
			}
			if got := hours.WorkdaysBetween(p, from, to); n > 0 && got != want {
				t.Fatalf("from %s on %d working days is %s, %d counted", from, n, to, got)
			}
			if back := hours.EndOfWorkday(p, to, -n); n > 0 && hours.Workday(p, from) && back.In(p.Location()).Format(time.DateOnly) != from.In(p.Location()).Format(time.DateOnly) {
				t.Fatalf("from %s %d working days there and back is %s", from, n, back)
			}
		}
	}
	if got := (WorkingHours{}).EndOfWorkday(p, monday, 5); got.Sub(monday) > 6*24*time.Hour {
		t.Errorf("where nobody ever works, 5 days on is %s", got)
	}
}

func BenchmarkTenThousandReleasesOf45Items(b *testing.B) {
	w := newWorld()
	random := rand.New(rand.NewPCG(1, 2))
	var list []*Release
	for range 10000 {
		list = append(list, randomRelease(random, w.now, 45))
	}
	for b.Loop() {
		g := NewGauge(w.as(""))
		for _, r := range list {
			g.Of(r)
		}
	}
}
