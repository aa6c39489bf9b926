package slackfake_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/gatehousehq/gatehouse/bot/slackfake"
)

const socketManifest = `{"display_information":{"name":"Gatekeeper"},
 "features":{"bot_user":{"display_name":"gatekeeper"},"app_home":{"home_tab_enabled":true,"messages_tab_enabled":true,"messages_tab_read_only_enabled":false},
  "slash_commands":[{"command":"/change","description":"Changes","should_escape":true}]},
 "oauth_config":{"scopes":{"bot":["commands","chat:write","im:write","im:history","users:read","channels:read","channels:history","files:write","usergroups:read"]}},
 "settings":{"socket_mode_enabled":true,"interactivity":{"is_enabled":true},"event_subscriptions":{"bot_events":["app_home_opened"]}}}`

func withSlackGo(t *testing.T) (*slackfake.Server, *slack.Client) {
	t.Helper()
	s, err := slackfake.New(slackfake.Config{Record: io.Discard, PingEvery: 100 * time.Millisecond,
		Users: []slackfake.User{{Name: "ana", RealName: "Ana", TZ: "Europe/Berlin"}}, Channels: []slackfake.Channel{{Name: "changes", Bot: true}}})
	if err != nil {
		t.Fatal(err)
	}
	base, stop, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if err := s.Install([]byte(socketManifest)); err != nil {
		t.Fatal(err)
	}
	return s, slack.New("xoxb-fake-bot", slack.OptionAPIURL(base+"/api/"), slack.OptionAppLevelToken("xapp-fake-app"))
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// TestSlackGoIsServed: the most used Go client understands every answer.
func TestSlackGoIsServed(t *testing.T) {
	s, api := withSlackGo(t)
	ctx := t.Context()
	who, err := api.AuthTestContext(ctx)
	if err != nil || who.UserID != s.BotUser() || who.BotID == "" {
		t.Fatalf("%+v %v", who, err)
	}
	blocks := []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "*card*", false, false), nil, nil),
		slack.NewActionBlock("a", slack.NewButtonBlockElement("go", "1", plainText("Go")).WithStyle(slack.StylePrimary))}
	channel, ts, err := api.PostMessageContext(ctx, "C0CHANGES", slack.MsgOptionText("card", false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "card", EventPayload: map[string]any{"delivery": "7"}}), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, channel, ts, slack.MsgOptionText("card 2", false), slack.MsgOptionBlocks(blocks...)); err != nil {
		t.Fatal(err)
	}
	h, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true, Limit: 10})
	if err != nil || len(h.Messages) != 1 || h.Messages[0].Metadata.EventPayload["delivery"] != "7" || h.Messages[0].Text != "card 2" {
		t.Fatalf("%+v %v", h, err)
	}
	u, err := api.GetUserInfoContext(ctx, "U0ANA0000")
	if err != nil || u.TZ != "Europe/Berlin" || u.RealName != "Ana" {
		t.Fatalf("%+v %v", u, err)
	}
	im, _, _, err := api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{u.ID}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := api.UploadFileContext(ctx, slack.UploadFileParameters{Filename: "a.txt", FileSize: 5, Content: "hello", Channel: im.ID, Title: "A"})
	if err != nil || len(s.Files()) != 1 || string(s.Files()[0].Data) != "hello" {
		t.Fatalf("%+v %v %+v", f, err, s.Files())
	}
	if _, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: u.ID, View: slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.PostEphemeralContext(ctx, channel, u.ID, slack.MsgOptionText("only you", false)); err != nil {
		t.Fatal(err)
	}
	groups, err := api.GetUserGroupsContext(ctx, slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 0 {
		t.Fatalf("%v %v", groups, err)
	}
	_, err = api.OpenViewContext(ctx, "1.2.3", slack.ModalViewRequest{Type: slack.VTModal, Title: plainText("T"), Blocks: slack.Blocks{BlockSet: blocks[:1]}})
	if err == nil || err.Error() != "invalid_trigger_id" {
		t.Fatalf("%v", err)
	}
}

// TestSlackGoSocketMode: connect, take a command, open a form by its trigger, acknowledge with a message.
func TestSlackGoSocketMode(t *testing.T) {
	s, api := withSlackGo(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client := socketmode.New(api)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = client.RunContext(ctx) }()
	go func() {
		for ev := range client.Events {
			cmd, ok := ev.Data.(slack.SlashCommand)
			if !ok || ev.Type != socketmode.EventTypeSlashCommand {
				continue
			}
			label := slack.NewInputBlock("in", plainText("In"), nil, slack.NewPlainTextInputBlockElement(nil, "v"))
			if _, err := api.OpenViewContext(ctx, cmd.TriggerID, slack.ModalViewRequest{Type: slack.VTModal, Title: plainText("Form"), Submit: plainText("Send"), Blocks: slack.Blocks{BlockSet: []slack.Block{label}}}); err != nil {
				t.Error(err)
			}
			_ = client.Ack(*ev.Request, map[string]any{"response_type": "ephemeral", "text": "you typed " + cmd.Text})
		}
	}()
	if err := s.Wait(ctx, func() bool { return s.Sockets() == 1 }); err != nil {
		t.Fatal(err)
	}
	ana := s.As("ana")
	if r := ana.Slash("#changes", "/change new"); !r.OK {
		t.Fatalf("%+v", r)
	}
	if v, ok := ana.View(); !ok || v.Title != "Form" {
		t.Errorf("%+v", v)
	}
	if e := s.Ephemerals("ana"); len(e) != 1 || !strings.Contains(e[0].Text, "you typed new") {
		t.Errorf("%+v", e)
	}
	cancel()
	<-ended
}
