package slackapi

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"
)

// Kind is what a caller may do about a failed call.
type Kind int

const (
	// Never: Slack refused, and will again until a person changes something.
	Never Kind = iota + 1
	// Later: it certainly did not happen; the same call may work later.
	Later
	// MayHaveHappened: Slack may have done it. Look before doing it again.
	MayHaveHappened
)

func (k Kind) String() string {
	switch k {
	case Never:
		return "never"
	case Later:
		return "later"
	case MayHaveHappened:
		return "may have happened"
	}
	return "unknown"
}

// Trouble groups Slack's codes by what a program does about them.
type Trouble string

const (
	Unreachable   Trouble = "unreachable"    // no connection, or stopped on the way
	NoAnswer      Trouble = "no answer"      // sent, and no whole answer came back
	Busy          Trouble = "busy"           // rate limit; see RetryAfter and Scope
	Maintenance   Trouble = "maintenance"    // Slack says so itself
	ChannelClosed Trouble = "channel closed" // gone, archived, not invited, read-only
	PersonGone    Trouble = "person gone"    // deactivated, unknown, not in the channel
	MessageGone   Trouble = "message gone"   // deleted, or no longer ours to edit
	AppRemoved    Trouble = "app removed"    // every call will fail until a new token
	ScopeMissing  Trouble = "scope missing"  // see Needed
	PlanLacks     Trouble = "plan lacks it"  // the workspace's plan has no such feature
	BadContent    Trouble = "bad content"    // Slack will not show what we sent
	ViewChanged   Trouble = "view changed"   // hash conflict, or the view was closed
	TooLate       Trouble = "too late"       // the trigger or response URL is spent
	Unsearchable  Trouble = "unsearchable"   // too many messages to look through
	Refused       Trouble = "refused"        // a code that is not in the table
)

// Error is what every failed call returns. Code, Details and Err are for
// operators' logs; Words is for people.
type Error struct {
	Kind    Kind
	Trouble Trouble
	Method  string // e.g. chat.postMessage; "response_url" for Respond
	Channel string // where the call was aimed, if anywhere

	RetryAfter time.Duration // with Busy: at least a second, at most an hour

	Code             string // Slack's own word, if it gave one
	Needed, Provided string // scopes, with ScopeMissing
	Details          []string
	Status           int // of HTTP; 0 when no answer came
	Err              error
}

// Scope names what a 429 holds back: a method in this workspace, and for
// chat.postMessage one channel only.
type Scope struct{ Method, Channel string }

// Scope returns what must wait for RetryAfter when Trouble is Busy.
func (e *Error) Scope() Scope {
	if e.Method == MethodPost {
		return Scope{e.Method, e.Channel}
	}
	return Scope{Method: e.Method}
}

// Error is for operators: it names the method and Slack's code, never a URL,
// a token or what was sent.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "slack %s: %s", e.Method, e.Kind)
	if e.Code != "" {
		fmt.Fprintf(&b, ": %s", e.Code)
	}
	if e.Needed != "" {
		fmt.Fprintf(&b, " (needs %s)", e.Needed)
	}
	if e.Status != 0 && e.Status != 200 {
		fmt.Fprintf(&b, " (http %d)", e.Status)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives the cause, such as a context's or the network's error.
func (e *Error) Unwrap() error { return e.Err }

// LogValue gives slog the fields an operator searches for.
func (e *Error) LogValue() slog.Value {
	as := []slog.Attr{
		slog.String("method", e.Method), slog.String("kind", e.Kind.String()), slog.String("trouble", string(e.Trouble)),
	}
	for _, f := range []struct{ k, v string }{
		{"code", e.Code}, {"channel", e.Channel}, {"needed", e.Needed}, {"details", strings.Join(e.Details, "; ")},
	} {
		if f.v != "" {
			as = append(as, slog.String(f.k, f.v))
		}
	}
	if e.Status != 0 {
		as = append(as, slog.Int("status", e.Status))
	}
	if e.RetryAfter > 0 {
		as = append(as, slog.Duration("retry_after", e.RetryAfter))
	}
	if e.Err != nil {
		as = append(as, slog.String("cause", e.Err.Error()))
	}
	return slog.GroupValue(as...)
}

// Words is a failure told to a person: three sentences, no codes.
type Words struct{ Happened, Why, Do string }

func (w Words) String() string { return w.Happened + " " + w.Why + " " + w.Do }

// Words says what happened, why, and what to do.
func (e *Error) Words() Words {
	act, ok := acts[e.Method]
	if !ok {
		act = someAct
	}
	w := Words{Happened: act.failed}
	if e.Kind == MayHaveHappened {
		w.Happened = act.unsure
	}
	switch {
	case e.Code != "" && e.Kind == Never:
		v := verdictOf(e.Code)
		w.Why, w.Do = v.why, v.do
	default:
		w.Why, w.Do = e.passing(act.retried)
	}
	if e.Trouble == ScopeMissing && e.Needed != "" {
		w.Why = fmt.Sprintf("Gatehouse was installed without a permission it needs for this (%s).", e.Needed)
	}
	return w
}

// passing words a failure that is not a refusal with a code.
func (e *Error) passing(retried bool) (why, do string) {
	switch e.Trouble {
	case Busy:
		why = fmt.Sprintf("Slack asked Gatehouse to slow down for %d s.", int(math.Ceil(e.RetryAfter.Seconds())))
	case NoAnswer:
		why = "Slack did not answer, or its answer got lost on the way."
	case Maintenance:
		why = "Slack is busy with this workspace at the moment."
	case Unreachable:
		why = "Slack could not be reached."
	case Unsearchable:
		return "There are too many messages to look through.", "Please look for it by hand."
	case TooLate:
		return "Gatehouse can't answer this click any more.", openAgain
	default:
		return "Gatehouse made a message that Slack does not accept.", tellOperator
	}
	if !retried {
		return why, "Please try again in a moment."
	}
	if e.Kind == MayHaveHappened {
		return why, "There is nothing to do: Gatehouse looks for it before it tries again."
	}
	return why, "There is nothing to do: Gatehouse tries again by itself."
}
