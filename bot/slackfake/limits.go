package slackfake

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// surface is a place where blocks can stand.
type surface uint8

const (
	inMessage surface = 1 << iota
	inModal
	inHome
	everywhere = inMessage | inModal | inHome
)

// shape is one block, element or composition object: where it may stand, which keys it has and must have.
type shape struct {
	on    surface
	need  string // required keys, separated by spaces
	keys  keys
	whole func(c *checker, o obj, at string)
}

type keys map[string]rule

// blocks and elements are Slack's types. The figures are those of docs.slack.dev/reference/block-kit
// (characters are code points, maxima inclusive); what is not here does not exist.
var (
	blocks   map[string]shape
	elements map[string]shape
)

const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxBlockText     = 13200 // sum of all text in a message's blocks, measured: msg_blocks_too_long
	maxViewBytes     = 250000
)

const (
	selects      = " static_select external_select users_select conversations_select channels_select "
	multiSelects = " multi_static_select multi_external_select multi_users_select multi_conversations_select multi_channels_select "
	choosers     = selects + multiSelects + " checkboxes radio_buttons datepicker timepicker "
	inActions    = choosers + " button overflow datetimepicker workflow_button rich_text_input "
	inSection    = choosers + " button overflow image workflow_button "
	inInput      = choosers + " datetimepicker plain_text_input number_input email_text_input url_text_input rich_text_input file_input "
	inContainer  = " actions context divider header image input rich_text section table video "
)

func init() {
	var (
		confirm  = keys{"confirm": object(confirmShape)}
		focus    = keys{"focus_on_load": focusOnce}
		hint     = keys{"placeholder": plain(150)}
		dispatch = keys{"dispatch_action_config": object(shape{keys: keys{"trigger_actions_on": list(1, 2, oneOf("on_enter_pressed on_character_entered"))}})}
		style    = keys{"style": oneOf("primary danger")}
		filter   = keys{"filter": object(shape{keys: keys{"include": list(1, 4, oneOf("im mpim private public")), "exclude_external_shared_channels": flag, "exclude_bot_users": flag}}),
			"default_to_current_conversation": flag}
		options   = keys{"options": optionList(100, "plain"), "option_groups": list(1, 100, object(groupShape))}
		many      = keys{"max_selected_items": number(1, 1e9)}
		query     = keys{"min_query_length": number(0, 1e9)}
		respond   = keys{"response_url_enabled": respondURL}
		pick      = merge(confirm, focus, hint)
		imageKeys = keys{"image_url": link(3000, "http https"), "slack_file": object(shape{keys: keys{"id": str(0, 255), "url": str(0, 3000)}}), "alt_text": str(1, 2000)}
		image     = shape{on: everywhere, need: "alt_text", keys: imageKeys, whole: imageSource}
		rich      = blockOf("rich_text")
		task      = shape{on: inMessage, need: "task_id title status", keys: keys{"task_id": str(1, 255), "title": str(1, 3000), "details": rich, "output": rich, "hide_title": flag,
			"sources": list(0, 100, object(shape{need: "url text", keys: keys{"type": oneOf("url"), "url": link(3000, "http https"), "text": str(1, 3000)}})), "status": oneOf("pending in_progress complete error")}}
		card = shape{on: everywhere, keys: keys{"hero_image": element(" image "), "icon": element(" image "), "slack_icon": object(shape{}), "title": words(150), "subtitle": words(150),
			"body": words(200), "subtext": words(200), "actions": list(1, 3, element(" button "))}, whole: cardWhole}
	)
	elements = map[string]shape{
		"button": {on: everywhere, need: "text", keys: merge(confirm, style, keys{"text": plain(75), "value": str(0, 2000), "url": link(3000, ""), "accessibility_label": str(0, 75),
			"visible_to_user_ids": list(0, 1000, str(1, 255))})},
		"workflow_button":            {on: inMessage, need: "text workflow", keys: merge(confirm, style, keys{"text": plain(75), "workflow": anything, "accessibility_label": str(0, 75)})},
		"icon_button":                {on: inMessage, need: "text icon", keys: merge(confirm, keys{"icon": str(1, 75), "text": plain(75), "value": str(0, 2000), "accessibility_label": str(0, 75), "visible_to_user_ids": anything})},
		"feedback_buttons":           {on: inMessage, need: "positive_button negative_button", keys: keys{"positive_button": object(feedbackShape), "negative_button": object(feedbackShape)}},
		"image":                      image,
		"overflow":                   {on: everywhere, need: "options", keys: merge(confirm, keys{"options": optionList(5, "plain url")})},
		"checkboxes":                 {on: everywhere, need: "options", keys: merge(confirm, focus, keys{"options": optionList(10, "mrkdwn"), "initial_options": list(1, 10, anything)}), whole: initialAmong},
		"radio_buttons":              {on: everywhere, need: "options", keys: merge(confirm, focus, keys{"options": optionList(10, "mrkdwn"), "initial_option": anything}), whole: initialAmong},
		"datepicker":                 {on: everywhere, keys: merge(pick, keys{"initial_date": date})},
		"timepicker":                 {on: everywhere, keys: merge(pick, keys{"initial_time": clock, "timezone": zone})},
		"datetimepicker":             {on: inMessage | inModal, keys: merge(confirm, focus, keys{"initial_date_time": number(1e9, 9999999999)})},
		"static_select":              {on: everywhere, keys: merge(pick, options, keys{"initial_option": anything}), whole: selectSource},
		"multi_static_select":        {on: everywhere, keys: merge(pick, options, many, keys{"initial_options": list(1, 100, anything)}), whole: selectSource},
		"external_select":            {on: everywhere, keys: merge(pick, query, keys{"initial_option": option("plain")})},
		"multi_external_select":      {on: everywhere, keys: merge(pick, query, many, keys{"initial_options": list(1, 100, option("plain"))})},
		"users_select":               {on: everywhere, keys: merge(pick, keys{"initial_user": str(1, 255)})},
		"multi_users_select":         {on: everywhere, keys: merge(pick, many, keys{"initial_users": list(1, 100, str(1, 255))})},
		"conversations_select":       {on: everywhere, keys: merge(pick, filter, respond, keys{"initial_conversation": str(1, 255)})},
		"multi_conversations_select": {on: everywhere, keys: merge(pick, filter, many, keys{"initial_conversations": list(1, 100, str(1, 255))})},
		"channels_select":            {on: everywhere, keys: merge(pick, respond, keys{"initial_channel": str(1, 255)})},
		"multi_channels_select":      {on: everywhere, keys: merge(pick, many, keys{"initial_channels": list(1, 100, str(1, 255))})},
		"plain_text_input": {on: everywhere, keys: merge(focus, hint, dispatch, keys{"initial_value": str(0, 3000), "multiline": flag, "min_length": number(0, 3000), "max_length": number(1, 3000)}),
			whole: inputLengths},
		"number_input":     {on: inModal, need: "is_decimal_allowed", keys: merge(focus, hint, dispatch, keys{"is_decimal_allowed": flag, "initial_value": numeral, "min_value": numeral, "max_value": numeral}), whole: numberSpan},
		"email_text_input": {on: inModal, keys: merge(focus, hint, dispatch, keys{"initial_value": str(0, 3000)})},
		"url_text_input":   {on: inModal, keys: merge(focus, hint, dispatch, keys{"initial_value": str(0, 3000)})},
		"rich_text_input":  {on: inModal | inHome, keys: merge(focus, hint, dispatch, keys{"initial_value": rich, "min_lines": number(1, 1000), "max_lines": number(1, 1000)})},
		"file_input":       {on: inModal, keys: keys{"filetypes": list(0, 100, str(1, 50)), "max_files": number(1, 10)}},
	}
	blocks = map[string]shape{
		"section": {on: everywhere, keys: keys{"text": words(3000), "fields": list(1, 10, words(2000)), "accessory": element(inSection), "expand": flag}, whole: sectionWhole},
		"header":  {on: everywhere, need: "text", keys: keys{"text": plain(150), "level": number(1, 4)}},
		"divider": {on: everywhere},
		"context": {on: everywhere, need: "elements", keys: keys{"elements": list(1, 10, contextItem)}},
		"actions": {on: everywhere, need: "elements", keys: keys{"elements": list(1, 25, element(inActions))}},
		"input": {on: everywhere, need: "label element", keys: keys{"label": plain(2000), "hint": plain(2000), "optional": flag, "dispatch_action": flag, "element": element(inInput)},
			whole: inputWhole},
		"image":              {on: everywhere, need: "alt_text", keys: merge(imageKeys, keys{"title": plain(2000)}), whole: imageSource},
		"rich_text":          {on: everywhere, need: "elements", keys: keys{"elements": list(1, 1000, richPart)}},
		"markdown":           {on: inMessage, need: "text", keys: keys{"text": markdown}},
		"video":              {on: everywhere, need: "video_url thumbnail_url alt_text title", keys: keys{"video_url": link(3000, "https"), "thumbnail_url": link(3000, "http https"), "alt_text": str(1, 2000), "title": plain(199), "title_url": link(3000, "https"), "author_name": str(0, 49), "provider_name": str(0, 3000), "provider_icon_url": link(3000, "http https"), "description": plain(199)}},
		"table":              {on: inMessage, need: "rows", keys: keys{"rows": list(1, 100, list(1, 20, cell)), "column_settings": list(0, 20, nullable(object(shape{keys: keys{"align": oneOf("left center right"), "is_wrapped": flag}})))}, whole: oneTable},
		"data_table":         {on: inMessage | inHome, need: "rows caption", keys: keys{"rows": list(2, 201, list(1, 20, anything)), "caption": str(1, 3000), "page_size": number(1, 100), "row_header_column_index": number(0, 19)}, whole: dataTable},
		"data_visualization": {on: inMessage, need: "title chart", keys: keys{"title": str(1, 50), "chart": object(shape{need: "type", keys: keys{"type": oneOf("pie bar area line"), "segments": list(1, 12, chartPart), "series": list(1, 12, chartPart), "axis_config": anything}})}, whole: twoCharts},
		"context_actions":    {on: inMessage, need: "elements", keys: keys{"elements": list(1, 5, element(" feedback_buttons icon_button "))}},
		"alert":              {on: inModal, need: "text", keys: keys{"text": words(200), "level": oneOf("default info warning error success")}},
		"card":               card,
		"carousel":           {on: inMessage | inHome, need: "elements", keys: keys{"elements": list(1, 10, blockOf("card"))}},
		"container": {on: inMessage, need: "child_blocks", keys: keys{"title": plain(150), "rich_text_title": rich, "subtitle": words(150), "child_blocks": list(1, 10, blockOf(inContainer)),
			"width": oneOf("narrow standard wide full"), "icon": element(" image "), "is_collapsible": flag, "default_collapsed": flag, "has_header_divider": flag}, whole: containerWhole},
		"task_card": task,
		"plan":      {on: inMessage, need: "title", keys: keys{"title": str(1, 3000), "tasks": list(0, 50, blockOf("task_card"))}, whole: planTasks},
	}
}

var (
	confirmShape = shape{need: "title text confirm deny", keys: keys{"title": plain(100), "text": words(300), "confirm": plain(30), "deny": plain(30), "style": oneOf("primary danger")}}
	groupShape   = shape{need: "label options", keys: keys{"label": plain(75), "options": optionList(100, "plain")}}

	feedbackShape = shape{need: "text value", keys: keys{"text": plain(75), "value": str(0, 2000), "accessibility_label": str(0, 75)}}
)

func merge(sets ...keys) keys {
	out := keys{}
	for _, set := range sets {
		for k, r := range set {
			out[k] = r
		}
	}
	return out
}

// --- rules over a whole object

func imageSource(c *checker, o obj, at string) {
	c.ensure((o["image_url"] != nil) != (o["slack_file"] != nil), at, "must have exactly one of image_url and slack_file")
}

func cardWhole(c *checker, o obj, at string) {
	c.ensure(o["hero_image"] != nil || o["title"] != nil || o["actions"] != nil || o["body"] != nil, at, "a card needs hero_image, title, actions or body")
	c.ensure(o["icon"] == nil || o["slack_icon"] == nil, at, "icon and slack_icon exclude each other")
}

func sectionWhole(c *checker, o obj, at string) {
	c.ensure(o["text"] != nil || o["fields"] != nil, at, "must provide text or fields")
}

func containerWhole(c *checker, o obj, at string) {
	c.ensure(o["title"] != nil || o["rich_text_title"] != nil, at, "missing required field: title")
	c.ensure(!boolOf(o, "default_collapsed") || boolOf(o, "is_collapsible"), at, "default_collapsed needs is_collapsible")
}

func inputWhole(c *checker, o obj, at string) {
	c.inputs++
	el := objOf(o, "element")
	c.ensure(!boolOf(o, "dispatch_action") || strOf(el, "type") != "file_input", at, "dispatch_action does not work with file_input")
	c.ensure(!boolOf(el, "response_url_enabled") || c.on == inModal, at+"/element", "response_url_enabled works only in input blocks of modals")
}

func respondURL(c *checker, v any, at string) {
	flag(c, v, at)
	c.ensure(v != true || strings.HasSuffix(at, "/element/response_url_enabled"), at, "response_url_enabled works only in input blocks of modals")
}

func focusOnce(c *checker, v any, at string) {
	flag(c, v, at)
	if v == true {
		c.focused++
		c.ensure(c.focused == 1, at, "only one element may have focus_on_load")
	}
}

func inputLengths(c *checker, o obj, at string) {
	least, _ := intOf(o, "min_length", 0)
	most, _ := intOf(o, "max_length", 3000)
	c.ensure(least <= most, at, "min_length is above max_length")
	c.ensure(letters(strOf(o, "initial_value")) <= most, at+"/initial_value", "initial_value is longer than max_length")
}

func numberSpan(c *checker, o obj, at string) {
	low, lowErr := strconv.ParseFloat(strOf(o, "min_value"), 64)
	high, highErr := strconv.ParseFloat(strOf(o, "max_value"), 64)
	c.ensure(lowErr != nil || highErr != nil || low <= high, at, "min_value is above max_value")
	c.ensure(boolOf(o, "is_decimal_allowed") || !strings.Contains(strOf(o, "initial_value"), "."), at+"/initial_value", "decimals are not allowed here")
}

// selectSource: exactly one of options and option_groups, and initial options among them.
func selectSource(c *checker, o obj, at string) {
	c.ensure((o["options"] != nil) != (o["option_groups"] != nil), at, "must have exactly one of options and option_groups")
	initialAmong(c, o, at)
}

func initialAmong(c *checker, o obj, at string) {
	all := optionsOf(o)
	among := func(v any, at string) {
		want, _ := v.(obj)
		for _, have := range all {
			if have["value"] == want["value"] && strOf(objOf(have, "text"), "text") == strOf(objOf(want, "text"), "text") {
				return
			}
		}
		c.fail(at, "initial option is not one of the options")
	}
	if v := o["initial_option"]; v != nil {
		among(v, at+"/initial_option")
	}
	for i, v := range listOf(o, "initial_options") {
		among(v, at+"/initial_options/"+itoa(i))
	}
}

// optionsOf lists the options of an element, those in groups included.
func optionsOf(el obj) []obj {
	var out []obj
	for _, v := range listOf(el, "options") {
		if v, ok := v.(obj); ok {
			out = append(out, v)
		}
	}
	for _, g := range listOf(el, "option_groups") {
		if g, ok := g.(obj); ok {
			out = append(out, optionsOf(g)...)
		}
	}
	return out
}

func oneTable(c *checker, o obj, at string) {
	c.tables++
	c.ensure(c.tables == 1, at, "only one table per message")
	c.ensure(c.cells <= 10000, at, "must be less than 10001 characters in all cells")
}

func dataTable(c *checker, o obj, at string) {
	rows, before, width := listOf(o, "rows"), c.cells, -1
	for i, r := range rows {
		row, _ := r.([]any)
		if width < 0 {
			width = len(row)
		}
		c.ensure(len(row) == width, at+"/rows/"+itoa(i), "every row must have as many cells as the header")
		for j, v := range row {
			cellAt := at + "/rows/" + itoa(i) + "/" + itoa(j)
			x, _ := v.(obj)
			c.ensure(i > 0 || strOf(x, "type") != "rich_text", cellAt, "header cells cannot be rich_text")
			cell(c, v, cellAt)
		}
	}
	c.ensure(c.cells-before <= 20000, at, "must be less than 20001 characters in all cells")
	c.cells = before
}

func twoCharts(c *checker, o obj, at string) {
	c.charts++
	c.ensure(c.charts <= 2, at, "at most 2 charts per message")
}

func planTasks(c *checker, o obj, at string) {
	seen := map[string]bool{}
	for _, t := range listOf(o, "tasks") {
		t, _ := t.(obj)
		c.ensure(!seen[strOf(t, "task_id")], at+"/tasks", "task_id must be unique")
		seen[strOf(t, "task_id")] = true
	}
}

func chartPart(c *checker, v any, at string) {
	o, _ := v.(obj)
	for _, k := range []string{"label", "name"} {
		c.ensure(letters(strOf(o, k)) <= 20, at+"/"+k, "must be less than 21 characters")
	}
	c.ensure(len(listOf(o, "data")) <= 20, at+"/data", "no more than 20 items allowed")
}

// --- rules over single values

var numeralShape = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

func numeral(c *checker, v any, at string) {
	s, ok := v.(string)
	c.ensure(ok && numeralShape.MatchString(s), at, "must be a number as a string")
}

func date(c *checker, v any, at string) {
	s, _ := v.(string)
	_, err := time.Parse(time.DateOnly, s)
	c.ensure(err == nil, at, "must be a date as YYYY-MM-DD")
}

func clock(c *checker, v any, at string) {
	s, _ := v.(string)
	_, err := time.Parse("15:04", s)
	c.ensure(err == nil && len(s) == 5, at, "must be a time as HH:mm")
}

func zone(c *checker, v any, at string) {
	s, _ := v.(string)
	_, err := time.LoadLocation(s)
	c.ensure(err == nil && (strings.Contains(s, "/") || s == "UTC"), at, "must be an IANA time zone")
}

func link(most int, schemes string) rule {
	return func(c *checker, v any, at string) {
		s, ok := v.(string)
		u, err := url.Parse(s)
		fits := ok && err == nil && u.Scheme != "" && (schemes == "" || strings.Contains(" "+schemes+" ", " "+u.Scheme+" "))
		c.ensure(fits, at, "must be a URL")
		c.ensure(letters(s) <= most, at, "must be less than "+itoa(most+1)+" characters")
	}
}
