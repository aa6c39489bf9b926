package slackapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Bounds of one look-up: 20 pages of 200 are 4,000 messages since the intent,
// an hour of the busiest channel Slack lets us write in.
const (
	findPage  = 200
	findPages = 20
	findSlack = 5 * time.Minute // clocks of Slack and ours may differ this much
)

var errTooMany = errors.New("too many messages to look through")

// FindByMetadata looks for the message that carries deliveryID, in a channel
// or, with threadTS, in a thread. since is when sending was first begun. A
// false without an error means that it is certainly not there. It needs a
// history scope: without one the error's Trouble is ScopeMissing. After 4,000
// messages it gives up with Unsearchable.
func (c *Client) FindByMetadata(ctx context.Context, channel, threadTS, deliveryID string, since time.Time) (s Sent, found bool, err error) {
	method, v := MethodHistory, url.Values{
		"channel":              {channel},
		"oldest":               {tsOf(since.Add(-findSlack))},
		"limit":                {strconv.Itoa(findPage)},
		"include_all_metadata": {"1"},
	}
	if threadTS != "" {
		method = MethodReplies
		v.Set("ts", threadTS)
	}
	err = c.do(ctx, c.background, method, channel, func(ctx context.Context) error {
		for range findPages {
			var p historyPage
			if err := c.form(ctx, method, c.token, v, &p); err != nil {
				return err
			}
			if ts := p.find(deliveryID, c.self()); ts != "" {
				s, found = Sent{channel, ts}, true
				return nil
			}
			if v.Set("cursor", p.Metadata.Next); p.Metadata.Next == "" {
				return nil
			}
		}
		return &Error{Kind: Never, Trouble: Unsearchable, Err: errTooMany}
	})
	return s, found, err
}

// historyPage is as much of an answer as a look-up needs.
type historyPage struct {
	Messages []struct {
		TS       string `json:"ts"`
		User     string `json:"user"`
		Metadata struct {
			Type    string `json:"event_type"`
			Payload struct {
				DeliveryID any `json:"delivery_id"`
			} `json:"event_payload"`
		} `json:"metadata"`
	} `json:"messages"`
	Metadata struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// find returns the ts of our message, never of another app's that copied the
// metadata (when we know who we are).
func (p historyPage) find(deliveryID, self string) string {
	for _, m := range p.Messages {
		if m.Metadata.Type != metadataType || m.Metadata.Payload.DeliveryID != deliveryID {
			continue
		}
		if self == "" || m.User == "" || m.User == self {
			return m.TS
		}
	}
	return ""
}

// tsOf writes an instant as Slack does: seconds, a dot, microseconds.
func tsOf(t time.Time) string {
	us := t.UnixMicro()
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}
