package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// record is one line for the outside check: what the app sent, decoded, in the format of slack-contract.
type record struct {
	Method     string  `json:"method"`
	Args       obj     `json:"args"`
	At         float64 `json:"at"`
	TriggerAt  float64 `json:"trigger_at,omitempty"`
	ReceivedAt float64 `json:"received_at,omitempty"`
	// Answer is what the stand-in said: "ok", an error code or the name of an injected fault. The check ignores it.
	Answer string `json:"answer,omitempty"`
}

// recorder appends records as JSON lines. Tokens never reach it: they are taken out when a call is decoded.
type recorder struct {
	mu  sync.Mutex
	out io.Writer
	dir string // create a file here at the first record
	now func() time.Time
}

func newRecorder(out io.Writer, now func() time.Time) (*recorder, error) {
	r := &recorder{out: out, now: now}
	if out == nil {
		r.dir = os.Getenv("GATEHOUSE_RECORD_DIR")
	}
	if r.dir != "" {
		if err := os.MkdirAll(r.dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the folder for recorded calls: %w", err)
		}
	}
	return r, nil
}

// add writes one record now. Ages become timestamps on the same clock as At.
func (r *recorder) add(rec record) { r.aged(rec, 0, 0) }

// aged is add for something whose trigger or request came in that long ago (0: not one).
func (r *recorder) aged(rec record, trigger, received time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out == nil && r.dir == "" {
		return
	}
	if r.out == nil {
		f, err := os.CreateTemp(r.dir, "slack-*.jsonl")
		if err != nil {
			panic(fmt.Sprintf("slackfake: cannot record to %s: %v", filepath.Clean(r.dir), err)) // a lost record would be a false pass
		}
		r.out = f
	}
	if rec.Args == nil {
		rec.Args = obj{}
	}
	rec.At = unix(r.now())
	if trigger > 0 {
		rec.TriggerAt = rec.At - trigger.Seconds()
	}
	if received > 0 {
		rec.ReceivedAt = rec.At - received.Seconds()
	}
	line, err := json.Marshal(rec)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	if err != nil {
		panic(fmt.Sprintf("slackfake: cannot record %s: %v", rec.Method, err))
	}
}

func (r *recorder) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f, ok := r.out.(*os.File); ok && r.dir != "" {
		_ = f.Close()
		r.out = io.Discard
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
