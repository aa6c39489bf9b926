package models

import (
	"strings"
	"testing"
)

// corpus is what people write into the three plans, with the start of the
// answer they get; "" = accepted as it stands.
var corpus = []struct {
	field Field
	text  string
	want  string
}{
	// What gets past a field that must be filled, but says nothing.
	{FieldPlan, "", "Say step by step"},
	{FieldPlan, " \n\u200b", "Say step by step"},
	{FieldPlan, "N/A", "This stands for a plan"},
	{FieldPlan, "n.a.", "This stands for a plan"},
	{FieldPlan, "As discussed.", "This stands for a plan"},
	{FieldPlan, "...", "This stands for a plan"},
	{FieldPlan, "see ticket", "This stands for a plan"},
	{FieldPlan, "TBC", "This stands for a plan"},
	{FieldPlan, "1. Deploy 4.2.\n2. Migration: TBD by the DBA", "Something here is still to be decided"},
	{FieldPlan, "1. TODO write the steps", "Something here is still to be decided"},
	{FieldPlan, "Restart node ??? then deploy", "Something here is still to be decided"},
	{FieldPlan, "https://wiki.example.com/runbook/42", "A link alone"},
	{FieldPlan, "See the runbook: <https://wiki.example.com/42|this>", "A link alone"},
	{FieldPlan, "do it", "This names no step"},
	{FieldPlan, "Deploy the change.", "This names no step"},
	{FieldCheck, "none", "This stands for a check"},
	{FieldCheck, "tbd", "This stands for a check"},
	{FieldCheck, "-", "This stands for a check"},
	{FieldCheck, "No testing needed", "This stands for a check"},
	{FieldCheck, "Test it", "This names nothing that can be seen"},
	{FieldCheck, "We will check that everything works as expected.", "This names nothing that can be seen"},
	{FieldCheck, "Make sure it is OK", "This names nothing that can be seen"},
	{FieldCheck, "look", "This names nothing that can be seen"},
	{FieldCheck, "smoke tests after deployment", "This names nothing that can be seen"},
	{FieldCheck, "www.example.com/tests", "A link alone"},
	{FieldCheck, "p99 limit to be confirmed", "Something here is still to be decided"},
	{FieldRollback, "\t", "Say what makes you go back"},
	{FieldRollback, "None.", "This stands for a rollback"},
	{FieldRollback, "No rollback needed!", "This stands for a rollback"},
	{FieldRollback, "not applicable", "This stands for a rollback"},
	{FieldRollback, "Keine", "This stands for a rollback"},
	{FieldRollback, "https://wiki.example.com/rollback", "A link alone"},
	{FieldRollback, "Deploy the previous version.", "What makes you go back is missing, and how long"},
	{FieldRollback, "git revert and push", "What makes you go back is missing, and how long"},
	{FieldRollback, "Deploy the previous version (4 minutes).", "What makes you go back is missing: the sign"},
	{FieldRollback, "Takes 10 min, restore from the snapshot", "What makes you go back is missing: the sign"},
	{FieldRollback, "If it fails, deploy the previous version.", "How long going back takes"},
	{FieldRollback, "When errors > 1 %: flag off", "How long going back takes"},
	{FieldRollback, "When it breaks: limit TBC, 5 minutes", "Something here is still to be decided"},

	// Good ones, most of them short, some of them clumsy.
	{FieldPlan, "Set it to 40.", ""},
	{FieldPlan, "helm upgrade payments 7.4", ""},
	{FieldPlan, "scale workers 6 -> 12", ""},
	{FieldPlan, "1. drain node 2. replace image 3. refill", ""},
	{FieldPlan, "Steps of https://wiki.example.com/42: drain, restart, refill", ""},
	{FieldPlan, "remove `TODO: tbd` from the banner template", ""},
	{FieldPlan, "We no more use old key, so delete he from vault", ""},
	{FieldPlan, "Update del índice, todo el clúster", ""},
	{FieldPlan, "証明書を入れ替える", ""},
	{FieldCheck, "Receipts arrive.", ""},
	{FieldCheck, "Watch the latency.", ""},
	{FieldCheck, "/health give 200", ""},
	{FieldCheck, "errors < 0.1%", ""},
	{FieldCheck, "queue is go down, no dead letters", ""},
	{FieldCheck, "Kunden sehen den neuen Preis", ""},
	{FieldCheck, "smoke test: order with test card is paid", ""},
	{FieldCheck, "grafana https://grafana.example.com/d/1 p95 under 200", ""},
	{FieldCheck, "決済が通る", ""},
	{FieldRollback, "On any error put the old key back, 5 minutes.", ""},
	{FieldRollback, "errors >1% -> flag off, 10s", ""},
	{FieldRollback, "if lag grow, point pool back (1min)", ""},
	{FieldRollback, "When it fails twice: old disk, 5 minutes.", ""},
	{FieldRollback, "Revert if p99 above 300ms. Decide by 14:45", ""},
	{FieldRollback, "In case of alarm we put image 4.0 again, need half an hour", ""},
	{FieldRollback, "Not possible to undo. If import stops, restore snapshot, 2 h", ""},
	{FieldRollback, "Wenn Fehler steigen: alte Version, 4 Minuten", ""},
	{FieldRollback, "si les erreurs montent: version 7.3, 6 min", ""},
	{FieldRollback, "alert fires: kill job immediately, nothing is changed", ""},
	{FieldRollback, "エラーの場合、5分で戻す", ""},
}

func TestPlansThatSayNothingAreRefusedAndTersePlansAreNot(t *testing.T) {
	good, bad := 0, 0
	for _, c := range corpus {
		got := LintPlan(c.field, c.text)
		switch {
		case c.want == "" && got != "":
			t.Errorf("%s %q is good, but was answered %q", c.field, c.text, got)
		case c.want == "":
			good++
		case !strings.HasPrefix(got, c.want):
			t.Errorf("%s %q was answered %q, want %q …", c.field, c.text, got, c.want)
		default:
			bad++
			if _, example, found := strings.Cut(got, "For example: "); !found || LintPlan(c.field, example) != "" {
				t.Errorf("the example beside %s is not good itself: %q", c.field, got)
			}
		}
	}
	t.Logf("%d refused with the right reason, %d accepted", bad, good)
}

func TestAPlanThatSaysNothingIsSavedAsADraftAndNotSubmitted(t *testing.T) {
	w := newWorld()
	in := w.input()
	in.Plan, in.Check, in.Rollback = "N/A", "TBC", "Deploy the previous version."
	c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana}}
	must(t, c.SaveDraft(in, w.as(ana)))
	r := refused(t, c.Raise(in, w.as(ana)))
	for _, field := range []Field{FieldPlan, FieldCheck, FieldRollback} {
		if r.Fields[field] != LintPlan(field, map[Field]string{FieldPlan: in.Plan, FieldCheck: in.Check, FieldRollback: in.Rollback}[field]) {
			t.Errorf("beside %s stands %q", field, r.Fields[field])
		}
	}
	if c.State != Draft || c.Plan != "N/A" {
		t.Errorf("the draft is %s with plan %q", c.State, c.Plan)
	}
}

func TestATextThatWasAcceptedBeforeMayStayWhenSomethingElseIsEdited(t *testing.T) {
	w := newWorld()
	c := w.raised(t, nil)
	c.Rollback = "Deploy the previous version."
	c.Revision = c.Material.revision()
	must(t, w.editing(c, ana, func(in *Input) { in.Title = "Rotate it" }))
	refused(t, w.editing(c, ana, func(in *Input) { in.Rollback = "Deploy the version before." }))
}

func TestATemplateNameOnANormalChangeSparesNoPlan(t *testing.T) {
	w := newWorld()
	in := w.input()
	in.Type, in.Template, in.Plan = Normal, "restart-workers", "N/A"
	c := &Change{Identity: Identity{Workspace: "T1", ID: 4, Requester: ana}}
	if r := refused(t, c.Raise(in, w.as(ana))); r.Fields[FieldPlan] == "" {
		t.Errorf("the plan was accepted: %v", r)
	}
}
