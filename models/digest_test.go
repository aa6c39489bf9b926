package models

import (
	"maps"
	"testing"
)

func init() {
	maps.Copy(refusals, map[string]func(t *testing.T, w *world) error{
		"end somebody else's digest":        func(_ *testing.T, w *world) error { _, err := DropDigest(string(ben), w.as(ana)); return err },
		"end a channel's digest as a guest": func(_ *testing.T, w *world) error { _, err := DropDigest("CCHANGES", w.as(pat)); return err },
	})
}
