package slackfake

import (
	"fmt"
	"strings"
	"testing"
)

func x(n int) string { return strings.Repeat("x", n) }

// many makes n of something.
func many(n int, one func(i int) any) []any {
	out := []any{}
	for i := range n {
		out = append(out, one(i))
	}
	return out
}

func opt(i int) any { return obj{"text": text("plain_text", "o"), "value": fmt.Sprint("v", i)} }

func actions(els ...any) obj { return obj{"type": "actions", "block_id": "a", "elements": els} }

func with(o obj, key string, v any) obj {
	out := clone(o)
	out[key] = clone(v)
	return out
}

func sel(options any) obj { return obj{"type": "static_select", "action_id": "s", "options": options} }

var (
	press   = button("Go", "go", "v")
	typed   = obj{"type": "plain_text_input", "action_id": "v"}
	confirm = obj{"title": text("plain_text", "t"), "text": text("mrkdwn", "t"), "confirm": text("plain_text", "y"), "deny": text("plain_text", "n")}
	picture = obj{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
	card    = obj{"type": "card", "title": text("mrkdwn", "t")}
)

// TestEveryLimitIsTheOneSlackDocuments: n is accepted, n+1 is refused.
func TestEveryLimitIsTheOneSlackDocuments(t *testing.T) {
	b := start(t, nil)
	in := func(el obj) []any { return []any{input("in", el, false)} }
	cases := []struct {
		name    string
		surface string
		limit   int
		blocks  func(n int) []any
	}{
		{"blocks of a message", "message", 50, func(n int) []any { return many(n, func(int) any { return obj{"type": "divider"} }) }},
		{"blocks of a modal", "modal", 100, func(n int) []any { return many(n, func(int) any { return obj{"type": "divider"} }) }},
		{"blocks of a Home tab", "home", 100, func(n int) []any { return many(n, func(int) any { return obj{"type": "divider"} }) }},
		{"block_id", "message", 255, func(n int) []any { return []any{with(section("s"), "block_id", x(n))} }},
		{"action_id", "message", 255, func(n int) []any { return []any{actions(with(press, "action_id", x(n)))} }},
		{"header", "message", 150, func(n int) []any { return []any{obj{"type": "header", "text": text("plain_text", x(n))}} }},
		{"header level", "message", 4, func(n int) []any {
			return []any{obj{"type": "header", "text": text("plain_text", "h"), "level": n}}
		}},
		{"section text", "message", 3000, func(n int) []any { return []any{section(x(n))} }},
		{"section text in code points", "message", 3000, func(n int) []any { return []any{section(strings.Repeat("🙂", n))} }},
		{"section fields", "message", 10, func(n int) []any {
			return []any{obj{"type": "section", "fields": many(n, func(int) any { return text("mrkdwn", "f") })}}
		}},
		{"section field", "message", 2000, func(n int) []any {
			return []any{obj{"type": "section", "fields": []any{text("mrkdwn", x(n))}}}
		}},
		{"actions elements", "message", 25, func(n int) []any {
			return []any{actions(many(n, func(i int) any { return button("b", fmt.Sprint("a", i), "v") })...)}
		}},
		{"context elements", "message", 10, func(n int) []any {
			return []any{obj{"type": "context", "elements": many(n, func(int) any { return text("mrkdwn", "c") })}}
		}},
		{"button text", "message", 75, func(n int) []any { return []any{actions(button(x(n), "a", "v"))} }},
		{"button value", "message", 2000, func(n int) []any { return []any{actions(button("b", "a", x(n)))} }},
		{"button url", "message", 3000, func(n int) []any { return []any{actions(with(press, "url", "https://e.io/"+x(n-13)))} }},
		{"button accessibility_label", "message", 75, func(n int) []any { return []any{actions(with(press, "accessibility_label", x(n)))} }},
		{"image url", "message", 3000, func(n int) []any { return []any{with(picture, "image_url", "https://e.io/"+x(n-13))} }},
		{"image alt_text", "message", 2000, func(n int) []any { return []any{with(picture, "alt_text", x(n))} }},
		{"image title", "message", 2000, func(n int) []any { return []any{with(picture, "title", text("plain_text", x(n)))} }},
		{"option text", "message", 75, func(n int) []any {
			return []any{actions(sel([]any{obj{"text": text("plain_text", x(n)), "value": "v"}}))}
		}},
		{"option value", "message", 150, func(n int) []any {
			return []any{actions(sel([]any{obj{"text": text("plain_text", "o"), "value": x(n)}}))}
		}},
		{"option description", "message", 75, func(n int) []any {
			return []any{actions(sel([]any{with(opt(1).(obj), "description", text("plain_text", x(n)))}))}
		}},
		{"options of a select", "message", 100, func(n int) []any { return []any{actions(sel(many(n, opt)))} }},
		{"option groups", "message", 100, func(n int) []any {
			return []any{actions(obj{"type": "static_select", "action_id": "s", "option_groups": many(n, func(i int) any { return obj{"label": text("plain_text", "g"), "options": []any{opt(i)}} })})}
		}},
		{"options of a group", "message", 100, func(n int) []any {
			return []any{actions(obj{"type": "static_select", "action_id": "s", "option_groups": []any{obj{"label": text("plain_text", "g"), "options": many(n, opt)}}})}
		}},
		{"group label", "message", 75, func(n int) []any {
			return []any{actions(obj{"type": "static_select", "action_id": "s", "option_groups": []any{obj{"label": text("plain_text", x(n)), "options": []any{opt(1)}}}})}
		}},
		{"overflow options", "message", 5, func(n int) []any {
			return []any{actions(obj{"type": "overflow", "action_id": "o", "options": many(n, opt)})}
		}},
		{"checkboxes", "message", 10, func(n int) []any {
			return []any{actions(obj{"type": "checkboxes", "action_id": "o", "options": many(n, opt)})}
		}},
		{"radio buttons", "message", 10, func(n int) []any {
			return []any{actions(obj{"type": "radio_buttons", "action_id": "o", "options": many(n, opt)})}
		}},
		{"placeholder", "message", 150, func(n int) []any {
			return []any{actions(obj{"type": "users_select", "action_id": "u", "placeholder": text("plain_text", x(n))})}
		}},
		{"input label", "modal", 2000, func(n int) []any { return []any{with(input("in", typed, false), "label", text("plain_text", x(n)))} }},
		{"input hint", "modal", 2000, func(n int) []any { return []any{with(input("in", typed, false), "hint", text("plain_text", x(n)))} }},
		{"confirm title", "message", 100, func(n int) []any {
			return []any{actions(with(press, "confirm", with(confirm, "title", text("plain_text", x(n)))))}
		}},
		{"confirm text", "message", 300, func(n int) []any {
			return []any{actions(with(press, "confirm", with(confirm, "text", text("mrkdwn", x(n)))))}
		}},
		{"confirm button", "message", 30, func(n int) []any {
			return []any{actions(with(press, "confirm", with(confirm, "confirm", text("plain_text", x(n)))))}
		}},
		{"deny button", "message", 30, func(n int) []any {
			return []any{actions(with(press, "confirm", with(confirm, "deny", text("plain_text", x(n)))))}
		}},
		{"min_length", "modal", 3000, func(n int) []any { return in(with(typed, "min_length", n)) }},
		{"max_length", "modal", 3000, func(n int) []any { return in(with(typed, "max_length", n)) }},
		{"initial_value", "modal", 3000, func(n int) []any { return in(with(typed, "initial_value", x(n))) }},
		{"initial_value under max_length", "modal", 7, func(n int) []any {
			return in(with(with(typed, "max_length", 7), "initial_value", x(n)))
		}},
		{"file_input max_files", "modal", 10, func(n int) []any { return in(obj{"type": "file_input", "action_id": "f", "max_files": n}) }},
		{"markdown", "message", 12000, func(n int) []any { return []any{obj{"type": "markdown", "text": x(n)}} }},
		{"markdown together", "message", 12000, func(n int) []any {
			return []any{obj{"type": "markdown", "text": x(6000)}, obj{"type": "markdown", "text": x(n - 6000)}}
		}},
		{"table rows", "message", 100, func(n int) []any {
			return []any{obj{"type": "table", "rows": many(n, func(int) any { return []any{obj{"type": "raw_text", "text": "c"}} })}}
		}},
		{"table cells", "message", 20, func(n int) []any {
			return []any{obj{"type": "table", "rows": []any{many(n, func(int) any { return obj{"type": "raw_text", "text": "c"} })}}}
		}},
		{"table column settings", "message", 20, func(n int) []any {
			return []any{obj{"type": "table", "column_settings": many(n, func(int) any { return obj{"align": "left"} }), "rows": []any{[]any{obj{"type": "raw_text", "text": "c"}}}}}
		}},
		{"table characters", "message", 10000, func(n int) []any {
			return []any{obj{"type": "table", "rows": []any{[]any{obj{"type": "raw_text", "text": x(5000)}, obj{"type": "raw_text", "text": x(n - 5000)}}}}}
		}},
		{"tables", "message", 1, func(n int) []any {
			return many(n, func(int) any {
				return obj{"type": "table", "rows": []any{[]any{obj{"type": "raw_text", "text": "c"}}}}
			})
		}},
		{"data_table rows", "message", 201, func(n int) []any {
			return []any{obj{"type": "data_table", "caption": "c", "rows": many(n, func(int) any { return []any{obj{"type": "raw_text", "text": "c"}} })}}
		}},
		{"data_table page_size", "message", 100, func(n int) []any {
			return []any{obj{"type": "data_table", "caption": "c", "page_size": n, "rows": many(2, func(int) any { return []any{obj{"type": "raw_text", "text": "c"}} })}}
		}},
		{"charts", "message", 2, func(n int) []any {
			return many(n, func(int) any {
				return obj{"type": "data_visualization", "title": "t", "chart": obj{"type": "pie", "segments": []any{obj{"label": "l", "value": 1}}}}
			})
		}},
		{"chart title", "message", 50, func(n int) []any {
			return []any{obj{"type": "data_visualization", "title": x(n), "chart": obj{"type": "pie", "segments": []any{obj{"label": "l", "value": 1}}}}}
		}},
		{"chart segments", "message", 12, func(n int) []any {
			return []any{obj{"type": "data_visualization", "title": "t", "chart": obj{"type": "pie", "segments": many(n, func(int) any { return obj{"label": "l", "value": 1} })}}}
		}},
		{"chart label", "message", 20, func(n int) []any {
			return []any{obj{"type": "data_visualization", "title": "t", "chart": obj{"type": "pie", "segments": []any{obj{"label": x(n), "value": 1}}}}}
		}},
		{"alert text", "modal", 200, func(n int) []any { return []any{obj{"type": "alert", "text": text("plain_text", x(n))}} }},
		{"card title", "message", 150, func(n int) []any { return []any{with(card, "title", text("mrkdwn", x(n)))} }},
		{"card body", "message", 200, func(n int) []any { return []any{with(card, "body", text("mrkdwn", x(n)))} }},
		{"card buttons", "message", 3, func(n int) []any {
			return []any{with(card, "actions", many(n, func(i int) any { return button("b", fmt.Sprint(i), "v") }))}
		}},
		{"carousel", "message", 10, func(n int) []any {
			return []any{obj{"type": "carousel", "elements": many(n, func(int) any { return card })}}
		}},
		{"container children", "message", 10, func(n int) []any {
			return []any{obj{"type": "container", "title": text("plain_text", "t"), "child_blocks": many(n, func(int) any { return obj{"type": "divider"} })}}
		}},
		{"context_actions", "message", 5, func(n int) []any {
			return []any{obj{"type": "context_actions", "elements": many(n, func(i int) any {
				return obj{"type": "icon_button", "action_id": fmt.Sprint(i), "icon": "trash", "text": text("plain_text", "t")}
			})}}
		}},
		{"plan tasks", "message", 50, func(n int) []any {
			return []any{obj{"type": "plan", "title": "t", "tasks": many(n, func(i int) any {
				return obj{"type": "task_card", "task_id": fmt.Sprint(i), "title": "t", "status": "pending"}
			})}}
		}},
		{"video title", "message", 199, func(n int) []any {
			return []any{obj{"type": "video", "video_url": "https://e.io/v", "thumbnail_url": "https://e.io/t", "alt_text": "a", "title": text("plain_text", x(n))}}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if out := b.show(c.surface, c.blocks(c.limit)); out["ok"] != true {
				t.Errorf("%d: refused with %v %v", c.limit, out["error"], out["response_metadata"])
			}
			out := b.show(c.surface, c.blocks(c.limit+1))
			if out["ok"] != false {
				t.Errorf("%d: accepted", c.limit+1)
			}
			if out["ok"] == false && (out["response_metadata"] == nil || out["error"] != map[string]string{"message": "invalid_blocks", "modal": "invalid_arguments", "home": "invalid_arguments"}[c.surface]) {
				t.Errorf("%d: refused with %v %v", c.limit+1, out["error"], out["response_metadata"])
			}
		})
	}
}

// show sends blocks to a surface.
func (b *bench) show(surface string, blocks []any) obj {
	b.t.Helper()
	switch surface {
	case "message":
		return b.call("chat.postMessage", obj{"channel": "C0CHANGES", "text": "t", "blocks": blocks})
	case "home":
		return b.call("views.publish", obj{"user_id": "U0ANA0000", "view": obj{"type": "home", "blocks": blocks}})
	}
	return b.open(modal(blocks...))
}

// open opens a view for ana with a fresh trigger.
func (b *bench) open(view obj) obj {
	b.t.Helper()
	return b.call("views.open", obj{"trigger_id": b.trigger("ana"), "view": view})
}

func (b *bench) trigger(user string) string {
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	return b.newTrigger(b.world.user(user).ID, "")
}

func TestViewFieldsHaveTheirLimits(t *testing.T) {
	b := start(t, nil)
	for key, limit := range map[string]int{"title": 24, "submit": 24, "close": 24, "private_metadata": 3000, "callback_id": 255, "external_id": 255} {
		value := func(n int) any {
			if limit == 24 {
				return text("plain_text", x(n))
			}
			return x(n)
		}
		if out := b.open(with(modal(section("s")), key, value(limit))); out["ok"] != true {
			t.Errorf("%s of %d: %v", key, limit, out)
		}
		if out := b.open(with(modal(section("s")), key, value(limit+1))); out["error"] != "invalid_arguments" {
			t.Errorf("%s of %d: %v", key, limit+1, out)
		}
	}
	big := many(100, func(i int) any { return obj{"type": "section", "text": text("mrkdwn", x(2600))} })
	if out := b.open(modal(big...)); out["error"] != "view_too_large" {
		t.Errorf("a view of 260 kB: %v", out["error"])
	}
}

func TestBlocksThatSlackRefuses(t *testing.T) {
	b := start(t, nil)
	in := func(el obj) any { return input("in", el, false) }
	cases := map[string]struct {
		surface string
		block   any
	}{
		"unknown block":                 {"message", obj{"type": "banner"}},
		"unknown property":              {"message", with(section("s"), "colour", "red")},
		"null":                          {"message", with(section("s"), "accessory", nil)},
		"not an object":                 {"message", "hello"},
		"unknown element":               {"message", actions(obj{"type": "slider", "action_id": "s"})},
		"section without text":          {"message", obj{"type": "section"}},
		"empty text":                    {"message", section("")},
		"text as a string":              {"message", obj{"type": "section", "text": "plain"}},
		"mrkdwn in a header":            {"message", obj{"type": "header", "text": text("mrkdwn", "h")}},
		"emoji on mrkdwn":               {"message", obj{"type": "section", "text": obj{"type": "mrkdwn", "text": "t", "emoji": true}}},
		"empty actions":                 {"message", actions()},
		"same action_id":                {"message", actions(press, press)},
		"input in actions":              {"message", actions(typed)},
		"style default":                 {"message", actions(with(press, "style", "default"))},
		"relative url":                  {"message", actions(with(press, "url", "/here"))},
		"confirm without title":         {"message", actions(with(press, "confirm", obj{"text": text("mrkdwn", "t")}))},
		"options and groups":            {"message", actions(with(sel([]any{opt(1)}), "option_groups", []any{obj{"label": text("plain_text", "g"), "options": []any{opt(1)}}}))},
		"no options":                    {"message", actions(obj{"type": "static_select", "action_id": "s"})},
		"initial option elsewhere":      {"message", actions(with(sel([]any{opt(1)}), "initial_option", opt(2)))},
		"initial options empty":         {"message", actions(obj{"type": "checkboxes", "action_id": "s", "options": []any{opt(1)}, "initial_options": []any{}})},
		"same option value":             {"message", actions(sel([]any{opt(1), opt(1)}))},
		"option without value":          {"message", actions(sel([]any{obj{"text": text("plain_text", "o")}}))},
		"option url in a select":        {"message", actions(sel([]any{with(opt(1).(obj), "url", "https://e.io")}))},
		"image without alt":             {"message", obj{"type": "image", "image_url": "https://e.io/a.png"}},
		"image with two sources":        {"message", with(picture, "slack_file", obj{"id": "F1"})},
		"30 February":                   {"message", actions(obj{"type": "datepicker", "action_id": "d", "initial_date": "2026-02-30"})},
		"24:00":                         {"message", actions(obj{"type": "timepicker", "action_id": "d", "initial_time": "24:00"})},
		"zone CET":                      {"message", actions(obj{"type": "timepicker", "action_id": "d", "timezone": "CET"})},
		"milliseconds":                  {"message", actions(obj{"type": "datetimepicker", "action_id": "d", "initial_date_time": 1795300000000})},
		"alert in a message":            {"message", obj{"type": "alert", "text": text("plain_text", "a")}},
		"number_input in a message":     {"message", in(obj{"type": "number_input", "action_id": "n", "is_decimal_allowed": false})},
		"rich_text_input in a message":  {"message", in(obj{"type": "rich_text_input", "action_id": "n"})},
		"response_url_enabled outside":  {"message", actions(obj{"type": "channels_select", "action_id": "c", "response_url_enabled": true})},
		"empty rich text":               {"message", obj{"type": "rich_text", "elements": []any{obj{"type": "rich_text_section", "elements": []any{obj{"type": "text", "text": ""}}}}}},
		"unknown rich text":             {"message", obj{"type": "rich_text", "elements": []any{obj{"type": "paragraph", "elements": []any{}}}}},
		"file block":                    {"message", obj{"type": "file", "external_id": "x", "source": "remote"}},
		"ragged data_table":             {"message", obj{"type": "data_table", "caption": "c", "rows": []any{[]any{obj{"type": "raw_text", "text": "a"}}, []any{}}}},
		"markdown in a modal":           {"modal", obj{"type": "markdown", "text": "m"}},
		"table in a modal":              {"modal", obj{"type": "table", "rows": []any{[]any{obj{"type": "raw_text", "text": "a"}}}}},
		"min above max":                 {"modal", in(with(with(typed, "min_length", 5), "max_length", 4))},
		"number_input without decimals": {"modal", in(obj{"type": "number_input", "action_id": "n"})},
		"number as a number":            {"modal", in(obj{"type": "number_input", "action_id": "n", "is_decimal_allowed": true, "min_value": 3})},
		"file_input dispatches":         {"modal", with(input("in", obj{"type": "file_input", "action_id": "f"}, false), "dispatch_action", true)},
		"optional as a string":          {"modal", with(input("in", typed, false), "optional", "true")},
		"button in an input":            {"modal", in(press)},
		"datetimepicker in Home":        {"home", actions(obj{"type": "datetimepicker", "action_id": "d"})},
		"table in Home":                 {"home", obj{"type": "table", "rows": []any{[]any{obj{"type": "raw_text", "text": "a"}}}}},
		"number_input in Home":          {"home", in(obj{"type": "number_input", "action_id": "n", "is_decimal_allowed": false})},
	}
	for name, c := range cases {
		if out := b.show(c.surface, []any{c.block}); out["ok"] != false {
			t.Errorf("%s was accepted", name)
		}
	}
	same := with(section("s"), "block_id", "same")
	for _, surface := range []string{"message", "modal", "home"} {
		if out := b.show(surface, []any{same, same}); out["ok"] != false {
			t.Errorf("one block_id twice was accepted in a %s", surface)
		}
	}
	two := with(typed, "focus_on_load", true)
	if out := b.show("modal", []any{input("a1", two, false), input("b1", two, false)}); out["ok"] != false {
		t.Error("two elements with focus_on_load were accepted")
	}
}

func TestViewsThatSlackRefuses(t *testing.T) {
	b := start(t, nil)
	noSubmit := modal(input("in", typed, false))
	delete(noSubmit, "submit")
	noTitle := modal(section("s"))
	delete(noTitle, "title")
	for name, v := range map[string]obj{"inputs without submit": noSubmit, "no title": noTitle, "no blocks": modal(), "home as a modal": {"type": "home", "blocks": []any{section("s")}},
		"unknown key": with(modal(section("s")), "colour", "red"), "mrkdwn title": with(modal(section("s")), "title", text("mrkdwn", "t"))} {
		if out := b.open(v); out["error"] != "invalid_arguments" {
			t.Errorf("%s: %v", name, out)
		}
	}
	for _, key := range []string{"title", "submit", "close"} {
		v := obj{"type": "home", "blocks": []any{section("s")}, key: text("plain_text", "t")}
		b.refused("invalid_arguments", "views.publish", obj{"user_id": "U0ANA0000", "view": v})
	}
}

func TestSumsOverAMessage(t *testing.T) {
	b := start(t, nil)
	sections := func(n int) []any {
		out := []any{}
		for ; n > 3000; n -= 3000 {
			out = append(out, section(x(3000)))
		}
		return append(out, section(x(n)))
	}
	post := func(args obj) obj {
		args["channel"] = "C0CHANGES"
		return b.call("chat.postMessage", args)
	}
	if out := post(obj{"text": "t", "blocks": sections(13200)}); out["ok"] != true {
		t.Errorf("13,200 characters in blocks: %v", out)
	}
	if out := post(obj{"text": "t", "blocks": sections(13201)}); out["error"] != "msg_blocks_too_long" {
		t.Errorf("13,201 characters in blocks: %v", out)
	}
	if out := post(obj{"text": x(40000)}); out["ok"] != true {
		t.Errorf("40,000 characters: %v", out["error"])
	}
	if out := post(obj{"text": x(40001)}); out["error"] != "msg_too_long" {
		t.Errorf("40,001 characters: %v", out["error"])
	}
	attach := func(n int) []any { return many(n, func(int) any { return obj{"text": "a", "fallback": "a"} }) }
	if out := post(obj{"text": "t", "attachments": attach(100)}); out["ok"] != true {
		t.Errorf("100 attachments: %v", out)
	}
	if out := post(obj{"text": "t", "attachments": attach(101)}); out["error"] != "too_many_attachments" {
		t.Errorf("101 attachments: %v", out)
	}
	if out := post(obj{"text": "t", "markdown_text": "m"}); out["error"] != "markdown_text_conflict" {
		t.Errorf("markdown_text beside text: %v", out)
	}
}
