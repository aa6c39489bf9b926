package files

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faulty are files of one kind with everything that is to be said about them.
type faulty struct {
	name, source string
	want         []string
}

func check(t *testing.T, tests []faulty, read func([]byte) error) {
	t.Helper()
	for _, test := range tests {
		err := read([]byte(test.source))
		var problems Problems
		switch {
		case err == nil && test.want == nil:
			continue
		case !errors.As(err, &problems):
			t.Errorf("%s: %v (%T)", test.name, err, err)
			continue
		}
		if diff := cmp.Diff(test.want, strings.Split(err.Error(), "\n")); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
		for _, p := range problems {
			if lines := strings.Count(test.source, "\n") + 1; p.Line < 1 || p.Line > lines {
				t.Errorf("%s: line %d of %d", test.name, p.Line, lines)
			}
		}
	}
}

// notYAML is what both readers say of a file that is none.
var notYAML = []faulty{
	{"empty", "", []string{"line 1: the file is empty"}},
	{"a comment only", "# later\n\n", []string{"line 1: the file is empty"}},
	{"nothing", "---\n", []string{"line 1: the file must be a mapping of keys to values"}},
	{"a word", "hello", []string{"line 1: the file must be a mapping of keys to values"}},
	{"a list", "# a list\n- one\n- two\n", []string{"line 2: the file must be a mapping of keys to values"}},
	{"a tab", "roles:\n\tcab: []\n", []string{"line 2: a tab can't indent a line here; write spaces"}},
	{"an open quote", "name: a\nteam: 'b\n", []string{"line 2: found unexpected end of stream"}},
	{"two colons", "name: a\nteam: b: c\n", []string{"line 2: mapping values are not allowed in this context"}},
	{"an unknown alias", "# one\n\nname: *nobody\n", []string{"line 3: unknown anchor 'nobody' referenced"}},
	{"a control character", "name: a\nteam: \"b\x01\"\n", []string{"line 2: control characters are not allowed"}},
	{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", []string{"line 1: invalid leading UTF-8 octet"}},
	{"too deep", strings.Repeat("[", 20000), []string{"line 1: exceeded max depth of 10000"}},
	{"too large", "# " + strings.Repeat("x", MaxSize), []string{"line 1: the file is larger than 4 MiB"}},
}

func TestPoliciesThatAreNoYAMLAreRefusedWithTheLine(t *testing.T) {
	check(t, notYAML, func(b []byte) error { _, err := Policy(b); return err })
}

func TestCataloguesThatAreNoYAMLAreRefusedWithTheLine(t *testing.T) {
	check(t, notYAML, func(b []byte) error { _, err := ReadCatalog(b); return err })
}

// bomb doubles itself with every line; read as YAML it is gigabytes.
var bomb = func() string {
	s := "a0: &a0 [x, x]\n"
	for i := range 40 {
		s += "a" + string(rune('A'+i%26)) + strings.Repeat("x", i) + ": &b" + strings.Repeat("x", i) + " [*a0, *a0]\n"
	}
	return s
}()

func TestAliasBombsGoOffNowhere(t *testing.T) {
	nested := "version: &a1 [x, x, x]\n"
	for i := 2; i < 40; i++ {
		nested += "k" + strings.Repeat("k", i) + ": &a" + strings.Repeat("1", i) + " [*a" + strings.Repeat("1", i-1) + ", *a" + strings.Repeat("1", i-1) + "]\n"
	}
	for _, source := range []string{bomb, nested, "a: &a [*a, *a]\n", "rules: &r\n  - *r\nversion: 1\n"} {
		if _, err := Policy([]byte(source)); err == nil {
			t.Errorf("read: %.60s", source)
		}
		if _, err := ReadCatalog([]byte(source)); err == nil {
			t.Errorf("read: %.60s", source)
		}
	}
}
