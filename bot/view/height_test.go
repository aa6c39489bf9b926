package view

import (
	"regexp"
	"strings"
)

// height estimates how many lines a view takes on a desktop: the widths are
// measured in a message column of 600 pixels, the width of Slack's blocks.
func height(view any) int {
	n := 0
	list, _ := decoded(view)["blocks"].([]any)
	for _, b := range list {
		b := b.(map[string]any)
		switch b["type"] {
		case "header":
			n += wrapped(textOf(b["text"]), 58)
		case "section":
			if b["text"] != nil {
				n += wrapped(textOf(b["text"]), 76)
			}
			n += columns(b["fields"])
		case "context":
			n += wrapped(textOf(b["elements"].([]any)[0]), 90)
		case "actions":
			n++
		case "rich_text":
			for _, e := range b["elements"].([]any) {
				line := ""
				for _, r := range e.(map[string]any)["elements"].([]any) {
					line += textOf(r)
				}
				n += wrapped(line, 74)
			}
		}
	}
	return n
}

func columns(v any) int {
	list, _ := v.([]any)
	n := 0
	for i := 0; i < len(list); i += 2 {
		left := wrapped(textOf(list[i]), 34)
		right := 0
		if i+1 < len(list) {
			right = wrapped(textOf(list[i+1]), 34)
		}
		n += max(left, right)
	}
	return n
}

var fallbackOf = regexp.MustCompile(`<!date\^[^|]*\|([^>]*)>`)

// textOf is what a reader sees of a text object.
func textOf(v any) string {
	s, _ := v.(map[string]any)["text"].(string)
	s = fallbackOf.ReplaceAllString(s, "$1")
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "*", "").Replace(s)
}

func wrapped(s string, width int) int {
	n := 0
	for _, line := range strings.Split(s, "\n") {
		n += max(1, (runes(line)+width-1)/width)
	}
	return n
}
