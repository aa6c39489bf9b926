package models

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// codes are things that belong to machines: ids, snake case, empty brackets,
// verbs of fmt that nobody filled.
var codes = regexp.MustCompile(`%!|\b[a-z]+_[a-z_]+\b|\b[UCTW][A-Z0-9]{3,}\b|\bnil\b|  |\.\.$|^ | $`)

// wellSaid insists on what the product promises of a refusal: it says at
// least two things (what happened or why, and what to do), holds no codes,
// starts like a sentence and ends like one.
func wellSaid(t testing.TB, r *Refusal) {
	t.Helper()
	text := r.Text
	if text == "" {
		t.Errorf("a refusal without words: %+v", r)
		return
	}
	if first := []rune(text)[0]; !unicode.IsUpper(first) {
		t.Errorf("does not begin like a sentence: %q", text)
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") && !strings.HasSuffix(text, "…") {
		t.Errorf("does not end like a sentence: %q", text)
	}
	if code := codes.FindString(text); code != "" {
		t.Errorf("holds a code %q: %q", code, text)
	}
	parts := strings.Count(text, ". ") + strings.Count(text, ": ") + strings.Count(text, ", so ") +
		strings.Count(text, "; ") + strings.Count(text, ", because ") + 1
	if len(r.Fields) > 0 {
		parts++ // the second part stands beside the field
	}
	if parts < 2 {
		t.Errorf("says only one thing: %q", text)
	}
	for field, text := range r.Fields {
		if text == "" || !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, ")") && !strings.HasSuffix(text, "?") {
			t.Errorf("%s: does not end like a sentence: %q", field, text)
		}
	}
}
