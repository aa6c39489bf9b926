package slackapi

import (
	"cmp"
	"context"

	"github.com/slack-go/slack"
)

// User is a person or bot as Slack tells it; nothing is decided here. Zone is
// an IANA name and may be empty.
type User struct {
	ID, TeamID                  string
	Name                        string // display name, else full name, else handle
	RealName, Title, Locale     string
	Zone                        string
	Bot, Deleted                bool
	Admin                       bool // looks after the workspace: an admin or owner of it
	Restricted, UltraRestricted bool // guests
	Stranger                    bool // from another workspace, through Slack Connect
}

// Group is a user group.
type Group struct {
	ID, Handle, Name string
	Disabled         bool
}

// Channel is a conversation as Slack tells it.
type Channel struct {
	ID, Name          string
	Private, Archived bool
	Member            bool // is the bot in it?
}

// KnownDM is what OpenDM would answer without asking Slack.
func (c *Client) KnownDM(user string) (channel string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	channel, known = c.dms[user]
	return channel, known
}

// OpenDM returns the channel of the direct message with user. The answer is
// remembered: it never changes for a pair of bot and person.
func (c *Client) OpenDM(ctx context.Context, user string) (channel string, err error) {
	if channel, known := c.KnownDM(user); known {
		return channel, nil
	}
	err = c.do(ctx, c.background, MethodDM, user, func(ctx context.Context) error {
		ch, _, _, err := c.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		if err == nil && ch == nil {
			err = errNoChannel
		}
		if err == nil {
			channel = ch.ID
		}
		return err
	})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	c.dms[user] = channel
	c.mu.Unlock()
	return channel, nil
}

// User looks a person up. Nothing is cached.
func (c *Client) User(ctx context.Context, id string) (u User, err error) {
	err = c.do(ctx, c.background, MethodUser, "", func(ctx context.Context) error {
		s, err := c.api.GetUserInfoContext(ctx, id)
		if err == nil {
			u = userOf(*s)
		}
		return err
	})
	return u, err
}

func userOf(s slack.User) User {
	return User{
		ID: s.ID, TeamID: s.TeamID,
		Name:     cmp.Or(s.Profile.DisplayName, s.RealName, s.Profile.RealName, s.Name),
		RealName: cmp.Or(s.RealName, s.Profile.RealName),
		Title:    s.Profile.Title, Locale: s.Locale, Zone: s.TZ,
		Bot:        s.IsBot || s.IsWorkflowBot || s.IsConnectorBot || s.ID == "USLACKBOT",
		Deleted:    s.Deleted,
		Admin:      s.IsAdmin || s.IsOwner || s.IsPrimaryOwner,
		Restricted: s.IsRestricted, UltraRestricted: s.IsUltraRestricted,
		Stranger: s.IsStranger,
	}
}

// Groups lists the workspace's user groups. Plans without them answer with
// PlanLacks.
func (c *Client) Groups(ctx context.Context) (gs []Group, err error) {
	err = c.do(ctx, c.background, MethodGroups, "", func(ctx context.Context) error {
		all, err := c.api.GetUserGroupsContext(ctx)
		for _, g := range all {
			gs = append(gs, Group{ID: g.ID, Handle: g.Handle, Name: g.Name, Disabled: g.DateDelete != 0})
		}
		return err
	})
	return gs, err
}

// GroupMembers lists the people of one user group, as Slack orders them.
func (c *Client) GroupMembers(ctx context.Context, group string) (users []string, err error) {
	err = c.do(ctx, c.background, MethodGroup, "", func(ctx context.Context) error {
		users, err = c.api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	return users, err
}

// Channel looks a conversation up.
func (c *Client) Channel(ctx context.Context, id string) (ch Channel, err error) {
	err = c.do(ctx, c.background, MethodChannel, id, func(ctx context.Context) error {
		s, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		if err == nil {
			ch = Channel{ID: s.ID, Name: s.Name, Private: s.IsPrivate, Archived: s.IsArchived, Member: s.IsMember}
		}
		return err
	})
	return ch, err
}
