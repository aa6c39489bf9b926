package files

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/gatehousehq/gatehouse/models"
)

// ReadServices reads a file of services by its name: CSV, or Backstage's
// catalog-info.yaml. What could be read comes back beside the problems, so that
// what is wrong with the rest can be said at the same time.
func ReadServices(name string, source []byte) (models.Import, Problems) {
	in := models.Import{Source: filepath.Base(name)}
	if len(source) > MaxSize {
		return in, Problems{{1, fmt.Sprintf("the file is larger than %d MiB", MaxSize>>20)}}
	}
	r := &servicesReader{in: in}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		r.csv(bytes.TrimPrefix(source, []byte("\uFEFF")))
	case ".yaml", ".yml":
		r.backstage(source)
	default:
		r.bad(1, "the name ends in neither .csv nor .yaml, so it is not known how to read it")
	}
	sort.SliceStable(r.problems, func(i, j int) bool { return r.problems[i].Line < r.problems[j].Line })
	return r.in, r.problems
}

// servicesReader collects rows and problems.
type servicesReader struct {
	reader
	in models.Import
}

func (r *servicesReader) bad(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, fmt.Sprintf(format, args...)})
}

// columns of a CSV file: how each fills a row. They say what is wrong, "" for
// nothing.
var columns = map[string]func(cell string, row *csvRow) string{
	"slug": func(cell string, row *csvRow) string { return shapedCell(&row.Service.Slug, cell, slugForm, slugWords) },
	"name": func(cell string, row *csvRow) string { row.Service.Name = cell; return row.has(models.FieldTitle) },
	"tier": func(cell string, row *csvRow) string {
		n, err := strconv.Atoi(cell)
		if row.Service.Tier = models.Tier(n); err != nil || n < 0 || n > 3 {
			return fmt.Sprintf("expected a whole number from 0 to 3, not %q", cell)
		}
		return row.has(models.FieldTier)
	},
	"team": func(cell string, row *csvRow) string {
		row.has(models.FieldTeam)
		return shapedCell(&row.Service.Team, cell, slugForm, slugWords)
	},
	"owner": func(cell string, row *csvRow) string {
		row.has(models.FieldOwner)
		return shapedCell(&row.Service.Owner, cell, userForm, userWords)
	},
	"ops_lead": func(cell string, row *csvRow) string {
		row.has(models.FieldOpsLead)
		return shapedCell(&row.Service.OpsLead, cell, userForm, userWords)
	},
	"channel": func(cell string, row *csvRow) string {
		row.has(models.FieldChannel)
		return shapedCell(&row.Service.Channel, cell, channelForm, channelWords)
	},
	"environments": func(cell string, row *csvRow) string {
		row.has(models.FieldEnvironments)
		return listCell(&row.Service.Environments, cell, nil, "")
	},
	"depends_on": func(cell string, row *csvRow) string {
		row.has(models.FieldServices)
		return listCell(&row.Service.DependsOn, cell, slugForm, slugWords)
	},
	"retired": func(cell string, row *csvRow) string {
		row.Service.Retired = strings.EqualFold(cell, "true") || strings.EqualFold(cell, "yes")
		if !row.Service.Retired && cell != "" && !strings.EqualFold(cell, "false") && !strings.EqualFold(cell, "no") {
			return fmt.Sprintf("expected true or false, not %q", cell)
		}
		return row.has(models.FieldRetired)
	},
	"team_members": func(cell string, row *csvRow) string { return listCell(&row.members, cell, userForm, userWords) },
	"team_group":   func(cell string, row *csvRow) string { return shapedCell(&row.group, cell, groupForm, groupWords) },
}

const (
	slugWords    = "lower-case letters, digits, dots and dashes"
	channelWords = "a Slack channel id such as C0123"
	groupWords   = "a Slack user group id such as S0123"
)

type csvRow struct {
	models.ServiceRow
	members []models.UserID
	group   string
}

func (row *csvRow) has(field models.Field) string { row.Has[field] = true; return "" }

// shapedCell reads a cell of a given form; an empty one is nothing.
func shapedCell[T ~string](into *T, cell string, form *regexp.Regexp, expected string) string {
	if cell != "" && !form.MatchString(cell) {
		return fmt.Sprintf("%q: expected %s", cell, expected)
	}
	*into = T(cell)
	return ""
}

// listCell reads words with spaces, commas or semicolons between them.
func listCell[T ~string](into *[]T, cell string, form *regexp.Regexp, expected string) string {
	for _, word := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ,;\t\n", r) }) {
		if form != nil && !form.MatchString(word) {
			return fmt.Sprintf("%q: expected %s", word, expected)
		}
		*into = append(*into, T(word))
	}
	return ""
}

// csv reads a file with one service a line under a line of column names, in
// any order. A column that is missing leaves what is stored.
func (r *servicesReader) csv(source []byte) {
	c := csv.NewReader(bytes.NewReader(source))
	c.FieldsPerRecord = -1
	if head, _, _ := bytes.Cut(source, []byte("\n")); bytes.Contains(head, []byte(";")) && !bytes.Contains(head, []byte(",")) {
		c.Comma = ';'
	}
	head, err := c.Read()
	if err != nil {
		r.bad(1, "the file has no line of column names")
		return
	}
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(head[i]))
		if columns[head[i]] == nil {
			r.bad(1, "unknown column %q; known here: %s", head[i], strings.Join(sortedKeys(columns), ", "))
		} else if slices.Contains(head[:i], head[i]) {
			r.bad(1, "the column %q is there twice", head[i])
		}
	}
	if !slices.Contains(head, "slug") {
		r.bad(1, "the column slug is missing: it tells which service a line is about")
	}
	if len(r.problems) > 0 {
		return
	}
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var broken *csv.ParseError
		line := 0
		if len(cells) > 0 { // a line that could not be read has no position
			line, _ = c.FieldPos(0)
		}
		switch {
		case errors.As(err, &broken):
			r.bad(broken.StartLine, "the quotes of this line don't match")
			if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
				continue
			}
			return
		case len(cells) != len(head):
			r.bad(line, "%d columns, and the first line names %d", len(cells), len(head))
			continue
		}
		r.row(line, head, cells)
	}
}

func (r *servicesReader) row(line int, head, cells []string) {
	row := csvRow{ServiceRow: models.ServiceRow{Line: line, Has: map[models.Field]bool{}}}
	for i, name := range head {
		if text := columns[name](strings.TrimSpace(cells[i]), &row); text != "" {
			r.bad(line, "%s: %s", name, text)
			row.Bad = true
		}
	}
	if row.Service.Slug == "" && !row.Bad {
		r.bad(line, "slug: it is empty")
		row.Bad = true
	}
	r.in.Services = append(r.in.Services, row.ServiceRow)
	if row.Service.Team != "" && (len(row.members) > 0 || row.group != "") {
		r.in.Teams = append(r.in.Teams, models.TeamRow{Line: line, Team: models.Team{ID: row.Service.Team, Members: row.members, Group: row.group}})
	}
}
