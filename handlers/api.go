package handlers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// What pipelines send is small, and none sends much of it.
const (
	maxCall    = 64 << 10         // bytes of one call
	callRate   = 60               // calls a minute of one token
	guessRate  = 20               // calls a minute of one address that no token opens
	callWithin = 10 * time.Second // how long one may take
)

// call is one call of a pipeline that a token opened.
type call struct {
	token models.Token
	facts models.Facts // their actor is who made the token
	body  []byte
	key   string // what the store does once; "" when the caller gave no Idempotency-Key
}

// caller answers a call: what comes back is encoded as JSON.
type caller func(h *Handlers, ctx context.Context, c call) (any, error)

// problem is what is wrong with a call, with the status that says so.
type problem struct {
	status int
	words  string
	wait   time.Duration // until it makes sense to call again
}

func (p *problem) Error() string { return p.words }

func wrong(status int, format string, args ...any) error {
	return &problem{status: status, words: fmt.Sprintf(format, args...)}
}

// api serves the calls of pipelines: each has a scope that its token must have.
func (h *Handlers) api(mux *http.ServeMux) {
	for path, route := range calls {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { h.called(w, r, route.scope, route.run) })
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		for path := range calls {
			if method, at, _ := strings.Cut(path, " "); at == r.URL.Path {
				w.Header().Set("Allow", method)
				h.answer(w, nil, wrong(http.StatusMethodNotAllowed, "This address takes %s only, so nothing was done.", method))
				return
			}
		}
		h.answer(w, nil, wrong(http.StatusNotFound, "There is nothing at %s. The addresses are in docs/operators.md.", clip(r.URL.Path, 100)))
	})
}

// called lets one call in, has it done and answers it.
func (h *Handlers) called(w http.ResponseWriter, r *http.Request, scope models.TokenScope, run caller) {
	if !h.enter() {
		h.answer(w, nil, &problem{http.StatusServiceUnavailable, "Gatehouse is being restarted, so nothing was done. Call again in a moment.", 5 * time.Second})
		return
	}
	defer h.leave()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.answer(w, nil, &problem{http.StatusServiceUnavailable, "Gatehouse has more to do than it can take right now, so nothing was done. Call again in a moment.", 5 * time.Second})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), callWithin)
	defer cancel()
	c, err := h.admitCall(ctx, w, r, scope)
	if err != nil {
		h.answer(w, nil, err)
		return
	}
	out, err := run(h, ctx, c)
	if refusal, refused := models.AsRefusal(err); refused && refusal.Refresh {
		h.background(func(ctx context.Context) { _ = h.confirm(ctx, c.token.By) })
	}
	h.answer(w, out, err)
}

// admitCall checks the token before it reads anything.
func (h *Handlers) admitCall(ctx context.Context, w http.ResponseWriter, r *http.Request, scope models.TokenScope) (call, error) {
	secret, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	if !given || secret == "" {
		return call{}, wrong(http.StatusUnauthorized, "A token is needed: send the header Authorization: Bearer followed by the token. An admin makes one with /gatehouse token.")
	}
	if wait := h.guesses.full(from, time.Now()); wait > 0 {
		return call{}, &problem{http.StatusTooManyRequests, "Too many calls came from this address with tokens that open nothing. Wait a minute, then call with the right one.", wait}
	}
	t, err := h.Store.TokenBySecret(ctx, h.Workspace, strings.TrimSpace(secret))
	if errors.Is(err, store.ErrNotFound) {
		h.guesses.take(from, time.Now())
		h.Log.WarnContext(ctx, "refused a call whose token is unknown", "path", r.URL.Path, "remote", from)
		return call{}, wrong(http.StatusUnauthorized, "This token is not known here. Check that it is whole, and of this Gatehouse; an admin makes a new one with /gatehouse token.")
	}
	if err != nil {
		return call{}, err
	}
	if wait := h.rates.take(t.Name, time.Now()); wait > 0 {
		return call{}, &problem{http.StatusTooManyRequests, fmt.Sprintf("The token %s was used more than %d times within a minute, so this call was not looked at. Call again later.", t.Name, callRate), wait}
	}
	c := call{token: t}
	if c.facts, err = h.Store.Facts(ctx, h.Workspace, t.By); err != nil {
		return c, err
	}
	if err := t.Admits(scope, c.facts); err != nil {
		return c, &problem{status: http.StatusForbidden, words: err.Error()}
	}
	if err := h.Store.TokenUsed(ctx, t); err != nil {
		return c, err
	}
	if c.body, err = readCall(w, r); err != nil {
		return c, err
	}
	c.key, err = callKey(t, r.Header.Get("Idempotency-Key"))
	return c, err
}

var keyForm = regexp.MustCompile(`^[!-~]{1,200}$`)

// callKey is the caller's key within what its token does.
func callKey(t models.Token, given string) (string, error) {
	if given == "" {
		return "", nil
	}
	if !keyForm.MatchString(given) {
		return "", wrong(http.StatusBadRequest, "The Idempotency-Key must be 1 to 200 letters, digits and signs without spaces, so nothing was done. The number of the build is a good one.")
	}
	return fmt.Sprintf("token/%d/%s", t.ID, given), nil
}

func readCall(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, wrong(http.StatusUnsupportedMediaType, "The call must be JSON: send the header Content-Type: application/json.")
	}
	var body json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCall)).Decode(&body); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return nil, wrong(http.StatusRequestEntityTooLarge, "The call is larger than %d kB, so nothing was done. Send a link to what is long.", maxCall>>10)
		}
		return nil, wrong(http.StatusBadRequest, "The call can't be read as JSON, so nothing was done: %s.", clip(err.Error(), 200))
	}
	return body, nil
}

// problem says what went wrong with a call. What is ours to mend gets a
// reference, which the log carries, too.
func (h *Handlers) problem(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	if refusal, refused := models.AsRefusal(err); refused {
		return &problem{status: http.StatusUnprocessableEntity, words: refusal.Aloud()}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		h.Log.Warn("a call took too long", "error", err)
		return &problem{http.StatusServiceUnavailable, "Gatehouse is slow right now, and it is not known whether this was done. Call again with the same Idempotency-Key.", 5 * time.Second}
	}
	reference := rand.Text()[:8]
	h.Log.Error("a call failed", "reference", reference, "error", err)
	return &problem{status: http.StatusInternalServerError, words: "Something on Gatehouse's side went wrong, and it is not known whether this was done. Call again with the same Idempotency-Key; if it happens again, give an admin this reference: " + reference + "."}
}

// answer writes what came of a call, as JSON. Whatever went wrong is one clear
// sentence.
func (h *Handlers) answer(w http.ResponseWriter, out any, err error) {
	status := http.StatusOK
	if err != nil {
		p := h.problem(err)
		status, out = p.status, map[string]any{"error": p.words}
		if p.wait > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(int(p.wait.Seconds()+0.999)))
		}
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		h.Log.Warn("could not answer a call", "error", err)
	}
}
