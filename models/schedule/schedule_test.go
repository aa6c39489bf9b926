package schedule

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

var zones = []string{"UTC", "Europe/London", "Europe/Berlin", "Europe/Lisbon", "Europe/Athens", "Europe/Moscow", "America/New_York", "America/Chicago",
	"America/Los_Angeles", "America/St_Johns", "America/Santiago", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Africa/Casablanca",
	"Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Manila", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham"}

var lines = []struct {
	cron string
	at   time.Duration // since local midnight
	day  func(time.Time) bool
}{
	{"0 0 * * *", 0, everyDay}, {"30 1 * * *", 90 * time.Minute, everyDay}, {"30 2 * * *", 150 * time.Minute, everyDay},
	{"15 3 * * 0", 195 * time.Minute, func(t time.Time) bool { return t.Weekday() == time.Sunday }},
	{"0 22 * * 1-5", 22 * time.Hour, func(t time.Time) bool { return t.Weekday() != time.Sunday && t.Weekday() != time.Saturday }},
	{"45 23 1 * *", 23*time.Hour + 45*time.Minute, func(t time.Time) bool { return t.Day() == 1 }},
}

func everyDay(time.Time) bool { return true }

// expected is found minute by minute on the zone's own clock: the first minute
// of the day that shows the time, or the first after it where it is skipped.
func expected(loc *time.Location, from, to time.Time, at time.Duration, day func(time.Time) bool) []time.Time {
	var out []time.Time
	done := ""
	for t := from.Add(-48 * time.Hour); t.Before(to); t = t.Add(time.Minute) {
		local := t.In(loc)
		date := local.Format(time.DateOnly)
		shown := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
		if date == done || shown < at || !day(local) {
			continue
		}
		done = date
		if !t.Before(from) {
			out = append(out, t)
		}
	}
	return out
}

func TestEveryLocalDayHasItsTimeOnceOverBothClockChanges(t *testing.T) {
	years := proof.N(1, 2)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(years, 0, 0)
	missed, doubled, tried := 0, 0, 0
	for _, zone := range zones {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			s, err := Parse(line.cron, zone)
			if err != nil {
				t.Fatalf("%s: %v", line.cron, err)
			}
			want := map[time.Time]bool{}
			for _, at := range expected(loc, from, to, line.at, line.day) {
				want[at.UTC()] = true
			}
			tried += len(want)
			seen := map[time.Time]bool{}
			for at := s.Next(from.Add(-time.Second)); at.Before(to); at = s.Next(at) {
				if seen[at] || !want[at] {
					doubled++
					t.Errorf("%s in %s: %s is one too many", line.cron, zone, at)
				}
				seen[at] = true
			}
			for at := range want {
				if !seen[at] {
					missed++
					t.Errorf("%s in %s: %s (%s) is missing", line.cron, zone, at, at.In(loc))
				}
			}
		}
	}
	t.Logf("%d times in %d zones: %d missed, %d too many", tried, len(zones), missed, doubled)
	proof.Record(t, proof.Row{What: "times of recurring windows against every minute of 24 zones' own clocks: missed or doubled", Where: "pure", Tried: tried, Bad: missed + doubled})
}

func TestWindowsThatOverlapAreAllFound(t *testing.T) {
	s, err := Parse("0 22 * * 5", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 3, 6, 21, 0, 0, 0, time.UTC) // 22:00 in Berlin
	for _, x := range []struct {
		from, to time.Time
		want     int
	}{
		{friday, friday.Add(time.Minute), 1},
		{friday.Add(9 * time.Hour), friday.Add(10 * time.Hour), 1}, // inside
		{friday.Add(10 * time.Hour), friday.Add(11 * time.Hour), 0},
		{friday.Add(-time.Hour), friday, 0},
		{friday.Add(-time.Hour), friday.AddDate(0, 0, 28), 5}, // the last an hour earlier: clocks have changed,
	} {
		if got := s.Occurrences(x.from, x.to, 10*time.Hour); len(got) != x.want {
			t.Errorf("%s to %s: %v, want %d", x.from, x.to, got, x.want)
		}
	}
}

func TestWhatIsNoScheduleIsSaidInWords(t *testing.T) {
	for _, x := range []struct{ line, zone, words string }{
		{"", "UTC", "five fields"}, {"0 0 * *", "UTC", "five fields"}, {"CRON_TZ=UTC", "UTC", "five fields"}, {"TZ= * * * * *", "UTC", "five fields"},
		{"@every 1s", "UTC", "five fields"}, {"@daily", "UTC", "five fields"}, {"0 0 30 2 *", "UTC", "never comes round"}, {"0 0 31 2 *", "UTC", "never comes round"},
		{"* * * * *", "UTC", "more often than once an hour"}, {"*/5 3 * * *", "UTC", "more often than once an hour"},
		{"0 0 * * 7", "UTC", `"7" can't be its day of the week (0-6 or SUN-SAT; Sunday is 0)`}, {"61 0 * * *", "UTC", `"61" can't be its minute (0-59)`},
		{"0 0 * * MON#2", "UTC", `"MON#2" can't be its day of the week`}, {"0 25-3 * * *", "UTC", `"25-3" can't be its hour`}, {"0 9 ∗ * *", "UTC", `"∗" can't be its day of the month`},
		{"0 0 * * *", "", "no time zone"}, {"0 0 * * *", "Local", "no time zone"}, {"0 0 * * *", "Mars/Olympus", "no time zone"},
	} {
		_, err := Parse(x.line, x.zone)
		if err == nil || !strings.Contains(err.Error(), x.words) {
			t.Errorf("%q in %q: %v, want words about %q", x.line, x.zone, err, x.words)
		}
	}
	for _, line := range []string{"0 * * * *", "15 3 29 2 *", "0 9-17 * * MON-FRI", "0 0 1 JAN *"} {
		if _, err := Parse(line, "Europe/London"); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0 22 * * 5", "UTC")
	f.Fuzz(func(t *testing.T, line, zone string) {
		if s, err := Parse(line, zone); err == nil && s.Next(time.Unix(0, 0)).IsZero() {
			t.Errorf("%q in %q never comes round", line, zone)
		}
	})
}

func TestOneWindowOverlapsOrNot(t *testing.T) {
	at := time.Date(2026, 3, 6, 21, 0, 0, 0, time.UTC)
	w := models.When{Window: models.NewWindow(at, at.Add(time.Hour))}
	in, err := Windows(w, at.Add(30*time.Minute), at.Add(time.Hour))
	out, err2 := Windows(w, at.Add(time.Hour), at.Add(2*time.Hour))
	if err != nil || err2 != nil || len(in) != 1 || len(out) != 0 {
		t.Errorf("%v %v, %v %v", in, err, out, err2)
	}
	if _, err := Windows(models.When{Cron: "nonsense"}, at, at); err == nil {
		t.Error("nonsense expands")
	}
}

func TestMissedTimesAreMergedIntoTheLastAndStaleOnesDropped(t *testing.T) {
	s, err := Parse("0 * * * *", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	h := func(n int) time.Time { return nine.Add(time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		now  time.Time
		skip time.Duration
		want Turn
	}{
		"on time":      {nine, time.Hour, Turn{Slot: nine, Next: h(1)}},
		"late":         {h(3).Add(time.Minute), 12 * time.Hour, Turn{Slot: h(3), Next: h(4), Merged: 3}},
		"partly stale": {h(48).Add(time.Minute), 90 * time.Minute, Turn{Slot: h(48), Next: h(49), Merged: 1, Stale: true}},
		"set back":     {h(-30), time.Hour, Turn{Next: h(-29)}},
	} {
		if got := s.Turn(nine, c.now, c.skip); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	weekly, err := Parse("0 9 * * 1", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := weekly.Turn(nine, h(30), 12*time.Hour), (Turn{Next: h(7 * 24), Stale: true}); got != want {
		t.Errorf("stale: got %+v, want %+v", got, want)
	}
}
