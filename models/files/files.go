// Package files reads what people keep beside Gatehouse as text: the approval
// policy and the catalogue of services. Reading is strict: an unknown key, a
// wrong value or a missing one is reported with its line, all of them at once.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

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

// document parses one YAML document and returns its top-level mapping.
func document(source []byte) (*yaml.Node, error) {
	if len(source) > MaxSize {
		return nil, Problems{{1, fmt.Sprintf("the file is larger than %d MiB", MaxSize>>20)}}
	}
	var doc yaml.Node
	switch err := yaml.NewDecoder(bytes.NewReader(source)).Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, Problems{{1, "the file is empty"}}
	case err != nil:
		return nil, Problems{{lineOf(err), strings.TrimPrefix(err.Error(), "yaml: ")}}
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, Problems{{1, "the file must be a mapping of keys to values"}}
	}
	return doc.Content[0], nil
}

func lineOf(err error) int {
	line := 1
	_, _ = fmt.Sscanf(err.Error(), "yaml: line %d:", &line)
	return line
}

// keys walks a mapping: known keys go to their readers, others are faults.
func (r *reader) keys(n *yaml.Node, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fault(n, "expected a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok:
			r.fault(key, "unknown key %q; known here: %s", key.Value, strings.Join(sortedKeys(known), ", "))
		case seen[key.Value]:
			r.fault(key, "%q is given twice", key.Value)
		default:
			read(value)
		}
		seen[key.Value] = true
	}
}

// each walks a list.
func (r *reader) each(n *yaml.Node, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "expected a list")
		return
	}
	for _, item := range n.Content {
		read(item)
	}
}

// text reads a plain value into *into.
func (r *reader) text(into *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			r.fault(n, "expected a text")
			return
		}
		*into = strings.TrimSpace(n.Value)
	}
}

// whole reads a whole number between low and high.
func (r *reader) whole(into *int, low, high int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if err := n.Decode(into); err != nil || *into < low || *into > high {
			r.fault(n, "expected a whole number from %d to %d, not %q", low, high, n.Value)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
