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

// wellSaid insists on what the product promises of a refusal.
func wellSaid(t testing.TB, r *Refusal) {
	t.Helper()
	if problem := badlySaid(r); problem != "" {
		t.Error(problem)
	}
}

// badlySaid is what is wrong with the words of a refusal: they say at least
// two things (what happened or why, and what to do), hold no codes, start
// like a sentence and end like one.
func badlySaid(r *Refusal) string {
	text := r.Text
	if text == "" {
		return "a refusal without words"
	}
	if first := []rune(text)[0]; !unicode.IsUpper(first) {
		return "does not begin like a sentence: " + text
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") && !strings.HasSuffix(text, "…") {
		return "does not end like a sentence: " + text
	}
	if code := codes.FindString(text); code != "" {
		return "holds the code " + code + ": " + text
	}
	parts := 1
	for _, joint := range []string{". ", ": ", ", so ", "; "} {
		parts += strings.Count(text, joint)
	}
	if parts += len(r.Fields); parts < 2 { // the second part may stand beside the field
		return "says only one thing: " + text
	}
	for field, text := range r.Fields {
		if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, ")") {
			return string(field) + " does not end like a sentence: " + text
		}
	}
	return ""
}
