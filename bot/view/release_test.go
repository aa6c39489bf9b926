package view

import (
	"strings"
	"testing"
)

func TestCardsOfReleasesAreShort(t *testing.T) {
	for _, e := range Gallery() {
		if !strings.Contains(e.Name, "-release-card-") {
			continue
		}
		most := 15
		if strings.HasSuffix(e.Name, "cancelled") {
			most = 6
		}
		if !strings.HasPrefix(e.Name, "everyday") {
			most += 3
		}
		if n := height(e.View); n > most {
			t.Errorf("%s is %d lines high, at most %d", e.Name, n, most)
		}
	}
}
