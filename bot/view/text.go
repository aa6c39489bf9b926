package view

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// markup is text that is safe to send as Slack's mrkdwn: words of ours, or
// words of people that went through [esc]. Only literals convert to it by
// themselves, so that a forgotten escape does not compile.
type markup string

// Limits of Slack on text, in characters (Block Kit reference). Slack does
// not say whether it counts code points or UTF-16 units; these are kept in
// UTF-16 units, which is the stricter of the two.
const (
	limitText        = 3000
	limitField       = 2000
	limitHeader      = 150
	limitButton      = 75
	limitPlaceholder = 150
	limitOption      = 75
	limitConfirm     = 300
	limitTitle       = 24
	limitFallback    = 3900 // Slack advises at most 4,000
)

const ellipsis = "…"

// blank is shown where somebody wrote nothing that can be seen.
const blank = "–"

// esc makes one line of somebody's words safe in mrkdwn: cut to max letters,
// unable to mention, link or format. Cutting comes first, because escaping
// lengthens; [fit] counts again.
func esc(s string, max int) markup { return escapeAll(clip(oneLine(s), max)) }

func escapeAll(s string) markup {
	return markup(controls.Replace(defuse(s)))
}

var controls = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// defuse swaps what mrkdwn reads as formatting for signs that look the same:
// mrkdwn has no escape for it. Text that people copy (plans) is never treated
// so; it goes into plain or rich text, where nothing is parsed.
func defuse(s string) string {
	out := []rune(s)
	for i, r := range out {
		twin, formats := lookalike[r]
		switch {
		case !formats, r == '_' && insideWord(out, i), r == ':' && !opensEmoji(out[i+1:]):
		default:
			out[i] = twin
		}
	}
	return string(out)
}

var lookalike = map[rune]rune{'*': '∗', '_': 'ˍ', '~': '∼', '`': 'ˋ', ':': '∶'}

// opensEmoji reports whether what follows a colon makes it an emoji code, by
// itself or with a colon of ours behind it; the numbers of a time don't.
func opensEmoji(rest []rune) bool {
	letters := false
	for _, r := range rest {
		switch {
		case r == ':':
			return letters
		case unicode.IsLetter(r) || strings.ContainsRune("_+-'", r):
			letters = true
		case !unicode.IsDigit(r):
			return false
		}
	}
	return letters
}

// insideWord: an underscore between letters ("payments_api") formats nothing.
func insideWord(s []rune, i int) bool {
	word := func(j int) bool {
		return j >= 0 && j < len(s) && (unicode.IsLetter(s[j]) || unicode.IsDigit(s[j]))
	}
	return word(i-1) && word(i+1)
}

// clean drops what can disturb the text around it: control characters,
// overrides of the writing direction, towers of accents, broken UTF-8.
func clean(s string) string {
	var b strings.Builder
	accents := 0
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n") {
		if accents++; !unicode.In(r, unicode.Mn, unicode.Me) {
			accents = 0
		}
		if accents > 4 || hidden(r) {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r), r == '\uFEFF', r == '\u200B', r == '\u2060':
		return true
	}
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r >= 0xE0000 && r <= 0xE007F
}

// visible reports whether a reader would see anything.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) })
}

func oneLine(s string) string { return orBlank(strings.Join(strings.Fields(clean(s)), " ")) }

func orBlank(s string) string {
	if !visible(s) {
		return blank
	}
	return s
}

// isMarkup reports whether a text was written by [message]: it holds tokens of
// ours or escaped signs, and nothing that mrkdwn would read otherwise. Words
// of people that happen to look so can show a date or link a channel, and
// mention nobody.
func isMarkup(m markup) bool {
	rest := ourTokens.ReplaceAllString(string(m), ";") // a sign that, as they do, ends a word
	words := codes.ReplaceAllString(rest, ";")
	return rest != string(m) && !strings.ContainsAny(rest, "<>&") && defuse(words) == words
}

var ourTokens = regexp.MustCompile(`<!date\^[0-9]{1,11}\^[^|<>^]+\|[^|<>]+>|<#[CG][A-Z0-9]+>|&(?:amp|lt|gt);`)

// Plain is the text of somebody's message in plain words, as it goes into a
// form: Slack's escapes undone, links by label and address, people and
// channels by the names that Slack gives along, else by those that f knows.
func Plain(slackText string, f models.Facts) string {
	return unescape.Replace(slackTokens.ReplaceAllStringFunc(slackText, func(token string) string {
		target, label, named := strings.Cut(token[1:len(token)-1], "|")
		switch {
		case !named && target[0] == '@' && f.People[models.UserID(target[1:])].Name != "":
			return "@" + f.Name(models.UserID(target[1:]))
		case !named:
			return strings.TrimLeft(target, "!")
		case strings.ContainsAny(target[:1], "@#!"):
			return label
		}
		return label + " (" + target + ")"
	}))
}

var (
	slackTokens = regexp.MustCompile(`<[^<>\s|][^<>|]*(?:\|[^<>]*)?>`)
	unescape    = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// bold makes safe text bold.
func bold(m markup) markup { return "*" + m + "*" }

// code sets in fixed width what people copy and type again. Slack formats
// nothing in there, so that every sign but the one that ends it stays itself.
func code(s string) markup {
	return "`" + markup(controls.Replace(strings.ReplaceAll(oneLine(s), "`", "ˋ"))) + "`"
}

// codes are the places that [code] wrote, which are never empty: every "`" is
// ours, too.
var codes = regexp.MustCompile("`[^`\n]+`")

// unbold takes the stars of [bold] away, and leaves those in [code].
func unbold(m markup) string {
	out, at := "", 0
	for _, span := range codes.FindAllStringIndex(string(m), -1) {
		out += strings.ReplaceAll(string(m[at:span[0]]), "*", "") + string(m[span[0]:span[1]])
		at = span[1]
	}
	return out + strings.ReplaceAll(string(m[at:]), "*", "")
}

// channel is a link to a channel, "" when the id is none.
func channel(id models.ChannelID) markup {
	if !channelID.MatchString(string(id)) {
		return ""
	}
	return markup("<#" + string(id) + ">")
}

var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)

// name is how a person is called, in plain words: never a mention.
func name(u models.UserID, f models.Facts) markup { return esc(f.Name(u), maxName) }

const maxName = 30

// joined writes parts one after the other, leaving out empty ones.
func joined(sep markup, parts ...markup) markup {
	var out markup
	for _, p := range parts {
		switch {
		case p == "":
		case out == "":
			out = p
		default:
			out += sep + p
		}
	}
	return out
}

// text makes a mrkdwn object in which Slack links nothing by itself.
func text(m markup, limit int) *slack.TextBlockObject {
	if m == "" {
		m = blank
	}
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: string(fit(m, limit)), Verbatim: true}
}

// plain makes a plain_text object, in which Slack parses nothing. Emoji codes
// typed by people stay as typed.
func plain(s string, limit int) *slack.TextBlockObject {
	off := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: clip16(orBlank(clean(s)), limit), Emoji: &off}
}

// label makes a plain_text object of mostly our own words, with our emoji.
func label(s string, limit int) *slack.TextBlockObject {
	on := true
	t := plain(s, limit)
	t.Emoji = &on
	return t
}

// message puts the full meaning in words beside its blocks. Bold is for eyes:
// every "*" is ours, because those of people were swapped.
func message(text markup, blocks ...slack.Block) Message {
	return Message{Text: unbold(fit(text, limitFallback)), Blocks: blocks}
}
