package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
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

// HTTP is the door for Slack's signed requests, for pipelines, and the probes.
func (h *Handlers) HTTP() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+PathCommands, h.signed(h.serveCommand))
	mux.Handle("POST "+PathInteractions, h.signed(h.serveInteraction))
	mux.Handle("POST "+PathOptions, h.signed(h.serveInteraction))
	mux.Handle("POST "+PathEvents, h.signed(h.serveEvent))
	h.api(mux)
	h.probe(mux)
	return mux
}

// Probes answer "alive" and "ready" for whatever runs Gatehouse, and pipelines:
// what is served where Slack comes by Socket Mode.
func (h *Handlers) Probes() http.Handler {
	mux := http.NewServeMux()
	h.api(mux)
	h.probe(mux)
	return mux
}

// pingWithin is less than the second that probes usually wait.
const pingWithin = 800 * time.Millisecond

func (h *Handlers) probe(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pingWithin)
		defer cancel()
		if err := h.Store.Ping(ctx); err != nil {
			h.Log.WarnContext(ctx, "not ready: the database does not answer", "error", err)
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}

// signed lets only requests through that Slack signed within five minutes,
// over their raw bytes. What it refuses it does not explain.
func (h *Handlers) signed(next func(w http.ResponseWriter, body []byte)) http.Handler {
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
		if err := verify(r.Header, body, h.SigningSecret, time.Now()); err != nil {
			h.Log.WarnContext(r.Context(), "refused a request that Slack did not sign", "path", r.URL.Path, "remote", r.RemoteAddr, "error", err)
			http.Error(w, "unsigned", http.StatusUnauthorized)
			return
		}
		next(w, body)
	})
}

func (h *Handlers) serveCommand(w http.ResponseWriter, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		h.reply(w, nil, err)
		return
	}
	if form.Get("ssl_check") == "1" { // Slack only tries our certificate
		w.WriteHeader(http.StatusOK)
		return
	}
	r, err := parseSlash(form.Get)
	h.reply(w, r, err)
}

func (h *Handlers) serveInteraction(w http.ResponseWriter, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		h.reply(w, nil, err)
		return
	}
	r, err := parseInteraction([]byte(form.Get("payload")))
	h.reply(w, r, err)
}

func (h *Handlers) serveEvent(w http.ResponseWriter, body []byte) {
	r, envelope, err := parseEvent(body)
	if err == nil && envelope.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, envelope.Challenge)
		return
	}
	if envelope.Type == "app_rate_limited" {
		h.Log.Warn("Slack holds events back: more than 30,000 came within an hour")
	}
	h.reply(w, r, err)
}

// reply serves the request and writes its answer. A signed payload that can't
// be read is acknowledged and logged: sending it again would not mend it.
func (h *Handlers) reply(w http.ResponseWriter, r *Request, err error) {
	if err != nil {
		h.Log.Warn("acknowledged a payload that could not be read", "error", err)
		w.WriteHeader(http.StatusOK)
		return
	}
	h.admit(r, func(a answer) { h.write(w, r, a) })
}

// write sends an answer, and lets go of it at once: what follows may take time.
func (h *Handlers) write(w http.ResponseWriter, r *Request, a answer) {
	if a.again {
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	var body []byte
	if a.body != nil {
		var err error
		if body, err = json.Marshal(a.body); err != nil {
			h.Log.Error("could not encode an answer", "door", r.Door, "name", r.Name, "error", err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(body); err != nil {
		h.Log.Warn("could not send an answer", "door", r.Door, "name", r.Name, "error", err)
		if a.instead != nil {
			a.instead()
		}
	}
	_ = http.NewResponseController(w).Flush()
}
