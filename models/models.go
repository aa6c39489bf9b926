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

// ChangeID is the n of CHG-n. It is unique and without gaps in its workspace.
type ChangeID int64

// String writes the id as people see it: "CHG-4".
func (id ChangeID) String() string { return fmt.Sprintf("CHG-%d", int64(id)) }

// changeSpelling accepts 4, #4, chg4, CHG-4, chg 4, and any of them in
// brackets or inside a link that Gatehouse wrote ("…|CHG-4>").
var changeSpelling = regexp.MustCompile(`(?i)^[<\[(]*(?:https?://[^|\s]*[|/?#=])?#?(?:chg[-_ #]?)?([0-9]{1,12})[>\])]*[.,;]?$`)

// ParseChangeID reads a change number in any spelling a person types: "4",
// "chg4", "CHG-4", "#4", or a link whose last part or label is one of these.
func ParseChangeID(s string) (ChangeID, bool) {
	m := changeSpelling.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	return ChangeID(n), true
}
