package slackapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/google/go-cmp/cmp"
)

const (
	botToken = "xoxb-111-secret-bot"
	appToken = "xapp-222-secret-app"
)

// client answers every call with h and logs at debug level into log.
func client(t *testing.T, h http.HandlerFunc, change ...func(*slackapi.Config)) (c *slackapi.Client, base string, log *bytes.Buffer) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	log = &bytes.Buffer{}
	cfg := slackapi.Config{
		BotToken: botToken, AppToken: appToken, BaseURL: srv.URL + "/api",
		HTTPClient:  &http.Client{Transport: &http.Transport{}},
		Log:         slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Interactive: 150 * time.Millisecond, Background: 300 * time.Millisecond,
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := slackapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, srv.URL, log
}

func post(c *slackapi.Client) error {
	_, err := c.Post(context.Background(), slackapi.Message{Channel: "C1", Text: "hello"})
	return err
}

func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// cut takes the whole request, then ends the connection after writing part.
func cut(part string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, part)
		if reset {
			conn.(*net.TCPConn).SetLinger(0)
		}
		conn.Close()
	}
}

func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

const truncated = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n" + `{"ok":true,"chan`

func TestEveryFailureIsOfTheRightKind(t *testing.T) {
	type want struct {
		Kind    slackapi.Kind
		Trouble slackapi.Trouble
		Code    string
		After   time.Duration
		Scope   slackapi.Scope
	}
	here := slackapi.Scope{Method: "chat.postMessage", Channel: "C1"}
	maybe := want{slackapi.MayHaveHappened, slackapi.NoAnswer, "", 0, here}
	later := func(d time.Duration, code string) want {
		return want{slackapi.Later, slackapi.Busy, code, d, here}
	}
	never := func(tr slackapi.Trouble, code string) want {
		return want{slackapi.Never, tr, code, 0, here}
	}
	cases := map[string]struct {
		h http.HandlerFunc
		want
	}{
		"429":                       {says(429, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "7"), later(7*time.Second, "")},
		"429 without a wait":        {says(429, ""), later(30*time.Second, "")},
		"429 with a silly wait":     {says(429, "", "Retry-After", "soon"), later(30*time.Second, "")},
		"429 with a negative wait":  {says(429, "", "Retry-After", "-4"), later(30*time.Second, "")},
		"429 for a year":            {says(429, "", "Retry-After", "31536000"), later(time.Hour, "")},
		"429 for no time":           {says(429, "", "Retry-After", "0"), later(time.Second, "")},
		"ratelimited with a 200":    {says(200, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "3"), later(3*time.Second, "ratelimited")},
		"channel_not_found":         {says(200, `{"ok":false,"error":"channel_not_found"}`), never(slackapi.ChannelClosed, "channel_not_found")},
		"token_revoked":             {says(200, `{"ok":false,"error":"token_revoked"}`), never(slackapi.AppRemoved, "token_revoked")},
		"refusal with a 403":        {says(403, `{"ok":false,"error":"invalid_auth"}`), never(slackapi.AppRemoved, "invalid_auth")},
		"invalid_blocks":            {says(200, `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["bad"]}}`), never(slackapi.BadContent, "invalid_blocks")},
		"message_not_found":         {says(200, `{"ok":false,"error":"message_not_found"}`), never(slackapi.MessageGone, "message_not_found")},
		"a code nobody knows":       {says(200, `{"ok":false,"error":"brand_new"}`), never(slackapi.Refused, "brand_new")},
		"fatal_error":               {says(200, `{"ok":false,"error":"fatal_error"}`), want{slackapi.MayHaveHappened, slackapi.NoAnswer, "fatal_error", 0, here}},
		"service_unavailable":       {says(200, `{"ok":false,"error":"service_unavailable"}`), want{slackapi.Later, slackapi.Maintenance, "service_unavailable", 0, here}},
		"500":                       {says(500, `{"ok":false,"error":"channel_not_found"}`), maybe},
		"502 in HTML":               {says(502, "<html>Bad gateway</html>"), maybe},
		"200 in HTML":               {says(200, "<html>Please log in</html>"), maybe},
		"200 with half the JSON":    {says(200, `{"ok":true,"channel":"C1","ts`), maybe},
		"200 with nothing":          {says(200, ""), maybe},
		"ok false without a reason": {says(200, `{"ok":false}`), maybe},
		"ok missing":                {says(200, `{"channel":"C1"}`), maybe},
		"ok, but ts is no text":     {says(200, `{"ok":true,"channel":"C1","ts":17}`), maybe},
		"a redirect":                {says(302, "", "Location", "http://127.0.0.1:1/evil"), want{slackapi.Later, slackapi.Unreachable, "", 0, here}},
		"403 of a proxy":            {says(403, "<html>blocked</html>"), want{slackapi.Later, slackapi.Unreachable, "", 0, here}},
		"closed without an answer":  {cut("", false), maybe},
		"reset without an answer":   {cut("", true), maybe},
		"closed within the answer":  {cut(truncated, false), maybe},
		"reset within the answer":   {cut(truncated, true), maybe},
		"no answer in time":         {hang, maybe},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := client(t, k.h)
			err := post(c)
			e, ok := errors.AsType[*slackapi.Error](fmt.Errorf("deliver: %w", err))
			if !ok {
				t.Fatalf("got %v, want a *slackapi.Error", err)
			}
			got := want{e.Kind, e.Trouble, e.Code, e.RetryAfter, e.Scope()}
			if d := cmp.Diff(k.want, got); d != "" {
				t.Errorf("%v: %s", err, d)
			}
		})
	}
}

func TestATieredMethodIsHeldBackAsAWhole(t *testing.T) {
	c, _, _ := client(t, says(429, "", "Retry-After", "5"))
	err := c.Update(context.Background(), slackapi.Sent{Channel: "C1", TS: "1.2"}, slackapi.Message{Text: "x"})
	e, _ := errors.AsType[*slackapi.Error](err)
	if want := (slackapi.Scope{Method: "chat.update"}); e == nil || e.Scope() != want || e.Channel != "C1" {
		t.Errorf("got %+v, want the scope %+v", e, want)
	}
}

// faulty is a dialer or transport that fails before or after a connection.
type faulty func(*http.Request) (*http.Response, error)

func (f faulty) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestOnlyWhatNeverLeftIsTriedAgainBlindly(t *testing.T) {
	dial := func(d func(context.Context, string, string) (net.Conn, error)) http.RoundTripper {
		return &http.Transport{DialContext: d}
	}
	cases := map[string]struct {
		rt   http.RoundTripper
		want slackapi.Kind
	}{
		"no such host": {dial(func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "slack.com", IsNotFound: true}
		}), slackapi.Later},
		"refused": {dial(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
		}), slackapi.Later},
		"dialling hangs": {dial(func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}), slackapi.Later},
		"write fails": {dial(func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			theirs.Close()
			return ours, nil
		}), slackapi.MayHaveHappened},
		"a transport that tells nothing": {faulty(func(*http.Request) (*http.Response, error) {
			return nil, io.ErrUnexpectedEOF
		}), slackapi.MayHaveHappened},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := client(t, hang, func(c *slackapi.Config) { c.HTTPClient.Transport = k.rt })
			e, _ := errors.AsType[*slackapi.Error](post(c))
			if e == nil || e.Kind != k.want {
				t.Errorf("got %v, want %v", e, k.want)
			}
		})
	}
}

func TestACallThatWasCancelledBeforeItBeganNeverHappened(t *testing.T) {
	c, _, _ := client(t, func(http.ResponseWriter, *http.Request) { t.Error("Slack was called") })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := c.Post(ctx, slackapi.Message{Channel: "C1", Text: "x"})
	e, _ := errors.AsType[*slackapi.Error](err)
	if e == nil || e.Kind != slackapi.Later || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Later, unwrapping to context.Canceled", err)
	}
}

func TestNothingIsSentTwiceByItself(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"429": says(429, "", "Retry-After", "1"), "500": says(500, ""), "reset": cut("", true),
	} {
		var calls atomic.Int32
		c, _, _ := client(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); h(w, r) })
		if err := post(c); err == nil || calls.Load() != 1 {
			t.Errorf("%s: %d calls, error %v; want one call and an error", name, calls.Load(), err)
		}
	}
}

func TestNoSecretReachesLogsErrorsOrWords(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"ok": says(200, `{"ok":true,"channel":"C1","ts":"1.2","url":"wss://x/?ticket=secret-ticket"}`), "500": says(500, botToken),
		"html": says(200, "<html>"+botToken), "refused": says(200, `{"ok":false,"error":"invalid_auth"}`),
		"reset": cut("", true), "hang": hang, "429": says(429, ""), "redirect": says(307, "", "Location", "http://127.0.0.1:1/secret-hook"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, base, log := client(t, h)
			ctx := context.Background()
			errs := []error{post(c), c.Respond(ctx, base+"/secret-hook/T/B", slackapi.Reply{Text: "secret-form-text"}),
				c.Respond(ctx, "https://evil.example/secret-hook", slackapi.Reply{Text: "x"})}
			_, err := c.OpenSocketURL(ctx)
			errs = append(errs, err)
			l := slog.New(slog.NewTextHandler(log, nil))
			for _, err := range errs {
				if err == nil {
					continue
				}
				e, _ := errors.AsType[*slackapi.Error](err)
				fmt.Fprintf(log, "%v %+v %#v %s\n", err, err, e.Words(), e.Words())
				l.Error("failed", "slack", e)
				l.Error("failed", "err", err)
			}
			for _, secret := range []string{"secret", "xoxb", "xapp"} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("%q leaked:\n%s", secret, log)
				}
			}
			if !strings.Contains(log.String(), "chat.postMessage") {
				t.Errorf("the log does not name the method:\n%s", log)
			}
		})
	}
}

func TestATriggerHasLessTimeThanADelivery(t *testing.T) {
	c, _, _ := client(t, hang, func(c *slackapi.Config) { c.Interactive, c.Background = 50*time.Millisecond, time.Minute })
	start := time.Now()
	_, err := c.OpenView(context.Background(), "trigger", modal())
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("opening a view gave %v after %v", err, time.Since(start))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Post(ctx, slackapi.Message{Channel: "C1", Text: "x"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the caller's deadline to win", err)
	}
}
