package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// reportMeta travels with the forms that report on work.
type reportMeta struct {
	Change      models.ChangeID `json:"change"`
	ResponseURL string          `json:"response_url,omitempty"`
}

var outcomeWords = map[models.Outcome]string{
	models.Successful:           "Successful",
	models.SuccessfulWithIssues: "Successful, with issues",
	models.RolledBack:           "Rolled back",
	models.Failed:               "Failed",
}

// CompleteForm asks how the work ended.
func CompleteForm(c *models.Change, f models.Facts, responseURL string) slack.ModalViewRequest {
	var outcomes []*slack.OptionBlockObject
	for _, o := range models.Outcomes {
		outcomes = append(outcomes, option(string(o), outcomeWords[o]))
	}
	minutes := slack.NewNumberInputBlockElement(plain("0", limitPlaceholder), string(models.FieldOutageMinutes), false).WithMinValue("0").WithMaxValue("20160")
	blocks := []slack.Block{section(ref(c) + "\nStarted " + when(c.StartedAt) + ", time until " + when(c.Ends()) + ".")}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldOutcome, label: "How did it end?", element: slack.NewRadioButtonsBlockElement(string(models.FieldOutcome), outcomes...)},
		{field: models.FieldReason, label: "What happened?", hint: "Needed unless it was simply successful.", optional: true,
			element: typed(models.FieldReason, "", "Step 3 took 20 minutes longer because the cache was cold", models.MaxReason, true)},
		{field: models.FieldAsBuilt, label: "Which version runs now?", hint: "It is recorded with the services.", optional: true,
			element: typed(models.FieldAsBuilt, "", "payments-api 4.12.0", models.MaxTitle, false)},
		{field: models.FieldIncident, label: "Did it cause an incident?", hint: "Its number or link, if so.", optional: true,
			element: typed(models.FieldIncident, "", "INC-2041", models.MaxTitle, false)},
		{field: models.FieldPriority, label: "How severe is the incident?", optional: true,
			element: chosen(models.FieldPriority, "No incident", priorityOptions(), "", "")},
		{field: models.FieldOutageMinutes, label: "Minutes of unplanned outage", hint: "Whole minutes in which people could not use a service. Empty means none.", optional: true, element: minutes},
	})...)
	return form(FormComplete, "Complete "+c.ID.String(), "Complete", metadata(reportMeta{c.ID, carried(responseURL)}), blocks)
}

// CompleteFormAs is CompleteForm with the outcome chosen already.
func CompleteFormAs(c *models.Change, outcome models.Outcome, f models.Facts, responseURL string) slack.ModalViewRequest {
	v := CompleteForm(c, f, responseURL)
	for _, b := range v.Blocks.BlockSet {
		in, ok := b.(*slack.InputBlock)
		if !ok || in.BlockID != string(models.FieldOutcome) {
			continue
		}
		if e, ok := in.Element.(*slack.RadioButtonsBlockElement); ok {
			e.InitialOption = option(string(outcome), outcomeWords[outcome])
		}
	}
	return v
}

// ReadCompleteForm reads a sent form. fieldErrs names what is no number; a
// zero id means that the form is not one of ours.
func ReadCompleteForm(v slack.View) (id models.ChangeID, done models.Completion, responseURL string, fieldErrs map[models.Field]string) {
	var meta reportMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	done = models.Completion{
		Outcome: models.Outcome(a.option(models.FieldOutcome)), Note: a.text(models.FieldReason),
		AsBuilt: a.text(models.FieldAsBuilt), Incident: a.text(models.FieldIncident), Priority: priorityOf(a.option(models.FieldPriority)),
	}
	if minutes := strings.TrimSpace(a.text(models.FieldOutageMinutes)); minutes != "" {
		n, err := strconv.Atoi(minutes)
		if err != nil {
			fieldErrs = map[models.Field]string{models.FieldOutageMinutes: "“" + clip(oneLine(minutes), 20) + "” is no whole number. Write the minutes in digits, or leave it empty."}
		}
		done.OutageMinutes = n
	}
	return meta.Change, done, meta.ResponseURL, fieldErrs
}

// ExtendForm asks how much more time running work takes.
func ExtendForm(c *models.Change, f models.Facts, responseURL string) slack.ModalViewRequest {
	ends := c.Ends()
	if ends.Before(f.Now) {
		ends = f.Now.Truncate(time.Minute)
	}
	blocks := []slack.Block{
		section(ref(c) + "\nStarted " + when(c.StartedAt) + ", time until " + when(c.Ends()) + "."),
		input{field: models.FieldEnd, label: "Until when?", hint: "At most 24 hours more at once, and never into a hard freeze. No approval is void.",
			element: picked(models.FieldEnd, ends.Add(time.Hour))}.block(),
		input{field: models.FieldReason, label: "Why does it take longer?", hint: "It stands under the card, for those who planned around it.",
			element: typed(models.FieldReason, "", "Copying the table takes twice as long as in staging", models.MaxReason, true)}.block(),
	}
	return form(FormExtend, "Extend "+c.ID.String(), "Extend", metadata(reportMeta{c.ID, carried(responseURL)}), blocks)
}

// ReadExtendForm reads a sent form. A zero id means that it is not one of ours.
func ReadExtendForm(v slack.View) (id models.ChangeID, until time.Time, reason, responseURL string) {
	var meta reportMeta
	readMetadata(v, &meta)
	a := answersOf(v)
	return meta.Change, a.time(models.FieldEnd), strings.TrimSpace(a.text(models.FieldReason)), meta.ResponseURL
}

// priorityOptions are how severe an incident may be that a change caused.
func priorityOptions() []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for p, words := range []string{"P1: a service is down", "P2: many are hindered", "P3: few are hindered"} {
		out = append(out, option(strconv.Itoa(p+1), words))
	}
	return out
}

func priorityOf(s string) int {
	n, _ := strconv.Atoi(s) // nothing was chosen: none
	return n
}
