// Package slackapi is the only code that calls Slack: it posts, edits, opens
// views, answers response URLs and looks people up. Every failure comes back
// as one *Error that tells "try later" from "never" from "may have happened",
// so that callers decide on a kind and never on a code. It never retries, never
// caches what Slack may change, and never logs a token, a URL or a body.
package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

// Default budgets for one call. A trigger lives three seconds, so what opens a
// view has less than that; everything else stays well under a delivery's lease.
const (
	DefaultInteractive = 2500 * time.Millisecond
	DefaultBackground  = 10 * time.Second
)

// Config says how to reach Slack. A zero duration means the default; a nil Log
// means slog.Default.
type Config struct {
	BotToken string // xoxb-
	AppToken string // xapp-, needed by OpenSocketURL only
	BaseURL  string // where the Web API lives; empty means Slack itself

	HTTPClient  *http.Client  // only its Transport is used; nil means a pool of our own
	Log         *slog.Logger  // one debug line a call
	Interactive time.Duration // budget of calls that spend a trigger
	Background  time.Duration // budget of every other call
}

// Client talks to one workspace with one bot token. It is safe for concurrent
// use. A caller's own deadline always wins over the client's budgets.
type Client struct {
	api         *slack.Client
	http        *http.Client
	base        *url.URL
	ownBase     bool
	token       string
	appToken    string
	interactive time.Duration
	background  time.Duration

	mu      sync.Mutex
	dms     map[string]string // user → channel of the DM with them
	botUser string            // known after AuthTest
}

// New checks the configuration and returns a client. It does not call Slack;
// AuthTest does.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if c.BotToken == "" {
		return nil, errors.New("slack bot token is empty")
	}
	hc := &http.Client{
		Transport:     &transport{next: roundTripper(c.HTTPClient), log: logger(c.Log)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{
		api: slack.New(c.BotToken,
			slack.OptionHTTPClient(hc),
			slack.OptionAPIURL(base.String())),
		http:        hc,
		base:        base,
		ownBase:     c.BaseURL != "",
		token:       c.BotToken,
		appToken:    c.AppToken,
		interactive: orDefault(c.Interactive, DefaultInteractive),
		background:  orDefault(c.Background, DefaultBackground),
		dms:         map[string]string{},
	}, nil
}

func baseURL(s string) (*url.URL, error) {
	if s == "" {
		s = slack.APIURL
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("parse slack base url: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("slack base url %q is not an http(s) address", s)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u, nil
}

func roundTripper(c *http.Client) http.RoundTripper {
	if c != nil && c.Transport != nil {
		return c.Transport
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// do runs one call under its budget and turns whatever went wrong into *Error.
func (c *Client) do(ctx context.Context, budget time.Duration, method, channel string, call func(context.Context) error) error {
	t := &trip{method: method}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, tripKey{}, t), budget)
	defer cancel()
	err := call(ctx)
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok:
	case t.accepted: // Slack said yes, and we could not read what it said
		e = &Error{Kind: MayHaveHappened, Trouble: NoAnswer, Err: err}
	default: // refused on this side, before anything was sent
		e = &Error{Kind: Never, Trouble: BadContent, Err: err}
	}
	e.Method, e.Channel = method, channel
	return e
}

// form posts a form without slack-go, for answers that are read leniently: it
// refuses a whole page of history when one foreign block in it is unknown.
func (c *Client) form(ctx context.Context, method, token string, v url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+method, strings.NewReader(v.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(out)
}
