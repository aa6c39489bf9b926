package view

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/proof"
)

func TestEscapedWordsAreHarmless(t *testing.T) {
	for in, want := range map[string]markup{
		"<!channel>":               "&lt;!channel&gt;",
		"<@U0ANA> & <https://e|b>": "&lt;@U0ANA&gt; &amp; &lt;https://e|b&gt;",
		"&lt;":                     "&amp;lt;",
		"*bold* ~s~ `c`":           "∗bold∗ ∼s∼ ˋcˋ",
		"_it_ payments_api_v2":     "ˍitˍ payments_api_v2",
		":tada: 10:30:00 a:b, c":   "∶tada: 10:30:00 a:b, c",
		"ends in :x":               "ends in ∶x",
		":x:y:":                    "∶x∶y:",
		"two\nlines\r\n\tof text":  "two lines of text",
		"\u202Ereversed":           "reversed",
		"":                         "–",
		" \u200B\u2060\u0000":      "–",
		"שלום עולם":                "שלום עולם",
		"a\xffb":                   "a\uFFFDb",
	} {
		if got := esc(in, 100); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestWhatStandsInCodeCanBeCopied(t *testing.T) {
	line := "every " + bold("week") + ": " + code("0 9 * * 1-5") + ", " + bold("not") + " " + code("`a` & <b> _c_ :d:")
	want := "every week: `0 9 * * 1-5`, not `ˋaˋ &amp; &lt;b&gt; _c_ :d:`"
	if got := message(line).Text; got != want {
		t.Errorf("the fallback is %q, want %q", got, want)
	}
	if m := markup(message(line + when(opening)).Text); !isMarkup(m) {
		t.Errorf("not taken for a text of ours: %q", m)
	}
}

func TestBackticksOfPeopleAreNoCodeOfOurs(t *testing.T) {
	for _, m := range []markup{"a &amp; `` b", "a &amp; ```b```", "a &amp; `b\nc`", "a &amp; `b"} {
		if isMarkup(m) {
			t.Errorf("taken for a text of ours: %q", m)
		}
	}
}

func TestALengthIsWrittenAsPeopleTypeIt(t *testing.T) {
	for want, d := range map[string]time.Duration{"4h": 4 * time.Hour, "1h30m": 90 * time.Minute, "10m": 10 * time.Minute, "20h": 20 * time.Hour, "1m30s": 90 * time.Second} {
		if got := typedLength(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

func TestClippingCountsLettersAndKeepsThemWhole(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	for _, x := range []struct {
		in   string
		max  int
		want string
	}{
		{"short", 5, "short"}, {"longer", 5, "long…"}, {"äöüäöü", 4, "äöü…"}, {"日本語テキスト", 4, "日本語…"},
		{"ab" + family, 5, "ab…"}, {"e\u0301e\u0301e\u0301", 4, "e\u0301…"}, {"👍🏽👍🏽", 3, "👍🏽…"}, {"one two", 5, "one…"}, {"x", 0, "…"},
	} {
		if got := clip(x.in, x.max); got != x.want {
			t.Errorf("clip(%q, %d) = %q, want %q", x.in, x.max, got, x.want)
		}
	}
}

func TestCuttingMarkupLeavesTokensWhole(t *testing.T) {
	m := "a &amp; b payments_api_2 " + when(opening) + " type " + code("/change <new> _now_") + " &lt;tail&gt;"
	for n := range len(m) {
		w := &walker{ids: map[string]bool{}}
		got := string(fit(m, n))
		if w.mrkdwn(got, "cut"); len(w.found) > 0 || utf16s(got) > max(n, 1) {
			t.Errorf("cut to %d: %q %v", n, got, w.found)
		}
	}
}

func TestChunksLoseNothing(t *testing.T) {
	proof.Check(t, func(t *rapid.T) {
		s := hostileText(3000).Draw(t, "text")
		parts := chunks(s, 100)
		for _, p := range parts {
			if utf16s(p) > 100 {
				t.Fatalf("a part of %d: %q", utf16s(p), p)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		got, want := squeeze(strings.Join(parts, "")), squeeze(clean(s))
		if visible(s) && strings.ReplaceAll(got, blank, "") != strings.ReplaceAll(want, blank, "") {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestWindowsAreShort(t *testing.T) {
	at := func(h int) time.Time { return opening.Add(time.Duration(h) * time.Hour) }
	for want, w := range map[markup]models.Window{
		"not chosen yet":                    {},
		when(at(1)):                         {Start: at(1)},
		when(at(1)) + " to " + clock(at(3)): {Start: at(1), End: at(3)},
		when(at(1)) + " to " + when(at(25)): {Start: at(1), End: at(25)},
		when(at(3)):                         {Start: at(3), End: at(1)},
	} {
		if got := span(w); got != want {
			t.Errorf("%v is %s, want %s", w, got, want)
		}
	}
}

func TestOnlyRealChannelsAreLinked(t *testing.T) {
	for in, want := range map[models.ChannelID]markup{"C0123": "<#C0123>", "": "", "C1|x> <!channel": "", "U0123": "", "changes": ""} {
		if got := channel(in); got != want {
			t.Errorf("%q is linked as %q", in, got)
		}
	}
}

func TestAnswersAndRulesAreBothShownInAModal(t *testing.T) {
	answer := "CHG-4 starts " + string(when(opening)) + " &amp; more"
	if got := said(FormGone("x", answer)); !strings.Contains(got, answer) || !strings.Contains(string(encoded(FormGone("x", answer))), `"mrkdwn"`) {
		t.Errorf("an answer is shown as %s", got)
	}
	for _, rule := range []string{"You can't <!channel> that.", "a & b", "plain words", "<@U0ANA>", "<!date^1^{date}|x> <!here>", "&amp;*x*"} {
		if got := string(encoded(FormGone("x", rule))); strings.Contains(got, `"mrkdwn"`) {
			t.Errorf("%q is parsed: %s", rule, got)
		}
	}
}

func TestMessagesBecomePlainWords(t *testing.T) {
	for in, want := range map[string]string{
		"a &lt;b&gt; &amp;amp;":             "a <b> &amp;",
		"see <https://x.example/1>":         "see https://x.example/1",
		"<https://x.example/1|the ticket>":  "the ticket (https://x.example/1)",
		"<@U0ANA|ana> in <#C1|ops> <!here>": "ana in ops here",
		"<@U0ANA>":                          "@U0ANA",
		"<@U0KNOWN> knows":                  "@Ana knows",
		"<<<|>>> < > <|>":                   "<<<|>>> < > <|>",
	} {
		if got := Plain(in, models.Facts{Directory: &models.Directory{People: map[models.UserID]models.Person{"U0KNOWN": {Name: "Ana"}}}}); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
