package slackapi

import (
	"context"
	"errors"

	"github.com/slack-go/slack"
)

// metadataType marks messages of ours; Slack shows it to apps only.
const metadataType = "gatehouse_delivery"

// Metadata travels with a message, unseen by people, so that it can be found
// again. Empty fields are left out.
type Metadata struct {
	DeliveryID string // unique per intent to send
	Record     string // e.g. "CHG-4"
	Revision   string
}

// Message is what is shown in a channel. Text is what screen readers and
// notifications get, and must carry the full meaning: it is never optional.
type Message struct {
	Channel  string // C…, G… or D…
	ThreadTS string // ts of the parent, as received; empty means not in a thread
	Text     string
	Blocks   []slack.Block
	Metadata Metadata
}

// Sent is where a message is: both parts are needed to edit it.
type Sent struct{ Channel, TS string }

var (
	errNoText    = errors.New("message has no fallback text")
	errNoChannel = errors.New("message has no channel")
	errNoTS      = errors.New("message to update has no ts")
)

// Post sends one new message, without previews of its links. After a MayHaveHappened, FindByMetadata tells
// whether it is there; posting again without looking may show it twice.
func (c *Client) Post(ctx context.Context, m Message) (s Sent, err error) {
	err = c.do(ctx, c.background, MethodPost, m.Channel, func(ctx context.Context) error {
		if err := m.check(); err != nil {
			return err
		}
		o := append(m.options(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		s.Channel, s.TS, err = c.api.PostMessageContext(ctx, m.Channel, o...)
		return err
	})
	return s, err
}

// Update replaces text, blocks and metadata of our own message; no blocks
// means that the old ones go. Repeating it does no harm.
func (c *Client) Update(ctx context.Context, at Sent, m Message) error {
	m.Channel, m.ThreadTS = at.Channel, ""
	return c.do(ctx, c.background, MethodUpdate, at.Channel, func(ctx context.Context) error {
		if err := m.check(); err != nil {
			return err
		}
		if at.TS == "" {
			return errNoTS
		}
		_, _, _, err := c.api.UpdateMessageContext(ctx, at.Channel, at.TS, m.options()...)
		return err
	})
}

// PostEphemeral shows a line to one member of m.Channel. Slack does not keep
// it and does not promise to show it.
func (c *Client) PostEphemeral(ctx context.Context, user string, m Message) error {
	m.Metadata = Metadata{} // the method takes none
	return c.do(ctx, c.background, MethodEphemeral, m.Channel, func(ctx context.Context) error {
		if err := m.check(); err != nil {
			return err
		}
		_, err := c.api.PostEphemeralContext(ctx, m.Channel, user, m.options()...)
		return err
	})
}

// Permalink returns the address of a message for a person's browser.
func (c *Client) Permalink(ctx context.Context, at Sent) (link string, err error) {
	err = c.do(ctx, c.background, MethodPermalink, at.Channel, func(ctx context.Context) error {
		link, err = c.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: at.Channel, Ts: at.TS})
		return err
	})
	return link, err
}

func (m Message) check() error {
	if m.Text == "" {
		return errNoText
	}
	if m.Channel == "" {
		return errNoChannel
	}
	return nil
}

func (m Message) options() []slack.MsgOption {
	o := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), // escaped where it was made
		slack.MsgOptionBlocks(m.Blocks...), // an empty list clears old blocks on an update
	}
	if m.ThreadTS != "" {
		o = append(o, slack.MsgOptionTS(m.ThreadTS))
	}
	if m.Metadata != (Metadata{}) {
		o = append(o, slack.MsgOptionMetadata(m.Metadata.slack()))
	}
	return o
}

func (m Metadata) slack() slack.SlackMetadata {
	p := map[string]any{}
	for k, v := range map[string]string{"delivery_id": m.DeliveryID, "record": m.Record, "revision": m.Revision} {
		if v != "" {
			p[k] = v
		}
	}
	return slack.SlackMetadata{EventType: metadataType, EventPayload: p}
}
