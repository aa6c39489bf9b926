// Package models says what exists in Gatehouse and what is allowed: changes,
// services, people, policies, and the rules between them. A rule takes facts
// and returns a result, a recorded event, or a [Refusal] in words for the
// person who asked. The package imports the standard library only; it never
// reads a clock, a database or a network.
package models

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// WorkspaceID is a Slack team id ("T0123"). Every record belongs to one.
type WorkspaceID string

// UserID is a Slack user id ("U0123"); empty means Gatehouse itself.
type UserID string

// ChannelID is a Slack conversation id ("C0123", "G0123" or "D0123").
type ChannelID string

// TeamID names a team of people that looks after services ("payments").
type TeamID string

// Slug is a service's short name, unique in its workspace ("payments-api").
type Slug string

// ReleaseID is the n of REL-n; 0 means no release.
type ReleaseID int64

// NoRelease is what a form says whose words name no release.
const NoRelease ReleaseID = -1

// String writes the id as people see it: "REL-3".
func (id ReleaseID) String() string { return fmt.Sprintf("REL-%d", int64(id)) }

// ChangeID is the n of CHG-n. It is unique and without gaps in its workspace.
type ChangeID int64

// String writes the id as people see it: "CHG-4".
func (id ChangeID) String() string { return fmt.Sprintf("CHG-%d", int64(id)) }

// changeSpelling accepts 4, #4, chg4, CHG-4, chg 4 and the dashes that phones
// and word processors put in; linkSpelling is what a link must end in or be
// labelled with, because any link may end in a number.
var (
	changeSpelling = regexp.MustCompile(`(?i)^(?:chg[-_ #:‐‑‒–—−]?|#)?([0-9]{1,12})$`)
	linkSpelling   = regexp.MustCompile(`(?i)(?:^|[|/?#=])(chg[-_]?[0-9]{1,12})/?$`)

	releaseSpelling = regexp.MustCompile(`(?i)^(?:rel(?:ease)?[-_ #:‐‑‒–—−]?|#)?([0-9]{1,12})$`)
	releaseLink     = regexp.MustCompile(`(?i)(?:^|[|/?#=])(rel[-_]?[0-9]{1,12})/?$`)
)

// around is what people and Slack put round a number: brackets, quotes,
// formatting marks, the end of a sentence, and the signs without a look that say
// which way a text runs, which come along when it is copied.
const around = "<>[](){}`*_~\"'“”‘’.,;:!? \t\n\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

// ParseChangeID reads a change number in any spelling a person types: "4",
// "chg4", "CHG-4", "#4", or a link whose last part or label is "CHG-4".
func ParseChangeID(s string) (ChangeID, bool) {
	n, ok := parseNumber(s, changeSpelling, linkSpelling)
	return ChangeID(n), ok
}

// ParseReleaseID reads a release number in any spelling: "3", "rel3", "REL-3",
// "release 3", "#3", or a link whose last part or label is "REL-3".
func ParseReleaseID(s string) (ReleaseID, bool) {
	n, ok := parseNumber(s, releaseSpelling, releaseLink)
	return ReleaseID(n), ok
}

func parseNumber(s string, spelling, inLink *regexp.Regexp) (int64, bool) {
	s = strings.Trim(s, around)
	if strings.Contains(s, "://") {
		link := inLink.FindStringSubmatch(s)
		if link == nil {
			return 0, false
		}
		s = link[1]
	}
	m := spelling.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	return n, true
}
