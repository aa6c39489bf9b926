package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// problems lists everything in a view that Slack would refuse or that a
// person's text could have broken. It reads JSON, as Slack does, and shares
// no limit with the code that made it (numbers: slack-platform section 7).
func problems(view any) []string {
	w := &walker{ids: map[string]bool{}}
	w.walk(view)
	return w.found
}

type walker struct {
	found   []string
	ids     map[string]bool // block ids
	inputs  int
	letters int
}

func (w *walker) bad(format string, args ...any) {
	w.found = append(w.found, fmt.Sprintf(format, args...))
}

func (w *walker) walk(view any) {
	v := decoded(view)
	switch view.(type) {
	case Message:
		w.message(v)
	case slack.ModalViewRequest:
		w.modal(v)
	case slack.HomeTabViewRequest:
		w.blocks(v["blocks"], 100)
		if w.inputs > 0 {
			w.bad("inputs in a Home")
		}
	case Options:
		list, ok := v["options"].([]any)
		if !ok || len(list) > 100 {
			w.bad("options missing or more than 100")
		}
		w.options(list, 100)
	default:
		w.bad("unknown kind of view %T", view)
	}
}

func decoded(view any) map[string]any {
	var v map[string]any
	if err := json.Unmarshal(mustJSON(view), &v); err != nil {
		panic(err)
	}
	return v
}

func encoded(view any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(view); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (w *walker) message(v map[string]any) {
	text, _ := v["text"].(string)
	if strings.TrimSpace(text) == "" || runes(text) > 4000 {
		w.bad("fallback text of %d letters", runes(text))
	}
	w.mrkdwn(text, "fallback")
	if strings.Contains(ourCode.ReplaceAllString(text, ""), "*") {
		w.bad("formatting in the fallback text: %.80q", text)
	}
	w.blocks(v["blocks"], 40)
	if w.inputs > 0 {
		w.bad("inputs in a message")
	}
	if size := runes(string(mustJSON(v["blocks"]))); w.letters > 10000 || size > 13000 {
		w.bad("%d letters in blocks, %d as JSON", w.letters, size)
	}
}

func mustJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (w *walker) modal(v map[string]any) {
	w.text(v["title"], 24, true, "title")
	w.text(v["close"], 24, true, "close")
	if v["submit"] != nil {
		w.text(v["submit"], 24, true, "submit")
	}
	if s, _ := v["private_metadata"].(string); runes(s) > 3000 {
		w.bad("private_metadata of %d letters", runes(s))
	}
	w.blocks(v["blocks"], 100)
	if (w.inputs > 0) != (v["submit"] != nil) {
		w.bad("%d inputs and submit %v", w.inputs, v["submit"])
	}
	if id, _ := v["callback_id"].(string); v["submit"] != nil && !slices.Contains(AllForms(), id) {
		w.bad("form %q is not in AllForms", id)
	}
	if size := len(mustJSON(v)); size > 250_000 {
		w.bad("view of %d bytes", size)
	}
}

func (w *walker) blocks(v any, max int) {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > max {
		w.bad("%d blocks, 1 to %d allowed", len(list), max)
	}
	for _, b := range list {
		w.block(b.(map[string]any))
	}
}

func (w *walker) block(b map[string]any) {
	if id, ok := b["block_id"].(string); ok {
		if id == "" || runes(id) > 255 || w.ids[id] {
			w.bad("block_id %q empty, long or used twice", id)
		}
		w.ids[id] = true
	}
	switch b["type"] {
	case "header":
		w.text(b["text"], 150, true, "header")
	case "section":
		w.section(b)
	case "context":
		w.each(b["elements"], 10, func(e map[string]any) { w.text(e, 3000, false, "context") })
	case "actions":
		w.actions(b)
	case "input":
		w.input(b)
	case "rich_text":
		w.each(b["elements"], 100, w.rich)
	case "divider":
	default:
		w.bad("block of type %v", b["type"])
	}
}

func (w *walker) each(v any, max int, do func(map[string]any)) {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > max {
		w.bad("%d elements, 1 to %d allowed", len(list), max)
	}
	for _, e := range list {
		do(e.(map[string]any))
	}
}

func (w *walker) section(b map[string]any) {
	if b["text"] == nil && b["fields"] == nil {
		w.bad("empty section")
	}
	if b["text"] != nil {
		w.text(b["text"], 3000, false, "section")
	}
	if b["fields"] != nil {
		w.each(b["fields"], 10, func(f map[string]any) { w.text(f, 2000, false, "field") })
	}
	switch a, ok := b["accessory"].(map[string]any); {
	case ok && a["type"] == "overflow":
		w.menu(a)
	case ok:
		w.button(a)
	}
}

func (w *walker) menu(e map[string]any) {
	if id, _ := e["action_id"].(string); !slices.Contains(AllActions(), id) {
		w.bad("menu %q is not in AllActions", id)
	}
	list, _ := e["options"].([]any)
	w.options(list, 5)
	for _, o := range list {
		if _, _, ok := ParseSnooze(o.(map[string]any)["value"].(string)); !ok {
			w.bad("a menu carries %v", o)
		}
	}
}

func (w *walker) actions(b map[string]any) {
	seen := map[any]bool{}
	w.each(b["elements"], 5, func(e map[string]any) {
		w.button(e)
		if seen[e["action_id"]] {
			w.bad("action_id %v twice in a block", e["action_id"])
		}
		seen[e["action_id"]] = true
	})
}

func (w *walker) button(e map[string]any) {
	id, _ := e["action_id"].(string)
	value, _ := e["value"].(string)
	if e["type"] != "button" || !slices.Contains(AllActions(), id) {
		w.bad("%v %q is not in AllActions", e["type"], id)
	}
	w.text(e["text"], 30, true, "button") // more is not shown
	if _, ok := ParseReleaseRef(value); !ok && slices.Contains(ReleaseActions(), id) && id != ActionReleaseNew {
		w.bad("%s carries %q", id, value)
	}
	switch {
	case id == ActionEvidence && !strings.HasPrefix(fmt.Sprint(e["url"]), "http"), id != ActionEvidence && e["url"] != nil:
		w.bad("%s leads to %v", id, e["url"])
	}
	switch id {
	case ActionRaise, ActionMe, ActionFreezeNew, ActionSlot, ActionServiceNew, ActionReleaseNew, ActionSendAllAgain:
		if value != "" {
			w.bad("%s carries %q", id, value)
		}
	case ActionOlder:
		if _, _, ok := ParseOlder(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionTemplateUse, ActionTemplateOpen, ActionTemplateEdit, ActionTemplateApprove, ActionTemplateDecline,
		ActionTemplateSuspend, ActionTemplateReinstate, ActionTemplateRetire:
		if _, _, ok := ParseTemplateValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionServiceOpen, ActionServiceEdit, ActionServiceRetire, ActionServiceReturn, ActionServiceEvents:
		if _, _, ok := ParseServiceValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionServicePage, ActionServiceBack:
		if _, _, ok := ParseServicePageValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionRole:
		if !slices.Contains(models.StandingRoles, models.Role(value)) {
			w.bad("%s carries %q", id, value)
		}
	case ActionMaintenance:
		if value == "" || strings.ContainsAny(value, ": ") {
			w.bad("%s carries %q", id, value)
		}
	case ActionSlotTake:
		if _, ok := ParseSlotValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionMove:
		if _, _, _, ok := ParseMoveValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionFreezeEdit, ActionFreezeLift:
		if _, _, ok := ParseFreezeValue(value); !ok {
			w.bad("%s carries %q", id, value)
		}
	case ActionSendAgain, ActionGiveUp:
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n <= 0 {
			w.bad("%s carries %q", id, value)
		}
	case ActionDigestSet, ActionDigestOff, ActionDigestPreview:
		if !strings.HasPrefix(value, "C") && !strings.HasPrefix(value, "U") {
			w.bad("%s carries %q", id, value)
		}
	case ActionDraft:
		if _, _, ok := ParseValue(value); !ok && value != "" {
			w.bad("%s carries %q", id, value)
		}
	default:
		if _, _, ok := ParseValue(value); !ok && !slices.Contains(ReleaseActions(), id) {
			w.bad("%s carries %q", id, value)
		}
	}
	if c, ok := e["confirm"].(map[string]any); ok {
		w.text(c["title"], 100, true, "confirm title")
		w.text(c["text"], 300, true, "confirm text")
		w.text(c["confirm"], 30, true, "confirm yes")
		w.text(c["deny"], 30, true, "confirm no")
	}
}

func (w *walker) input(b map[string]any) {
	w.inputs++
	if b["block_id"] == nil {
		w.bad("input without block_id")
	}
	w.text(b["label"], 2000, true, "label")
	if b["hint"] != nil {
		w.text(b["hint"], 2000, true, "hint")
	}
	e := b["element"].(map[string]any)
	if id, _ := e["action_id"].(string); id == "" || runes(id) > 255 {
		w.bad("input without action_id")
	}
	if e["placeholder"] != nil {
		w.text(e["placeholder"], 150, true, "placeholder")
	}
	switch e["type"] {
	case "plain_text_input":
		initial, _ := e["initial_value"].(string)
		if max, _ := e["max_length"].(float64); max < 1 || max > 3000 || runes(initial) > int(max) {
			w.bad("text input of at most %v starts with %d letters", max, runes(initial))
		}
	case "static_select", "radio_buttons":
		list, _ := e["options"].([]any)
		w.options(list, 100)
		if e["initial_option"] != nil && !slices.ContainsFunc(list, func(o any) bool { return string(mustJSON(o)) == string(mustJSON(e["initial_option"])) }) {
			w.bad("initial option is not among the options")
		}
	case "multi_static_select":
		list, _ := e["options"].([]any)
		w.options(list, 100)
	case "checkboxes":
		list, _ := e["options"].([]any)
		w.options(list, 10)
	case "multi_external_select":
		list, _ := e["initial_options"].([]any)
		w.options(list, 100)
		if n, ok := e["min_query_length"].(float64); !ok || n != 0 || e["action_id"] != ActionServices {
			w.bad("external select %v asks after %v letters", e["action_id"], e["min_query_length"])
		}
	case "external_select":
		if n, ok := e["min_query_length"].(float64); !ok || n != 0 || e["action_id"] != ActionRelease {
			w.bad("external select %v asks after %v letters", e["action_id"], e["min_query_length"])
		}
	case "datetimepicker":
		if t, ok := e["initial_date_time"].(float64); ok && (t < 1e9 || t >= 1e10) {
			w.bad("date of %v seconds", t)
		}
	case "multi_users_select":
		if list, _ := e["initial_users"].([]any); len(list) > 100 {
			w.bad("%d people chosen", len(list))
		}
	case "users_select", "conversations_select", "number_input", "timepicker", "datepicker":
	default:
		w.bad("input element %v", e["type"])
	}
}

func (w *walker) options(list []any, max int) {
	if len(list) > max {
		w.bad("%d options", len(list))
	}
	for _, o := range list {
		o := o.(map[string]any)
		w.text(o["text"], 75, true, "option")
		if v, _ := o["value"].(string); v == "" || runes(v) > 150 {
			w.bad("option value %q", v)
		}
	}
}

// richKinds can be made of text and dates only: nobody is mentioned.
var richKinds = []string{"rich_text_section", "rich_text_quote", "text", "date"}

func (w *walker) rich(e map[string]any) {
	kind, _ := e["type"].(string)
	if !slices.Contains(richKinds, kind) {
		w.bad("rich text of kind %q", kind)
	}
	if kind == "text" {
		s, _ := e["text"].(string)
		w.words(s, "rich text")
	}
	if e["elements"] != nil {
		w.each(e["elements"], 50, w.rich)
	}
}

func (w *walker) text(v any, max int, plainOnly bool, what string) {
	o, ok := v.(map[string]any)
	if !ok {
		w.bad("%s has no text", what)
		return
	}
	s, _ := o["text"].(string)
	w.words(s, what)
	if n := utf16s(s); n > max {
		w.bad("%s of %d letters, at most %d: %.60q", what, n, max, s)
	}
	switch {
	case o["type"] == "plain_text":
	case o["type"] == "mrkdwn" && !plainOnly:
		if o["verbatim"] != true {
			w.bad("%s would link by itself", what)
		}
		w.mrkdwn(s, what)
	default:
		w.bad("%s is %v", what, o["type"])
	}
}

// words hold for text of any kind.
func (w *walker) words(s, what string) {
	w.letters += runes(s)
	if strings.TrimSpace(s) == "" || !utf8.ValidString(s) {
		w.bad("%s is blank or broken: %q", what, s)
	}
	if strings.ContainsAny(s, "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u0000\uFEFF") {
		w.bad("%s can turn the text around it: %.60q", what, s)
	}
}

var (
	tokens   = regexp.MustCompile(`<!date\^\d{1,11}\^[^^|<>]+\|[^|<>]+>|<#[CG][A-Z0-9]+>`)
	entities = regexp.MustCompile(`&(amp|lt|gt);`)
	ourBold  = regexp.MustCompile(`\*[^*\n]+\*`)
	ourCode  = regexp.MustCompile("`[^`\n]+`")
	emojis   = regexp.MustCompile(`:[a-z_]+:`)
	italics  = regexp.MustCompile(`(^|[^\p{L}\p{N}])_|_($|[^\p{L}\p{N}])`)
)

// mrkdwn may hold tokens of ours and nothing that somebody's text smuggled in.
func (w *walker) mrkdwn(s, what string) {
	rest := tokens.ReplaceAllString(s, "")
	if strings.ContainsAny(rest, "<>") {
		w.bad("%s holds a control sequence: %.120q", what, rest)
	}
	if strings.Contains(entities.ReplaceAllString(rest, ""), "&") {
		w.bad("%s holds a bare &: %.120q", what, rest)
	}
	rest = ourBold.ReplaceAllString(ourCode.ReplaceAllString(rest, "x"), "") // in code a star is a star
	if strings.ContainsAny(rest, "*`~") || italics.MatchString(rest) || emojis.MatchString(rest) {
		w.bad("%s can be formatted by a person: %.200q", what, rest)
	}
}

func runes(s string) int { return utf8.RuneCountInString(s) }

// utf16s counts as strictly as Slack might.
func utf16s(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
