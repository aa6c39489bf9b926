package slackfake

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answer says where an element keeps what a person chose (in state.values and actions) and what it starts with.
type answer struct {
	key, initial string
	many         bool
}

// answers are the elements with state; buttons and overflow menus have none.
var answers = map[string]answer{
	"plain_text_input":           {"value", "initial_value", false},
	"number_input":               {"value", "initial_value", false},
	"email_text_input":           {"value", "initial_value", false},
	"url_text_input":             {"value", "initial_value", false},
	"rich_text_input":            {"rich_text_value", "initial_value", false},
	"static_select":              {"selected_option", "initial_option", false},
	"external_select":            {"selected_option", "initial_option", false},
	"radio_buttons":              {"selected_option", "initial_option", false},
	"users_select":               {"selected_user", "initial_user", false},
	"conversations_select":       {"selected_conversation", "initial_conversation", false},
	"channels_select":            {"selected_channel", "initial_channel", false},
	"multi_static_select":        {"selected_options", "initial_options", true},
	"multi_external_select":      {"selected_options", "initial_options", true},
	"checkboxes":                 {"selected_options", "initial_options", true},
	"multi_users_select":         {"selected_users", "initial_users", true},
	"multi_conversations_select": {"selected_conversations", "initial_conversations", true},
	"multi_channels_select":      {"selected_channels", "initial_channels", true},
	"datepicker":                 {"selected_date", "initial_date", false},
	"timepicker":                 {"selected_time", "initial_time", false},
	"datetimepicker":             {"selected_date_time", "initial_date_time", false},
	"file_input":                 {"files", "", true},
}

// initialValues is state.values before anybody touched anything.
func initialValues(blocks []any) values {
	out := values{}
	for _, p := range parts(blocks) {
		kind := strOf(p.el, "type")
		a, ok := answers[kind]
		if !ok {
			continue
		}
		val := obj{"type": kind, a.key: clone(p.el[a.initial])}
		if a.many && val[a.key] == nil {
			val[a.key] = []any{}
		}
		if kind == "timepicker" && p.el["timezone"] != nil {
			val["timezone"] = p.el["timezone"]
		}
		out.put(strOf(p.block, "block_id"), strOf(p.el, "action_id"), val)
	}
	return out
}

func (v values) put(block, action string, val obj) {
	if v[block] == nil {
		v[block] = map[string]obj{}
	}
	v[block][action] = val
}

// find looks an element up by its ids.
func find(blocks []any, block, action string) (part, bool) {
	for _, p := range parts(blocks) {
		if strOf(p.block, "block_id") == block && strOf(p.el, "action_id") == action {
			return p, true
		}
	}
	return part{}, false
}

// take puts what a person chose into state, as far as their client would let them choose it.
func take(into values, blocks []any, block, action string, given obj) error {
	p, ok := find(blocks, block, action)
	if !ok {
		return fmt.Errorf("there is no field %q / %q here", block, action)
	}
	kind := strOf(p.el, "type")
	a, ok := answers[kind]
	if !ok {
		return fmt.Errorf("%s keeps no value", kind)
	}
	val := obj{"type": kind, a.key: clone(given[a.key])}
	if a.many && val[a.key] == nil {
		val[a.key] = []any{}
	}
	if kind == "timepicker" && p.el["timezone"] != nil {
		val["timezone"] = p.el["timezone"]
	}
	if err := selectable(p.el, val[a.key]); err != nil {
		return err
	}
	into.put(block, action, val)
	return nil
}

// selectable refuses options that the element does not offer.
func selectable(el obj, chosen any) error {
	switch strOf(el, "type") {
	case "static_select", "multi_static_select", "radio_buttons", "checkboxes":
	default:
		return nil
	}
	list, many := chosen.([]any)
	if !many && chosen != nil {
		list = []any{chosen}
	}
	for _, v := range list {
		o, _ := v.(obj)
		if !slices.ContainsFunc(optionsOf(el), func(have obj) bool { return have["value"] == o["value"] }) {
			return fmt.Errorf("%v is not among the options", o["value"])
		}
	}
	return nil
}

// clientErrors are the complaints that Slack's own client makes before it sends a form, by block_id.
func clientErrors(blocks []any, vals values) map[string]string {
	out := map[string]string{}
	for _, p := range parts(blocks) {
		if strOf(p.block, "type") != "input" {
			continue
		}
		id, kind := strOf(p.block, "block_id"), strOf(p.el, "type")
		val := vals[id][strOf(p.el, "action_id")][answers[kind].key]
		if problem := complaint(p.el, kind, val, boolOf(p.block, "optional")); problem != "" {
			out[id] = problem
		}
	}
	return out
}

func complaint(el obj, kind string, val any, optional bool) string {
	text, _ := val.(string)
	list, many := val.([]any)
	if val == nil || kind == "plain_text_input" && strings.TrimSpace(text) == "" || !many && val == "" || many && len(list) == 0 {
		if optional {
			return ""
		}
		return "Please complete this required field."
	}
	if most, ok := intOf(el, "max_selected_items", 0); ok && most > 0 && len(list) > most {
		return fmt.Sprintf("Please choose at most %d.", most)
	}
	switch kind {
	case "plain_text_input":
		least, _ := intOf(el, "min_length", 0)
		most, _ := intOf(el, "max_length", 3000)
		if n := letters(text); n < least {
			return fmt.Sprintf("Must be at least %d characters.", least)
		} else if n > most {
			return fmt.Sprintf("Must be at most %d characters (has %d).", most, n)
		}
	case "number_input":
		return numberComplaint(el, text)
	case "email_text_input":
		if _, err := mail.ParseAddress(text); err != nil {
			return "Please enter a valid e-mail address."
		}
	case "url_text_input":
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "Please enter a valid URL."
		}
	}
	return ""
}

func numberComplaint(el obj, text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !boolOf(el, "is_decimal_allowed") && strings.ContainsAny(text, ".,eE") {
		return "Please enter a number."
	}
	if low, err := strconv.ParseFloat(strOf(el, "min_value"), 64); err == nil && n < low {
		return "Must be at least " + strOf(el, "min_value") + "."
	}
	if high, err := strconv.ParseFloat(strOf(el, "max_value"), 64); err == nil && n > high {
		return "Must be at most " + strOf(el, "max_value") + "."
	}
	return ""
}
