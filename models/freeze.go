package models

import (
	"fmt"
	"time"
)

// FreezeID is the n of FRZ-n. It is unique and without gaps in its workspace.
type FreezeID int64

// String writes the id as people see it: "FRZ-2".
func (id FreezeID) String() string { return fmt.Sprintf("FRZ-%d", int64(id)) }

// FreezeKind says how strict a freeze is.
type FreezeKind string

// The kinds of freeze.
const (
	SoftFreeze FreezeKind = "soft"     // warns, and asks the freeze's owner too
	HardFreeze FreezeKind = "hard"     // no start without an exception
	Lockdown   FreezeKind = "lockdown" // a hard freeze that begins now and ends by itself
)

// When says when a freeze or a maintenance window holds: once in Window, or,
// with a Cron expression, for Length from each of its times in Zone.
type When struct {
	Window Window        `json:",omitzero"`
	Cron   string        `json:",omitzero"` // five fields, read by models/schedule; Sunday is 0
	Length time.Duration `json:",omitzero"`
	Zone   string        `json:",omitzero"` // IANA name
}

// Freeze is FRZ-n: a period in which changes to some environments, tiers or
// services need more, or an exception. An empty list of these means all.
type Freeze struct {
	ID           FreezeID
	Kind         FreezeKind
	Name         string
	Reason       string
	Owner        UserID
	Environments []Environment
	Tiers        []Tier
	Services     []Slug
	When         When
	Version      int // raised by every edit: two people's edits can't undo each other
	LiftedAt     time.Time
	LiftedBy     UserID
}

// MaintenanceWindow is a time in which one service's production work may start.
type MaintenanceWindow struct {
	ID      int64
	Service Slug
	When    When
	Version int
}
