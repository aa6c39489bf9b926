package view

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

func TestEveryViewStaysInsideSlacksLimits(t *testing.T) {
	for _, e := range Gallery() {
		for _, p := range problems(e.View) {
			t.Errorf("%s: %s", e.Name, p)
		}
	}
}

func TestGalleryNamesAreUniqueAndFileNames(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Gallery() {
		if seen[e.Name] || !regexp.MustCompile(`^[a-z0-9_-]+$`).MatchString(e.Name) {
			t.Errorf("name %q is used twice or no file name", e.Name)
		}
		seen[e.Name] = true
	}
}

func TestGalleryShowsEveryActionAndForm(t *testing.T) {
	var all strings.Builder
	for _, e := range Gallery() {
		all.Write(encoded(e.View))
	}
	for _, id := range slices.Concat(AllActions(), AllForms(), AllSelects()) {
		if !strings.Contains(all.String(), `"`+id+`"`) {
			t.Errorf("no view of the gallery has %s", id)
		}
	}
}

// TestWalkerSeesWhatIsWrong proves that the checks above can fail.
func TestWalkerSeesWhatIsWrong(t *testing.T) {
	say := func(s string) Message { return Message{Text: "x", Blocks: []slack.Block{rawSection("mrkdwn", s)}} }
	for want, view := range map[string]any{
		"control sequence":       say("<!channel>"),
		"control sequence: \"hi": say("hi <@U1>"),
		"bare &":                 say("a & b"),
		"formatted by":           say("`code"),
		"formatted by a":         say("so _it_ is"),
		"turn the text":          say("\u202Ex"),
		"of 3001 letters":        say(strings.Repeat("x", 3001)),
		"is blank":               say(" "),
		"fallback text":          Message{Text: " ", Blocks: []slack.Block{section("x")}},
		"formatting in":          Message{Text: "*x*", Blocks: []slack.Block{section("x")}},
		"0 blocks":               Message{Text: "x"},
		"41 blocks":              Message{Text: "x", Blocks: slices.Repeat([]slack.Block{divider()}, 41)},
		"not in AllActions":      Message{Text: "x", Blocks: actions(button("change.nothing", "x", "4:ab"))},
		"carries":                Message{Text: "x", Blocks: actions(button(ActionApprove, "x", "4"))},
		"twice in a block":       Message{Text: "x", Blocks: actions(button(ActionApprove, "x", "4:ab"), button(ActionApprove, "x", "4:ab"))},
		"6 elements":             Message{Text: "x", Blocks: actions(slices.Repeat([]*slack.ButtonBlockElement{button(ActionApprove, "x", "4:ab")}, 6)...)},
		"used twice":             Message{Text: "x", Blocks: []slack.Block{slack.NewContextBlock("a", text("x", 9)), slack.NewContextBlock("a", text("x", 9))}},
		"inputs in a message":    Message{Text: "x", Blocks: []slack.Block{input{field: "a", label: "x", element: typed("a", "", "x", 10, false)}.block()}},
		"submit <nil>":           modal("x", "Close", []slack.Block{input{field: "a", label: "x", element: typed("a", "", "x", 10, false)}.block()}),
		"is not in AllForms":     form("nothing", "x", "Send", "", []slack.Block{input{field: "a", label: "x", element: typed("a", "", "x", 10, false)}.block()}),
		"letters in blocks":      Message{Text: "x", Blocks: slices.Repeat([]slack.Block{section(markup(strings.Repeat("x", 2000)))}, 6)},
	} {
		if found := strings.Join(problems(view), "; "); !strings.Contains(found, want) {
			t.Errorf("%q is not found, but: %s", want, found)
		}
	}
}

func rawSection(kind, s string) slack.Block {
	return slack.NewSectionBlock(&slack.TextBlockObject{Type: kind, Text: s, Verbatim: true}, nil, nil)
}
