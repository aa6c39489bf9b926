package slackapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Identity is who we are to Slack.
type Identity struct {
	TeamID, Team, URL string
	EnterpriseID      string
	BotUser, BotID    string
	Scopes            []string // as granted, in Slack's order

	// Ahead is how far this machine's clock is before Slack's, negative when it
	// is behind. Slack tells whole seconds, so less than a second says nothing;
	// HasDate is false when Slack gave no date.
	Ahead   time.Duration
	HasDate bool
}

// AuthTest proves the token and says who it belongs to. From then on
// FindByMetadata accepts our own messages only.
func (c *Client) AuthTest(ctx context.Context) (id Identity, err error) {
	err = c.do(ctx, c.background, MethodAuth, "", func(ctx context.Context) error {
		before := time.Now()
		r, err := c.api.AuthTestContext(ctx)
		if err != nil {
			return err
		}
		id = Identity{
			TeamID: r.TeamID, Team: r.Team, URL: r.URL, EnterpriseID: r.EnterpriseID,
			BotUser: r.UserID, BotID: r.BotID, Scopes: scopes(r.Header),
		}
		id.Ahead, id.HasDate = ahead(r.Header, before, time.Now())
		return nil
	})
	if err == nil {
		c.mu.Lock()
		c.botUser = id.BotUser
		c.mu.Unlock()
	}
	return id, err
}

func (c *Client) self() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.botUser
}

func scopes(h http.Header) (out []string) {
	for s := range strings.SplitSeq(h.Get("X-OAuth-Scopes"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// ahead compares Slack's date with the middle of our call. A date stands for
// the whole second that follows it.
func ahead(h http.Header, before, after time.Time) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	middle := before.Add(after.Sub(before) / 2)
	return middle.Sub(date.Add(time.Second / 2)).Round(time.Millisecond), true
}

// OpenSocketURL asks for the address of one Socket Mode connection. It holds a
// ticket that works once and soon ends, so never log it; ask anew for each
// connection. Here the app-level token travels, and only here.
func (c *Client) OpenSocketURL(ctx context.Context) (address string, err error) {
	err = c.do(ctx, c.background, MethodSocket, "", func(ctx context.Context) error {
		var a struct {
			URL string `json:"url"`
		}
		err := c.form(ctx, MethodSocket, c.appToken, url.Values{}, &a)
		address = a.URL
		return err
	})
	return address, err
}
