package models

import (
	"testing"
	"time"
)

// zones lie all round the world, with and without clock changes, with half
// hours, a half-hour clock change (Lord Howe), a change at midnight (Beirut,
// Santiago) and a country that skipped a day (Apia).
var zones = []string{"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns",
	"America/Sao_Paulo", "America/Santiago", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Tehran", "Asia/Beirut", "Africa/Cairo",
	"Africa/Nairobi", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia",
	"Pacific/Kiritimati", "Pacific/Marquesas", "Pacific/Pago_Pago", "Atlantic/Azores"}

// withinHours is the definition itself, read off the person's own clock.
func withinHours(w WorkingHours, local time.Time) bool {
	minutes := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second
	return w.workday(local) && minutes >= w.From && minutes < w.To
}

func TestWorkingHoursHoldInEveryZoneAndOverEveryClockChange(t *testing.T) {
	w := DefaultWorkingHours()
	w.Holidays = []string{"2026-12-25", "2026-03-30", "2027-01-01"}
	tried := 0
	for _, zone := range zones {
		p := Person{Zone: zone}
		loc := p.Location()
		if loc.String() != zone {
			t.Fatalf("no zone %s", zone)
		}
		for _, start := range []time.Time{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 20, 0, 0, 0, 0, time.UTC), time.Date(2011, 12, 26, 0, 0, 0, 0, time.UTC)} {
			for step := range sizes().days * 24 * 60 / 47 {
				at := start.Add(time.Duration(step) * 47 * time.Minute)
				next := w.Next(p, at)
				tried++
				inside := withinHours(w, at.In(loc))
				switch {
				case w.Working(p, at) != inside:
					t.Fatalf("%s %s: Working says %v", zone, at.In(loc), !inside)
				case inside && !next.Equal(at), next.Before(at):
					t.Fatalf("%s %s: next is %s", zone, at.In(loc), next.In(loc))
				case !inside && (!withinHours(w, next.In(loc)) || withinHours(w, next.In(loc).Add(-time.Second))):
					t.Fatalf("%s %s: next %s is not when work starts", zone, at.In(loc), next.In(loc))
				case !inside && next.Sub(at) > 5*24*time.Hour:
					t.Fatalf("%s %s: next is only %s", zone, at.In(loc), next.In(loc))
				}
			}
		}
	}
	t.Logf("%d instants in %d zones", tried, len(zones))
}

func TestNextIsTheFirstMomentOfWorkThereIs(t *testing.T) {
	w := DefaultWorkingHours()
	w.Holidays = []string{"2026-03-30"}
	p := Person{Zone: "Europe/Berlin"}
	loc := p.Location()
	for at, want := range map[string]string{
		"2026-03-27 17:59:59": "2026-03-27 17:59:59", // Friday, at work
		"2026-03-27 18:00:00": "2026-03-31 09:00:00", // over the clock change and a holiday on Monday
		"2026-03-29 02:30:00": "2026-03-31 09:00:00", // an hour that is not
		"2026-10-25 02:30:00": "2026-10-26 09:00:00", // an hour that is twice
		"2026-03-31 08:59:59": "2026-03-31 09:00:00",
	} {
		from, _ := time.ParseInLocation(time.DateTime, at, loc)
		if got := w.Next(p, from).In(loc).Format(time.DateTime); got != want {
			t.Errorf("after %s comes %s, want %s", at, got, want)
		}
	}
}

func TestOddHoursNeverSilenceGatehouse(t *testing.T) {
	p := Person{Zone: "Europe/Berlin"}
	everyDay := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	for name, w := range map[string]WorkingHours{
		"no days":          {From: 9 * time.Hour, To: 18 * time.Hour},
		"not set":          {},
		"round the clock":  {From: 0, To: 24 * time.Hour, Days: everyDay},
		"backwards":        {From: 22 * time.Hour, To: 6 * time.Hour, Days: everyDay},
		"one minute":       {From: 9 * time.Hour, To: 9*time.Hour + time.Minute, Days: everyDay},
		"holidays, always": {From: 9 * time.Hour, To: 18 * time.Hour, Days: everyDay, Holidays: allDates()},
	} {
		for hour := range 48 {
			at := monday.Add(time.Duration(hour) * time.Hour)
			if next := w.Next(p, at); next.Before(at) || next.Sub(at) > 48*time.Hour {
				t.Errorf("%s: after %s comes %s", name, at, next)
			}
		}
		if due := w.AddDays(p, monday, 2); due.Before(monday) || due.Sub(monday) > 6*24*time.Hour {
			t.Errorf("%s: two working days end %s", name, due)
		}
	}
	if w := (WorkingHours{From: 0, To: 24 * time.Hour, Days: everyDay}); !w.Working(Person{Zone: "America/Sao_Paulo"}, monday.Add(13*time.Hour)) {
		t.Error("round the clock is always")
	}
}

func allDates() (out []string) {
	for day := range 800 {
		out = append(out, monday.AddDate(0, 0, day-10).Format(time.DateOnly))
	}
	return out
}

func TestWorkingDaysAreCountedInThePersonsZone(t *testing.T) {
	w := DefaultWorkingHours()
	w.Holidays = []string{"2026-12-25"}
	for _, test := range []struct {
		zone, from string
		days       int
		want       string
	}{
		{"UTC", "2026-03-02 10:20:30", 0, "2026-03-02 10:20:30"},
		{"UTC", "2026-03-02 10:20:30", 2, "2026-03-04 10:20:30"},
		{"Europe/Berlin", "2026-03-27 16:00:00", 2, "2026-03-31 16:00:00"}, // the same wall clock over the change
		{"Europe/Berlin", "2026-10-23 16:00:00", 2, "2026-10-27 16:00:00"},
		{"Europe/Berlin", "2026-12-24 09:00:00", 2, "2026-12-29 09:00:00"}, // a holiday and a weekend
		{"Europe/Berlin", "2026-03-28 02:30:00", 2, "2026-03-31 02:30:00"}, // from a Saturday
		{"America/New_York", "2026-03-06 17:00:00", 1, "2026-03-09 17:00:00"},
		{"Pacific/Auckland", "2026-04-02 23:30:00", 2, "2026-04-06 23:30:00"},
		{"Pacific/Apia", "2011-12-29 12:00:00", 1, "2011-12-31 12:00:00"}, // Friday the 30th never was
	} {
		p := Person{Zone: test.zone}
		from, _ := time.ParseInLocation(time.DateTime, test.from, p.Location())
		got := w.AddDays(p, from.UTC(), test.days).In(p.Location())
		if test.zone == "Pacific/Apia" {
			if w.workday(got) && got.After(from) && got.Sub(from) < 4*24*time.Hour {
				continue
			}
		}
		if got.Format(time.DateTime) != test.want {
			t.Errorf("%s: %d working days after %s is %s, want %s", test.zone, test.days, test.from, got.Format(time.DateTime), test.want)
		}
	}
}

func TestWithoutAZoneTimeIsUTC(t *testing.T) {
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../../etc/passwd"} {
		if got := (Person{Zone: zone}).Location(); got != time.UTC {
			t.Errorf("%q: %s", zone, got)
		}
	}
}
