package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/slack-go/slack"
)

// workspace is a stand-in for Slack with a client that may read history.
func workspace(t *testing.T, scopes ...string) (*slackfake.Server, *slackapi.Client) {
	t.Helper()
	fake, err := slackfake.New(slackfake.Config{
		Users: []slackfake.User{{ID: "UANA", Name: "ana", RealName: "Ana Lima", TZ: "America/Sao_Paulo"},
			{ID: "UGONE", Name: "gone", Deleted: true}, {ID: "UFAR", Name: "far", TeamID: "T0OTHER"}},
		Channels: []slackfake.Channel{{ID: "CCHANGES", Name: "changes", Bot: true}, {ID: "CPRIVATE", Name: "secret", Kind: slackfake.Private},
			{ID: "COTHER", Name: "other"}, {ID: "COLD", Name: "old", Bot: true, Archived: true}, {ID: "CREAD", Name: "news", Bot: true, ReadOnly: true}},
		UserGroups: []slackfake.UserGroup{{ID: "SCAB", Handle: "cab", Users: []string{"ana"}}},
		Scopes:     append(slices.Clone(slackfake.LeastScopes), scopes...),
		Pace:       slackfake.Pace{Off: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := fake.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	c, err := slackapi.New(slackapi.Config{BotToken: "xoxb-fake-bot", AppToken: "xapp-fake-app", BaseURL: base + "/api/", Background: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return fake, c
}

var history = []string{"channels:history", "groups:history"}

func card(delivery, text string) slackapi.Message {
	return slackapi.Message{Channel: "CCHANGES", Text: text, Metadata: slackapi.Metadata{DeliveryID: delivery},
		Blocks: []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.PlainTextType, text, false, false), nil, nil)}}
}

func TestALookUpTellsWhatHappenedFromWhatDidNot(t *testing.T) {
	for kind, want := range map[string]struct {
		kind  slackapi.Kind
		there bool
	}{
		slackfake.RateLimit: {slackapi.Later, false},
		slackfake.Error500:  {slackapi.MayHaveHappened, false},
		slackfake.Error503:  {slackapi.MayHaveHappened, false},
		slackfake.HTML502:   {slackapi.MayHaveHappened, false},
		slackfake.Hang:      {slackapi.MayHaveHappened, false},
		slackfake.DropReply: {slackapi.MayHaveHappened, true},
		slackfake.Truncate:  {slackapi.MayHaveHappened, true},
		"fatal_error":       {slackapi.MayHaveHappened, false},
		"msg_too_long":      {slackapi.Never, false},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			fake, c := workspace(t, history...)
			ctx, since := context.Background(), time.Now()
			parent, err := c.Post(ctx, card("parent", "CHG-1"))
			if err != nil {
				t.Fatal(err)
			}
			for _, thread := range []string{"", parent.TS} {
				if _, err := fake.Break(slackfake.Rule{Method: "chat.postMessage", Kind: kind, Times: 1, RetryAfter: 2}); err != nil {
					t.Fatal(err)
				}
				m := card("d-7"+thread, "CHG-7")
				m.ThreadTS = thread
				_, err := c.Post(ctx, m)
				if e, _ := errors.AsType[*slackapi.Error](err); e == nil || e.Kind != want.kind {
					t.Fatalf("got %v, want %v", err, want.kind)
				}
				got, found, err := c.FindByMetadata(ctx, "CCHANGES", thread, "d-7"+thread, since)
				if err != nil || found != want.there {
					t.Fatalf("found %v, error %v; want found %v", found, err, want.there)
				}
				if m, ok := fake.Message(got.Channel, got.TS); found && (!ok || m.Text != "CHG-7" || m.ThreadTS != thread) {
					t.Errorf("found %+v, which is %+v", got, m)
				}
			}
		})
	}
}

func TestSlacksRefusalsAreUnderstood(t *testing.T) {
	fake, c := workspace(t)
	ctx := context.Background()
	to := func(ch string) error { _, err := c.Post(ctx, slackapi.Message{Channel: ch, Text: "x"}); return err }
	_, findErr := func() (bool, error) {
		_, f, err := c.FindByMetadata(ctx, "CCHANGES", "", "x", time.Now())
		return f, err
	}()
	dm := func(u string) error { _, err := c.OpenDM(ctx, u); return err }
	update := func() error {
		return c.Update(ctx, slackapi.Sent{Channel: "CCHANGES", TS: "1700000000.000001"}, slackapi.Message{Text: "x"})
	}
	user := func(id string) error { _, err := c.User(ctx, id); return err }
	_, groupErr := c.GroupMembers(ctx, "SNONE")
	_, openErr := c.OpenView(ctx, "1.2.3", modal())
	big := modal()
	big.Title.Text = "A title that is longer than Slack allows it to be"
	cases := []struct {
		what string
		err  error
		want slackapi.Trouble
	}{
		{"not invited", to("COTHER"), slackapi.ChannelClosed}, {"private", to("CPRIVATE"), slackapi.ChannelClosed},
		{"archived", to("COLD"), slackapi.ChannelClosed}, {"read-only", to("CREAD"), slackapi.ChannelClosed}, {"no such", to("CNONE"), slackapi.ChannelClosed},
		{"history without a scope", findErr, slackapi.ScopeMissing},
		{"deactivated", dm("UGONE"), slackapi.PersonGone}, {"unknown", dm("UNONE"), slackapi.PersonGone}, {"no such person", user("UNONE"), slackapi.PersonGone},
		{"deleted message", update(), slackapi.MessageGone}, {"no such group", groupErr, slackapi.PersonGone},
		{"made-up trigger", openErr, slackapi.TooLate},
		{"long text", func() error {
			_, err := c.Post(ctx, slackapi.Message{Channel: "CCHANGES", Text: "x", Blocks: []slack.Block{
				slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, fmt.Sprintf("%0200d", 1), false, false))}})
			return err
		}(), slackapi.BadContent},
	}
	fake.Uninstall()
	cases = append(cases, struct {
		what string
		err  error
		want slackapi.Trouble
	}{"uninstalled", to("CCHANGES"), slackapi.AppRemoved})
	for _, k := range cases {
		e, _ := errors.AsType[*slackapi.Error](k.err)
		if e == nil || e.Kind != slackapi.Never || e.Trouble != k.want {
			t.Errorf("%s: got %v, want %s", k.what, k.err, k.want)
		}
	}
}

const manifest = `{"_metadata":{"major_version":2},"display_information":{"name":"Gatehouse"},
	"features":{"app_home":{"home_tab_enabled":true},"bot_user":{"display_name":"Gatehouse"}},
	"oauth_config":{"scopes":{"bot":["chat:write","im:write","users:read","usergroups:read"]}},"settings":{"socket_mode_enabled":true}}`

func TestWhatIsSentIsWhatPeopleSee(t *testing.T) {
	fake, c := workspace(t)
	if err := fake.Install([]byte(manifest)); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	id, err := c.AuthTest(ctx)
	if err != nil || id.BotUser != fake.BotUser() || !slices.Contains(id.Scopes, "chat:write") || !id.HasDate || id.Ahead.Abs() > 2*time.Second {
		t.Fatalf("got %+v, %v", id, err)
	}
	at, err := c.Post(ctx, card("d-1", "CHG-1 waits"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Update(ctx, at, slackapi.Message{Text: "CHG-1 is closed"}); err != nil {
		t.Fatal(err)
	}
	m, ok := fake.Message(at.Channel, at.TS)
	if !ok || m.Plain() != "CHG-1 is closed" || len(m.Blocks) != 0 || m.EditedTS == "" {
		t.Errorf("the card reads %+v", m)
	}
	if err := c.PostEphemeral(ctx, "UANA", slackapi.Message{Channel: "CCHANGES", Text: "only you"}); err != nil {
		t.Fatal(err)
	}
	dm, err := c.OpenDM(ctx, "UANA")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(ctx, slackapi.Message{Channel: dm, Text: "please decide"}); err != nil {
		t.Fatal(err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	v, err := c.PublishHome(ctx, "UANA", home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PublishHome(ctx, "UANA", home, v.Hash); err != nil {
		t.Fatal(err)
	}
	_, err = c.PublishHome(ctx, "UANA", home, v.Hash)
	if e, _ := errors.AsType[*slackapi.Error](err); e == nil || e.Trouble != slackapi.ViewChanged {
		t.Errorf("an old hash gave %v, want ViewChanged", err)
	}
	if e, d := fake.Ephemerals("ana"), fake.DM("ana"); len(e) != 1 || e[0].Text != "only you" || len(d) != 1 || d[0].Text != "please decide" {
		t.Errorf("ana sees %+v and %+v", e, d)
	}
	u, err1 := c.User(ctx, "UANA")
	far, err2 := c.User(ctx, "UFAR")
	ms, err3 := c.GroupMembers(ctx, "SCAB")
	if err := errors.Join(err1, err2, err3); err != nil || u.Zone != "America/Sao_Paulo" || far.TeamID != "T0OTHER" || !slices.Equal(ms, []string{"UANA"}) {
		t.Errorf("got %+v, %+v, %v, %v", u, far, ms, err)
	}
	if url, err := c.OpenSocketURL(ctx); err != nil || url == "" {
		t.Errorf("no socket: %v", err)
	}
}
