package models

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Field names one thing a person fills in, so that a refusal can stand beside it.
type Field string

// The fields of a change that a person fills in.
const (
	FieldTitle         Field = "title"
	FieldServices      Field = "services"
	FieldEnvironment   Field = "environment"
	FieldStart         Field = "start"
	FieldEnd           Field = "end"
	FieldPlan          Field = "plan"
	FieldCheck         Field = "check"
	FieldRollback      Field = "rollback"
	FieldImplementer   Field = "implementer"
	FieldBackground    Field = "background"
	FieldReason        Field = "reason"
	FieldOutcome       Field = "outcome"
	FieldAsBuilt       Field = "as_built"
	FieldIncident      Field = "incident"
	FieldOutageMinutes Field = "outage_minutes"
	FieldFindings      Field = "findings"
	FieldType          Field = "type"
	FieldRelease       Field = "release"
	FieldArtifact      Field = "artifact"
	FieldTemplate      Field = "template"
	FieldIncidentRef   Field = "incident_ref"
	FieldWhyNow        Field = "why_now"

	FieldUsers          Field = "users"
	FieldRehearsed      Field = "rehearsed"
	FieldRollbackTested Field = "rollback_tested"
	FieldReversible     Field = "reversible"
	FieldDoneBefore     Field = "done_before"
	FieldPeak           Field = "peak"
	FieldParties        Field = "parties"
)

// Refusal is a rule saying no, in words for the person who asked: what
// happened, why, and what to do. It is shown to that person alone.
type Refusal struct {
	Text   string           // the whole answer, ready to show
	Fields map[Field]string // what to say beside each field, if a form was sent
	// Settled marks a click that no longer fits because the matter is decided
	// already. It answers what happened and is not audited as a refused attempt.
	Settled bool
	// Refresh: facts from Slack were too old; whoever gets this has them asked for.
	Refresh bool
}

func (r *Refusal) Error() string {
	if len(r.Fields) == 0 {
		return r.Text
	}
	parts := make([]string, 0, len(r.Fields))
	for f, text := range r.Fields {
		parts = append(parts, string(f)+": "+text)
	}
	sort.Strings(parts)
	return strings.TrimSpace(r.Text + " " + strings.Join(parts, " "))
}

// sentences are what would stand beside the fields, in the order of a form.
func (r *Refusal) sentences() string {
	var out []string
	for _, field := range formOrder {
		if text, wrong := r.Fields[field]; wrong {
			out = append(out, text)
		}
	}
	return strings.Join(out, " ")
}

// Aloud is the whole refusal where no form stands open: what would stand beside
// the fields is said after it.
func (r *Refusal) Aloud() string {
	out := []string{r.Text}
	for _, field := range append(slices.Clone(formOrder), slices.Sorted(maps.Keys(r.Fields))...) {
		if text := r.Fields[field]; text != "" && !strings.Contains(strings.Join(out, " "), text) {
			out = append(out, text)
		}
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

// formOrder is the order in which the fields of raising a change are filled in.
var formOrder = []Field{FieldType, FieldTemplate, FieldTitle, FieldServices, FieldEnvironment, FieldStart, FieldEnd,
	FieldIncidentRef, FieldWhyNow, FieldPlan, FieldCheck, FieldRollback, FieldUsers, FieldRehearsed, FieldRollbackTested,
	FieldReversible, FieldDoneBefore, FieldPeak, FieldParties, FieldImplementer, FieldRelease, FieldBackground,
	FieldName, FieldLength, FieldMaxRisk,
	FieldProjectLead, FieldOpsLead, FieldDeputy, FieldGoLive, FieldChannel, FieldAttributes, FieldBucket, FieldExpected, FieldOwner, FieldDue,
	FieldEvidence, FieldNote, FieldOpenIssues, FieldExpiry, FieldPlace, FieldGuests, FieldNext, FieldDays, FieldIncident, FieldPriority, FieldReason}

// Refusef makes a refusal from a sentence.
func Refusef(format string, args ...any) error {
	return &Refusal{Text: fmt.Sprintf(format, args...)}
}

// Settledf answers a click that came after the matter was decided.
func Settledf(format string, args ...any) error {
	return &Refusal{Text: fmt.Sprintf(format, args...), Settled: true}
}

// AsRefusal reports whether err is, or wraps, a refusal.
func AsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}

// fieldErrors collects what is wrong with a form, one sentence a field.
type fieldErrors map[Field]string

func (e fieldErrors) add(f Field, format string, args ...any) {
	if _, taken := e[f]; !taken {
		e[f] = fmt.Sprintf(format, args...)
	}
}

// err is nil when nothing was added.
func (e fieldErrors) err(text string) error {
	if len(e) == 0 {
		return nil
	}
	return &Refusal{Text: text, Fields: e}
}

// stop ends a person's own words as a sentence.
func stop(s string) string {
	if last, _ := utf8.DecodeLastRuneInString(s); s == "" || strings.ContainsRune(".!?…。！？؟।", last) {
		return s
	}
	return s + "."
}
