package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models/store"
)

// crowd is people at work in a Slack that may fail them, and what they know of
// each other's changes.
type crowd struct {
	*rig
	searchable bool // the app may look messages up
	seed       uint64
	rand       *rand.Rand
	people     []*person
	board      board
	door       door

	interactions atomic.Int64 // what Slack brought to the app
}

// newCrowd brings so many people together. They raise most changes in all, and
// no further one while atOnce are open.
func newCrowd(t *testing.T, s setting, people, most, atOnce int, searchable, unrecorded bool) *crowd {
	c := &crowd{searchable: searchable, seed: uint64(time.Now().UnixNano())}
	c.board.most, c.board.atOnce = most, atOnce
	if given, err := strconv.ParseUint(os.Getenv("GATEHOUSE_SEED"), 10, 64); err == nil {
		c.seed = given
	}
	t.Logf("seed %d (GATEHOUSE_SEED repeats the plan of it; how it interleaves is the machine's)", c.seed)
	c.rand = rand.New(rand.NewPCG(c.seed, 0))
	c.rig = newRig(t, s, rigged{people: people, require: "3 of cab", lookup: searchable, unrecorded: unrecorded})
	c.prepare()
	c.board.over = map[int]bool{}
	c.door.changed = make(chan struct{})
	for i, name := range c.crew {
		c.people = append(c.people, &person{run: c, name: name, a: c.fake.As(name), rand: rand.New(rand.NewPCG(c.seed, uint64(i+1)))})
	}
	return c
}

// person is somebody at their Slack client. They look at a change, press one of
// the buttons that it offers, fill the form that opens, and do it again for as
// long as Slack shows them that it did not work or says nothing.
type person struct {
	run   *crowd
	name  string
	a     *slackfake.Actor
	rand  *rand.Rand
	deeds []*deed
}

// deed is one thing that a person means to do, once.
type deed struct {
	who, kind string // kind: the action id of the button, or "raise"
	change    int
	revision  string // that they saw
	token     string // what they typed, found nowhere else

	tries   int
	last    time.Time // begin of the last try
	told    string    // how Gatehouse told them that it is recorded
	refused string    // how Gatehouse told them that it is not
}

func (d *deed) String() string {
	return fmt.Sprintf("%s %s CHG-%d %.8s %q, tried %d times, told %q, refused %q", d.who, d.kind, d.change, d.revision, d.token, d.tries, d.told, d.refused)
}

func (d *deed) try() {
	d.tries++
	d.last = time.Now()
}

// comeToWork has everybody do something for each token, until there are no more;
// finished is closed when the last one is done.
func (c *crowd) comeToWork(tokens <-chan struct{}) (finished chan struct{}) {
	var group sync.WaitGroup
	for _, p := range c.people {
		group.Go(func() { p.live(tokens) })
	}
	finished = make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	return finished
}

// settle waits until everything that is wanted was shown; trouble says what
// was not, and what the process said last.
func (c *crowd) settle(within time.Duration, last *process) (took time.Duration, trouble string) {
	c.t.Helper()
	began := time.Now()
	s, db := c.look()
	defer func() { _, _ = s.Close(), db.Close() }()
	counts := map[store.DeliveryState]int{}
	for time.Since(began) < within {
		var err error
		if counts, err = s.DeliveryCounts(context.Background()); err != nil {
			c.t.Fatal(err)
		}
		if counts[store.DeliveryPending]+counts[store.DeliverySending]+counts[store.DeliveryUncertain] == 0 {
			return time.Since(began), ""
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-last.ended:
			return time.Since(began), fmt.Sprintf("the process ended by itself: %v\n%s", last.err, last.said)
		}
	}
	return within, fmt.Sprintf("not all was delivered after %s: %v\n%s", within, counts, last.said)
}

// mostTries is for somebody who is told nothing although the process lives on.
const mostTries = 400

func (p *person) live(tokens <-chan struct{}) {
	for range tokens {
		if p.rand.IntN(3) == 0 && p.run.board.mayRaise() {
			p.raise()
		} else {
			p.work(p.run.board.pick(p.rand))
		}
	}
}

// begin notes a deed from the moment on from which it may have an effect.
func (p *person) begin(kind string, change int, revision string) *deed {
	d := &deed{who: p.a.ID(), kind: kind, change: change, revision: revision,
		token: fmt.Sprintf("%s %s no. %d of %s", strings.TrimPrefix(kind, "change."), p.name, len(p.deeds)+1, strconv.FormatUint(p.run.seed, 36))}
	p.deeds = append(p.deeds, d)
	return d
}

func (p *person) raise() {
	if !p.opened("change.form", func() slackfake.Result { return p.slash("/change new") }) {
		return
	}
	d := p.begin("raise", 0, "")
	now := time.Now().Truncate(time.Minute)
	p.submit(d, slackfake.Fields{
		"title": d.token, "services": []string{[]string{"alpha", "beta"}[p.rand.IntN(2)]}, "start": now, "end": now.Add(12 * time.Hour),
		"plan": "Switch the flag on.", "check": "The error rate stays below 1 %.", "rollback": "When errors rise above 1 %: switch it off (2 minutes).",
	})
}

// chances are how likely somebody is to press a button that stands there.
var chances = map[string]int{
	view.ActionApprove: 14, view.ActionReject: 1, view.ActionAsk: 1, view.ActionEdit: 2, view.ActionStart: 10,
	view.ActionComplete: 10, view.ActionReview: 8, view.ActionRollback: 1, view.ActionCancel: 1,
}

// work is one look at a change and one press of a button.
func (p *person) work(id int) {
	m, ok := p.find(id)
	if !ok {
		return
	}
	var offered []string
	for _, c := range m.Controls() {
		for range chances[c.ActionID] {
			offered = append(offered, c.ActionID)
		}
	}
	if len(offered) == 0 {
		return
	}
	action := offered[p.rand.IntN(len(offered))]
	_, revision := valueOf(m, action)
	switch action {
	case view.ActionApprove, view.ActionStart:
		p.click(p.begin(action, id, revision), m)
		return
	}
	form := map[string]string{view.ActionEdit: view.FormChange, view.ActionComplete: view.FormComplete, view.ActionReview: view.FormReview}[action]
	if form == "" {
		form = view.FormReason
	}
	if !p.opened(form, func() slackfake.Result { return p.press(m, action) }) {
		return
	}
	d := p.begin(action, id, revision)
	p.submit(d, map[string]slackfake.Fields{
		view.FormChange:   {"plan": "Switch the other flag on: " + d.token},
		view.FormComplete: {"outcome": []string{"successful", "failed"}[p.rand.IntN(2)], "reason": d.token},
		view.FormReview: {"findings": "We have learnt something: " + d.token, "goal": "yes", "as_written": "no", "in_time": "yes",
			"side_effects": "partly", "told": "yes", "going_back": "not needed"},
		view.FormReason: {"reason": d.token},
	}[form])
}

func (p *person) slash(text string) slackfake.Result {
	return p.run.counted(p.a.Slash("general", text))
}

func (p *person) press(m slackfake.Message, action string) slackfake.Result {
	return p.run.counted(p.a.Click(m, action))
}

// counted counts what reached the app.
func (c *crowd) counted(r slackfake.Result) slackfake.Result {
	if r.OK || r.Code == "" {
		c.interactions.Add(1)
	}
	return r
}

// valueOf is what a button carries: the change and the revision that it shows.
func valueOf(m slackfake.Message, action string) (id int, revision string) {
	for _, c := range m.Controls() {
		if c.ActionID == action {
			change, seen, _ := view.ParseValue(c.Value)
			return int(change), string(seen)
		}
	}
	return 0, ""
}

// find is a change as this person happens to look at it: on its card, in the
// request they got by DM, or by asking for it.
func (p *person) find(id int) (slackfake.Message, bool) {
	places := [][]slackfake.Message{nil, nil, nil}
	switch p.rand.IntN(4) {
	case 0:
		places[0] = p.run.fake.Messages("changes")
	case 1:
		places[1] = p.run.fake.DM(p.name)
	}
	for _, place := range places {
		for _, m := range place {
			if about, _ := headOf(m); about == id && len(m.Controls()) > 0 {
				return m, true
			}
		}
	}
	_, ok := p.run.door.wait()
	if !ok || !p.slash(fmt.Sprintf("/change CHG-%d", id)).OK {
		p.breathe()
		return slackfake.Message{}, false
	}
	all := p.run.fake.Ephemerals(p.name)
	m := all[len(all)-1]
	about, final := headOf(m)
	if about > 0 {
		p.run.board.saw(about, final)
	}
	return m, about == id
}

var (
	mentioned = regexp.MustCompile(`CHG-(\d+)`)
	ended     = regexp.MustCompile(`^\S+ (Rejected|Cancelled|Expired|Closed)`)
)

// headOf reads which change a card is about, and whether it is over.
func headOf(m slackfake.Message) (id int, final bool) {
	head, _, _ := strings.Cut(m.Plain(), "\n")
	if found := mentioned.FindStringSubmatch(head); found != nil {
		id, _ = strconv.Atoi(found[1])
	}
	return id, ended.MatchString(head)
}

// click presses the deed's button until the person knows where they stand.
func (p *person) click(d *deed, m slackfake.Message) {
	for d.tries < mostTries {
		life, ok := p.run.door.wait()
		if !ok {
			return
		}
		d.try()
		r := p.press(m, d.kind)
		switch {
		case !r.OK && r.Code == "":
			d.refused = r.Error // there is nothing to press any more
			return
		case !r.OK:
			p.breathe()
			continue
		}
		line := p.answer(r.ResponseURL, life)
		switch {
		case confirmed[d.kind].MatchString(line):
			d.told = line
			return
		case line != "" && !strings.Contains(line, "reference"):
			d.refused = line
			return
		}
	}
}

// confirmed is how Gatehouse says that it has kept a click, or had before.
var confirmed = map[string]*regexp.Regexp{
	view.ActionApprove: regexp.MustCompile(`Your approval of .* is recorded|You approved .* already`),
	view.ActionStart:   regexp.MustCompile(`is in progress\. Its window`), // "in progress already" is told to anybody
}

// breathe keeps somebody from pressing a hundred times a second.
func (p *person) breathe() { <-time.After(20 * time.Millisecond) }

// answer is what was said to the click that came with the response_url, and to
// no other, however late; "" when nothing is while the process lives.
func (p *person) answer(responseURL string, life int) string {
	for patience := time.Now().Add(5 * time.Second); time.Now().Before(patience); p.breathe() {
		goesOn := p.run.door.still(life)
		for _, m := range p.run.fake.Ephemerals(p.name) {
			if text := m.Plain(); m.ResponseURL == responseURL && !strings.Contains(text, "not recorded yet") {
				return text
			}
		}
		if !goesOn {
			return ""
		}
	}
	return ""
}

// opened brings a form onto the screen and reports whether it is there to be
// filled; a refusal in words is taken for an answer.
func (p *person) opened(form string, open func() slackfake.Result) bool {
	for range mostTries {
		life, ok := p.run.door.wait()
		if !ok {
			return false
		}
		if _, old := p.a.View(); old {
			p.a.CloseAll()
		}
		heard := len(p.run.fake.Ephemerals(p.name))
		if r := open(); !r.OK {
			if r.Code == "" {
				return false
			}
			p.breathe()
			continue
		}
		for patience := time.Now().Add(5 * time.Second); time.Now().Before(patience); p.breathe() {
			goesOn := p.run.door.still(life)
			v, shown := p.a.View()
			switch {
			case shown && v.CallbackID == form:
				return true
			case shown && !strings.Contains(v.Plain(), "Loading"), !shown && len(p.run.fake.Ephemerals(p.name)) > heard:
				return false
			}
			if !goesOn {
				break
			}
		}
	}
	return false
}

// submit fills the open form and sends it until it is accepted or refused. It
// stays open for as long as Slack has no answer, with what was typed.
func (p *person) submit(d *deed, fields slackfake.Fields) {
	for filled := false; d.tries < mostTries; {
		if _, ok := p.run.door.wait(); !ok {
			return
		}
		if !filled {
			if filled = p.a.Fill(fields) == nil; !filled { // a menu that asks the app for its entries
				p.breathe()
				continue
			}
		}
		d.try()
		r := p.run.counted(p.a.Submit(nil))
		switch {
		case r.OK:
			d.told = "the form was accepted"
			return
		case r.Code != "":
			p.breathe()
			continue
		case len(r.Errors) == 0:
			d.refused = r.Error
			return
		}
		for _, complaint := range r.Errors {
			d.refused = complaint
		}
		if !strings.Contains(d.refused, "Not saved yet") && !strings.Contains(d.refused, "reference") {
			p.a.CloseAll()
			return
		}
		d.refused = ""
		p.breathe()
	}
}

// door tells people whether anybody answers. They don't act while it is shut,
// as nobody would press buttons at a Slack that says the app is gone.
type door struct {
	mu      sync.Mutex
	isOpen  bool
	isGone  bool
	lives   int // how often it was opened
	changed chan struct{}
}

func (d *door) set(open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isOpen = open; open {
		d.lives++
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *door) open()  { d.set(true) }
func (d *door) close() { d.set(false) }

// shut sends everybody home for good.
func (d *door) shut() {
	d.mu.Lock()
	d.isGone = true
	d.mu.Unlock()
	d.set(false)
}

// wait returns when somebody answers, and which life of the process that is;
// false means never again.
func (d *door) wait() (life int, ok bool) {
	for {
		d.mu.Lock()
		open, gone, changed := d.isOpen, d.isGone, d.changed
		life = d.lives
		d.mu.Unlock()
		if open || gone {
			return life, !gone
		}
		<-changed
	}
}

// still reports whether that life goes on.
func (d *door) still(life int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isOpen && d.lives == life
}

// board is what people know of each other's changes.
type board struct {
	most   int // changes that are raised in all
	atOnce int // open ones, above which nobody raises another
	mu     sync.Mutex
	known  int // the highest number that anybody saw
	raised int // forms begun
	over   map[int]bool
}

// mayRaise counts a new form in, unless there is enough to do.
func (b *board) mayRaise() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.raised >= b.most || b.known-len(b.over) > b.atOnce {
		return false
	}
	b.raised++
	return true
}

func (b *board) saw(id int, final bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = max(b.known, id)
	if final {
		b.over[id] = true
	}
}

// pick is some change that is not over, rather an old one; the next number may
// be one whose author never learnt that it was raised.
func (b *board) pick(r *rand.Rand) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []int
	for id := 1; id <= b.known+1 && len(open) < max(10, b.atOnce/2); id++ {
		if !b.over[id] {
			open = append(open, id)
		}
	}
	return open[r.IntN(len(open))]
}
