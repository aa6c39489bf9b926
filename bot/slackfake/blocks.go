package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// checker walks blocks as Slack does before it accepts them and collects what is wrong, with JSON pointers.
type checker struct {
	on       surface
	problems []string
	blockIDs map[string]bool
	actions  map[string]bool // action_ids of the block at hand
	chars    int             // of all text in blocks
	cells    int             // of all text in table cells
	markdown int
	inputs, focused,
	tables, charts int
}

// rule checks one value and reports to the checker.
type rule func(c *checker, v any, at string)

func (c *checker) fail(at, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(args, at)...))
}

func (c *checker) ensure(ok bool, at, problem string) {
	if !ok {
		c.fail(at, "%s", problem)
	}
}

func (c *checker) refusal(code string) error {
	return &slackError{code, obj{"errors": c.problems, "response_metadata": obj{"messages": c.problems}}}
}

// checkMessage refuses blocks that a message cannot have.
func checkMessage(list []any) error {
	c := &checker{on: inMessage, blockIDs: map[string]bool{}}
	c.ensure(len(list) <= maxMessageBlocks, "/blocks", "no more than 50 items allowed")
	c.all(list, "/blocks")
	if len(c.problems) > 0 {
		return c.refusal("invalid_blocks")
	}
	if c.chars > maxBlockText {
		return no("msg_blocks_too_long")
	}
	return nil
}

func checkAttachments(list []any) error {
	if len(list) > 100 {
		return no("too_many_attachments")
	}
	for _, a := range list {
		a, ok := a.(obj)
		if !ok {
			return no("invalid_attachments")
		}
		if err := checkMessage(listOf(a, "blocks")); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) all(list []any, at string) {
	for i, b := range list {
		c.block(b, at+"/"+itoa(i), "")
	}
}

// block checks one block; only names the types allowed here, "" all.
func (c *checker) block(v any, at, only string) {
	b, ok := v.(obj)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	t := strOf(b, "type")
	sh, known := blocks[t]
	switch {
	case !known, only != "" && !strings.Contains(" "+only+" ", " "+t+" "):
		c.fail(at+"/type", "unsupported type: %s", t)
		return
	case sh.on&c.on == 0:
		c.fail(at+"/type", "%s blocks cannot stand here", t)
	}
	if v := b["block_id"]; v != nil {
		id, isStr := v.(string)
		c.ensure(isStr && letters(id) <= 255, at+"/block_id", "must be less than 256 characters")
		c.ensure(id == "" || !c.blockIDs[id], at+"/block_id", fmt.Sprintf("`block_id` must be unique: %q", id))
		c.blockIDs[id] = true
	}
	outer := c.actions
	c.actions = map[string]bool{}
	c.object(sh, b, at, "type", "block_id")
	c.actions = outer
}

// object checks required keys, unknown keys and every value; free are keys checked elsewhere.
func (c *checker) object(sh shape, o obj, at string, free ...string) {
	for key := range strings.FieldsSeq(sh.need) {
		c.ensure(o[key] != nil, at, "missing required field: "+key)
	}
	for _, key := range sortedKeys(o) {
		r, known := sh.keys[key]
		switch {
		case known && o[key] == nil:
			c.fail(at+"/"+key, "must not be null")
		case known:
			r(c, o[key], at+"/"+key)
		case !slices.Contains(free, key):
			c.fail(at+"/"+key, "invalid additional property: %s", key)
		}
	}
	if sh.whole != nil {
		sh.whole(c, o, at)
	}
}

func object(sh shape) rule {
	return func(c *checker, v any, at string) {
		if o, ok := v.(obj); ok {
			c.object(sh, o, at)
			return
		}
		c.fail(at, "must be an object")
	}
}

// element checks an element that must be one of the types allowed.
func element(allowed string) rule {
	return func(c *checker, v any, at string) {
		e, _ := v.(obj)
		t := strOf(e, "type")
		sh, known := elements[t]
		switch {
		case !known || !strings.Contains(" "+allowed+" ", " "+t+" "):
			c.fail(at+"/type", "unsupported type: %s", t)
			return
		case sh.on&c.on == 0:
			c.fail(at+"/type", "%s elements cannot stand here", t)
		}
		if v := e["action_id"]; v != nil {
			id, isStr := v.(string)
			c.ensure(isStr && letters(id) <= 255, at+"/action_id", "must be less than 256 characters")
			c.ensure(id == "" || !c.actions[id], at+"/action_id", fmt.Sprintf("`action_id` must be unique in its block: %q", id))
			c.actions[id] = true
		}
		c.object(sh, e, at, "type", "action_id")
	}
}

func blockOf(types string) rule {
	return func(c *checker, v any, at string) { c.block(v, at, types) }
}

// contextItem is an image or a text object.
func contextItem(c *checker, v any, at string) {
	if o, ok := v.(obj); ok && strOf(o, "type") == "image" {
		element(" image ")(c, v, at)
		return
	}
	words(3000)(c, v, at)
}

func anything(*checker, any, string) {}

func nullable(r rule) rule {
	return func(c *checker, v any, at string) {
		if v != nil {
			r(c, v, at)
		}
	}
}

func str(least, most int) rule {
	return func(c *checker, v any, at string) {
		s, ok := v.(string)
		c.ensure(ok, at, "must be a string")
		c.ensure(letters(s) <= most, at, "must be less than "+itoa(most+1)+" characters")
		c.ensure(!ok || letters(s) >= least, at, "must be more than "+itoa(least-1)+" characters")
	}
}

func flag(c *checker, v any, at string) {
	_, ok := v.(bool)
	c.ensure(ok, at, "must be true or false")
}

func number(least, most float64) rule {
	return func(c *checker, v any, at string) {
		n, ok := v.(float64)
		c.ensure(ok && n >= least && n <= most && n == float64(int64(n)), at, fmt.Sprintf("must be a whole number from %.0f to %.0f", least, most))
	}
}

func oneOf(words string) rule {
	return func(c *checker, v any, at string) {
		s, ok := v.(string)
		c.ensure(ok && slices.Contains(strings.Fields(words), s), at, "must be one of "+words)
	}
}

func list(least, most int, each rule) rule {
	return func(c *checker, v any, at string) {
		l, ok := v.([]any)
		c.ensure(ok, at, "must be a list")
		c.ensure(len(l) <= most, at, "no more than "+itoa(most)+" items allowed")
		c.ensure(!ok || len(l) >= least, at, "no fewer than "+itoa(least)+" items allowed")
		for i, x := range l {
			each(c, x, at+"/"+itoa(i))
		}
	}
}

// words is a text object, plain is one that must be plain_text; 1 to most characters.
func words(most int) rule { return textObject(most, "plain_text mrkdwn") }
func plain(most int) rule { return textObject(most, "plain_text") }

func textObject(most int, types string) rule {
	return func(c *checker, v any, at string) {
		o, ok := v.(obj)
		if !ok {
			c.fail(at, "must be a text object")
			return
		}
		t := strOf(o, "type")
		if !slices.Contains(strings.Fields(types), t) {
			c.fail(at+"/type", "must be one of %s", types)
			return
		}
		ks := keys{"text": str(1, most), "emoji": flag}
		if t == "mrkdwn" {
			ks = keys{"text": str(1, most), "verbatim": flag}
		}
		c.object(shape{need: "text", keys: ks}, o, at, "type")
		c.chars += letters(strOf(o, "text"))
	}
}

func markdown(c *checker, v any, at string) {
	str(1, 12000)(c, v, at)
	s, _ := v.(string)
	c.chars += letters(s)
	c.markdown += letters(s)
	c.ensure(c.markdown <= 12000, at, "must be less than 12001 characters in all markdown blocks")
}

// optionList is a list of options with values of their own. How: "plain" texts only, "mrkdwn" too, "url" allowed.
func optionList(most int, how string) rule {
	return func(c *checker, v any, at string) {
		list(1, most, option(how))(c, v, at)
		seen := map[string]bool{}
		l, _ := v.([]any)
		for i, o := range l {
			o, _ := o.(obj)
			if val, ok := o["value"].(string); ok {
				c.ensure(!seen[val], at+"/"+itoa(i)+"/value", fmt.Sprintf("option value %q is used twice", val))
				seen[val] = true
			}
		}
	}
}

func option(how string) rule {
	texts, ks := plain(75), keys{"value": str(1, 150)}
	if strings.Contains(how, "mrkdwn") {
		texts = words(75)
	}
	ks["text"], ks["description"] = texts, texts
	need := "text value"
	if strings.Contains(how, "url") {
		ks["url"], need = link(3000, ""), "text"
	}
	return object(shape{need: need, keys: ks, whole: func(c *checker, o obj, at string) {
		c.ensure(o["value"] != nil || o["url"] != nil, at, "missing required field: value")
	}})
}

// cell is raw_text, raw_number or rich_text in a table.
func cell(c *checker, v any, at string) {
	o, _ := v.(obj)
	switch strOf(o, "type") {
	case "raw_text":
		c.object(shape{need: "text", keys: keys{"text": str(1, 10000)}}, o, at, "type")
		c.cells += letters(strOf(o, "text"))
	case "raw_number":
		c.object(shape{need: "value text", keys: keys{"value": anything, "text": str(1, 10000)}}, o, at, "type")
		c.cells += letters(strOf(o, "text"))
	case "rich_text":
		before := c.chars
		c.block(v, at, "rich_text")
		c.cells += c.chars - before
	default:
		c.fail(at+"/type", "unsupported type: %s", strOf(o, "type"))
	}
}

// richTypes are the parts of rich_text and the keys that each must have.
var richTypes = map[string]string{"rich_text_section": "elements", "rich_text_list": "elements style", "rich_text_quote": "elements", "rich_text_preformatted": "elements",
	"text": "text", "link": "url", "user": "user_id", "channel": "channel_id", "usergroup": "usergroup_id", "team": "team_id", "emoji": "name",
	"broadcast": "range", "color": "value", "date": "timestamp format"}

func richPart(c *checker, v any, at string) {
	o, _ := v.(obj)
	t := strOf(o, "type")
	need, known := richTypes[t]
	if !known {
		c.fail(at+"/type", "unsupported type: %s", t)
		return
	}
	for key := range strings.FieldsSeq(need) {
		c.ensure(o[key] != nil, at, "missing required field: "+key)
	}
	if s, ok := o["text"].(string); ok {
		c.ensure(s != "" || t == "link", at+"/text", "must be more than 0 characters")
		c.chars += letters(s)
	}
	for i, e := range listOf(o, "elements") {
		richPart(c, e, at+"/elements/"+itoa(i))
	}
}
