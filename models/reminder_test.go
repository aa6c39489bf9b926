package models

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehousehq/gatehouse/models/proof"
)

// remembering is one change and what was said about it.
type remembering struct {
	w    *world
	c    *Change
	said []Reminder
	next time.Time // when to look again
}

func about(c *Change) Subjects { return Subjects{Changes: map[ChangeID]*Change{c.ID: c}} }

// look says what is due now, as "user kind stage", and remembers it.
func (r *remembering) look(u UserID) []string {
	due, _ := r.c.Reminders(r.said, r.w.as(u))
	var out []string
	for _, d := range due {
		r.said = append(slices.DeleteFunc(r.said, func(was Reminder) bool { return was.about() == d.about() && was.Stage == d.Stage }), d)
		out = append(out, fmt.Sprintf("%s %s %d", d.User, string(d.Kind), d.Stage))
	}
	slices.Sort(out)
	return out
}

func (r *remembering) at(t *testing.T, d time.Duration, want ...string) {
	t.Helper()
	r.w.later(d)
	if diff := cmp.Diff(want, r.look("")); diff != "" {
		t.Errorf("at %s (-want +got):\n%s", r.w.now.Format(time.DateTime), diff)
	}
}

func TestApproversHearAtHalfAndAQuarterOfTheTimeThenTheChangeManagers(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(4*time.Hour), w.now.Add(5*time.Hour) })
	r := &remembering{w: w, c: c}
	asked := askedUsers(c)
	slices.Sort(asked)
	all := func(stage int) (out []string) {
		for _, u := range asked {
			out = append(out, fmt.Sprintf("%s decide %d", u, stage))
		}
		return out
	}
	r.at(t, 119*time.Minute)
	r.at(t, time.Minute, all(1)...)
	r.at(t, time.Minute)
	must(t, c.Approve(c.Revision, w.as(asked[0])))
	asked = asked[1:] // a vote that is given is not asked for again
	r.at(t, 59*time.Minute, all(2)...)
	r.at(t, 30*time.Minute, "UKIM decide 9", "ULEA decide 9")
	r.at(t, 20*time.Minute)
}

// TestNobodyIsAskedToStartWhatIsStopped: a lockdown, a hard freeze and a hold
// keep the reminder back until they are over, or for good.
func TestNobodyIsAskedToStartWhatIsStopped(t *testing.T) {
	span := func(w *world, kind FreezeKind, from, until time.Duration) FreezeSpan {
		return FreezeSpan{Freeze{ID: 7, Kind: kind, Owner: eli}, NewWindow(w.now.Add(from), w.now.Add(until))}
	}
	for name, x := range map[string]struct {
		stop func(w *world, c *Change) []FreezeSpan
		want []string // at ten minutes, at thirty, and ten minutes later
	}{
		"nothing": {func(*world, *Change) []FreezeSpan { return nil }, []string{"UANA start 1", "", ""}},
		"a lockdown of half an hour": {func(w *world, _ *Change) []FreezeSpan {
			return []FreezeSpan{span(w, Lockdown, -time.Hour, 30*time.Minute)}
		},
			[]string{"", "UANA start 1", ""}},
		"two that follow each other": {func(w *world, _ *Change) []FreezeSpan {
			return []FreezeSpan{span(w, Lockdown, -time.Hour, 30*time.Minute), span(w, HardFreeze, 20*time.Minute, 40*time.Minute)}
		}, []string{"", "", "UANA start 1"}},
		"a hard freeze of the whole window": {func(w *world, _ *Change) []FreezeSpan { return []FreezeSpan{span(w, HardFreeze, 0, 2*time.Hour)} }, []string{"", "", ""}},
		"a soft freeze":                     {func(w *world, _ *Change) []FreezeSpan { return []FreezeSpan{span(w, SoftFreeze, 0, 2*time.Hour)} }, []string{"UANA start 1", "", ""}},
		"a lifted one": {func(w *world, _ *Change) []FreezeSpan {
			z := span(w, Lockdown, -time.Hour, 2*time.Hour)
			z.Freeze.LiftedAt = w.now
			return []FreezeSpan{z}
		}, []string{"UANA start 1", "", ""}},
		"one with an exception": {func(w *world, c *Change) []FreezeSpan {
			c.Requirements = append(c.Requirements, Requirement{Key: exceptionKey(7, "owner")})
			return []FreezeSpan{span(w, HardFreeze, 0, 2*time.Hour)}
		}, []string{"UANA start 1", "", ""}},
		"a change manager": {func(w *world, c *Change) []FreezeSpan {
			c.Held = Hold{By: eli, At: w.now}
			return nil
		}, []string{"", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld().clone()
			c := w.raised(t, func(in *Input) {
				in.Environment, in.Start, in.End = Development, w.now.Add(time.Hour), w.now.Add(2*time.Hour)
			})
			w.later(time.Hour)
			freezes := x.stop(w, c)
			var said []Reminder
			for i, after := range []time.Duration{startGrace, 20 * time.Minute, 10 * time.Minute} {
				w.later(after)
				f := w.as("")
				f.Around.Freezes = freezes
				due, _ := c.Reminders(said, f)
				var got []string
				for _, d := range due {
					got = append(got, fmt.Sprintf("%s %s %d", d.User, string(d.Kind), d.Stage))
				}
				if said = append(said, due...); strings.Join(got, ", ") != x.want[i] {
					t.Errorf("look %d: %v, want %q", i+1, got, x.want[i])
				}
			}
		})
	}
}

func TestTheImplementerHearsOfAWindowUnusedAndOfOneThatIsOver(t *testing.T) {
	w := newWorld().clone()
	w.now = time.Date(2026, 3, 7, 1, 0, 0, 0, time.UTC) // Saturday night: their own window counts as hours
	c := w.raised(t, func(in *Input) {
		in.Environment, in.Start, in.End = Development, w.now.Add(time.Hour), w.now.Add(2*time.Hour)
	})
	r := &remembering{w: w, c: c}
	r.at(t, 69*time.Minute)
	r.at(t, time.Minute, "UANA start 1")
	must(t, c.Start(c.Revision, w.as(ana)))
	r.at(t, 50*time.Minute, "UANA complete 1")
	r.at(t, time.Hour, "UANA complete 2")
	r.at(t, 2*time.Hour, "UANA complete 3")
	r.at(t, time.Hour) // the change managers are asleep
	r.at(t, 49*time.Hour, "UKIM complete 9", "ULEA complete 9")
	for _, d := range r.said {
		if d.Kind == RemindComplete && !about(c).Concerns(d, w.as("")) {
			t.Errorf("%+v is settled too early", d)
		}
	}
	must(t, c.Complete(Completion{Outcome: Successful, Note: "It works."}, w.as(ana)))
	for _, d := range r.said {
		if about(c).Concerns(d, w.as("")) {
			t.Errorf("%+v is not settled", d)
		}
	}
}

func TestAChangeManagerWhoStandsInHearsOnce(t *testing.T) {
	w := newWorld().clone()
	d := duty{kind: RemindComplete, users: []UserID{ana}, backup: kim, deadline: w.now, escalate: w.now.Add(time.Hour)}
	var heard []string
	for _, step := range d.ladder(w.as("")) {
		heard = append(heard, fmt.Sprint(step.user, " ", step.stage))
	}
	slices.Sort(heard)
	if want := []string{"UKIM 8", "ULEA 9"}; !slices.Equal(heard, want) {
		t.Errorf("%v, want %v", heard, want)
	}
}

func init() {
	putOff := func(stage int, by SnoozeFor, left time.Duration) func(*testing.T, *world) error {
		return func(t *testing.T, w *world) error {
			c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(left), w.now.Add(left+time.Hour) })
			r := Reminder{Record: c.Ref(), Kind: RemindDecide, User: c.Asked[0].User, Round: c.Window.Start.Unix(), Stage: stage}
			_, err := about(c).Snooze(r, by, w.as(r.User))
			return err
		}
	}
	maps.Copy(refusals, map[string]func(*testing.T, *world) error{
		"put off an escalation":       putOff(LastStage, SnoozeHour, 4*time.Hour),
		"put off for somebody else":   putOff(BackupStage, SnoozeHour, 4*time.Hour),
		"put off past the window":     putOff(1, SnoozeTomorrow, 4*time.Hour),
		"put off until a near window": putOff(1, SnoozeWindow, 150*time.Minute),
		"put off by an older button":  putOff(1, "week", 4*time.Hour),
		"put off what was never said": putOff(0, SnoozeHour, 4*time.Hour),
		"put off what is done meanwhile": func(t *testing.T, w *world) error {
			_, err := Subjects{}.Snooze(Reminder{Stage: 1}, SnoozeHour, w.as(ana))
			return err
		},
	})
}

// putOff puts off the last thing that was said.
func (r *remembering) putOff(t *testing.T, by SnoozeFor) {
	t.Helper()
	last := &r.said[len(r.said)-1]
	until, err := about(r.c).Snooze(*last, by, r.w.as(last.User))
	must(t, err)
	last.Snoozed = until
}

func TestWhatIsPutOffComesAgainForItsPersonAloneAndEscalatesAllTheSame(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) {
		in.Environment, in.Start, in.End = Development, w.now.Add(time.Hour), w.now.Add(2*time.Hour)
	})
	r := &remembering{w: w, c: c}
	w.later(time.Hour)
	must(t, c.Start(c.Revision, w.as(ana)))
	r.at(t, time.Hour, "UANA complete 1")
	r.putOff(t, SnoozeHour)
	r.at(t, 59*time.Minute)
	r.at(t, time.Minute, "UANA complete 2") // the second is due at that moment
	r.putOff(t, SnoozeTomorrow)
	r.at(t, 3*time.Hour, "UKIM complete 9", "ULEA complete 9")
	r.at(t, 2*time.Hour)                     // 18:00, evening in Berlin
	r.at(t, 14*time.Hour, "UANA complete 3") // the next morning
	r.putOff(t, SnoozeHour)
	r.at(t, time.Hour, "UANA complete 3")
	r.at(t, time.Hour)
}

func TestUntilTheWindowIsTwoHoursBeforeIt(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(6*time.Hour), w.now.Add(7*time.Hour) })
	r := &remembering{w: w, c: c}
	w.later(3 * time.Hour)
	if len(r.look("")) == 0 {
		t.Fatal("nothing was due")
	}
	last := r.said[len(r.said)-1]
	want := []SnoozeFor{SnoozeHour}
	if diff := cmp.Diff(want, about(c).MaySnooze(last, w.as(last.User))); diff != "" { // tomorrow is too late, and in an hour it is two hours before
		t.Error(diff)
	}
	w.now = w.now.Add(-2 * time.Hour)
	until, err := about(c).Snooze(last, SnoozeWindow, w.as(last.User))
	must(t, err)
	if !until.Equal(c.Window.Start.Add(-2 * time.Hour)) {
		t.Errorf("until %s", until)
	}
}

func TestMutedKindsAreNotSaidButEscalationsAre(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) {
		in.Environment, in.Start, in.End = Development, w.now.Add(time.Hour), w.now.Add(2*time.Hour)
	})
	own, _, err := SetOwn(OwnInput{Muted: ReminderKinds}, w.as(ana))
	must(t, err)
	for _, u := range []UserID{ana, kim} {
		p := w.Person(u)
		p.Own = own
		w.People[u] = p
	}
	r := &remembering{w: w, c: c}
	w.later(time.Hour)
	r.at(t, 10*time.Minute)
	must(t, c.Start(c.Revision, w.as(ana)))
	r.at(t, 2*time.Hour)
	r.at(t, 3*time.Hour, "UKIM complete 9", "ULEA complete 9")
}

func TestWhoeverIsNamedToStandInHearsBeforeTheChangeManagers(t *testing.T) {
	w := newWorld().clone()
	p := w.Person(ana)
	p.Own.Away = Absence{From: w.now.Add(30 * 24 * time.Hour), Until: w.now.Add(40 * 24 * time.Hour), Delegate: ben}
	w.People[ana] = p
	c := w.raised(t, func(in *Input) {
		in.Environment, in.Start, in.End = Development, w.now.Add(30*time.Minute), w.now.Add(time.Hour)
	})
	r := &remembering{w: w, c: c}
	w.later(30 * time.Minute)
	must(t, c.Start(c.Revision, w.as(ana)))
	r.at(t, 150*time.Minute, "UANA complete 2")
	r.at(t, time.Hour, "UANA complete 3")
	r.at(t, time.Hour, "UBEN complete 8")
	r.at(t, 2*time.Hour) // 18:00 in Berlin
	r.at(t, 16*time.Hour, "UKIM complete 9", "ULEA complete 9")
	r.at(t, 10*time.Hour)
}

func TestWhatFallsDueByNightIsSaidInTheLastHourBeforeTheWindow(t *testing.T) {
	w := newWorld().clone()
	w.now = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC) // 15:00 in Berlin
	c := w.raised(t, func(in *Input) {                   // half of the time is left at 20:00 in Berlin, the window opens at 01:00
		in.Start, in.End = w.now.Add(10*time.Hour), w.now.Add(11*time.Hour)
	})
	_, next := c.Reminders(nil, w.as(""))
	if want := time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC); !next.Equal(want) {
		t.Errorf("next at %s, want %s, the last hour of work before the window", next, want)
	}
}

func TestAClockThatJumpsADayEitherWayDoublesNothing(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(72*time.Hour), w.now.Add(74*time.Hour) })
	r := &remembering{w: w, c: c}
	r.w.later(47 * time.Hour) // the morning after half of the time, which is at night
	first := r.look("")
	if len(first) == 0 {
		t.Fatal("nothing was due")
	}
	r.at(t, -24*time.Hour)
	r.at(t, 24*time.Hour)
	r.w.later(24 * time.Hour)
	r.look("")
	r.at(t, -24*time.Hour)
	r.at(t, 24*time.Hour)
	seen := map[Reminder]bool{}
	for _, d := range r.said {
		d.Bundle = ""
		if seen[d] {
			t.Errorf("said twice: %+v", d)
		}
		seen[d] = true
	}
}

// TestNobodyHearsOutsideTheirHours lets 30 days pass for 200 people in 24 zones
// who raise, approve, begin, finish late and leave things undone.
func TestNobodyHearsOutsideTheirHours(t *testing.T) {
	const seed = 11
	rnd := rand.New(rand.NewPCG(seed, 5))
	w := newWorld().clone()
	w.People, w.Teams = map[UserID]Person{}, map[TeamID]Team{}
	var users []UserID
	for i := range 200 {
		u := UserID(fmt.Sprintf("U%03d", i))
		zone := zones[i%len(zones)]
		if i%50 == 0 {
			zone = ""
		}
		w.People[u] = Person{ID: u, Name: string(u), Zone: zone}
		users = append(users, u)
	}
	w.Teams["payments"] = Team{ID: "payments", Name: "Payments", Members: users[:180]}
	w.Roles = map[Role][]UserID{RoleChangeManager: users[190:192], RoleECAB: users[192:200]}
	api := w.Services["pay-api"]
	api.Owner = users[185]
	w.Services = map[Slug]Service{"pay-api": api}
	h := &heard{world: w, start: map[string]int{}, keys: map[string]bool{}}
	end := w.now.Add(30 * 24 * time.Hour)
	var open []*remembering
	for ; w.now.Before(end); w.later(5 * time.Minute) {
		if rnd.IntN(proof.N(40, 8)) == 0 {
			open = append(open, h.raise(t, users[rnd.IntN(180)], rnd, len(open)))
		}
		for _, r := range open {
			h.live(r, rnd)
		}
		open = slices.DeleteFunc(open, func(r *remembering) bool { return r.c.State.Final() })
	}
	doubled := 0
	for _, n := range h.start {
		doubled += max(0, n-1)
	}
	if h.tried < 500 {
		t.Errorf("only %d reminders show little", h.tried)
	}
	proof.Record(t, proof.Row{What: "reminders of 200 people in 24 zones over 30 days: outside the person's hours, emergencies and the implementer's own window left out",
		Where: "pure", Tried: h.tried, Bad: h.outside, Seed: fmt.Sprint(seed)})
	proof.Record(t, proof.Row{What: "starts of a person's day with more than one message of reminders", Where: "pure", Tried: len(h.start), Bad: doubled, Seed: fmt.Sprint(seed)})
}

// heard counts what people heard.
type heard struct {
	*world
	tried, outside int
	start          map[string]int // messages at the start of somebody's day
	keys           map[string]bool
}

func (h *heard) raise(t *testing.T, by UserID, rnd *rand.Rand, n int) *remembering {
	in := h.input()
	in.Start = h.now.Add(time.Duration(20+rnd.IntN(5*24*60)) * time.Minute)
	in.End = in.Start.Add(2 * time.Hour)
	in.WhyNow = "It can't wait."
	if rnd.IntN(10) == 0 {
		in.Type, in.IncidentRef = Emergency, "INC-7"
	}
	c := &Change{Identity: Identity{Workspace: "T1", ID: ChangeID(n + 1), Requester: by, CreatedAt: h.now}}
	must(t, c.Raise(in, h.as(by)))
	return &remembering{w: h.world, c: c}
}

// live lets people act on a change now and then, and Gatehouse say what is due.
func (h *heard) live(r *remembering, rnd *rand.Rand) {
	c := r.c
	events := len(c.events)
	if due := c.Due(); !due.IsZero() && !due.After(h.now) {
		_ = c.Elapse(h.as(""))
	}
	switch rnd.IntN(400) { // refusals are part of life
	case 0, 1:
		if len(c.Asked) > 0 {
			_ = c.Approve(c.Revision, h.as(c.Asked[rnd.IntN(len(c.Asked))].User))
		}
	case 2:
		_ = c.Complete(Completion{Outcome: Failed, Note: "It broke."}, h.as(c.Implementer))
	case 3:
		_ = c.Review(YesToAll("We learned."), h.as(c.Implementer))
	}
	if c.State == Approved && rnd.IntN(12) == 0 {
		_ = c.Start(c.Revision, h.as(c.Implementer))
	}
	if len(c.events) == events && h.now.Before(r.next) {
		return
	}
	due, next := c.Reminders(r.said, h.as(""))
	if r.next = next; next.IsZero() {
		r.next = h.now.Add(24 * time.Hour)
	}
	r.said = append(r.said, due...)
	for _, d := range due {
		h.hear(c, d)
	}
}

func (h *heard) hear(c *Change, d Reminder) {
	p, hours := h.People[d.User], h.Settings.Hours
	own := d.User == c.Implementer && slices.Contains([]ReminderKind{RemindOpens, RemindStart, RemindComplete}, d.Kind)
	h.tried++
	if own || c.Type == Emergency {
		return
	}
	if !withinHours(hours, h.now.In(p.Location())) {
		h.outside++
	}
	if fresh := !h.keys[d.Bundle]; fresh && !hours.Working(p, h.now.Add(-reminderLate)) {
		h.start[string(d.User)+h.now.In(p.Location()).Format(time.DateOnly)]++
		if !strings.HasSuffix(d.Bundle, "/start") {
			h.outside++
		}
	}
	h.keys[d.Bundle] = true
}

// TestNobodyPutsOffAnEscalationByPuttingOffTheirOwnPart: a change manager who
// is asked to decide too may put that off; that others do not act they hear on time.
func TestNobodyPutsOffAnEscalationByPuttingOffTheirOwnPart(t *testing.T) {
	w := newWorld().clone()
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(75*time.Hour), w.now.Add(76*time.Hour) })
	manager := askedUsers(c)[0]
	w.Roles = maps.Clone(w.Roles)
	w.Roles[RoleChangeManager] = []UserID{manager}
	r := &remembering{w: w, c: c}
	w.later(46 * time.Hour) // the morning after half of the time
	r.look("")
	n := slices.IndexFunc(r.said, func(d Reminder) bool { return d.User == manager })
	until, err := about(c).Snooze(r.said[n], SnoozeWindow, w.as(manager))
	must(t, err)
	r.said[n].Snoozed = until
	w.later(24 * time.Hour) // the morning after all but an eighth of the time
	if got := r.look(""); !slices.Contains(got, string(manager)+" decide 9") {
		t.Errorf("at %s, put off until %s: %v", w.now, until, got)
	}
}

// TestTheChangeManagersHearInTimeOfWhatNobodyWhoWasAskedWillSee: those who were
// asked are at home until after the window; a change manager elsewhere is at work.
func TestTheChangeManagersHearInTimeOfWhatNobodyWhoWasAskedWillSee(t *testing.T) {
	w := newWorld().clone()
	w.now = time.Date(2026, 3, 2, 19, 0, 0, 0, time.UTC) // 20:00 in Berlin, 14:00 in New York
	p := w.Person(kim)
	p.Zone = "America/New_York"
	w.People[kim] = p
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(2*time.Hour), w.now.Add(3*time.Hour) })
	r := &remembering{w: w, c: c}
	r.at(t, time.Hour)
	r.at(t, 44*time.Minute)
	r.at(t, time.Minute, "UKIM decide 9")
	r.at(t, 10*time.Minute)
}

// TestWhatIsPutOffIsNotSaidAgainBeforeThen: what is due at night is said in the
// last hour of the day before, which keeps to what was put off; in that hour
// there is no later one, so nothing can be put off any more.
func TestWhatIsPutOffIsNotSaidAgainBeforeThen(t *testing.T) {
	w := newWorld().clone()
	w.now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // 11:00 in Berlin
	c := w.raised(t, func(in *Input) { in.Start, in.End = w.now.Add(11*time.Hour), w.now.Add(12*time.Hour) })
	r := &remembering{w: w, c: c}
	w.later(5*time.Hour + 30*time.Minute) // half of the time is left at 16:30
	if first := r.look(""); len(first) != 2 || !strings.HasSuffix(first[0], " 1") {
		t.Fatalf("said %v", first)
	}
	last := r.said[len(r.said)-1]
	w.later(5 * time.Minute)
	r.putOff(t, SnoozeHour)
	other := string(r.said[0].User)
	r.at(t, 30*time.Minute, other+" decide 2", "UKIM decide 9", "ULEA decide 9") // 17:05: all but an eighth is left at 20:37
	if may := about(c).MaySnooze(r.said[2], w.as(UserID(other))); len(may) != 0 {
		t.Errorf("at 17:05 what is said again can be put off for %v", may)
	}
	if _, err := about(c).Snooze(r.said[2], SnoozeHour, w.as(UserID(other))); err == nil {
		t.Error("at 17:05 it was put off for an hour: at 18:05 nobody works")
	}
	r.at(t, 29*time.Minute)
	r.at(t, time.Minute, string(last.User)+" decide 2")
	r.at(t, time.Minute)
}
