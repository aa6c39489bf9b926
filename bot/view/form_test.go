package view

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// sent is a form as Slack sends it back: each input answered with what it
// started with, or with the given answer instead. It goes through JSON, as a
// real one does.
func sent(t *testing.T, v slack.ModalViewRequest, given map[models.Field]map[string]any) slack.View {
	t.Helper()
	values := map[string]map[string]any{}
	for _, b := range decoded(v)["blocks"].([]any) {
		b := b.(map[string]any)
		if b["type"] != "input" {
			continue
		}
		block, e := b["block_id"].(string), b["element"].(map[string]any)
		answer := started(e)
		for key, value := range given[models.Field(block)] {
			answer[key] = value
		}
		values[block] = map[string]any{e["action_id"].(string): answer}
	}
	raw, err := json.Marshal(map[string]any{"id": "V1", "type": "modal", "callback_id": v.CallbackID,
		"private_metadata": v.PrivateMetadata, "state": map[string]any{"values": values}})
	if err != nil {
		t.Fatal(err)
	}
	var out slack.View
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// started is what an untouched element answers; null where nothing is chosen.
func started(e map[string]any) map[string]any {
	out := map[string]any{"type": e["type"]}
	switch e["type"] {
	case "plain_text_input", "number_input":
		out["value"] = e["initial_value"]
	case "datetimepicker":
		out["selected_date_time"] = e["initial_date_time"]
	case "static_select", "radio_buttons", "external_select":
		out["selected_option"] = e["initial_option"]
	case "multi_users_select":
		out["selected_users"] = e["initial_users"]
	case "conversations_select":
		out["selected_conversation"] = e["initial_conversation"]
	case "multi_external_select", "multi_static_select":
		out["selected_options"] = e["initial_options"]
		if e["initial_options"] == nil {
			out["selected_options"] = []any{}
		}
	case "users_select":
		out["selected_user"] = e["initial_user"]
	}
	return out
}

func chose(value string) map[string]any {
	return map[string]any{"selected_option": map[string]any{"text": map[string]any{"type": "plain_text", "text": value}, "value": value}}
}

func TestChangeFormIsReadBack(t *testing.T) {
	k := everyday()
	start := opening.Add(26 * time.Hour)
	meta := FormMeta{Mode: ModeNew, ResponseURL: "https://hooks.slack.example/1", Channel: "C0CHANGES"}
	v := sent(t, ChangeForm(meta, models.Input{}, k.facts(ana, opening), 0), map[models.Field]map[string]any{
		models.FieldTitle: {"value": "Golden <title> & co"},
		models.FieldServices: {"selected_options": []any{
			map[string]any{"text": map[string]any{"type": "plain_text", "text": "Ledger · tier 2"}, "value": "ledger"},
			map[string]any{"text": map[string]any{"type": "plain_text", "text": "Web shop · tier 3"}, "value": "web_shop"}}},
		models.FieldStart:       {"selected_date_time": start.Unix()},
		models.FieldPlan:        {"value": "do it\nproperly"},
		models.FieldCheck:       {"value": "look"},
		models.FieldRollback:    {"value": "go back"},
		models.FieldEnvironment: chose("staging"),
		models.FieldImplementer: {"selected_user": "U0BEN"},
		models.FieldUsers:       chose("3"), models.FieldRehearsed: chose("1"), models.FieldRollbackTested: chose("2"), models.FieldReversible: chose("1"),
		models.FieldDoneBefore: chose("3"), models.FieldPeak: chose("2"), models.FieldParties: chose("1"),
		models.FieldBackground: {"value": "because"},
	})
	gotMeta, got := ReadChangeForm(v)
	want := models.Input{
		Type: models.Normal, Title: "Golden <title> & co", Services: []models.Slug{"ledger", "web_shop"}, Environment: models.Staging,
		Start: start, End: start.Add(time.Hour), Plan: "do it\nproperly", Check: "look", Rollback: "go back",
		Risk: models.RiskAnswers{Users: models.ReachMany, Rehearsed: models.Yes, RollbackTested: models.No, Reversible: models.Yes,
			DoneBefore: models.TimesOften, Peak: models.No, Parties: models.Yes}, Background: "because", Implementer: ben,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(meta, gotMeta); diff != "" {
		t.Errorf("meta (-want +got):\n%s", diff)
	}
}

func TestUntouchedFormHasTheDefaults(t *testing.T) {
	_, got := ReadChangeForm(sent(t, ChangeForm(FormMeta{Mode: ModeNew}, models.Input{}, everyday().facts(ana, opening), 0), nil))
	if diff := cmp.Diff(models.Input{Type: models.Normal, Environment: models.Production, Implementer: ana}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEditingChangesNothingByItself: a form that is opened and sent as it is
// gives back what the change holds, whatever was typed into it.
func TestEditingChangesNothingByItself(t *testing.T) {
	for _, k := range []cast{everyday(), hostile(), longest()} {
		for _, p := range k.lives() {
			want := models.InputOf(p.c)
			meta := FormMeta{Mode: ModeEdit, Change: p.c.ID, Seen: p.c.Revision, Resets: 2}
			gotMeta, got := ReadChangeForm(sent(t, ChangeForm(meta, want, k.facts(ana, p.now), meta.Resets), nil))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", k.name, p.name, diff)
			}
			if gotMeta != meta {
				t.Errorf("%s %s: meta %v, want %v", k.name, p.name, gotMeta, meta)
			}
		}
	}
}

func TestFormWithoutStateOrMetadataReadsAsEmpty(t *testing.T) {
	meta, in := ReadChangeForm(slack.View{PrivateMetadata: "not json"})
	if meta != (FormMeta{}) || !cmp.Equal(in, models.Input{}) {
		t.Errorf("got %v %v", meta, in)
	}
	if _, id, _, _, _ := ReadReasonForm(slack.View{}); id != 0 {
		t.Errorf("reason form of nothing reads as %v", id)
	}
	if id, _, _, errs := ReadCompleteForm(slack.View{}); id != 0 || errs != nil {
		t.Errorf("complete form of nothing reads as %v %v", id, errs)
	}
}

// mustFill are the inputs of a form that nobody can leave as they are: those
// that are required and have no default in sight.
func mustFill(v slack.ModalViewRequest) (required, all []string) {
	for _, b := range decoded(v)["blocks"].([]any) {
		b := b.(map[string]any)
		if b["type"] != "input" {
			continue
		}
		id := b["block_id"].(string)
		all = append(all, id)
		e := b["element"].(map[string]any)
		if b["optional"] != true && e["initial_option"] == nil && e["initial_user"] == nil && e["initial_date_time"] == nil && e["initial_value"] == nil && e["initial_options"] == nil {
			required = append(required, id)
		}
	}
	return required, all
}

func TestFormAsksSixThings(t *testing.T) {
	required, all := mustFill(ChangeForm(FormMeta{Mode: ModeNew}, models.Input{}, everyday().facts(ana, opening), 0))
	if diff := cmp.Diff([]string{"title", "services", "start", "plan", "check", "rollback"}, required); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(append([]string{"type"}, required...), "environment", "end", "implementer", "users", "rehearsed", "rollback_tested", "reversible", "done_before", "peak", "parties", "release", "background", "why_now"), all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
}

// TestNoFormAsksForMoreThanSixThings: three from a template, whatever the risk
// comes to, and whatever lies in the way.
func TestNoFormAsksForMoreThanSixThings(t *testing.T) {
	k := everyday()
	d := *k.dir
	d.Policy.Notice = models.DefaultNotice()
	d.Templates = map[models.Slug]models.Template{}
	for _, x := range k.templates() {
		d.Templates[x.Name] = x
	}
	k.dir = &d
	yes, no := models.Yes, models.No
	forms, levels, expedited := 0, map[models.RiskLevel]int{}, 0
	for _, kind := range models.ChangeTypes {
		for _, template := range []models.Slug{"", "warm-the-cache"} {
			for _, environment := range models.Environments {
				for _, risk := range []models.RiskAnswers{{}, {Users: models.ReachNobody, Rehearsed: yes, RollbackTested: yes, Reversible: yes, DoneBefore: models.TimesOften, Peak: no, Parties: no},
					{Users: models.ReachOneTeam, Rehearsed: yes, RollbackTested: yes, Reversible: yes}, {Users: models.ReachEverybody, Rehearsed: no, RollbackTested: no, Reversible: no, Peak: yes, Parties: yes}} {
					for _, start := range []time.Time{{}, opening.Add(time.Hour), opening.Add(40 * 24 * time.Hour)} {
						for _, crowded := range []bool{false, true} {
							// Nothing is typed yet; what can be chosen is chosen, for that is what lets a form ask for more.
							in := models.Input{Type: kind, Environment: environment, Risk: risk, Start: start}
							most := 6
							if kind == models.Standard {
								most, in.Template = 3, template
							} else if template != "" {
								continue
							}
							if !start.IsZero() {
								in.End = start.Add(time.Hour)
							}
							f := k.facts(ana, opening)
							if crowded {
								k.crowd(&models.Change{Identity: models.Identity{ID: 4}, Material: models.Material{Services: k.in.Services, Environment: environment, Window: models.NewWindow(in.Start, in.End)}}, &f)
							}
							chosen := in
							chosen.Services = k.in.Services
							o := models.Outlook{Preview: chosen.Preview(nil, f)}
							required, all := mustFill(ChangeFormAhead(FormMeta{Mode: ModeNew}, in, o, f))
							if len(required) > most {
								t.Errorf("%s, %s, %s risk, start %v, crowded %v: %d things are required, at most %d: %v", kind, environment, o.Assessment.Level, start, crowded, len(required), most, required)
							}
							for _, always := range []string{"type", "services", "start", "implementer"} {
								if !slices.Contains(all, always) {
									t.Errorf("%s does not ask for %s", kind, always)
								}
							}
							if forms++; o.Expedited {
								expedited++
								if !slices.Contains(required, "why_now") && kind == models.Normal {
									t.Errorf("an expedited change is not asked why it can't wait: %v", required)
								}
							}
							levels[o.Assessment.Level]++
						}
					}
				}
			}
		}
	}
	t.Logf("%d forms, %v, %d expedited", forms, levels, expedited)
	if len(levels) < 4 || expedited == 0 {
		t.Errorf("hardly all there is: %v, %d expedited", levels, expedited)
	}
}

// TestAFormKeepsItsInputsWhateverItComesTo: Slack keeps what was typed only in
// an input whose block and action ids stay the same, so those of one type are
// the same before and after any choice; and what is put in stays as it is.
func TestAFormKeepsItsInputsWhateverItComesTo(t *testing.T) {
	k := everyday()
	ids := func(v slack.ModalViewRequest) map[string]string {
		out := map[string]string{}
		for _, b := range decoded(v)["blocks"].([]any) {
			if b := b.(map[string]any); b["type"] == "input" {
				out[b["block_id"].(string)] = b["element"].(map[string]any)["action_id"].(string)
			}
		}
		return out
	}
	crowded := k.facts(ana, opening)
	k.crowd(&models.Change{Identity: models.Identity{ID: 4}, Material: models.Material{Services: k.in.Services, Environment: models.Production, Window: models.NewWindow(k.in.Start, k.in.End)}}, &crowded)
	late := k.facts(ana, k.in.Start.Add(-time.Hour))
	d := *k.dir
	d.Policy.Notice, late.Directory = models.DefaultNotice(), &d
	meta := FormMeta{Mode: ModeNew}
	for name, f := range map[string]models.Facts{"free": k.facts(ana, opening), "crowded": crowded, "late": late} {
		for _, kind := range []models.ChangeType{models.Normal, models.Emergency} {
			in := k.in
			in.Type = kind
			before, ahead := ChangeForm(meta, in, f, 0), ChangeFormAhead(meta, in, models.Outlook{Preview: in.Preview(nil, f), Slots: in.SlotsFor(nil, f)}, f)
			if diff := cmp.Diff(ids(before), ids(ahead)); diff != "" {
				t.Errorf("%s %s (-before +after):\n%s", name, kind, diff)
			}
			_, got := ReadChangeForm(sent(t, ahead, nil))
			if diff := cmp.Diff(in, got); diff != "" {
				t.Errorf("%s %s is read back (-want +got):\n%s", name, kind, diff)
			}
		}
	}
}

// TestChoosingATemplateAndThinkingBetterOfItLosesNothing: Slack forgets what
// was answered in an input that is not there any more.
func TestChoosingATemplateAndThinkingBetterOfItLosesNothing(t *testing.T) {
	k := everyday()
	d := *k.dir
	d.Templates = map[models.Slug]models.Template{}
	for _, x := range k.templates() {
		d.Templates[x.Name] = x
	}
	k.dir = &d
	want := k.in
	want.Type, want.Environment, want.Plan, want.Check, want.Rollback = models.Normal, models.Staging, "Mine.", "Look.", "Back."
	f := k.facts(ana, opening)
	meta, in := FormMeta{Mode: ModeNew}, want
	for _, kind := range []models.ChangeType{models.Standard, models.Standard, models.Normal} {
		meta, in = ReadChangeForm(sent(t, ChangeForm(meta, in, f, 0), map[models.Field]map[string]any{models.FieldType: chose(string(kind))}))
		if kind == models.Standard && in.Template == "" {
			in.Template = "warm-the-cache"
		}
	}
	meta, in = ReadChangeForm(sent(t, ChangeForm(meta, in, f, 0), nil))
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("after a template was chosen and not (-before +after):\n%s", diff)
	}
	if meta.Kept != (Kept{}) {
		t.Errorf("what is asked for is kept apart, too: %+v", meta.Kept)
	}
}

func TestEditFormSaysWhatSavingResets(t *testing.T) {
	f := everyday().facts(ana, opening)
	edit := FormMeta{Mode: ModeEdit, Change: 4, Seen: "ab"}
	if got := said(ChangeForm(edit, models.Input{}, f, 2)); !strings.Contains(got, "*resets 2 approvals*") {
		t.Errorf("no warning: %s", got)
	}
	if got := said(ChangeForm(edit, models.Input{}, f, 1)); !strings.Contains(got, "*resets 1 approval*") {
		t.Errorf("no warning: %s", got)
	}
	if got := said(ChangeForm(edit, models.Input{}, f, 0)); strings.Contains(got, "resets") {
		t.Errorf("warning for nothing: %s", got)
	}
}

func TestDraftButtonStandsOnlyWhereADraftCanBeSaved(t *testing.T) {
	f := everyday().facts(ana, opening)
	for _, x := range []struct {
		meta FormMeta
		want []string
	}{
		{FormMeta{Mode: ModeNew}, []string{""}},
		{FormMeta{Mode: ModeMessage}, []string{""}},
		{FormMeta{Mode: ModeAgain, Change: 4}, []string{""}},
		{FormMeta{Mode: ModeEdit, Change: 4}, []string{"4:"}},
		{FormMeta{Mode: ModeEdit, Change: 4, Seen: "ab"}, nil},
	} {
		var got []string
		each(decoded(ChangeForm(x.meta, models.Input{}, f, 0)), func(o map[string]any) {
			if o["action_id"] == ActionDraft {
				value, _ := o["value"].(string)
				got = append(got, value)
			}
		})
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", x.meta, diff)
		}
	}
}

// TestErrorsStandBesideInputs: Slack refuses an error for a block that the
// form doesn't have, so every field of a rule must lead to an input.
func TestErrorsStandBesideInputs(t *testing.T) {
	k := everyday()
	p := k.life("in-progress")
	f := k.facts(ben, p.now)
	inputs := func(v slack.ModalViewRequest) []string {
		var out []string
		for _, b := range decoded(v)["blocks"].([]any) {
			if b := b.(map[string]any); b["type"] == "input" {
				out = append(out, b["block_id"].(string))
			}
		}
		return out
	}
	for name, x := range map[string]struct {
		form   slack.ModalViewRequest
		fields []models.Field
	}{
		"change": {ChangeForm(FormMeta{Mode: ModeNew}, models.Input{}, f, 0), []models.Field{models.FieldTitle, models.FieldServices, models.FieldEnvironment,
			models.FieldStart, models.FieldEnd, models.FieldPlan, models.FieldCheck, models.FieldRollback, models.FieldImplementer,
			models.FieldUsers, models.FieldRehearsed, models.FieldRollbackTested, models.FieldReversible, models.FieldDoneBefore, models.FieldPeak,
			models.FieldParties, models.FieldIncidentRef, models.FieldWhyNow, models.FieldTemplate, models.FieldBackground, models.FieldType, models.FieldRelease, models.FieldArtifact}},
		"reason":   {ReasonForm(ReasonReject, p.c, p.c.Revision, f, ""), []models.Field{models.FieldReason}},
		"complete": {CompleteForm(p.c, f, ""), []models.Field{models.FieldOutcome, models.FieldReason, models.FieldAsBuilt, models.FieldIncident, models.FieldPriority, models.FieldOutageMinutes}},
		"extend":   {ExtendForm(p.c, f, ""), []models.Field{models.FieldEnd, models.FieldReason}},
		"review":   {ReviewForm(p.c, f, ""), []models.Field{models.FieldGoal, models.FieldWritten, models.FieldInTime, models.FieldEffects, models.FieldTold, models.FieldBack, models.FieldFindings, models.FieldBetter, models.FieldLesson, models.FieldBucket}},
	} {
		fields := map[models.Field]string{}
		for _, field := range x.fields {
			fields[field] = "wrong: " + string(field)
		}
		blocks := inputs(x.form)
		got := FieldErrors(fields)
		for block, text := range got {
			if !slices.Contains(blocks, block) {
				t.Errorf("%s: error %q stands beside %q, which is no input", name, text, block)
			}
		}
		for _, field := range x.fields {
			if !slices.ContainsFunc(slices.Collect(mapValues(got)), func(s string) bool { return strings.Contains(s, "wrong: "+string(field)) }) {
				t.Errorf("%s: the error of %s is lost: %v", name, field, got)
			}
		}
	}
}

func mapValues(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

func TestReasonFormIsReadBack(t *testing.T) {
	k := everyday()
	p := k.life("awaiting")
	for _, kind := range []string{ReasonReject, ReasonAsk, ReasonCancel, ReasonRollback, ReasonHold, ReasonLift, ReasonOverride} {
		v := sent(t, ReasonForm(kind, p.c, p.c.Revision, k.facts(cara, p.now), "https://hooks.slack.example/1"),
			map[models.Field]map[string]any{models.FieldReason: {"value": "  because\nof that "}})
		gotKind, id, seen, reason, url := ReadReasonForm(v)
		if gotKind != kind || id != 4 || seen != p.c.Revision || reason != "because\nof that" || url != "https://hooks.slack.example/1" {
			t.Errorf("%s reads as %q %v %v %q %q", kind, gotKind, id, seen, reason, url)
		}
	}
}

func TestCompleteFormIsReadBack(t *testing.T) {
	k := everyday()
	p := k.life("in-progress")
	blank := CompleteForm(p.c, k.facts(ben, p.now), "https://hooks.slack.example/1")
	id, done, url, errs := ReadCompleteForm(sent(t, blank, map[models.Field]map[string]any{
		models.FieldOutcome: chose("failed"), models.FieldReason: {"value": "it broke"}, models.FieldAsBuilt: {"value": "4.12"},
		models.FieldIncident: {"value": "INC-1"}, models.FieldPriority: chose("2"), models.FieldOutageMinutes: {"value": "12"},
	}))
	want := models.Completion{Outcome: models.Failed, Note: "it broke", AsBuilt: "4.12", Incident: "INC-1", Priority: 2, OutageMinutes: 12}
	if id != 4 || url != "https://hooks.slack.example/1" || errs != nil || done != want {
		t.Errorf("reads as %v %v %q %v", id, done, url, errs)
	}
	for _, minutes := range []string{"twelve", "1.5", "1e99", "99999999999999999999", "<!channel>"} {
		_, _, _, errs := ReadCompleteForm(sent(t, blank, map[models.Field]map[string]any{models.FieldOutageMinutes: {"value": minutes}}))
		if errs[models.FieldOutageMinutes] == "" {
			t.Errorf("%q passes as a number", minutes)
		}
	}
	if _, done, _, errs := ReadCompleteForm(sent(t, blank, nil)); errs != nil || done != (models.Completion{}) {
		t.Errorf("untouched: %v %v", done, errs)
	}
}

func TestExtendFormIsReadBack(t *testing.T) {
	k := everyday()
	p := k.life("in-progress")
	id, until, why, url := ReadExtendForm(sent(t, ExtendForm(p.c, k.facts(ben, p.now), "https://hooks.slack.example/1"),
		map[models.Field]map[string]any{models.FieldEnd: {"selected_date_time": opening.Unix()}, models.FieldReason: {"value": "slow"}}))
	if id != 4 || !until.Equal(opening) || why != "slow" || url != "https://hooks.slack.example/1" {
		t.Errorf("reads as %v %v %q %q", id, until, why, url)
	}
}

func TestReviewFormIsReadBack(t *testing.T) {
	k := everyday()
	p := k.life("implemented")
	id, got, url := ReadReviewForm(sent(t, ReviewForm(p.c, k.facts(ben, p.now), "https://hooks.slack.example/1"),
		map[models.Field]map[string]any{models.FieldFindings: {"value": "we learned"}, models.FieldGoal: chose("yes"), models.FieldBack: chose("not needed"),
			models.FieldBetter: chose("emergency"), models.FieldLesson: {"value": "Check the key"}, models.FieldBucket: chose("tests")}))
	want := models.Review{Findings: "we learned", Judgement: models.Judgement{Better: models.Emergency, Lesson: "Check the key", Bucket: models.BucketTests,
		Answers: map[models.Field]models.ReviewAnswer{models.FieldGoal: models.ReviewYes, models.FieldBack: models.ReviewNeedless}}}
	if id != 4 || !cmp.Equal(got, want) || url != "https://hooks.slack.example/1" {
		t.Errorf("reads as %v %+v %q", id, got, url)
	}
}

func TestServiceOptionsMatchSlugAndName(t *testing.T) {
	services := []models.Service{{Slug: "payments-api", Name: "Money mover", Tier: 0}, {Slug: "ledger", Name: "Ledger & books", Tier: 2}, {Slug: "old", Name: "Old ledger", Retired: true}}
	for query, want := range map[string][]string{
		"": {"Money mover · tier 0", "Ledger & books · tier 2"}, "PAY": {"Money mover · tier 0"}, "mover": {"Money mover · tier 0"},
		" ledg ": {"Ledger & books · tier 2"}, "old": nil, "x": nil,
	} {
		var got []string
		for _, o := range ServiceOptions(services, query).Options {
			got = append(got, o.Text.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	var many []models.Service
	for range 5000 {
		many = append(many, services...)
	}
	if n := len(ServiceOptions(many, "").Options); n != 100 {
		t.Errorf("%d options", n)
	}
	if got := string(encoded(ServiceOptions(nil, ""))); !strings.Contains(got, `"options": []`) {
		t.Errorf("no options encode as %s", got)
	}
}

// TestLongResponseURLDoesNotCostTheRecord: metadata that is too long would be
// refused by Slack, and metadata without the record can't be routed.
func TestLongResponseURLDoesNotCostTheRecord(t *testing.T) {
	k := everyday()
	p := k.life("in-progress")
	f := k.facts(ben, p.now)
	long := "https://hooks.slack.example/" + strings.Repeat("&", 4000)
	if meta, _ := ReadChangeForm(sent(t, ChangeForm(FormMeta{Mode: ModeEdit, Change: 4, Seen: p.c.Revision, ResponseURL: long}, models.Input{}, f, 0), nil)); meta.Change != 4 || meta.ResponseURL != "" {
		t.Errorf("change form reads as %v", meta)
	}
	if _, id, _, _, _ := ReadReasonForm(sent(t, ReasonForm(ReasonReject, p.c, p.c.Revision, f, long), nil)); id != 4 {
		t.Errorf("reason form reads as %v", id)
	}
	if id, _, _, _ := ReadCompleteForm(sent(t, CompleteForm(p.c, f, long), nil)); id != 4 {
		t.Errorf("complete form reads as %v", id)
	}
	if id, _, _ := ReadReviewForm(sent(t, ReviewForm(p.c, f, long), nil)); id != 4 {
		t.Errorf("review form reads as %v", id)
	}
}

func TestServiceFormIsReadBack(t *testing.T) {
	k := everyday()
	k.dir.Teams["payments"] = models.Team{ID: "payments", Name: "Payments", Version: 4, Members: []models.UserID{ana, ben, cara}}
	s := k.dir.Services["payments-api"]
	s.DependsOn, s.Environments = []models.Slug{"ledger"}, []models.Environment{models.Production, models.Test}
	want := models.InputOfService(s, k.dir)
	meta, in := ReadServiceForm(sent(t, ServiceForm(ServiceMeta{Slug: s.Slug, Seen: 7, ResponseURL: "https://hooks.slack.example/1"}, want, k.facts(mia, opening)), nil))
	if diff := cmp.Diff(want, in); diff != "" || meta != (ServiceMeta{Slug: s.Slug, Seen: 7, SeenTeam: 4, ResponseURL: "https://hooks.slack.example/1"}) {
		t.Errorf("%+v\n%s", meta, diff)
	}
	if meta, in := ReadServiceForm(slack.View{}); meta != (ServiceMeta{}) || in.Tier != -1 {
		t.Errorf("nothing reads as %+v %+v", meta, in)
	}
}
