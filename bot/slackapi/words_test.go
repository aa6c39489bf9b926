package slackapi

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var rawCode = regexp.MustCompile(`[a-z]+_[a-z]+|\bok:false\b|HTTP|JSON|nil`)

// speakable fails when a person would be shown less than three sentences, or
// something that is not a sentence.
func speakable(t *testing.T, e *Error) {
	t.Helper()
	w := e.Words()
	for _, s := range []string{w.Happened, w.Why, w.Do} {
		if s == "" || !strings.HasSuffix(s, ".") || rawCode.MatchString(s) {
			t.Errorf("%s %v %q: %q is not a sentence for a person", e.Method, e.Kind, e.Code, s)
		}
	}
}

func TestEveryCodeHasAKindATroubleAndWords(t *testing.T) {
	for code, v := range verdicts {
		if v.kind == 0 || v.trouble == "" {
			t.Errorf("%s has no kind or trouble", code)
		}
		for method := range acts {
			speakable(t, &Error{Method: method, Code: code, Kind: v.kind, Trouble: v.trouble, RetryAfter: time.Second})
		}
	}
	speakable(t, &Error{Method: MethodPost, Code: "never_heard_of", Kind: Never, Trouble: Refused})
	speakable(t, &Error{Method: "something.new", Code: "never_heard_of", Kind: Never, Trouble: Refused})
}

func TestFailuresWithoutACodeHaveWords(t *testing.T) {
	for _, tr := range []Trouble{Unreachable, NoAnswer, Busy, Maintenance, BadContent, TooLate, Unsearchable} {
		for method := range acts {
			for _, k := range []Kind{Never, Later, MayHaveHappened} {
				speakable(t, &Error{Method: method, Kind: k, Trouble: tr, RetryAfter: 1500 * time.Millisecond})
			}
		}
	}
}

func TestWordsSayWhatWasMissing(t *testing.T) {
	e := &Error{Method: MethodDM, Kind: Never, Trouble: ScopeMissing, Code: "missing_scope", Needed: "im:write"}
	want := "The direct message could not be opened. Gatehouse was installed without a permission it needs for this (im:write). " +
		"Whoever runs Gatehouse must add it to the app and install it again; `gatehouse doctor` names it."
	if got := e.Words().String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	if got := retryAfter("Mon, 02 Nov 2026 09:00:42 GMT", now); got != 42*time.Second {
		t.Errorf("got %v, want 42s", got)
	}
}
