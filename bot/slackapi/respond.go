package slackapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/slack-go/slack"
)

// Reply is an answer through a response URL: by default a private line to the
// person who acted. Slack takes five in 30 minutes.
type Reply struct {
	Text      string
	Blocks    []slack.Block
	InChannel bool   // shown to all; a private message can't become that later
	Replace   bool   // in place of the message that was clicked
	Delete    bool   // remove that message; nothing else is sent
	ThreadTS  string // with Replace false only
}

// replyHosts are the only places a response URL may lead to.
var replyHosts = []string{"hooks.slack.com", "hooks.slack-gov.com"}

var errForeignURL = errors.New("response url does not belong to Slack")

// Respond answers a command or a click. TooLate means that the URL can't be
// used (any more), so use a DM; an address outside Slack is never called.
func (c *Client) Respond(ctx context.Context, responseURL string, r Reply) error {
	return c.do(ctx, c.background, MethodRespond, "", func(ctx context.Context) error {
		if !c.mayReply(responseURL) {
			return &Error{Kind: Never, Trouble: TooLate, Err: errForeignURL}
		}
		body, err := r.json()
		if err != nil {
			return err
		}
		ctx.Value(tripKey{}).(*trip).plain = true
		return c.send(ctx, responseURL, "application/json; charset=utf-8", body, errForeignURL)
	})
}

// send posts to an address that Slack has given. What can't be one is answered
// with foreign: the parser's own error would quote it.
func (c *Client) send(ctx context.Context, at, kind string, body []byte, foreign error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return foreign
	}
	req.Header.Set("Content-Type", kind)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (c *Client) mayReply(s string) bool {
	return c.slacks(s, func(host string) bool { return slices.Contains(replyHosts, host) })
}

// slacks reports whether an address is one of Slack's, by its host.
func (c *Client) slacks(s string, ours func(host string) bool) bool {
	u, err := url.Parse(s)
	if err != nil || u.User != nil {
		return false
	}
	if c.ownBase {
		return u.Scheme == c.base.Scheme && u.Host == c.base.Host
	}
	return u.Scheme == "https" && ours(u.Host)
}

// json writes our own small body: slack-go's always carries "blocks": null, an
// empty metadata object and both flags, and drops the unfurl switches.
func (r Reply) json() ([]byte, error) {
	if r.Delete {
		return []byte(`{"delete_original":true}`), nil
	}
	if r.Text == "" {
		return nil, errNoText
	}
	kind := "ephemeral"
	if r.InChannel {
		kind = "in_channel"
	}
	return json.Marshal(struct {
		Type        string        `json:"response_type"`
		Text        string        `json:"text"`
		Blocks      []slack.Block `json:"blocks,omitempty"`
		Replace     bool          `json:"replace_original"`
		ThreadTS    string        `json:"thread_ts,omitempty"`
		UnfurlLinks bool          `json:"unfurl_links"`
		UnfurlMedia bool          `json:"unfurl_media"`
	}{Type: kind, Text: r.Text, Blocks: r.Blocks, Replace: r.Replace, ThreadTS: r.ThreadTS})
}
