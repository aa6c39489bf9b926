package slackapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer bounds what is read of one answer: 200 messages of history with
// blocks stay under it by a wide margin.
const maxAnswer = 16 << 20

// Waiting times for a 429 whose Retry-After is missing or senseless. Slack has
// been seen to ask for 19 minutes; nobody asks for more than an hour.
const (
	noRetryAfter  = 30 * time.Second
	maxRetryAfter = time.Hour
)

// trip is what one call learns on its way; it travels in the request's context.
type trip struct {
	method   string
	plain    bool // a response URL: answers "ok", not JSON
	bare     bool // an upload: its status says it all
	accepted bool // Slack said ok: true
}

type tripKey struct{}

// transport reads each answer to its end before slack-go sees it, and returns
// *Error for all that is not a whole "ok": true. Only a connection that was
// never made counts as "nothing was sent"; Go's own transport resends a POST
// only when it knows that no byte of it went out.
type transport struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	tr, _ := req.Context().Value(tripKey{}).(*trip)
	if tr == nil {
		tr = &trip{}
	}
	var leg leg
	ctx, start := leg.watch(req.Context()), time.Now()
	if err := ctx.Err(); err != nil {
		return nil, t.failed(ctx, tr, start, (&Error{Err: err}).is(Later, Unreachable))
	}
	res, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, t.failed(ctx, tr, start, leg.broke(err))
	}
	body, err := readAll(res.Body)
	if e := judge(tr, res, body, err); e != nil {
		return nil, t.failed(ctx, tr, start, e)
	}
	tr.accepted = true
	t.log.LogAttrs(ctx, slog.LevelDebug, "called Slack", slog.String("method", tr.method), took(start))
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

func (t *transport) failed(ctx context.Context, tr *trip, start time.Time, e *Error) error {
	e.Method = tr.method
	t.log.LogAttrs(ctx, slog.LevelDebug, "called Slack in vain", slog.Any("slack", e), took(start))
	return e
}

func took(start time.Time) slog.Attr {
	return slog.Int64("ms", time.Since(start).Milliseconds())
}

// leg watches how far a request gets.
type leg struct{ asked, got atomic.Bool }

func (l *leg) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { l.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { l.got.Store(true) },
	})
}

// broke classifies a request without an answer: it certainly never left when a
// connection was asked for and none was got. A transport that tells neither
// gets no benefit of the doubt.
func (l *leg) broke(err error) *Error {
	e := &Error{Err: err}
	if l.asked.Load() && !l.got.Load() {
		return e.is(Later, Unreachable)
	}
	return e.is(MayHaveHappened, NoAnswer)
}

func readAll(r io.ReadCloser) ([]byte, error) {
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		err = errors.New("answer is larger than 16 MB")
	}
	return b, err
}

// answer is the part of every answer that says how it went.
type answer struct {
	OK       *bool  `json:"ok"`
	Code     string `json:"error"`
	Needed   string `json:"needed"`
	Provided string `json:"provided"`
	Metadata struct {
		Messages []string `json:"messages"`
	} `json:"response_metadata"`
}

// judge returns nil for a whole and successful answer.
func judge(tr *trip, res *http.Response, body []byte, readErr error) *Error {
	e := &Error{Status: res.StatusCode, Err: readErr}
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
		return e.busy(res.Header)
	case res.StatusCode >= 500 || readErr != nil:
		return e.is(MayHaveHappened, NoAnswer)
	}
	if tr.bare && res.StatusCode == http.StatusOK {
		return nil
	}
	a := read(tr.plain, body)
	if a.OK != nil && *a.OK && res.StatusCode < 300 {
		return nil
	}
	if a.OK == nil || *a.OK || a.Code == "" {
		return e.unreadable()
	}
	e.Code, e.Needed, e.Provided, e.Details = a.Code, a.Needed, a.Provided, a.Metadata.Messages
	v := verdictOf(a.Code)
	e.is(v.kind, v.trouble)
	if v.trouble == Busy {
		return e.busy(res.Header)
	}
	return e
}

func (e *Error) is(k Kind, t Trouble) *Error {
	e.Kind, e.Trouble = k, t
	return e
}

func (e *Error) busy(h http.Header) *Error {
	e.RetryAfter = retryAfter(h.Get("Retry-After"), time.Now())
	return e.is(Later, Busy)
}

// unreadable: with a 2xx it may be Slack's own answer cut short. Anything else
// came from something in between, which did not pass the request on.
func (e *Error) unreadable() *Error {
	e.Err = errors.New("answer is not Slack's JSON")
	if e.Status < 300 {
		return e.is(MayHaveHappened, NoAnswer)
	}
	return e.is(Later, Unreachable)
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_]{1,60}$`)

// read takes an answer apart. Response URLs answer with a bare word, which is
// "ok" or the reason why not.
func read(plain bool, body []byte) answer {
	var a answer
	text := strings.TrimSpace(string(body))
	if plain && (text == "" || word.MatchString(text)) {
		ok := text == "" || text == "ok"
		return answer{OK: &ok, Code: text}
	}
	if json.Unmarshal(body, &a) != nil {
		return answer{}
	}
	return a
}

func retryAfter(h string, now time.Time) time.Duration {
	d := noRetryAfter
	if n, err := strconv.ParseFloat(h, 64); err == nil && n >= 0 {
		d = time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(h); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, time.Second), maxRetryAfter)
}
