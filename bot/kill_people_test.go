package bot

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/gatehousehq/gatehouse/bot/view"
)

// person is somebody at their Slack client. They look at a change, press one of
// the buttons that it offers, fill the form that opens, and do it again for as
// long as Slack shows them that it did not work or says nothing.
type person struct {
	run   *killRun
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

// mostTries is for somebody who is told nothing although the process lives on.
const mostTries = 400

func (p *person) live(tokens <-chan struct{}) {
	for range tokens {
		if p.rand.IntN(3) == 0 && p.run.board.mayRaise(5+p.run.kills/3) {
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
	if !p.opened("change.form", func() slackfake.Result { return p.a.Slash("general", "/change new") }) {
		return
	}
	d := p.begin("raise", 0, "")
	now := time.Now().Truncate(time.Minute)
	p.submit(d, slackfake.Fields{
		"title": d.token, "services": []string{[]string{"alpha", "beta"}[p.rand.IntN(2)]}, "start": now, "end": now.Add(12 * time.Hour),
		"plan": "Do it.", "check": "Look at it.", "rollback": "Undo it.",
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
	if !p.opened(form, func() slackfake.Result { return p.a.Click(m, action) }) {
		return
	}
	d := p.begin(action, id, revision)
	p.submit(d, map[string]slackfake.Fields{
		view.FormChange:   {"plan": "Do it otherwise: " + d.token},
		view.FormComplete: {"outcome": []string{"successful", "failed"}[p.rand.IntN(2)], "reason": d.token},
		view.FormReview:   {"findings": "We have learnt something: " + d.token},
		view.FormReason:   {"reason": d.token},
	}[form])
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
	if !ok || !p.a.Slash("general", fmt.Sprintf("/change CHG-%d", id)).OK {
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
		heard := len(p.run.fake.Ephemerals(p.name))
		d.try()
		r := p.a.Click(m, d.kind)
		switch {
		case !r.OK && r.Code == "":
			d.refused = r.Error // there is nothing to press any more
			return
		case !r.OK:
			p.breathe()
			continue
		}
		line := p.answer(heard, d.change, life)
		switch {
		case confirmed[d.kind].MatchString(line):
			d.told = line
			return
		case line != "" && !strings.Contains(line, "reference") && !ofAForm.MatchString(line):
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

// ofAForm is the late answer to a form that the same person sent just before;
// it says nothing about the click.
var ofAForm = regexp.MustCompile(`went back to .*, who gets your comment|gets your reason|is cancelled|rolled back|is completed:|The review of|is raised|is edited`)

// breathe keeps somebody from pressing a hundred times a second.
func (p *person) breathe() { <-time.After(20 * time.Millisecond) }

// answer is the private line about a change that came after the first lines
// heard; "" when there comes none while the process lives.
func (p *person) answer(heard, change, life int) string {
	about := regexp.MustCompile(fmt.Sprintf(`CHG-%d\b`, change))
	for patience := time.Now().Add(5 * time.Second); time.Now().Before(patience); p.breathe() {
		goesOn := p.run.door.still(life)
		all := p.run.fake.Ephemerals(p.name)
		for _, m := range all[min(heard, len(all)):] {
			text := m.Plain()
			if strings.Contains(text, "not recorded yet") {
				continue
			}
			if about.MatchString(text) || strings.Contains(text, "reference") {
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
		r := p.a.Submit(nil)
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
