package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// TestTheHomeOfWhoHasToDoWithEverythingFits: Slack takes 100 blocks. What does
// not fit is counted, with the command that lists it.
func TestTheHomeOfWhoHasToDoWithEverythingFits(t *testing.T) {
	own := Commands{Change: "/aenderung", Checklist: "/liste", Gatehouse: "/tor"}
	for _, k := range []cast{everyday(), hostile(), longest()} {
		s := k.released()
		f := s.facts(mia)
		d, lives, freezes := HomeData{Older: 7}, k.lives(), k.freezes()
		for n := range 40 {
			for _, p := range lives {
				d.Waiting, d.Mine, d.Coming = append(d.Waiting, p.c), append(d.Mine, p.c), append(d.Coming, p.c)
			}
			for _, z := range freezes {
				d.Freezes = append(d.Freezes, models.FreezeSpan{Freeze: z, Window: models.NewWindow(f.Now.Add(time.Duration(n)*time.Hour), f.Now.AddDate(0, 0, 1+n))})
			}
			d.Undelivered = append(d.Undelivered, models.Undelivered{ID: int64(1 + n), Kind: models.DeliverCard, Record: lives[0].c.Ref(), Channel: "C0CHANGES", Since: f.Now, Reason: "The channel is archived. " + k.note})
			d.Releases = append(d.Releases, s.r)
			d.Items = append(d.Items, models.OpenItem{Release: s.r, Item: &s.r.Items[n]})
			d.Verify = append(d.Verify, models.OpenItem{Release: s.r, Item: &s.r.Items[n]})
		}
		home := Home(d, own, f.Facts)
		if n := len(home.Blocks.BlockSet); n > 100 {
			t.Errorf("%s: %d blocks, Slack takes 100", k.name, n)
		} else {
			t.Logf("%s: %d blocks", k.name, n)
		}
		text := string(encoded(home))
		for command, left := range map[string]int{"/aenderung approvals": len(d.Waiting) - homeMost, "/aenderung mine": len(d.Mine) - homeMost + d.Older, "/aenderung calendar": len(d.Coming) - homeMost,
			"/aenderung freeze": len(d.Freezes) - freezesMostAtHome, "/liste list": len(d.Releases) - homeDesk, "/liste": len(d.Items) - homeDesk} {
			if want := fmt.Sprintf("and %s more: `%s`", number(left), command); !strings.Contains(text, want) {
				t.Errorf("%s: %q is not said", k.name, want)
			}
		}
	}
}
