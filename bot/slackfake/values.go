package slackfake

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// obj is one JSON object as it came over the wire; nothing is dropped or added on the way through.
type obj = map[string]any

func strOf(o obj, key string) string { s, _ := o[key].(string); return s }

func objOf(o obj, key string) obj { v, _ := o[key].(obj); return v }

func listOf(o obj, key string) []any { l, _ := o[key].([]any); return l }

// boolOf reads a JSON boolean or the form values that Slack takes for one.
func boolOf(o obj, key string) bool {
	switch v := o[key].(type) {
	case bool:
		return v
	case string:
		return v == "true" || v == "1"
	}
	return false
}

// intOf reads a JSON number or a form value; def when absent, ok false when it is no whole number.
func intOf(o obj, key string, def int) (int, bool) {
	switch v := o[key].(type) {
	case nil:
		return def, true
	case float64:
		return int(v), v == float64(int(v))
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

// letters counts code points, as Slack's limits are read here.
func letters(s string) int { return utf8.RuneCountInString(s) }

// clone is a deep copy of JSON values, so that no reader can alter what is kept.
func clone[T any](v T) T {
	var out T
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	_ = json.Unmarshal(raw, &out)
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// visibleText is every text a person would read in blocks, in order, one a line.
func visibleText(blocks []any) string {
	var lines []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case obj:
			if t, ok := v["text"].(string); ok && t != "" {
				lines = append(lines, t)
			}
			for _, key := range []string{"text", "title", "subtitle", "label", "hint", "fields", "elements", "accessory", "element", "options", "rows", "child_blocks", "body", "tasks", "description"} {
				switch v[key].(type) {
				case obj, []any:
					walk(v[key])
				}
			}
			if t, ok := v["title"].(string); ok {
				lines = append(lines, t)
			}
		}
	}
	walk(blocks)
	return strings.Join(lines, "\n")
}
