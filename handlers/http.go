package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"
)

// maxBody is the most that Slack's requests hold: a view may have 250 kB, and
// form encoding can triple it.
const maxBody = 1 << 20

// Paths of the HTTP door, as the manifest names them.
const (
	PathCommands     = "/slack/commands"
	PathInteractions = "/slack/interactions"
	PathOptions      = "/slack/options"
	PathEvents       = "/slack/events"
)

// HTTP is the door for Slack's signed requests, and the probes.
func (h *Handlers) HTTP() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+PathCommands, h.signed(h.serveCommand))
	mux.Handle("POST "+PathInteractions, h.signed(h.serveInteraction))
	mux.Handle("POST "+PathOptions, h.signed(h.serveInteraction))
	mux.Handle("POST "+PathEvents, h.signed(h.serveEvent))
	mux.Handle("/", h.Probes())
	return mux
}

// Probes answer "alive" and "ready" for whatever runs Gatehouse.
func (h *Handlers) Probes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := h.Store.Ping(r.Context()); err != nil {
			h.Log.WarnContext(r.Context(), "not ready: the database does not answer", "error", err)
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	return mux
}

// signed lets only requests through that Slack signed within five minutes,
// over their raw bytes. What it refuses it does not explain.
func (h *Handlers) signed(next func(w http.ResponseWriter, r *http.Request, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			status := http.StatusBadRequest
			if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
				status = http.StatusRequestEntityTooLarge
			}
			http.Error(w, "unreadable body", status)
			return
		}
		if err := verify(r.Header, body, h.SigningSecret); err != nil {
			h.Log.WarnContext(r.Context(), "refused a request that Slack did not sign", "path", r.URL.Path, "remote", r.RemoteAddr, "error", err)
			http.Error(w, "unsigned", http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	})
}

// verify checks Slack's v0 signature: HMAC-SHA256 in constant time, at most
// five minutes old.
func verify(header http.Header, body []byte, secret string) error {
	verifier, err := slack.NewSecretsVerifier(header, secret)
	if err != nil {
		return err
	}
	if _, err := verifier.Write(body); err != nil {
		return err
	}
	return verifier.Ensure()
}

func (h *Handlers) serveCommand(w http.ResponseWriter, _ *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	if form.Get("ssl_check") == "1" { // Slack only tries our certificate
		w.WriteHeader(http.StatusOK)
		return
	}
	r, err := parseSlash(form.Get)
	h.reply(w, r, err)
}

func (h *Handlers) serveInteraction(w http.ResponseWriter, _ *http.Request, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return
	}
	r, err := parseInteraction([]byte(form.Get("payload")))
	h.reply(w, r, err)
}

func (h *Handlers) serveEvent(w http.ResponseWriter, _ *http.Request, body []byte) {
	r, envelope, err := parseEvent(body)
	if err == nil && envelope.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, envelope.Challenge)
		return
	}
	h.reply(w, r, err)
}

// reply serves the request and writes its answer. A signed payload that can't
// be read is acknowledged and logged: retrying would not mend it.
func (h *Handlers) reply(w http.ResponseWriter, r *Request, err error) {
	if err != nil {
		h.Log.Warn("acknowledged a payload that could not be read", "error", err)
		w.WriteHeader(http.StatusOK)
		return
	}
	a := h.admit(r)
	if !a.done {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	body, err := encode(a.body)
	if err != nil {
		h.Log.Error("could not encode an answer", "door", r.Door, "name", r.Name, "error", err)
	}
	if body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body)
	if a.after != nil {
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		a.after()
	}
}

// admit serves a request once: an event that Slack sends again is dealt with
// only if it was not the first time.
func (h *Handlers) admit(r *Request) answer {
	if r.Door != DoorEvent {
		return h.serve(r)
	}
	if !h.seen.add(r.Key) {
		return answer{done: true}
	}
	a := h.serve(r)
	if !a.done {
		h.seen.drop(r.Key)
	}
	return a
}
