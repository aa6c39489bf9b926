package models

import "time"

// AsBuilt is a version that a completed change left running.
type AsBuilt struct {
	Service     Slug
	Environment Environment
	Version     string
	Change      ChangeID
	At          time.Time
}

// AsBuiltOf is what the change left running on each of its services, as its
// completion says; nothing where nobody named a version.
func AsBuiltOf(c *Change) []AsBuilt {
	if blank(c.AsBuilt) {
		return nil
	}
	var out []AsBuilt
	for _, slug := range c.Services {
		out = append(out, AsBuilt{slug, c.Environment, oneLine(c.AsBuilt), c.ID, c.FinishedAt})
	}
	return out
}

// ServiceHistory is what is known of a service beside what it is.
type ServiceHistory struct {
	Running []AsBuilt // the latest of each environment
	Today   []*Change // work on it in the last 24 hours
	Latest  []*Change // every change, the newest first
	More    bool      // there are older ones
}
