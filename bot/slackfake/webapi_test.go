package slackfake

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTokensAndScopesAreChecked(t *testing.T) {
	b := start(t, func(c *Config) { c.Pace = Pace{Off: true} })
	for _, c := range []struct{ token, method, want string }{
		{"xoxb-fake-bot", "auth.test", ""},
		{"xapp-fake-app", "auth.test", ""},
		{"xoxb-wrong", "auth.test", "invalid_auth"},
		{"", "auth.test", "not_authed"},
		{"xapp-fake-app", "users.list", "not_allowed_token_type"},
		{"xoxb-fake-bot", "apps.connections.open", "not_allowed_token_type"},
		{"xoxb-fake-bot", "chat.postmessage", "unknown_method"},
		{"", "api.test", ""},
	} {
		out, _ := b.callAs(c.token, c.method, obj{})
		if strOf(out, "error") != c.want {
			t.Errorf("%s with %q: %v", c.method, c.token, out)
		}
	}
	if err := b.Install(manifestJSON(t, b.app.URL, func(m obj) {
		m["oauth_config"] = obj{"scopes": obj{"bot": []any{"commands", "chat:write", "im:history", "app_mentions:read", "users:read", "channels:read"}}}
	})); err != nil {
		t.Fatal(err)
	}
	for method, need := range map[string]string{"conversations.open": "im:write", "usergroups.list": "usergroups:read", "files.getUploadURLExternal": "files:write", "team.info": "team:read", "reactions.add": "reactions:write", "conversations.join": "channels:join"} {
		out := b.refused("missing_scope", method, obj{})
		if out["needed"] != need || !strings.Contains(strOf(out, "provided"), "chat:write") {
			t.Errorf("%s: %v", method, out)
		}
	}
	if out := b.refused("missing_scope", "conversations.history", obj{"channel": "C0CHANGES"}); out["needed"] != "channels:history" {
		t.Errorf("history: %v", out)
	}
	if out := b.refused("missing_scope", "conversations.list", obj{"types": "private_channel"}); out["needed"] != "groups:read" {
		t.Errorf("list: %v", out)
	}
	if out := b.refused("missing_scope", "chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "username": "Somebody"}); out["needed"] != "chat:write.customize" {
		t.Errorf("username: %v", out)
	}
	_, resp := b.callAs("xoxb-fake-bot", "auth.test", obj{})
	if h := resp.Header.Get("X-OAuth-Scopes"); !strings.Contains(h, "chat:write") || resp.Header.Get("Date") == "" {
		t.Errorf("headers: scopes %q, date %q", h, resp.Header.Get("Date"))
	}
	b.Uninstall()
	b.refused("account_inactive", "auth.test", obj{})
}

func TestArgumentsComeAsFormOrJSON(t *testing.T) {
	b := start(t, nil)
	resp, err := http.PostForm(b.base+"/api/chat.postMessage", url.Values{"token": {"xoxb-fake-bot"}, "channel": {"C0CHANGES"}, "text": {"t"},
		"blocks": {`[{"type":"section","text":{"type":"mrkdwn","text":"from a form"}}]`}, "metadata": {`{"event_type":"card","event_payload":{"id":"7"}}`}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	m := b.Messages("changes")
	if len(m) != 1 || m[0].Plain() != "from a form" || m[0].Metadata["event_type"] != "card" {
		t.Fatalf("%+v", m)
	}
	for arg, want := range map[string]string{"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format", "attachments": "invalid_attachments"} {
		resp, err := http.PostForm(b.base+"/api/chat.postMessage", url.Values{"token": {"xoxb-fake-bot"}, "channel": {"C0CHANGES"}, "text": {"t"}, arg: {"{not json"}})
		if err != nil {
			t.Fatal(err)
		}
		var out obj
		decode(t, resp, &out)
		if out["error"] != want {
			t.Errorf("%s: %v", arg, out)
		}
	}
}

func TestWhereTheAppMaySpeak(t *testing.T) {
	b := start(t, nil)
	for channel, want := range map[string]string{"C0CHANGES": "", "C0RANDOM0": "not_in_channel", "C0SECRET0": "channel_not_found", "C0OLD0000": "is_archived", "C0NOWHERE": "channel_not_found",
		"": "channel_not_found", "changes": "channel_not_found", "U0ANA0000": "", "U0CLEO000": "user_disabled"} {
		out := b.call("chat.postMessage", obj{"channel": channel, "text": "t"})
		if strOf(out, "error") != want {
			t.Errorf("%q: %v", channel, out)
		}
	}
	if len(b.DM("ana")) != 1 {
		t.Error("a user id did not open the DM with the app")
	}
	if err := b.Invite("random", b.BotUser()); err != nil {
		t.Fatal(err)
	}
	b.must("chat.postMessage", obj{"channel": "C0RANDOM0", "text": "t"})
	b.wait("member_joined_channel", func() bool { return b.count("events_api") > 0 })
	if err := b.Archive("changes", true); err != nil {
		t.Fatal(err)
	}
	b.refused("is_archived", "chat.postMessage", obj{"channel": "C0CHANGES", "text": "t"})
	b.refused("no_text", "chat.postMessage", obj{"channel": "C0RANDOM0"})
	b.refused("no_text", "chat.postMessage", obj{"channel": "C0RANDOM0", "blocks": []any{}})
	for _, meta := range []any{obj{"event_type": "x"}, obj{"event_type": "", "event_payload": obj{}}, obj{"event_type": "x", "event_payload": "y"}, obj{"event_type": "x", "event_payload": obj{}, "z": 1}, "x"} {
		b.refused("invalid_metadata_format", "chat.postMessage", obj{"channel": "C0RANDOM0", "text": "t", "metadata": meta})
	}
}

func TestThreads(t *testing.T) {
	b := start(t, nil)
	top := strOf(b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "parent"}), "ts")
	reply := strOf(b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "reply", "thread_ts": top}), "ts")
	b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "loud", "thread_ts": top, "reply_broadcast": true})
	b.refused("cannot_reply_to_message", "chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "thread_ts": reply})
	b.refused("thread_not_found", "chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "thread_ts": "1000000000.000000"})
	b.refused("invalid_thread_ts", "chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "thread_ts": 1000000000.5})
	m, _ := b.Message("changes", top)
	if got := len(b.Thread(m)); got != 2 {
		t.Errorf("%d replies", got)
	}
	if got := len(b.Messages("changes")); got != 2 { // the parent and the broadcast
		t.Errorf("%d messages stand in the channel", got)
	}
	out := b.must("conversations.replies", obj{"channel": "C0CHANGES", "ts": top})
	if got := len(listOf(out, "messages")); got != 3 {
		t.Errorf("conversations.replies: %d", got)
	}
	b.must("chat.delete", obj{"channel": "C0CHANGES", "ts": top})
	first := listOf(b.must("conversations.history", obj{"channel": "C0CHANGES"}), "messages")
	if last := first[len(first)-1].(obj); last["subtype"] != "tombstone" {
		t.Errorf("a deleted parent with replies shows as %v", last)
	}
	if r := b.As("ana").Reply(m, "still talking"); !r.OK {
		t.Errorf("a thread lives on after its parent: %+v", r)
	}
}

func TestUpdateAndDeleteOnlyOnesOwn(t *testing.T) {
	b := start(t, nil)
	theirs := b.As("ana").Say("changes", "hello").TS
	own := strOf(b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "one", "blocks": []any{section("block")}, "metadata": obj{"event_type": "a", "event_payload": obj{}}}), "ts")
	b.refused("cant_update_message", "chat.update", obj{"channel": "C0CHANGES", "ts": theirs, "text": "t"})
	b.refused("cant_delete_message", "chat.delete", obj{"channel": "C0CHANGES", "ts": theirs})
	b.refused("message_not_found", "chat.update", obj{"channel": "C0CHANGES", "ts": "1000000000.000001", "text": "t"})
	b.refused("no_text", "chat.update", obj{"channel": "C0CHANGES", "ts": own})
	b.refused("invalid_blocks", "chat.update", obj{"channel": "C0CHANGES", "ts": own, "text": "t", "blocks": []any{obj{"type": "nope"}}})
	b.must("chat.update", obj{"channel": "C0CHANGES", "ts": own, "text": "two"})
	if m, _ := b.Message("changes", own); m.Plain() != "block" || m.Text != "two" || m.Metadata["event_type"] != "a" || m.EditedTS == "" {
		t.Errorf("an update without blocks must keep them: %+v", m)
	}
	b.must("chat.update", obj{"channel": "C0CHANGES", "ts": own, "text": "three", "blocks": []any{}})
	if m, _ := b.Message("changes", own); m.Plain() != "three" {
		t.Errorf("empty blocks must take them away: %+v", m)
	}
	b.must("chat.delete", obj{"channel": "C0CHANGES", "ts": own})
	b.refused("message_not_found", "chat.update", obj{"channel": "C0CHANGES", "ts": own, "text": "t"})
}

func TestEphemeralMessagesAreForMembersAndNotStored(t *testing.T) {
	b := start(t, nil)
	ts := strOf(b.must("chat.postEphemeral", obj{"channel": "C0CHANGES", "user": "U0ANA0000", "text": "only you"}), "message_ts")
	b.refused("user_not_found", "chat.postEphemeral", obj{"channel": "C0CHANGES", "user": "ana", "text": "t"})
	b.refused("user_not_in_channel", "chat.postEphemeral", obj{"channel": "C0CHANGES", "user": "U0CLEO000", "text": "t"})
	b.refused("not_in_channel", "chat.postEphemeral", obj{"channel": "C0RANDOM0", "user": "U0ANA0000", "text": "t"})
	b.refused("message_not_found", "chat.update", obj{"channel": "C0CHANGES", "ts": ts, "text": "t"})
	if len(b.Ephemerals("ana")) != 1 || len(b.Ephemerals("ben")) != 0 || len(b.Messages("changes")) != 0 {
		t.Error("an ephemeral message is seen by the wrong people")
	}
	if n := len(listOf(b.must("conversations.history", obj{"channel": "C0CHANGES"}), "messages")); n != 0 {
		t.Errorf("%d ephemeral messages in the history", n)
	}
}

func TestReadingConversations(t *testing.T) {
	b := start(t, nil)
	for i := range 5 {
		b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": fmt.Sprint("m", i), "metadata": obj{"event_type": "n", "event_payload": obj{"i": i}}})
	}
	page := b.must("conversations.history", obj{"channel": "C0CHANGES", "limit": 3})
	list := listOf(page, "messages")
	if len(list) != 3 || strOf(list[0].(obj), "text") != "m4" || page["has_more"] != true || list[0].(obj)["metadata"] != nil {
		t.Fatalf("first page: %v", page)
	}
	page = b.must("conversations.history", obj{"channel": "C0CHANGES", "limit": "3", "cursor": objOf(page, "response_metadata")["next_cursor"], "include_all_metadata": true})
	list = listOf(page, "messages")
	if len(list) != 2 || page["has_more"] != false || list[0].(obj)["metadata"] == nil {
		t.Fatalf("second page: %v", page)
	}
	oldest := strOf(list[1].(obj), "ts")
	if n := len(listOf(b.must("conversations.history", obj{"channel": "C0CHANGES", "oldest": oldest}), "messages")); n != 4 {
		t.Errorf("after the oldest: %d", n)
	}
	if n := len(listOf(b.must("conversations.history", obj{"channel": "C0CHANGES", "oldest": oldest, "latest": oldest, "inclusive": true}), "messages")); n != 1 {
		t.Errorf("only the oldest: %d", n)
	}
	b.refused("invalid_cursor", "conversations.history", obj{"channel": "C0CHANGES", "cursor": "xyz"})
	b.refused("not_in_channel", "conversations.history", obj{"channel": "C0RANDOM0"})
	b.refused("channel_not_found", "conversations.info", obj{"channel": "C0SECRET0"})
	if c := objOf(b.must("conversations.info", obj{"channel": "C0CHANGES"}), "channel"); c["is_member"] != true || c["name"] != "changes" {
		t.Errorf("info: %v", c)
	}
	var names []string
	for _, c := range listOf(b.must("conversations.list", obj{"types": "public_channel,private_channel", "exclude_archived": true}), "channels") {
		names = append(names, strOf(c.(obj), "name"))
	}
	if diff := cmp.Diff([]string{"changes", "random"}, names); diff != "" {
		t.Error(diff)
	}
	b.refused("invalid_types", "conversations.list", obj{"types": "everything"})
	if n := len(listOf(b.must("users.conversations", obj{}), "channels")); n != 2 { // changes and old
		t.Errorf("the app is in %d channels", n)
	}
	members := listOf(b.must("conversations.members", obj{"channel": "C0CHANGES"}), "members")
	if !slices.Contains(members, any(b.BotUser())) || !slices.Contains(members, any("U0ANA0000")) {
		t.Errorf("members: %v", members)
	}
	link := strOf(b.must("chat.getPermalink", obj{"channel": "C0CHANGES", "message_ts": oldest}), "permalink")
	if !strings.HasPrefix(link, b.base+"/archives/C0CHANGES/p") {
		t.Errorf("permalink %s", link)
	}
	b.must("reactions.add", obj{"channel": "C0CHANGES", "timestamp": oldest, "name": "eyes"})
	b.refused("already_reacted", "reactions.add", obj{"channel": "C0CHANGES", "timestamp": oldest, "name": "eyes"})
	b.must("conversations.join", obj{"channel": "C0RANDOM0"})
	b.must("chat.postMessage", obj{"channel": "C0RANDOM0", "text": "t"})
}

func TestPeopleAndGroups(t *testing.T) {
	winter := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	b := start(t, func(c *Config) { c.Now = func() time.Time { return winter } })
	u := objOf(b.must("users.info", obj{"user": "U0ANA0000"}), "user")
	if u["tz"] != "Europe/Berlin" || u["tz_offset"] != 3600.0 || objOf(u, "profile")["real_name"] != "Ana" {
		t.Errorf("ana: %v", u)
	}
	b.refused("user_not_found", "users.info", obj{"user": "ana"})
	if u := objOf(b.must("users.info", obj{"user": "U0CLEO000"}), "user"); u["deleted"] != true || u["tz"] != nil {
		t.Errorf("cleo: %v", u)
	}
	if n := len(listOf(b.must("users.list", obj{}), "members")); n != 4 {
		t.Errorf("%d members, the app among them", n)
	}
	g := listOf(b.must("usergroups.list", obj{"include_users": true}), "usergroups")[0].(obj)
	if diff := cmp.Diff([]any{"U0ANA0000"}, g["users"]); diff != "" {
		t.Error(diff)
	}
	b.must("usergroups.users.list", obj{"usergroup": g["id"]})
	b.refused("no_such_subteam", "usergroups.users.list", obj{"usergroup": "S0NONE"})
	b.SetUser(User{Name: "ben", RealName: "Ben", Deleted: true})
	b.wait("user_change", func() bool { return b.count("events_api") == 1 })
	if ev := objOf(b.last("events_api").payload, "event"); ev["type"] != "user_change" || objOf(ev, "user")["deleted"] != true {
		t.Errorf("event: %v", ev)
	}
	b.refused("user_disabled", "conversations.open", obj{"users": "U0BEN0000"})
	b.refused("user_not_found", "conversations.open", obj{"users": "U0NOBODY0"})
	b.refused("cannot_dm_bot", "conversations.open", obj{"users": b.BotUser()})
	one := objOf(b.must("conversations.open", obj{"users": "U0ANA0000"}), "channel")["id"]
	two := b.must("conversations.open", obj{"users": "U0ANA0000"})
	if objOf(two, "channel")["id"] != one || two["already_open"] != true {
		t.Errorf("opened again: %v", two)
	}
	b.must("bots.info", obj{"bot": "B0FAKEBOT0"})
	b.must("team.info", obj{})
}

func TestFilesGoThroughTheThreeSteps(t *testing.T) {
	b := start(t, nil)
	up := b.must("files.getUploadURLExternal", obj{"filename": "a.txt", "length": 5})
	id := up["file_id"]
	b.refused("file_not_found", "files.completeUploadExternal", obj{"files": []any{obj{"id": id}}, "channel_id": "C0CHANGES"})
	send := func(body string) int {
		resp, err := http.Post(strOf(up, "upload_url"), "application/octet-stream", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := send("too long"); got != 400 {
		t.Errorf("another length: %d", got)
	}
	if got := send("hello"); got != 200 {
		t.Errorf("the bytes: %d", got)
	}
	b.refused("not_in_channel", "files.completeUploadExternal", obj{"files": []any{obj{"id": id}}, "channel_id": "C0RANDOM0"})
	b.must("files.completeUploadExternal", obj{"files": []any{obj{"id": id, "title": "A"}}, "channel_id": "C0CHANGES", "initial_comment": "here"})
	if f := b.Files(); len(f) != 1 || string(f[0].Data) != "hello" || f[0].Title != "A" {
		t.Errorf("%+v", f)
	}
	if m := b.Messages("changes"); len(m) != 1 || len(m[0].Files) != 1 || m[0].Text != "here" {
		t.Errorf("%+v", m)
	}
	b.must("files.info", obj{"file": id})
	b.refused("invalid_arguments", "files.getUploadURLExternal", obj{"filename": "a.txt", "length": 0})
}

func TestTimestampsAreUniqueAndRise(t *testing.T) {
	still := time.Unix(1795300000, 0)
	b := start(t, func(c *Config) { c.Now = func() time.Time { return still } })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { b.must("chat.postMessage", obj{"channel": "C0CHANGES", "text": "t"}) })
	}
	wg.Wait()
	seen := map[string]bool{}
	last := ""
	for _, m := range b.Messages("changes") {
		if seen[m.TS] || m.TS <= last || !tsShape.MatchString(m.TS) {
			t.Fatalf("%s after %s", m.TS, last)
		}
		seen[m.TS], last = true, m.TS
	}
	if len(seen) != 20 {
		t.Errorf("%d messages", len(seen))
	}
}

func TestPaceFollowsBusinessTime(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1795300000, 0)
	later := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	b := start(t, func(c *Config) {
		c.Pace, c.Now = Pace{}, func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	post := func(channel string) (obj, *http.Response) {
		return b.callAs("xoxb-fake-bot", "chat.postMessage", obj{"channel": channel, "text": "t"})
	}
	for i := range 5 {
		if out, _ := post("C0CHANGES"); out["ok"] != true {
			t.Fatalf("message %d of the burst: %v", i, out)
		}
	}
	out, resp := post("C0CHANGES")
	if out["error"] != "ratelimited" || resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
		t.Fatalf("the sixth at once: %v %d %q", out, resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if out, _ := post("U0ANA0000"); out["ok"] != true {
		t.Errorf("another channel is held up: %v", out)
	}
	later(time.Second)
	if out, _ := post("C0CHANGES"); out["ok"] != true {
		t.Errorf("a second later: %v", out)
	}
	accepted := 6
	for range 54 {
		later(time.Second)
		if out, _ := post("C0CHANGES"); out["ok"] == true {
			accepted++
		}
	}
	later(time.Second) // t = 56 s
	if out, _ := post("C0CHANGES"); out["ok"] == true || accepted != 60 {
		t.Errorf("%d messages within a minute, then %v", accepted, out)
	}
	for i := range 20 {
		if out := b.call("usergroups.list", obj{}); out["ok"] != true {
			t.Fatalf("tier 2, call %d: %v", i, out)
		}
	}
	if out := b.call("usergroups.list", obj{}); out["error"] != "ratelimited" {
		t.Errorf("tier 2, call 21: %v", out)
	}
	if out := b.call("users.list", obj{}); out["ok"] != true {
		t.Errorf("another method is held up: %v", out)
	}
}

func TestClosedDoors(t *testing.T) {
	b := start(t, func(c *Config) {
		c.Channels = append(c.Channels, Channel{Name: "news", Bot: true, ReadOnly: true})
	})
	b.refused("restricted_action", "chat.postMessage", obj{"channel": "C0NEWS000", "text": "t"})
	b.must("chat.postMessage", obj{"channel": "U0ANA0000", "text": "t"})
	dm := b.DM("ana")[0].Channel
	if err := b.Install(manifestJSON(t, b.app.URL, func(m obj) {
		m["features"].(obj)["app_home"] = obj{"home_tab_enabled": false, "messages_tab_enabled": false}
	})); err != nil {
		t.Fatal(err)
	}
	b.refused("messages_tab_disabled", "chat.postMessage", obj{"channel": dm, "text": "t"})
	b.refused("messages_tab_disabled", "chat.postMessage", obj{"channel": "U0ANA0000", "text": "t"})
	b.refused("not_enabled", "views.publish", obj{"user_id": "U0ANA0000", "view": obj{"type": "home", "blocks": []any{section("s")}}})
	if r := b.As("ana").Tell("hello"); r.OK {
		t.Error("she wrote to an app that takes no messages")
	}
	if r := b.As("ana").Home(); r.OK {
		t.Error("there is no Home tab")
	}
	b.SetUser(User{Name: "ana", RealName: "Ana", Deleted: true})
	b.refused("is_archived", "chat.postMessage", obj{"channel": dm, "text": "t"})
}
