package view

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

var percents = regexp.MustCompile(`\d+ % (?:red|amber|green)`)

// numbersIn are the shares and colours that a view shows, in its order.
func numbersIn(t *testing.T, blocks any) (numbers []string, text string) {
	t.Helper()
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return percents.FindAllString(string(raw), -1), string(raw)
}

// stir puts the items of a release into random states.
func stir(random *rand.Rand, r *models.Release, now time.Time) {
	calm := random.IntN(3) == 0
	for k := range r.Items {
		i := &r.Items[k]
		i.Status, i.Due = models.ItemStatuses[random.IntN(len(models.ItemStatuses))], now.Add(time.Duration(random.IntN(40*24)-240)*time.Hour)
		if calm {
			i.Due = i.Due.AddDate(0, 0, 12)
			if i.Status == models.ItemBlocked || i.Status == models.ItemReturned {
				i.Status = models.ItemVerified
			}
		}
		switch i.Status {
		case models.ItemVerified:
			i.VerifiedBy, i.VerifiedAt = mia, now.Add(-time.Duration(random.IntN(20*24))*time.Hour)
		case models.ItemWaived:
			i.Waiver = &models.Waiver{By: mia, At: now, Reason: "Later.", Expires: now.Add(time.Duration(random.IntN(200)-60) * time.Hour)}
		}
	}
}

func TestReadinessIsTheSameNumbersWhereverItIsShown(t *testing.T) {
	k, random := everyday(), rand.New(rand.NewPCG(47, 47))
	s := k.released()
	f := s.facts(ana)
	tried, bad := proof.N(200, 200), 0
	colours := map[models.Colour]int{}
	for range tried {
		stir(random, s.r, f.Now)
		x := s.r.Readiness(f.Facts)
		colours[x.Colour]++
		whole := fmt.Sprintf("%d %% %s", x.Percent(), x.Colour)
		all := []string{whole}
		for _, b := range models.Buckets {
			all = append(all, fmt.Sprintf("%d %% %s", x.Buckets[b].Percent(), x.Buckets[b].Colour))
		}
		in := models.DigestFacts{Target: "C0RELEASE", Days: 1, Zone: time.UTC}
		in.Measure(f.Facts)(s.r)
		for name, view := range map[string]struct {
			blocks   any
			want     []string
			forecast bool // says it in the same words
		}{
			"card":      {ReleaseCard(s.r, f).Blocks, all, true},
			"checklist": {ChecklistModal(s.r, f).Blocks, all, true},
			"list":      {ReleaseList([]*models.Release{s.r}, f.Facts).Blocks, all[:1], false},
			"why":       {ReleaseWhy(s.r, f).Blocks, all[:1], true},
			"brief":     {Brief(s.r, s.r.Upcoming(), s.r.Brief(f), f.Facts).Blocks, all[:1], true},
			"home":      {Home(HomeData{Releases: []*models.Release{s.r}}, galleryCommands, f.Facts).Blocks.BlockSet, all[:1], false},
			"desk":      {ReleasePrivate(s.r, f).Blocks, all, true},
			"prompt":    {[]slack.Block{section(promptReadiness(s.r, f))}, all[:1], false},
			"digest":    {Digest(models.NewDigest(in, f.Facts), f.Facts).Blocks, all[:1], false},
		} {
			got, text := numbersIn(t, view.blocks)
			if len(got) > len(view.want) && (name == "why" || name == "brief") {
				got = got[:len(view.want)] // what follows are the buckets that are worth a word
			}
			words, _ := json.Marshal(x.Forecast.Words(f.Person(s.r.ProjectLead).Location()))
			switch diff := cmp.Diff(view.want, got); {
			case diff != "":
				bad++
				t.Errorf("%s (-rule +shown):\n%s", name, diff)
			case view.forecast && !strings.Contains(text, strings.Trim(string(words), `"`)):
				bad++
				t.Errorf("%s does not say %s: %s", name, words, text)
			case name == "digest" && x.Forecast.Late > 0 && !strings.Contains(text, fmt.Sprintf("forecast %d day", x.Forecast.Late)):
				bad++
				t.Errorf("the digest does not say %d days late: %s", x.Forecast.Late, text)
			}
		}
		if bad > 5 {
			break
		}
	}
	proof.Record(t, proof.Row{What: "Readiness of random releases: the same numbers on card, checklist, list, brief, digest, App Home, private answer and prompt, and as the reason why", Where: "pure", Tried: tried, Bad: bad, Seed: "seed 47",
		Note: fmt.Sprintf("%d green, %d amber, %d red", colours[models.Green], colours[models.Amber], colours[models.Red])})
}
