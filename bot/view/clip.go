package view

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// clip cuts to at most max letters, the mark of cutting included, and never
// through a letter with its accents or a joined emoji.
func clip(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return marked(whole([]rune(s), max-1))
}

// clip16 is clip by UTF-16 units, for limits of Slack.
func clip16(s string, max int) string {
	if len16(s) <= max {
		return s
	}
	return marked(head16(s, max-1))
}

func marked(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) + ellipsis }

// head16 is as much of s as fits max UTF-16 units.
func head16(s string, max int) string {
	runes := []rune(s)
	n, used := 0, 0
	for n < len(runes) && used+max1(utf16.RuneLen(runes[n])) <= max {
		used += max1(utf16.RuneLen(runes[n]))
		n++
	}
	return whole(runes, n)
}

// whole is the first n runes, less a letter that they would cut through.
func whole(s []rune, n int) string {
	n = max(n, 0)
	for n > 0 && n < len(s) && (joins(s[n]) || s[n-1] == '\u200D') {
		n--
	}
	return string(s[:n])
}

func joins(r rune) bool {
	return r == '\u200D' || unicode.In(r, unicode.Mn, unicode.Me) || r >= 0x1F3FB && r <= 0x1F3FF
}

func len16(s string) int {
	n := 0
	for _, r := range s {
		n += max1(utf16.RuneLen(r))
	}
	return n
}

func max1(n int) int { return max(1, n) }

// fit cuts markup to max characters, never inside an escaped sign, a token or
// what [code] wrote. An underscore that stood inside a word does not come to stand
// at its end, where it could format what is before it.
func fit(m markup, max int) markup {
	if len16(string(m)) <= max {
		return m
	}
	used, end := 0, 0
	for _, atom := range atoms.FindAllStringIndex(string(m), -1) {
		n := len16(string(m[atom[0]:atom[1]]))
		if used+n > max-1 {
			break
		}
		used, end = used+n, atom[1]
	}
	if head := string(m[:end]); strings.Count(head, "`")%2 == 1 {
		end = strings.LastIndexByte(head, '`')
	}
	return markup(strings.TrimRight(string(m[:end]), "_")) + ellipsis
}

var atoms = regexp.MustCompile(`(?s)<[^<>]*>|&(?:amp|lt|gt);|.`)

// extract is the first n letters of a longer text, all of them in sight:
// after a few lines the line breaks become dots.
func extract(s string, n int) string {
	lines := strings.Split(clip(strings.TrimSpace(orBlank(clean(s))), n), "\n")
	var kept []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) > extractLines {
		kept = append(kept[:extractLines-1], strings.Join(kept[extractLines-1:], " · "))
	}
	return strings.Join(kept, "\n")
}

const extractLines = 4

// chunks splits a text into parts of at most max, at line breaks where that
// is possible.
func chunks(s string, max int) []string {
	var out []string
	for s = strings.TrimSpace(clean(s)); len16(s) > max; {
		part := head16(s, max)
		if i := strings.LastIndexByte(part, '\n'); i > len(part)/2 {
			part = part[:i]
		}
		if part == "" { // one tower of joined letters: cut it by force
			part = string([]rune(s)[:max/2])
		}
		out = append(out, orBlank(part))
		s = strings.TrimLeftFunc(s[len(part):], unicode.IsSpace)
	}
	if s != "" || len(out) == 0 {
		out = append(out, orBlank(s))
	}
	return out
}
