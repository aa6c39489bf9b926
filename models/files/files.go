// Package files reads what people keep beside Gatehouse as text: the approval
// policy and the catalogue of services. Reading is strict: an unknown key, a
// wrong value or a missing one is reported with its line, all of them at once.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the most a file may hold, in bytes.
const MaxSize = 4 << 20

// Problem is one thing wrong with a file.
type Problem struct {
	Line int
	Text string
}

// Problems are all things wrong with a file, in the order of their lines.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = fmt.Sprintf("line %d: %s", problem.Line, problem.Text)
	}
	return strings.Join(lines, "\n")
}

// reader collects problems while a document is read.
type reader struct{ problems Problems }

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{n.Line, fmt.Sprintf(format, args...)})
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	sort.SliceStable(r.problems, func(i, j int) bool { return r.problems[i].Line < r.problems[j].Line })
	return r.problems
}

// document parses the one YAML document of a file and returns its mapping.
func document(source []byte) (*yaml.Node, error) {
	if len(source) > MaxSize {
		return nil, Problems{{1, fmt.Sprintf("the file is larger than %d MiB", MaxSize>>20)}}
	}
	var doc, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, Problems{{1, "the file is empty"}}
	case err != nil:
		return nil, Problems{syntax(err, source)}
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, Problems{{max(1, doc.Line), "the file must be a mapping of keys to values"}}
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, Problems{{max(1, more.Line), "a second document begins here; one file holds one"}}
	case !errors.Is(err, io.EOF):
		return nil, Problems{syntax(err, source)}
	}
	return doc.Content[0], nil
}

var (
	yamlLine    = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	yamlUnknown = regexp.MustCompile(`unknown anchor '([^']*)'`)
)

// syntax says where a document stops being YAML. Where the parser gives no
// line, it is found by what the parser complains of.
func syntax(err error, source []byte) Problem {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	line, _ := strconv.Atoi(m[1])
	if line == 0 {
		at := 0
		if name := yamlUnknown.FindStringSubmatch(text); name != nil {
			at = bytes.Index(source, []byte("*"+name[1]))
		} else if strings.Contains(text, "control characters") {
			at = bytes.IndexFunc(source, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) })
		}
		line = 1 + bytes.Count(source[:max(0, at)], []byte("\n"))
	}
	if lines := bytes.Split(source, []byte("\n")); line <= len(lines) {
		indent := lines[line-1][:len(lines[line-1])-len(bytes.TrimLeft(lines[line-1], " \t"))]
		if bytes.Contains(indent, []byte("\t")) {
			return Problem{line, "a tab can't indent a line here; write spaces"}
		}
	}
	return Problem{line, text[len(m[0]):]}
}

// keys walks a mapping: known keys go to their readers, others are faults. It
// returns the keys that are there, right or wrong.
func (r *reader) keys(n *yaml.Node, known map[string]func(*yaml.Node)) map[string]bool {
	seen := map[string]bool{}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "expected a mapping of keys to values%s", written(n))
		return seen
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fault(key, "a key must be a word; known here: %s", strings.Join(sortedKeys(known), ", "))
		case !ok:
			r.fault(key, "unknown key %q; known here: %s", key.Value, strings.Join(sortedKeys(known), ", "))
		case seen[key.Value]:
			r.fault(key, "%q is given twice", key.Value)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
	return seen
}

// each walks a list.
func (r *reader) each(n *yaml.Node, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		how := written(n)
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			how = "; write it in brackets: [" + n.Value + "]"
		}
		r.fault(n, "expected a list%s", how)
		return
	}
	for _, item := range n.Content {
		read(item)
	}
}

// scalar is the text of a plain value; anything else is a fault.
func (r *reader) scalar(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(n, "expected a value%s", written(n))
		return "", false
	}
	return strings.TrimSpace(n.Value), true
}

// written explains the one thing that looks right and is not read.
func written(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		return fmt.Sprintf("; *%s is an alias, and these are not read: write it out", n.Value)
	}
	return ""
}

// text reads a plain value into *into.
func (r *reader) text(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.scalar(n); ok {
			*into = s
		}
	}
}

// whole reads a whole number between low and high, in plain digits.
func (r *reader) whole(into *int, low, high int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n)
		if !ok {
			return
		}
		i, err := strconv.Atoi(s)
		if err != nil || n.Tag != "!!int" || i < low || i > high {
			r.fault(n, "expected a whole number from %d to %d, not %q", low, high, s)
			return
		}
		*into = i
	}
}

// yes reads true or false.
func (r *reader) yes(into *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n)
		if ok && s != "true" && s != "false" {
			r.fault(n, "expected true or false, not %q", s)
		}
		*into = s == "true"
	}
}

// yesOrNo is yes where leaving the line out means neither.
func (r *reader) yesOrNo(into **bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var b bool
		r.yes(&b)(n)
		*into = &b
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
