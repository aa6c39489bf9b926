package models

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LintPlan says what a text of the plan lacks so that somebody else could
// work by it, with an example of a good one; "" = nothing. It looks for what
// is missing, not for style: terse and clumsy texts pass.
func LintPlan(field Field, text string) string {
	rule, known := planRules[field]
	if !known {
		return ""
	}
	for _, l := range rule.lints {
		if l.found(text) {
			return l.says + " For example: " + rule.example
		}
	}
	return ""
}

// planRule is what one field of the plan is looked at for, first hit first.
type planRule struct {
	lints   []planLint
	example string
}

type planLint struct {
	found func(text string) bool
	says  string
}

var planRules = map[Field]planRule{
	FieldPlan: {
		lints: []planLint{
			{blank, "Say step by step what will be done."},
			{onlyPlaceholder, "This stands for a plan, but it is none. Say step by step what will be done."},
			{undecided, "Something here is still to be decided. Decide it, or save a draft until you know it."},
			{onlyLinks, "A link alone can't be read in an approval. Write the steps here and keep the link beside them."},
			{saysLittle, "This names no step. Say what is done with what."},
		},
		example: "1. Deploy 4.2 to one node. 2. Wait 10 minutes. 3. Deploy the others.",
	},
	FieldCheck: {
		lints: []planLint{
			{blank, "Say how you will see that it worked."},
			{onlyPlaceholder, "This stands for a check, but it is none. Say how you will see that it worked."},
			{undecided, "Something here is still to be decided. Decide it, or save a draft until you know it."},
			{onlyLinks, "A link alone can't be read in an approval. Write here what is looked at, and keep the link beside it."},
			{observesNothing, "This names nothing that can be seen. Say what you look at and what it must show."},
		},
		example: "Errors of /pay stay under 0.1 % for 15 minutes.",
	},
	FieldRollback: {
		lints: []planLint{
			{blank, "Say what makes you go back, how, and how long that takes."},
			{onlyPlaceholder, "This stands for a rollback, but it is none. Say what makes you go back, how, and how long that takes."},
			{undecided, "Something here is still to be decided. Decide it, or save a draft until you know it."},
			{onlyLinks, "A link alone can't be read in an outage. Write here what makes you go back, how, and how long that takes."},
			{lacks(trigger, timeLimit), "What makes you go back is missing, and how long that takes."},
			{lacks(trigger), "What makes you go back is missing: the sign at which you stop."},
			{lacks(timeLimit), "How long going back takes is missing, or until when you decide."},
		},
		example: "When errors exceed 1 % for 5 minutes: deploy 4.1 again (4 minutes).",
	},
}

// placeholders are what people write to get past a field that must be filled.
var placeholders = set(`
n/a|n a|na|none|no|nil|null|nothing|not applicable|not needed|not required|not necessary|not available|unknown|dunno
tbc|tbd|tba|todo|to do|to be confirmed|to be decided|to be defined|to be done|to be added|later|will follow|follows|pending|wip
as usual|as always|as discussed|as agreed|as planned|as before|as last time|same as before|same as last time|same as above|see above|see below
see ticket|see jira|see the ticket|see description|see title|see plan|see runbook|see the runbook|see wiki|see link|standard procedure|usual procedure
ask me|ask team|ask the team|call me|test|testing|asdf|foo|bar|xxx|yes|y|ok|okay|done|risk none|no risk|low risk|none needed|none required
no rollback|no rollback needed|no rollback required|no rollback plan|no plan|no test|no tests|no tests needed|no testing|no testing needed|no testing required
rollback not needed|rollback not required|rollback n/a|rollback na|rollback none|keine|nicht nötig|entfällt|néant|aucun|ninguno|sin plan|не требуется|нет|なし|无`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == '|' || r == '\n' }) {
		out[w] = true
	}
	return out
}

// onlyPlaceholder: the whole text, however punctuated, is one that says nothing.
func onlyPlaceholder(text string) bool {
	plain := strings.ToLower(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '/'
	}), " "))
	return strings.Trim(plain, "/ ") == "" || placeholders[plain] || placeholders[strings.Trim(plain, "/ ")]
}

var (
	code   = regexp.MustCompile("(?s)```.*?```|`[^`]*`")
	links  = regexp.MustCompile(`(?i)<https?://[^>]*>|https?://\S+|www\.\S+`)
	openTo = regexp.MustCompile(`(?i)\b(?:tbc|tbd|tba)\b|(?-i:\bTODO\b)|\bto be (confirmed|decided|defined|determined)\b|\?\?\?`)
)

// undecided: a gap that its author marked. What is quoted as code marks none.
func undecided(text string) bool {
	return openTo.MatchString(code.ReplaceAllString(links.ReplaceAllString(text, ""), ""))
}

// around links stand words that add nothing to them.
var pointers = set("see|the|this|our|a|in|at|on|to|and|link|links|doc|docs|document|runbook|wiki|page|ticket|jira|confluence|plan|steps|procedure|check|test|rollback|here|details|described|documented|follow|per|as|for|please|is|are|siehe|voir|ver")

// onlyLinks: without its links the text only points to them.
func onlyLinks(text string) bool {
	return links.MatchString(text) && !says(links.ReplaceAllString(text, " "), pointers, 2)
}

// idle words make a step only together with what it is done to.
var idle = set("do|does|doing|done|it|this|that|the|a|an|change|changes|deploy|deployment|release|rollout|roll|out|fix|update|upgrade|run|go|live|just|then|please|we|i|will|make|apply|execute|perform|implement|plan|as|is|now|work|works|stuff|things|properly")

func saysLittle(text string) bool { return !says(text, idle, 1) }

// vague words promise a look without saying at what.
var vague = set("test|tests|tested|testing|check|checks|checked|checking|verify|verified|verification|validate|validation|look|looks|looking|see|watch|monitor|monitoring|observe|confirm|ensure|make|sure|try|do|does|it|this|that|if|the|a|an|all|everything|anything|things|stuff|is|are|be|was|will|would|should|must|can|we|i|to|of|for|and|or|by|in|on|with|after|afterwards|when|then|there|our|my|work|works|worked|working|fine|ok|okay|good|well|correct|correctly|properly|expected|as|normal|normally|usual|successful|successfully|success|happy|change|changes|deployment|deploy|release|manual|manually|quick|quickly|smoke|sanity|basic|problem|problems|issue|issues|no|not|nothing|breaks|broken|hope|let|us|know|team|qa|someone|users|complain|still|up|out|again")

func observesNothing(text string) bool { return !says(text, vague, 1) }

// says reports whether n words of the text are none of the empty ones. A word
// of a script that does not part them by spaces counts for as many as it
// might hold.
func says(text string, empty map[string]bool, n int) bool {
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}) {
		switch {
		case strings.ContainsFunc(w, func(r rune) bool {
			return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
		}):
			n -= utf8.RuneCountInString(w) / 2
		case !empty[w] && (utf8.RuneCountInString(w) > 1 || unicode.IsNumber([]rune(w)[0])):
			n--
		}
		if n <= 0 {
			return true
		}
	}
	return false
}

// The trigger of a rollback is a condition, or a sign that is named bare
// ("errors > 1 %"). Its time limit is a length, an hour of the day, or a word
// for at once. Both are heard in the languages that people slip into.
var (
	trigger   = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:if|when|whenever|once|unless|until|as soon as|in case|on (?:any|an?|the first|\d+|repeated|new)|upon|trigger|fails?|failed|failing|failure|failures|errors?|exceeds?|exceeding|above|below|under|more than|less than|slower than|drops?|rises?|alarms?|alerts?|wenn|falls|sobald|bei|si|quand|lorsque|en cas|cuando|en caso|se|quando|indien|если|когда)(?:[^\pL]|$)|[<>≥≤]|もし|場合|如果|若`)
	length    = `(?:\d+(?:[.,]\d+)?|an?|one|two|three|four|five|six|seven|eight|ten|fifteen|twenty|thirty|half an?|few|couple of|ein(?:e|er)?|une?|una?)[ -]?`
	unit      = `(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|sekunden?|minuten?|stunden?|secondes?|heures?|segundos?|minutos?|horas?|uur|мин\pL*|час\pL*|сек\pL*)`
	timeLimit = regexp.MustCompile(`(?i)` + length + unit + `(?:[^\pL]|$)|(?:^|\D)[0-2]?\d[:.][0-5]\d(?:\D|$)|\b\d{1,2} ?[ap]m\b|\b(?:instant|instantly|immediate|immediately|at once|right away|sofort)\b|\d+ ?(?:分|秒|小时|時間)`)
)

func lacks(parts ...*regexp.Regexp) func(string) bool {
	return func(text string) bool {
		for _, p := range parts {
			if p.MatchString(text) {
				return false
			}
		}
		return true
	}
}

// lint looks at what was written for this change: what a template brings was
// looked at when the template was, and what stands already was accepted.
func (in Input) lint(errs fieldErrors, c *Change) {
	if in.Type == Standard && in.Template != "" {
		return
	}
	for _, t := range []struct {
		field     Field
		text, had string
	}{{FieldPlan, in.Plan, c.Plan}, {FieldCheck, in.Check, c.Check}, {FieldRollback, in.Rollback, c.Rollback}} {
		if c.Revision != "" && tidy(t.text) == t.had && !blank(t.text) {
			continue
		}
		if why := LintPlan(t.field, t.text); why != "" {
			errs.add(t.field, "%s", why)
		}
	}
}
