package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/bot/slackfake"
	"github.com/slack-go/slack"
)

// workspace is a stand-in for Slack and a client of it. What a test sends wrong
// on purpose is not recorded for the outside check.
func workspace(t *testing.T, record io.Writer, scopes ...string) (*slackfake.Server, *slackapi.Client) {
	t.Helper()
	fake, err := slackfake.New(slackfake.Config{
		Record: record,
		Users: []slackfake.User{{ID: "U0ANA00001", Name: "ana", RealName: "Ana Lima", TZ: "America/Sao_Paulo"},
			{ID: "U0GONE0001", Name: "gone", Deleted: true}, {ID: "U0FAR00001", Name: "far", TeamID: "T0OTHER"}},
		Channels: []slackfake.Channel{{ID: "C0CHANGES1", Name: "changes", Bot: true}, {ID: "C0SECRET01", Name: "secret", Kind: slackfake.Private},
			{ID: "C0OTHER001", Name: "other"}, {ID: "C0OLD00001", Name: "old", Bot: true, Archived: true}, {ID: "C0NEWS0001", Name: "news", Bot: true, ReadOnly: true}},
		UserGroups: []slackfake.UserGroup{{ID: "S0CAB00001", Handle: "cab", Users: []string{"ana"}}},
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
	return slackapi.Message{Channel: "C0CHANGES1", Text: text, Metadata: slackapi.Metadata{DeliveryID: delivery},
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
			fake, c := workspace(t, nil, history...)
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
				got, found, err := c.FindByMetadata(ctx, "C0CHANGES1", thread, "d-7"+thread, since)
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
	fake, c := workspace(t, io.Discard)
	ctx := context.Background()
	to := func(ch string) error { _, err := c.Post(ctx, slackapi.Message{Channel: ch, Text: "x"}); return err }
	_, findErr := func() (bool, error) {
		_, f, err := c.FindByMetadata(ctx, "C0CHANGES1", "", "x", time.Now())
		return f, err
	}()
	dm := func(u string) error { _, err := c.OpenDM(ctx, u); return err }
	update := func() error {
		return c.Update(ctx, slackapi.Sent{Channel: "C0CHANGES1", TS: "1700000000.000001"}, slackapi.Message{Text: "x"})
	}
	user := func(id string) error { _, err := c.User(ctx, id); return err }
	_, groupErr := c.GroupMembers(ctx, "S0NONE0001")
	_, openErr := c.OpenView(ctx, "1.2.3", modal())
	big := modal()
	big.Title.Text = "A title that is longer than Slack allows it to be"
	cases := []struct {
		what string
		err  error
		want slackapi.Trouble
	}{
		{"not invited", to("C0OTHER001"), slackapi.ChannelClosed}, {"private", to("C0SECRET01"), slackapi.ChannelClosed},
		{"archived", to("C0OLD00001"), slackapi.ChannelClosed}, {"read-only", to("C0NEWS0001"), slackapi.ChannelClosed}, {"no such", to("C0NONE0001"), slackapi.ChannelClosed},
		{"history without a scope", findErr, slackapi.ScopeMissing},
		{"deactivated", dm("U0GONE0001"), slackapi.PersonGone}, {"unknown", dm("U0NONE0001"), slackapi.PersonGone}, {"no such person", user("U0NONE0001"), slackapi.PersonGone},
		{"deleted message", update(), slackapi.MessageGone}, {"no such group", groupErr, slackapi.PersonGone},
		{"made-up trigger", openErr, slackapi.TooLate},
		{"long text", func() error {
			_, err := c.Post(ctx, slackapi.Message{Channel: "C0CHANGES1", Text: "x", Blocks: []slack.Block{
				slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, fmt.Sprintf("%0200d", 1), false, false))}})
			return err
		}(), slackapi.BadContent},
	}
	fake.Uninstall()
	cases = append(cases, struct {
		what string
		err  error
		want slackapi.Trouble
	}{"uninstalled", to("C0CHANGES1"), slackapi.AppRemoved})
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
	fake, c := workspace(t, nil)
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
	if err := c.PostEphemeral(ctx, "U0ANA00001", slackapi.Message{Channel: "C0CHANGES1", Text: "only you"}); err != nil {
		t.Fatal(err)
	}
	dm, err := c.OpenDM(ctx, "U0ANA00001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(ctx, slackapi.Message{Channel: dm, Text: "please decide"}); err != nil {
		t.Fatal(err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	v, err := c.PublishHome(ctx, "U0ANA00001", home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PublishHome(ctx, "U0ANA00001", home, v.Hash); err != nil {
		t.Fatal(err)
	}
	_, err = c.PublishHome(ctx, "U0ANA00001", home, v.Hash)
	if e, _ := errors.AsType[*slackapi.Error](err); e == nil || e.Trouble != slackapi.ViewChanged {
		t.Errorf("an old hash gave %v, want ViewChanged", err)
	}
	if e, d := fake.Ephemerals("ana"), fake.DM("ana"); len(e) != 1 || e[0].Text != "only you" || len(d) != 1 || d[0].Text != "please decide" {
		t.Errorf("ana sees %+v and %+v", e, d)
	}
	u, err1 := c.User(ctx, "U0ANA00001")
	far, err2 := c.User(ctx, "U0FAR00001")
	ms, err3 := c.GroupMembers(ctx, "S0CAB00001")
	if err := errors.Join(err1, err2, err3); err != nil || u.Zone != "America/Sao_Paulo" || far.TeamID != "T0OTHER" || !slices.Equal(ms, []string{"U0ANA00001"}) {
		t.Errorf("got %+v, %+v, %v, %v", u, far, ms, err)
	}
	if url, err := c.OpenSocketURL(ctx); err != nil || url == "" {
		t.Errorf("no socket: %v", err)
	}
}
