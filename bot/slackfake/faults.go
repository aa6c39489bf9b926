package slackfake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Rule is one way to break: what it hits, how, and how often. A rule that is used up is removed.
type Rule struct {
	ID string `json:"id"`
	// Method is a Web API method, "response_url", "upload", "*" for all of these, "deliveries" for what Slack sends to
	// the app (or one kind of it, such as "view_submission" or "events_api"), or "socket" for the opening and writing of sockets.
	Method string `json:"method"`
	// Kind is one of Kinds, or else the ok:false code to answer with.
	Kind        string  `json:"kind"`
	Times       int     `json:"times"`       // 0: until removed
	Every       int     `json:"every"`       // hit each n-th matching call; 0 or 1: each
	Probability float64 `json:"probability"` // 0: always
	RetryAfter  int     `json:"retry_after"` // seconds, for rate_limit; 0: 1 s, negative: no header
	MS          int     `json:"ms"`          // for slow, delay and reorder

	seen int
}

// Kinds of faults. For calls of the app: RateLimit to Slow; for deliveries: Duplicate to Drop; for sockets: DropSocket and Refuse.
const (
	RateLimit  = "rate_limit"  // 429 with Retry-After, nothing done
	Error500   = "error_500"   // nothing done
	Error503   = "error_503"   // nothing done
	HTML502    = "html_502"    // a proxy's page, nothing done
	Hang       = "hang"        // no answer until the client gives up, nothing done
	DropReply  = "drop_reply"  // done, then the connection is cut without an answer
	Truncate   = "truncate"    // done, then half of the answer
	Slow       = "slow"        // MS later than usual
	Duplicate  = "duplicate"   // delivered twice
	Reorder    = "reorder"     // delivered after the next one (or MS later, 2 s when 0)
	Delay      = "delay"       // delivered MS later
	Drop       = "drop"        // never delivered
	DropSocket = "drop_socket" // the socket is cut as soon as the envelope is written
	Refuse     = "refuse"      // the socket cannot be opened
)

// kindsFor says which kinds make sense where; ok:false codes fit every Web API method.
var kindsFor = map[string][]string{
	"calls":      {RateLimit, Error500, Error503, HTML502, Hang, DropReply, Truncate, Slow},
	"deliveries": {Duplicate, Reorder, Delay, Drop},
	"socket":     {DropSocket, Refuse},
}

var deliveryKinds = []string{"deliveries", "slash", "block_actions", "view_submission", "view_closed", "block_suggestion", "shortcut", "message_action", "events_api"}

type faults struct {
	mu    sync.Mutex
	rules []*Rule
	rand  *rand.Rand
	seq   int
}

func newFaults(seed uint64) *faults { return &faults{rand: rand.New(rand.NewPCG(seed, 7))} }

// Break adds a rule and returns its id. Rules are tried in the order of their adding; the first that hits wins.
func (s *Server) Break(r Rule) (id string, err error) {
	place := "calls"
	switch {
	case r.Method == "socket":
		place = "socket"
	case slices.Contains(deliveryKinds, r.Method):
		place = "deliveries"
	case r.Method == "":
		return "", fmt.Errorf("a fault rule needs a method")
	}
	isCode := place == "calls" && r.Kind != "" && strings.ToLower(r.Kind) == r.Kind && !slices.ContainsFunc(sortedKeys(kindsFor), func(k string) bool { return slices.Contains(kindsFor[k], r.Kind) })
	if !slices.Contains(kindsFor[place], r.Kind) && !isCode {
		return "", fmt.Errorf("%q cannot break %s: choose one of %s", r.Kind, r.Method, strings.Join(kindsFor[place], ", "))
	}
	if r.Probability < 0 || r.Probability > 1 || r.Times < 0 || r.Every < 0 || r.MS < 0 || r.MS > 10*60*1000 {
		return "", fmt.Errorf("a fault rule needs times, every and ms of at least 0 (ms at most ten minutes), and a probability from 0 to 1")
	}
	f := s.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	r.ID = fmt.Sprintf("fault-%d", f.seq)
	f.rules = append(f.rules, &r)
	return r.ID, nil
}

// Mend removes one rule, or all when id is empty.
func (s *Server) Mend(id string) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = slices.DeleteFunc(s.faults.rules, func(r *Rule) bool { return id == "" || r.ID == id })
}

// Faults lists the rules that are still on.
func (s *Server) Faults() []Rule {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := []Rule{}
	for _, r := range s.faults.rules {
		out = append(out, *r)
	}
	return out
}

// hit finds the rule that breaks this call, if any, and tells the pages that it was used.
func (s *Server) hit(kinds []string, keys ...string) *Rule {
	r := s.faults.hit(kinds, keys...)
	if r != nil {
		s.mu.Lock()
		s.touch("state", "")
		s.mu.Unlock()
	}
	return r
}

// hit: keys are the names under which the call may be addressed, kinds (nil: all) what can happen to it.
func (f *faults) hit(kinds []string, keys ...string) *Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.rules {
		if !slices.Contains(keys, r.Method) || kinds != nil && !slices.Contains(kinds, r.Kind) {
			continue
		}
		r.seen++
		if r.Every > 1 && r.seen%r.Every != 0 || r.Probability > 0 && f.rand.Float64() >= r.Probability {
			continue
		}
		got := *r
		if r.Times > 0 {
			if r.Times--; r.Times == 0 {
				f.rules = slices.Delete(f.rules, i, i+1)
			}
		}
		return &got
	}
	return nil
}
