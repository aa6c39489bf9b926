package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/files"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// sheet is a CSV file of n services; spoil makes a line something else.
func sheet(n int, spoil func(i int, line string) string) []byte {
	var b strings.Builder
	b.WriteString("slug,name,tier,team,owner,depends_on,team_members\n")
	for i := range n {
		on := ""
		if i > 0 {
			on = fmt.Sprintf("svc-%d", i-1)
		}
		line := fmt.Sprintf("svc-%d,Service %d,%d,data,U0OWNER,%s,U0ANA U0BEN", i, i, i%4, on)
		if spoil != nil {
			line = spoil(i, line)
		}
		b.WriteString(line + "\n")
	}
	return []byte(b.String())
}

func importCSV(t *testing.T, s *store.Store, source []byte) (models.ImportPlan, files.Problems) {
	t.Helper()
	in, problems := files.ReadServices("services.csv", source)
	f, err := s.Facts(ctx, ws, "")
	must(t, err)
	if len(problems) > 0 {
		return in.Plan(f), problems
	}
	plan, err := s.ImportServices(ctx, ws, in)
	must(t, err)
	return plan, nil
}

func TestAThousandServicesAreImportedOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		source := sheet(1000, nil)
		first, problems := importCSV(t, s, source)
		if len(problems)+len(first.Problems) > 0 || len(first.Changes) != 1000 || len(first.Teams) != 1 {
			t.Fatalf("%v %v, %d changes", problems, first.Problems, len(first.Changes))
		}
		f, err := s.Facts(ctx, ws, "")
		must(t, err)
		ids := map[int64]bool{}
		for _, x := range f.Services {
			ids[x.ID] = true
		}
		last := f.Services["svc-999"]
		if len(f.Services) != 1002 || len(ids) != 1002 || last.Tier != 3 || last.Version != 1 || len(last.DependsOn) != 1 {
			t.Errorf("%d services with %d numbers; the last is %+v", len(f.Services), len(ids), last)
		}
		events, version := count(t, s, "events"), f.Version
		second, _ := importCSV(t, s, source)
		f, err = s.Facts(ctx, ws, "")
		must(t, err)
		changed := len(second.Changes) + len(second.Teams)
		if changed > 0 || second.Same != 1000 || count(t, s, "events") != events || f.Version != version {
			t.Errorf("the second time %d changes, %d the same, events %d → %d, directory %d → %d", changed, second.Same, events, count(t, s, "events"), version, f.Version)
		}
		proof.Record(t, proof.Row{What: "a CSV of 1,000 services imported a second time: services or teams changed", Where: s.Engine(), Tried: 1000, Bad: changed})
		history, err := s.History(ctx, ws, last.Ref(), 10, 0)
		if must(t, err); len(history) != 1 || history[0].Kind != models.EventServiceAdded || !strings.Contains(history[0].Reason, "services.csv") {
			t.Errorf("%+v", history)
		}
	})
}

func TestBadLinesAreAllNamedAndNothingIsHalfApplied(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		before, err := s.Facts(ctx, ws, "")
		must(t, err)
		for name, spoils := range map[string][]string{
			"what a line alone shows": {"svc %d,x,1,data,U0OWNER,,", "svc-%d,x,7,data,U0OWNER,,", "svc-%d,x,1,data,@owner,,", "svc-%d,x", ",x,1,data,U0OWNER,,"},
			"what all lines show":     {"svc-%d,x,1,nonsuch,U0OWNER,,", "svc-%d,x,1,data,,,", "svc-%d,x,1,data,U0OWNER,nonsuch,", "svc-%d,x,1,data,U0OWNER,svc-%[1]d,", "svc-1,x,1,data,U0OWNER,,"},
		} {
			bad := map[int]bool{}
			source := sheet(1000, func(i int, line string) string {
				if i%20 != 7 {
					return line
				}
				bad[i+2] = true
				spoilt := spoils[i/20%len(spoils)]
				if strings.Contains(spoilt, "%") {
					return fmt.Sprintf(spoilt, i)
				}
				return spoilt
			})
			plan, problems := importCSV(t, s, source)
			named := map[int]bool{}
			for _, p := range problems {
				named[p.Line] = true
			}
			for _, p := range plan.Problems {
				named[p.Line] = true
			}
			wrong := 0
			for line := range bad {
				if !named[line] {
					wrong++
					t.Errorf("%s: line %d is not named", name, line)
				}
			}
			after, err := s.Facts(ctx, ws, "")
			must(t, err)
			if len(bad) != 50 || len(after.Services) != len(before.Services) || after.Version != before.Version {
				wrong++
				t.Errorf("%s: %d bad lines, %d services became %d", name, len(bad), len(before.Services), len(after.Services))
			}
			proof.Record(t, proof.Row{What: "50 bad lines among 1,000 (" + name + "): lines not named, or services half applied", Where: s.Engine(), Tried: 50, Bad: wrong})
		}
	})
}
