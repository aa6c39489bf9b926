package models

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// raise tries the form with one answer changed.
func (w *world) raise(edit func(*Input)) (*Change, error) {
	in := w.input()
	edit(&in)
	c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana}}
	return c, c.Raise(in, w.as(ana))
}

// wrong are forms with something wrong, and beside which field it is said.
var wrong = []struct {
	name string
	edit func(*Input)
	want map[Field]string
}{
	{"a title of 4,000 letters", func(in *Input) { in.Title = strings.Repeat("ж", 4000) },
		map[Field]string{FieldTitle: "This is 4000 letters long; at most 120 fit. Nothing you typed is lost: shorten it and send again."}},
	{"no title", func(in *Input) { in.Title = " \n\t" }, map[Field]string{FieldTitle: "A title is needed: say in one line what will be different."}},
	{"an invisible title", func(in *Input) { in.Title = "\u200b\u2060\ufeff" }, map[Field]string{FieldTitle: "A title is needed: say in one line what will be different."}},
	{"the title of a draft without one", func(in *Input) { in.Title = "Untitled  draft" }, map[Field]string{FieldTitle: "A title is needed: say in one line what will be different."}},
	{"a plan of 3,001 emoji", func(in *Input) { in.Plan = strings.Repeat("🚀", 3001) },
		map[Field]string{FieldPlan: "This is 3001 letters long; at most 3000 fit. Nothing you typed is lost: shorten it and send again."}},
	{"no plans", func(in *Input) { in.Plan, in.Check, in.Rollback = "", "\r\n", "\u200b" }, map[Field]string{
		FieldPlan:     "Say step by step what will be done. For example: 1. Deploy 4.2 to one node. 2. Wait 10 minutes. 3. Deploy the others.",
		FieldCheck:    "Say how you will see that it worked. For example: Errors of /pay stay under 0.1 % for 15 minutes.",
		FieldRollback: "Say what makes you go back, how, and how long that takes. For example: When errors exceed 1 % for 5 minutes: deploy 4.1 again (4 minutes)."}},
	{"no service", func(in *Input) { in.Services = nil }, map[Field]string{FieldServices: "Choose at least one service, so that the change is recorded against it."}},
	{"an unknown service", func(in *Input) { in.Services = []Slug{"pay-api", "<!channel>"} },
		map[Field]string{FieldServices: `There is no service "<!channel>". Choose one from the list, or ask an admin to add it.`}},
	{"a retired service", func(in *Input) { in.Services = []Slug{"fax"} }, map[Field]string{FieldServices: "Fax gateway is retired. Choose the service that replaced it."}},
	{"an unknown environment", func(in *Input) { in.Environment = "mars" }, map[Field]string{FieldEnvironment: "Choose the environment in which the change takes effect."}},
	{"no start", func(in *Input) { in.Start = time.Time{} }, map[Field]string{FieldStart: "Choose when the work starts."}},
	{"no end", func(in *Input) { in.End = time.Time{} }, map[Field]string{FieldEnd: "Choose when the work is over."}},
	{"an end before the start", func(in *Input) { in.Start, in.End = in.End, in.Start }, map[Field]string{FieldEnd: "The end has to be after the start."}},
	{"an end at the start", func(in *Input) { in.End = in.Start.Add(time.Millisecond) }, map[Field]string{FieldEnd: "The end has to be after the start."}},
	{"a window in the past", func(in *Input) { in.Start, in.End = monday.Add(-2*time.Hour), monday.Add(-time.Hour) },
		map[Field]string{FieldStart: "This start is in the past. Choose a start that is still to come."}},
	{"a start sixteen minutes ago", func(in *Input) { in.Start = monday.Add(-16 * time.Minute) },
		map[Field]string{FieldStart: "This start is in the past. Choose a start that is still to come."}},
	{"an end a minute ago", func(in *Input) { in.Start, in.End = monday.Add(-10*time.Minute), monday.Add(-time.Minute) },
		map[Field]string{FieldEnd: "This end is in the past already. Choose one that is still to come."}},
	{"the wrong year", func(in *Input) { in.Start, in.End = in.Start.AddDate(2, 0, 0), in.End.AddDate(2, 0, 0) },
		map[Field]string{FieldStart: "This start is more than a year away. Check the year."}},
	{"a window of three weeks", func(in *Input) { in.End = in.Start.AddDate(0, 0, 21) },
		map[Field]string{FieldEnd: "A window is at most 14 days long. Split longer work into several changes."}},
	{"a deactivated implementer", func(in *Input) { in.Implementer = quin },
		map[Field]string{FieldImplementer: "Quin can't carry out a change: this account is deactivated or a bot. Choose another person."}},
	{"a bot as implementer", func(in *Input) { in.Implementer = robo },
		map[Field]string{FieldImplementer: "Robo can't carry out a change: this account is deactivated or a bot. Choose another person."}},
	{"a type that is none", func(in *Input) { in.Type = "magic" }, map[Field]string{FieldType: "Choose the type of the change from the list."}},
	{"an answer that is none", func(in *Input) { in.Risk.Rehearsed = 9 }, map[Field]string{FieldRehearsed: "Choose one of the answers in the list, or leave it open."}},
}

func TestWhatIsWrongIsSaidBesideItsField(t *testing.T) {
	for _, test := range wrong {
		w := newWorld()
		c, err := w.raise(test.edit)
		r := refused(t, err)
		if diff := cmp.Diff(test.want, r.Fields); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		wellSaid(t, r)
		if c.State != "" || c.Title != "" || len(c.events) > 0 {
			t.Errorf("%s: something was kept", test.name)
		}
	}
	everything, err := newWorld().raise(func(in *Input) { *in = Input{Title: strings.Repeat("x", 121)} })
	if r := refused(t, err); len(r.Fields) != 7 || everything.State != "" {
		t.Errorf("all at once, not %d: %v", len(r.Fields), r.Fields)
	}
}

func TestUnusualButHonestTextIsKept(t *testing.T) {
	w := newWorld()
	for _, title := range []string{
		"שדרוג מסד הנתונים", "ترقية قاعدة البيانات 5.2", "数据库升级", "👩‍🚀 🚀", "é́", strings.Repeat("é", MaxTitle), "<!channel> *now*",
		"<@U0123> `rm -rf` <https://evil.example|CHG-1>", "a\u202eb", `"quoted" & 'single'`, "Ünïcödé\u00a0space",
	} {
		c, err := w.raise(func(in *Input) { in.Title, in.Plan, in.Background = title, "Say: "+title, title })
		must(t, err)
		if want := strings.Join(strings.Fields(title), " "); c.Title != want || c.Plan != "Say: "+strings.TrimSpace(title) {
			t.Errorf("%q was kept as %q and %q", title, c.Title, c.Plan)
		}
	}
}

func TestWhatNoDatabaseKeepsIsLeftOut(t *testing.T) {
	c, err := newWorld().raise(func(in *Input) {
		in.Title, in.Plan = "Two\nlines\x00 and\ta tab\x1b[31m", "one\r\ntwo\rthree\x00\x07\tfour\xff"
	})
	must(t, err)
	if c.Title != "Two lines and a tab[31m" || c.Plan != "one\ntwo\nthree\tfour\uFFFD" {
		t.Errorf("%q, %q", c.Title, c.Plan)
	}
}

func TestAReasonIsNeededAndFits(t *testing.T) {
	for reason, fits := range map[string]bool{
		"": false, "  ": false, "no": false, "\u200b\u200b\u200b\u200b": false, "\x00\x00\x00": false, strings.Repeat("é", MaxReason+1): false,
		"why": true, "因为它": true, strings.Repeat("é", MaxReason): true, "🚫🚫🚫": true,
	} {
		w := newWorld()
		for name, err := range map[string]error{
			"reject":    w.raised(t, nil).Reject(reason, w.raised(t, nil).Revision, w.as(ben)),
			"ask":       w.raised(t, nil).AskForChanges(reason, w.raised(t, nil).Revision, w.as(ben)),
			"cancel":    w.raised(t, nil).Cancel(reason, w.as(ana)),
			"undo":      (&Change{Identity: Identity{Requester: ana}}).RollbackOf(w.in(t, Closed), reason, w.as(ana)),
			"correct":   w.in(t, Implemented).RollBack(reason, w.as(ana)),
			"roll back": w.in(t, InProgress).RollBack(reason, w.as(ana)),
		} {
			if (err == nil) != fits {
				t.Errorf("%s for %.20q: %v", name, reason, err)
			}
			if err != nil && refused(t, err).Fields[FieldReason] == "" {
				t.Errorf("%s for %.20q: nothing stands beside the reason: %v", name, reason, err)
			}
		}
	}
}

func TestADraftKeepsWhatWasTypedAndSaysLaterWhatItLacks(t *testing.T) {
	w := newWorld()
	c := &Change{Identity: Identity{ID: 4, Requester: ana}}
	must(t, c.SaveDraft(Input{Plan: "Half a plan"}, w.as(ana)))
	if c.State != Draft || c.Plan != "Half a plan" || c.Title != "Untitled draft" || c.Implementer != ana {
		t.Errorf("kept: %+v", c)
	}
	r := refused(t, c.Submit(w.as(ana)))
	want := "CHG-4 is not submitted yet. A title is needed: say in one line what will be different. Choose at least one service, so that the change is recorded against it. " +
		"Choose the environment in which the change takes effect. Choose when the work starts. Say how you will see that it worked. For example: Errors of /pay stay under 0.1 % for 15 minutes. " +
		"Say what makes you go back, how, and how long that takes. For example: When errors exceed 1 % for 5 minutes: deploy 4.1 again (4 minutes). Edit it, then submit it again."
	if r.Text != want {
		t.Errorf("%s", r.Text)
	}
	for _, in := range []Input{{Title: strings.Repeat("x", 4000)}, {Services: []Slug{"nope"}}, {Services: []Slug{"fax"}}, {Risk: RiskAnswers{Users: -1}}} {
		wellSaid(t, refused(t, c.SaveDraft(in, w.as(ana))))
	}
	must(t, c.Edit(w.input(), w.as(ana)))
	must(t, c.Submit(w.as(ana)))
	if c.State != AwaitingApproval {
		t.Error(c.State)
	}
	if out := Deliveries(c, nil, w.as(ana)); out != nil {
		t.Errorf("nothing happened, and %v", out)
	}
}

func TestAWindowThatHasBegunMayStayWhileSomethingElseIsCorrected(t *testing.T) {
	w := newWorld()
	c := w.in(t, Approved)
	w.later(100 * time.Minute) // forty minutes into the window
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "Rotate it" }))
	must(t, w.editing(c, ana, func(in *Input) { in.Implementer = cai }))
	must(t, c.Start(c.Revision, w.as(cai)))

	late := w.clone().in(t, Approved)
	over := w.clone().later(4 * time.Hour)
	err := over.editing(late, ana, func(in *Input) { in.Title = "Too late" })
	if r := refused(t, err); r.Fields[FieldStart] == "" {
		t.Errorf("%v", err)
	}
	err = w.clone().later(100*time.Minute).editing(late, ana, func(in *Input) { in.Start = in.Start.Add(time.Minute) })
	if r := refused(t, err); r.Fields[FieldStart] == "" {
		t.Errorf("a window is moved into the past: %v", err)
	}
}

func TestAWindowEndsWhenItEnds(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	w := NewWindow(at.Add(999*time.Millisecond).In(time.FixedZone("", 3600)), at.Add(time.Hour))
	if !w.Contains(at) || w.Contains(at.Add(time.Hour)) || w.Contains(at.Add(-time.Nanosecond)) || w.Length() != time.Hour {
		t.Errorf("%+v", w)
	}
	for offset, overlaps := range map[time.Duration]bool{-time.Hour: false, -time.Hour + 1: true, 0: true, time.Hour - 1: true, time.Hour: false} {
		o := Window{at.Add(offset), at.Add(offset + time.Hour)}
		if w.Overlaps(o) != overlaps || o.Overlaps(w) != overlaps {
			t.Errorf("%v: overlaps %v", offset, w.Overlaps(o))
		}
	}
}

func FuzzTidy(f *testing.F) {
	for _, s := range []string{"", "a\r\nb", "\x00", "\xff\xfe", "\u202e", " \u200b ", strings.Repeat("é", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := tidy(s)
		if !utf8.ValidString(once) || strings.ContainsAny(once, "\x00\r") || once != tidy(once) || oneLine(once) != oneLine(s) {
			t.Fatalf("%q becomes %q, then %q", s, once, tidy(once))
		}
		if clipped := clipRunes(s, 10); utf8.RuneCountInString(clipped) > 10 {
			t.Fatalf("%q is longer than 10 letters", clipped)
		}
	})
}
