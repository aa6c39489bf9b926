package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// leads are project leads in zones whose clocks never change, so that a
// database without zones can tell their days, too.
var leads = []struct {
	id      models.UserID
	zone    string
	minutes int
}{{"U_MANILA", "Asia/Manila", 480}, {"U_KOLKATA", "Asia/Kolkata", 330}, {"U_PHOENIX", "America/Phoenix", -420}, {"U_UTC", "UTC", 0}}

var holidays = []string{"2026-12-25", "2027-01-01", "2027-01-02", "2027-02-15"}

// officed is a workspace with those leads, weekends and holidays.
func officed(t testing.TB, s *store.Store) {
	t.Helper()
	hours := models.DefaultWorkingHours()
	hours.Holidays = holidays
	must(t, s.SaveSettings(ctx, ws, models.Settings{ChangesChannel: "C_CHANGES", Hours: hours}))
	for _, p := range leads {
		must(t, s.SavePeople(ctx, ws, models.Person{ID: p.id, Name: string(p.id), Zone: p.zone, CheckedAt: s.Now()}))
	}
}

// randomRelease is a release with n items in any state, at any age.
func randomRelease(random *rand.Rand, id models.ReleaseID, now time.Time, n int) *models.Release {
	r := &models.Release{ReleaseIdentity: models.ReleaseIdentity{Workspace: ws, ID: id, CreatedBy: raiser, CreatedAt: now.Add(-time.Duration(random.IntN(40*24)) * time.Hour)}}
	r.State, r.Name, r.Channel = models.ReleasePlanning, fmt.Sprint("Release ", id), "C_REL"
	r.ProjectLead, r.OpsLead, r.Services = leads[random.IntN(len(leads))].id, opsLead, []models.Slug{"api"}
	r.GoLive = now.Add(time.Duration(random.IntN(60*24)+1) * time.Hour)
	r.Baseline = r.GoLive
	calm := random.IntN(3) == 0 // nothing is blocked or late, so that some are amber or green
	for k := range n {
		i := models.Item{No: k + 1, ID: fmt.Sprint("X", k+1), Title: "Something has to be true", Expected: "What shows it", Mandatory: random.IntN(3) > 0,
			Bucket: append(slices.Clone(models.Buckets), models.BucketEarlyLife)[random.IntN(7)],
			Status: models.ItemStatuses[random.IntN(len(models.ItemStatuses))], Due: now.Add(time.Duration(random.IntN(40*24)-240) * time.Hour), Since: now, Origin: models.FromTemplate}
		if random.IntN(3) == 0 || calm && (i.Status == models.ItemBlocked || i.Status == models.ItemReturned || i.Status == models.ItemWaived) {
			i.Status = models.ItemVerified
		}
		if calm {
			i.Due = now.Add(time.Duration(random.IntN(40*24)+360) * time.Hour / time.Duration(1+2*random.IntN(2)))
		}
		switch i.Status {
		case models.ItemVerified:
			i.VerifiedBy, i.VerifiedAt = opsLead, now.Add(-time.Duration(random.IntN(30*24*60))*time.Minute)
			i.Evidence = []models.Evidence{{Version: 1, Kind: models.EvidenceLink, Ref: "https://wiki.example/x", By: raiser, At: i.VerifiedAt}}
		case models.ItemWaived:
			i.Waiver = &models.Waiver{By: opsLead, At: now, Reason: "Later.", Expires: now.Add(time.Duration(random.IntN(200)-60) * time.Hour)}
		}
		r.Items = append(r.Items, i)
	}
	r.LastNo = n
	return r
}

// measures are what a digest says of one release, as one line.
func measured(r *models.Release, x models.Ready, zone *time.Location) string {
	var out strings.Builder
	for _, b := range models.Buckets {
		fmt.Fprintf(&out, "%s %d/%d ", b, x.Buckets[b].Verified, x.Buckets[b].Applicable)
	}
	red := 0
	for _, c := range x.Why {
		if c.Colour == models.Red {
			red++
		}
	}
	fmt.Fprintf(&out, "whole %d/%d %s red %d amber %d unmet %d ", x.Verified, x.Applicable, x.Colour, red, len(x.Why)-red, x.Unmet)
	switch p := x.Forecast; {
	case p.Remaining == 0:
		out.WriteString("done")
	case p.NoPace:
		out.WriteString("no pace")
	case p.Far:
		out.WriteString("far")
	default:
		fmt.Fprintf(&out, "%d days, on day %d", p.Days, dayOf(p.Date.In(zone)))
	}
	return fmt.Sprintf("%s: %s", r.ID, out.String())
}

// dayOf numbers local days from 1970 on.
func dayOf(local time.Time) int {
	return int(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// sums is the rule of readiness and forecast in SQL alone: days are numbers,
// and a working day is found in a table of them.
const sums = `WITH RECURSIVE
zones (lead, minutes) AS (VALUES %ZONES%),
free (day) AS (VALUES %FREE%),
days (day) AS (SELECT 20400 UNION ALL SELECT day + 1 FROM days WHERE day < 21600),
work (day, k) AS (SELECT day, row_number() OVER (ORDER BY day) FROM days
	WHERE (day + 4) % 7 NOT IN (0, 6) AND day NOT IN (SELECT day FROM free)),
rel AS (SELECT r.id, z.minutes, (%NOW% + z.minutes * 60) / 86400 AS today, (%CREATED% + z.minutes * 60) / 86400 AS began
	FROM releases r JOIN zones z ON z.lead = r.project_lead WHERE r.workspace_id = 'T1'),
stand AS (SELECT rel.*, (SELECT max(k) FROM work WHERE day <= rel.today) AS k,
	(SELECT count(*) FROM work WHERE day BETWEEN rel.began AND rel.today) AS age FROM rel),
place AS (SELECT s.*, since.day AS since, soon.day AS soon FROM stand s JOIN work since ON since.k = s.k - 9 JOIN work soon ON soon.k = s.k + 3),
item AS (%ITEMS%),
counted AS (SELECT i.*, CASE WHEN i.mandatory THEN 3 ELSE 1 END AS weight, p.minutes, p.since, p.soon
	FROM item i JOIN place p ON p.id = i.release_id
	WHERE i.bucket <> 'early_life' AND i.status <> 'not_applicable' AND NOT (i.status = 'waived' AND i.waived_until > %NOW%)),
judged AS (SELECT c.*,
	c.status = 'verified' AS done,
	c.status = 'verified' AND (c.verified_at + c.minutes * 60) / 86400 >= c.since AS lately,
	c.mandatory AND c.status <> 'verified' AS unmet,
	c.mandatory AND c.status <> 'verified' AND (c.status IN ('blocked', 'returned') OR c.due < %NOW%) AS red,
	c.mandatory AND c.status NOT IN ('verified', 'submitted', 'blocked', 'returned') AND c.due >= %NOW%
		AND (c.due + c.minutes * 60) / 86400 <= c.soon AS amber
	FROM counted c),
total AS (SELECT release_id AS id, %BUCKETS%,
	sum(CASE WHEN done THEN weight ELSE 0 END) AS verified, sum(weight) AS applicable,
	sum(CASE WHEN lately THEN weight ELSE 0 END) AS recent, sum(CASE WHEN unmet THEN 1 ELSE 0 END) AS unmet,
	sum(CASE WHEN red THEN 1 ELSE 0 END) AS red, sum(CASE WHEN amber THEN 1 ELSE 0 END) AS amber
	FROM judged GROUP BY release_id),
ahead AS (SELECT p.id, p.k, t.applicable - t.verified AS remaining, t.recent,
	CASE WHEN t.recent > 0 THEN ((t.applicable - t.verified) * CASE WHEN p.age < 1 THEN 1 WHEN p.age > 10 THEN 10 ELSE p.age END + t.recent - 1) / t.recent END AS n
	FROM place p JOIN total t ON t.id = p.id)
SELECT t.*, a.remaining, a.n, (SELECT day FROM work WHERE work.k = a.k + a.n) FROM total t JOIN ahead a ON a.id = t.id ORDER BY t.id`

// itemsIn reads the items out of the releases, by the engine's own way.
var itemsIn = map[store.Engine]string{
	store.SQLite: `SELECT r.id AS release_id, j.value ->> 'Bucket' AS bucket, j.value ->> 'Status' AS status, j.value ->> 'Mandatory' AS mandatory,
		CAST(strftime('%s', j.value ->> 'Due') AS integer) AS due, CAST(strftime('%s', j.value ->> 'VerifiedAt') AS integer) AS verified_at,
		CAST(strftime('%s', j.value -> 'Waiver' ->> 'Expires') AS integer) AS waived_until
		FROM releases r, json_each(r.items) j WHERE r.workspace_id = 'T1'`,
	store.Postgres: `SELECT r.id AS release_id, j.value ->> 'Bucket' AS bucket, j.value ->> 'Status' AS status, (j.value ->> 'Mandatory')::boolean AS mandatory,
		extract(epoch FROM (j.value ->> 'Due')::timestamptz)::bigint AS due, extract(epoch FROM (j.value ->> 'VerifiedAt')::timestamptz)::bigint AS verified_at,
		extract(epoch FROM (j.value -> 'Waiver' ->> 'Expires')::timestamptz)::bigint AS waived_until
		FROM releases r, json_array_elements(r.items) j WHERE r.workspace_id = 'T1'`,
}

var createdIn = map[store.Engine]string{store.SQLite: `CAST(strftime('%s', r.created_at) AS integer)`, store.Postgres: `extract(epoch FROM r.created_at)::bigint`}

// bySQL is every release's line, as SQL works it out at that moment.
func bySQL(t testing.TB, s *store.Store, now time.Time) map[models.ReleaseID]string {
	t.Helper()
	var zones, free, buckets []string
	for _, p := range leads {
		zones = append(zones, fmt.Sprintf("('%s', %d)", p.id, p.minutes))
	}
	for _, day := range holidays {
		at, err := time.Parse(time.DateOnly, day)
		must(t, err)
		free = append(free, fmt.Sprintf("(%d)", dayOf(at)))
	}
	for _, b := range models.Buckets {
		buckets = append(buckets, fmt.Sprintf("sum(CASE WHEN bucket = '%s' AND done THEN weight ELSE 0 END), sum(CASE WHEN bucket = '%s' THEN weight ELSE 0 END)", string(b), string(b)))
	}
	query := strings.NewReplacer("%ITEMS%", itemsIn[s.Kind()], "%CREATED%", createdIn[s.Kind()], "%ZONES%", strings.Join(zones, ", "), "%FREE%", strings.Join(free, ", "),
		"%BUCKETS%", strings.Join(buckets, ", "), "%NOW%", fmt.Sprint(now.Unix())).Replace(sums)
	rows, err := s.DB().Session(&gorm.Session{Logger: logger.Discard}).Raw(query).Rows()
	must(t, err)
	defer func() { _ = rows.Close() }()
	out := map[models.ReleaseID]string{}
	for rows.Next() {
		var id models.ReleaseID
		var by [12]int
		var verified, applicable, recent, unmet, red, amber, remaining int
		var n, day *int
		into := []any{&id}
		for k := range by {
			into = append(into, &by[k])
		}
		must(t, rows.Scan(append(into, &verified, &applicable, &recent, &unmet, &red, &amber, &remaining, &n, &day)...))
		var line strings.Builder
		for k, b := range models.Buckets {
			fmt.Fprintf(&line, "%s %d/%d ", b, by[2*k], by[2*k+1])
		}
		colour := models.Green
		if red > 0 {
			colour = models.Red
		} else if amber > 0 {
			colour = models.Amber
		}
		fmt.Fprintf(&line, "whole %d/%d %s red %d amber %d unmet %d ", verified, applicable, colour, red, amber, unmet)
		switch {
		case remaining == 0:
			line.WriteString("done")
		case n == nil:
			line.WriteString("no pace")
		case *n > 260:
			line.WriteString("far")
		default:
			fmt.Fprintf(&line, "%d days, on day %d", *n, *day)
		}
		out[id] = fmt.Sprintf("%s: %s", id, line.String())
	}
	must(t, rows.Err())
	return out
}

func TestReadinessAndForecastAgreeWithAnOracleInSQL(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		officed(t, s)
		tried, bad, seed := proof.N(60, 1000), 0, uint64(43)
		random := rand.New(rand.NewPCG(seed, seed))
		start := s.Now()
		var list []*models.Release
		for n := range tried {
			list = append(list, randomRelease(random, models.ReleaseID(n+1), start.Truncate(time.Second), 1+random.IntN(60)))
		}
		must(t, s.PlantReleases(ctx, list...))
		colours := map[models.Colour]int{}
		for range 5 { // at several hours of several days
			must(t, s.Jump(ctx, time.Duration(random.IntN(60)+1)*time.Hour))
			f, err := s.Facts(ctx, ws, "")
			must(t, err)
			f.Now = f.Now.Truncate(time.Second)
			want, gauge := bySQL(t, s, f.Now), models.NewGauge(f)
			read := 0
			must(t, s.EachRelease(ctx, ws, store.ReleaseFilter{}, func(r *models.Release) {
				x := gauge.Of(r)
				read++
				colours[x.Colour]++
				sql, counted := want[r.ID]
				if !counted && x.Applicable == 0 { // nothing applies, so SQL has no row to sum
					return
				}
				if diff := cmp.Diff(sql, measured(r, x, f.Person(r.ProjectLead).Location())); diff != "" {
					if bad++; bad < 5 {
						t.Errorf("at %s (-SQL +rule):\n%s", f.Now, diff)
					}
				}
			}))
			if read != tried {
				t.Errorf("%d releases were read of %d", read, tried)
			}
		}
		proof.Record(t, proof.Row{What: "Readiness, colour and forecast of random releases at five moments against an oracle in SQL", Where: s.Engine(), Tried: 5 * tried, Bad: bad,
			Seed: fmt.Sprint("seed ", seed), Note: fmt.Sprintf("%d releases; %d green, %d amber, %d red", tried, colours[models.Green], colours[models.Amber], colours[models.Red])})
	})
}

// manyReleases plants n releases of 45 items.
func manyReleases(t testing.TB, s *store.Store, n int) {
	t.Helper()
	officed(t, s)
	random := rand.New(rand.NewPCG(7, 7))
	now := s.Now().Truncate(time.Second)
	for from := 0; from < n; from += 500 {
		var list []*models.Release
		for k := from; k < min(n, from+500); k++ {
			list = append(list, randomRelease(random, models.ReleaseID(k+1), now, 45))
		}
		must(t, s.PlantReleases(ctx, list...))
	}
}

func TestADigestOfThousandsOfReleasesTakesFiveQueries(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		n := proof.N(200, 10000)
		manyReleases(t, s, n)
		sch := models.Schedule{Workspace: ws, Kind: models.ScheduleDigest, Target: "C_CHANGES", Cron: "0 9 * * 1-5", Zone: "Europe/Berlin"}
		_, err := s.Facts(ctx, ws, "") // the directory is read once for everybody
		must(t, err)
		var d models.Digest
		began, bad := time.Now(), 0
		queries := s.CountQueries(func() {
			d, _, err = s.Digest(ctx, sch)
			must(t, err)
		})
		took := time.Since(began)
		if queries > 5 {
			bad = queries
		}
		if len(d.Releases) != n || !slices.IsSortedFunc(d.Releases, func(a, b models.DigestRelease) int { return a.Release.GoLive.Compare(b.Release.GoLive) }) {
			t.Errorf("the digest holds %d releases by go-live, want %d", len(d.Releases), n)
		}
		proof.Record(t, proof.Row{What: "Releases of 45 items read and computed for a digest in at most 5 queries", Where: s.Engine(), Tried: n, Bad: bad,
			Note: fmt.Sprintf("%d queries, %s", queries, took.Round(time.Millisecond))})
	})
}

func BenchmarkDigestOfTenThousandReleases(b *testing.B) {
	benches(b, func(b *testing.B, s *store.Store, n int) {
		if n > 1 {
			b.Skip("a digest is read by one job")
		}
		furnish(b, s, ws, quorum(1, 1))
		manyReleases(b, s, 10000)
		sch := models.Schedule{Workspace: ws, Kind: models.ScheduleDigest, Target: "C_CHANGES", Cron: "0 9 * * 1-5", Zone: "Europe/Berlin"}
		for b.Loop() {
			d, _, err := s.Digest(ctx, sch)
			must(b, err)
			if len(d.Releases) != 10000 {
				b.Fatalf("%d releases", len(d.Releases))
			}
		}
	})
}
