package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
	"github.com/gatehousehq/gatehouse/models/store"
)

// meetingTally is what came of many meetings. Nothing but presses, decisions and
// late votes may come up.
type meetingTally struct {
	presses, decisions, late                              int
	byOthers, unmet, unflagged, twice, prompts, unrefused int
}

// TestAHundredMeetingsInWhichEverybodyPressesEverythingAtOnce keeps what the
// rules promise when the presses come side by side, each through the door.
func TestAHundredMeetingsInWhichEverybodyPressesEverythingAtOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		n := proof.N(100, 400)
		sum := meetingTally{}
		for k := range n {
			m := meeting{t: t, s: s, id: planned(t, s).ID, sum: &sum}
			m.begin(k % 3)
			m.play(uint64(k))
			m.check()
		}
		proof.Record(t, proof.Row{What: "Handover meetings in which everybody presses everything at once: decided by others, accepted with an unmet item, a late vote unflagged, two results or two prompts",
			Where: string(s.Kind()), Tried: n, Bad: sum.byOthers + sum.unmet + sum.unflagged + sum.twice + sum.prompts + sum.unrefused,
			Note: fmt.Sprintf("%d presses, %d decisions, %d late votes", sum.presses, sum.decisions, sum.late)})
		if sum.decisions < n/3 || sum.late == 0 {
			t.Errorf("too little came up: %+v", sum)
		}
	})
}

// meeting is one, with what came of it.
type meeting struct {
	t   *testing.T
	s   *store.Store
	id  models.ReleaseID
	sum *meetingTally

	mu     sync.Mutex
	events []models.Event
}

// begin takes a release into its meeting with so many items unmet.
func (m *meeting) begin(open int) {
	moveRelease(m.t, m.s, raiser, m.id, func(r *models.Release, f models.ReleaseFacts) error {
		for b, u := range map[models.Bucket]models.UserID{models.BucketTests: worker_, models.BucketDocumentation: cab(1)} {
			if err := r.AssignBucket(b, u, f); err != nil {
				return err
			}
		}
		for _, i := range r.Unmet(f.Now)[open:] {
			none := 0
			in := models.EvidenceInput{Kind: models.EvidenceLink, Ref: "https://wiki.example/x"}
			if i.Tests {
				in.OpenIssues = &none
			}
			f.Actor = f.Person(r.OwnerOf(i))
			if err := r.Submit(i.No, in, f); err != nil {
				return err
			}
			f.Actor = f.Person(opsLead)
			if err := r.Verify(i.No, 1, f); err != nil {
				return err
			}
		}
		f.Actor = f.Person(raiser)
		if err := r.Schedule(models.MeetingInput{At: f.Now.Add(time.Hour)}, f); err != nil {
			return err
		}
		return r.Convene(f)
	})
}

// play lets six people press whatever there is, side by side.
func (m *meeting) play(seed uint64) {
	var wg sync.WaitGroup
	for n, u := range []models.UserID{raiser, worker_, cab(1), opsLead, deputy, cab(2)} {
		random := rand.New(rand.NewPCG(2026, seed*10+uint64(n)))
		wg.Go(func() {
			for range 6 {
				m.press(u, random.IntN(10), random.IntN(3))
			}
		})
	}
	wg.Wait()
}

func (m *meeting) press(u models.UserID, what, choice int) {
	reason, next := "It has to be so.", m.s.Now().AddDate(0, 0, 7)
	unmet, late := 0, false
	result, err := m.s.UpdateRelease(ctx, by(u), m.id, func(r *models.Release, f models.ReleaseFacts) error {
		unmet = len(r.Unmet(f.Now))
		if s := r.InSession(); s != nil {
			late = !s.RevealedAt.IsZero()
		}
		switch {
		case what == 0:
			return r.Accept(1, f)
		case what == 1:
			list, err := r.Proposed(f)
			if err != nil {
				return err
			}
			return r.AcceptWithConditions(1, list, f)
		case what == 2 && choice == 0:
			return r.Decline(1, reason, next, f)
		case what == 3 && choice == 0:
			return r.Adjourn(1, reason, next, f)
		case what == 4:
			return r.Reveal(1, f)
		}
		return r.Vote(1, models.Choices[choice], reason, f)
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.presses++
	if err != nil {
		if _, ok := models.AsRefusal(err); !ok {
			m.sum.unrefused++
			m.t.Errorf("%s: %v", u, err)
		}
		return
	}
	m.events = append(m.events, result.Events...)
	for _, e := range result.Events {
		switch e.Kind {
		case models.EventHandoverAccepted:
			if unmet > 0 {
				m.sum.unmet++
			}
		case models.EventVoted:
			if flagged := strings.HasPrefix(e.Reason, "late"); flagged != late {
				m.sum.unflagged++
			} else if late {
				m.sum.late++
			}
		}
	}
}

var results = []models.EventKind{models.EventHandoverAccepted, models.EventHandoverConditional, models.EventHandoverDeclined, models.EventHandoverAdjourned}

// check counts what was decided, by whom, and what of it people see.
func (m *meeting) check() {
	decided := 0
	for _, e := range m.events {
		if slices.Contains(results, e.Kind) {
			decided++
			if e.Actor != opsLead && e.Actor != deputy {
				m.sum.byOthers++
			}
		}
	}
	m.sum.decisions += decided
	var keys []string
	must(m.t, m.s.DB().Table("deliveries").Where("record_kind = 'release' AND record_id = ? AND kind IN ('prompt', 'thread')", m.id).Pluck("key", &keys).Error)
	prompts, lines := 0, 0
	for _, key := range keys {
		if strings.HasPrefix(key, "prompt/") {
			prompts++
		}
		if slices.ContainsFunc(results, func(k models.EventKind) bool { return strings.Contains(key, "/"+string(k)+"/") }) {
			lines++
		}
	}
	if decided > 1 || lines != decided {
		m.sum.twice++
	}
	if prompts != 1 {
		m.sum.prompts++
	}
}
