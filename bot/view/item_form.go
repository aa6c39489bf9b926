package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of items. Their value is a [ReleaseRef] with the item's number and the
// version of the evidence that was shown.
const (
	ActionItemOpen    = "item.open"    // everything that can be done with it
	ActionItemSubmit  = "item.submit"  // the same, with "submit evidence" chosen
	ActionItemBlock   = "item.block"   // the same, with "blocked" chosen
	ActionItemReturn  = "item.return"  // the same, with "return" chosen
	ActionItemRefuse  = "item.refuse"  // the same, with "it does apply" chosen
	ActionItemBegin   = "item.begin"   // at once
	ActionItemVerify  = "item.verify"  // at once
	ActionItemConfirm = "item.confirm" // at once: it does not apply
	ActionItemAct     = "item.act"     // the form asks for other things
	ActionEvidence    = "item.evidence"
)

// ItemActions lists every button id of items.
func ItemActions() []string {
	return []string{ActionItemOpen, ActionItemSubmit, ActionItemBlock, ActionItemReturn, ActionItemRefuse, ActionItemBegin, ActionItemVerify,
		ActionItemConfirm, ActionItemAct, ActionEvidence}
}

// Callback ids of the forms of items.
const (
	FormItem    = "item.form"     // do something with one
	FormNewItem = "item.new.form" // add one to a release
)

// ItemActOf is the act that a button has the form begin with; "" = the first
// that fits.
func ItemActOf(action string) models.ItemAct {
	return map[string]models.ItemAct{ActionItemSubmit: models.ActSubmit, ActionItemBlock: models.ActBlock, ActionItemReturn: models.ActReturn,
		ActionItemRefuse: models.ActRefuse}[action]
}

// itemActs are what can be done with an item, the likeliest first, and what
// each asks for.
var itemActs = []struct {
	act   models.ItemAct
	words string
	asks  []models.Field
}{
	{models.ActSubmit, "Submit evidence", []models.Field{models.FieldEvidence, models.FieldOpenIssues}},
	{models.ActVerify, "Verify the evidence", nil},
	{models.ActConfirm, "Confirm that it does not apply", nil},
	{models.ActReturn, "Return it with a comment", []models.Field{models.FieldReason}},
	{models.ActRefuse, "It does apply: say why", []models.Field{models.FieldReason}},
	{models.ActBegin, "Say that work has begun", nil},
	{models.ActBlock, "Blocked: say what it waits for", []models.Field{models.FieldReason}},
	{models.ActReport, "Report how many issues are open", []models.Field{models.FieldOpenIssues}},
	{models.ActAssign, "Give it to somebody", []models.Field{models.FieldOwner}},
	{models.ActExempt, "Not applicable: say why", []models.Field{models.FieldReason}},
	{models.ActWaive, "Waive it until a date", []models.Field{models.FieldReason, models.FieldExpiry}},
	{models.ActReopen, "Open it again: say why", []models.Field{models.FieldReason}},
}

// ItemMeta travels with the form of an item.
type ItemMeta struct {
	Release     models.ReleaseID `json:"release"`
	No          int              `json:"no"`
	Seen        int              `json:"seen"`            // the version of the evidence that is shown
	Under       string           `json:"under,omitempty"` // the window of its bucket, which stands beneath
	Bucket      int              `json:"bucket,omitempty"`
	Page        int              `json:"page,omitempty"`
	ResponseURL string           `json:"response_url,omitempty"`
}

// Beneath is what the window under the form shows.
func (m ItemMeta) Beneath() ReleaseRef { return ReleaseRef{ID: m.Release, No: m.Bucket, Seen: m.Page} }

// ItemForm shows an item and asks what to do with it: one choice, and what that
// choice needs. Whoever may do nothing with it just reads.
func ItemForm(meta ItemMeta, r *models.Release, i *models.Item, act models.ItemAct, f models.ReleaseFacts) slack.ModalViewRequest {
	meta.Release, meta.No, meta.Seen, meta.ResponseURL = r.ID, i.No, i.Version(), carried(meta.ResponseURL)
	title := "Item " + i.Label()
	blocks := itemBody(r, i, f)
	var list []*slack.OptionBlockObject
	for _, x := range itemActs {
		if r.Fits(x.act, i, f) {
			list = append(list, option(string(x.act), x.words))
		}
	}
	if len(list) == 0 {
		return modal(title, "Close", append(blocks, small("There is nothing for you to do with it now.")))
	}
	if !slices.ContainsFunc(list, func(o *slack.OptionBlockObject) bool { return o.Value == string(act) }) {
		act = models.ItemAct(list[0].Value)
	}
	what := chosen(models.FieldKind, "Choose", list, string(act), "").(*slack.SelectBlockElement)
	what.ActionID = ActionItemAct
	blocks = append(blocks, input{field: models.FieldKind, label: "What do you want to do?", live: true, element: what}.block())
	blocks = append(blocks, inputs(itemInputs(r, i, act, f))...)
	return form(FormItem, title, "Save", metadata(meta), blocks)
}

// itemBody is everything about an item that matters to whoever acts on it.
func itemBody(r *models.Release, i *models.Item, f models.ReleaseFacts) []slack.Block {
	expected := markup("")
	if visible(i.Expected) {
		expected = "Evidence wanted: " + esc(i.Expected, 300)
	}
	who := "Owner " + name(r.OwnerOf(i), f.Facts) + " · verified by " + verifiers(r, i, f)
	blocks := []slack.Block{section(joined("\n", itemLine(i, f), expected, who+" · "+esc(i.Bucket.String(), 40)+", "+escapeAll(string(i.Stage()))))}
	if line := lessonSource(i); line != "" {
		blocks = append(blocks, small(line))
	}
	if line := evidenceLine(i, f); line != "" {
		blocks = append(blocks, evidenceBlock(line, r, i))
	}
	if c := i.Condition; c != nil {
		blocks = append(blocks, section("*Condition of the handover*, by "+when(c.Due)+reason(c.Test, 300)))
	}
	if i.Status == models.ItemVerified {
		blocks = append(blocks, small("Verified by "+name(i.VerifiedBy, f.Facts)+" "+when(i.VerifiedAt)))
	}
	if w := i.Waiver; w != nil && i.Status == models.ItemWaived {
		blocks = append(blocks, small("Waived by "+name(w.By, f.Facts)+" until "+when(w.Expires)+reason(w.Reason, 160)))
	}
	return blocks
}

// evidenceBlock has a button that opens the link: Slack links nothing in
// people's words, and whoever verifies has to see what is there.
func evidenceBlock(line markup, r *models.Release, i *models.Item) slack.Block {
	if b := evidenceButton(r, i); b != nil {
		return sectionWith(line, b)
	}
	return section(line)
}

func evidenceButton(r *models.Release, i *models.Item) *slack.ButtonBlockElement {
	e := i.Standing()
	if e == nil || e.Kind == models.EvidenceNote || len16(e.Ref) > limitText || !strings.HasPrefix(e.Ref, "https://") && !strings.HasPrefix(e.Ref, "http://") {
		return nil
	}
	return button(ActionEvidence, "Open the evidence", itemRef(r, i).Value()).WithURL(e.Ref)
}

func verifiers(r *models.Release, i *models.Item, f models.ReleaseFacts) markup {
	var list []models.UserID
	for _, u := range []models.UserID{r.Buckets[i.Bucket].Verifier, r.OpsLead, r.Deputy} {
		if u != "" && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return either(list, f.Facts)
}

func itemRef(r *models.Release, i *models.Item) ReleaseRef {
	return ReleaseRef{ID: r.ID, No: i.No, Seen: i.Version()}
}

// reasonHints say what a reason is for, by act.
var reasonHints = map[models.ItemAct]string{
	models.ActBlock: "What it waits for, so that somebody can help.", models.ActReturn: "What is missing, so that the next version can be accepted.",
	models.ActWaive: "Why the release can do without it for now.", models.ActExempt: "Why it has nothing to do with this release.",
	models.ActRefuse: "Why it does apply.", models.ActReopen: "Why it is open again.",
}

func itemInputs(r *models.Release, i *models.Item, act models.ItemAct, f models.ReleaseFacts) []input {
	issues := slack.NewNumberInputBlockElement(plain("0", limitPlaceholder), string(models.FieldOpenIssues), false).
		WithMinValue("0").WithMaxValue("1000000").WithInitialValue(strconv.Itoa(i.OpenIssues))
	all := map[models.Field]input{
		models.FieldEvidence: {field: models.FieldEvidence, label: "Evidence", hint: "A link, also to a file in Slack, or a sentence that says how it was done. Words behind a link are its note.",
			element: typed(models.FieldEvidence, "", "https://wiki.example/runbook the new one", limitText, true)},
		models.FieldReason:     {field: models.FieldReason, label: "Reason", hint: reasonHints[act], element: typed(models.FieldReason, "", "The vendor has not answered yet", models.MaxReason, true)},
		models.FieldExpiry:     {field: models.FieldExpiry, label: "Until", hint: "Then it opens again. A year at most.", element: picked(models.FieldExpiry, time.Time{})},
		models.FieldOwner:      {field: models.FieldOwner, label: "Owner", hint: "Is asked by DM.", element: person(models.FieldOwner, r.OwnerOf(i))},
		models.FieldOpenIssues: {field: models.FieldOpenIssues, label: "Open issues", hint: "Nobody can verify it while some are open.", element: issues},
	}
	if act == models.ActReturn {
		in := all[models.FieldReason]
		in.label = "Comment"
		all[models.FieldReason] = in
	}
	var out []input
	for _, x := range itemActs {
		for _, field := range x.asks {
			if x.act == act && (field != models.FieldOpenIssues || i.Tests) {
				out = append(out, all[field])
			}
		}
	}
	return out
}

// ItemAnswer is what a sent ItemForm says.
type ItemAnswer struct {
	ItemMeta
	Act      models.ItemAct
	Evidence models.EvidenceInput
	Reason   string
	Until    time.Time
	Owner    models.UserID
	Issues   *int // nil = not asked, or no number
}

// ReadItemForm reads it, when it is sent and when another act is chosen.
func ReadItemForm(v slack.View) ItemAnswer {
	var out ItemAnswer
	readMetadata(v, &out.ItemMeta)
	a := answersOf(v)
	out.Act, out.Reason, out.Until = models.ItemAct(a.option(models.FieldKind)), a.text(models.FieldReason), a.time(models.FieldExpiry)
	out.Evidence, out.Owner = models.ReadEvidence(a.text(models.FieldEvidence)), a.user(models.FieldOwner)
	if n, err := strconv.Atoi(strings.TrimSpace(a.text(models.FieldOpenIssues))); err == nil {
		out.Issues, out.Evidence.OpenIssues = &n, &n
	}
	return out
}

// ItemOutcome answers, privately, what was done with an item and what is next.
func ItemOutcome(r *models.Release, i *models.Item, f models.ReleaseFacts) Message {
	line := bold(number(i.No)+" "+esc(i.ID, 12)) + " " + esc(i.Title, 80) + " of " + markup(r.ID.String()) + ": " + itemStatus(i) + ", owner " + name(r.OwnerOf(i), f.Facts)
	switch {
	case i.Exempt != nil:
		line += ". " + name(r.OpsLead, f.Facts) + " is asked to confirm that it does not apply."
	case i.Status == models.ItemSubmitted && i.Tests && i.OpenIssues > 0:
		line += ". Nobody can verify it while issues are open."
	case i.Status == models.ItemSubmitted:
		line += ". It waits for " + verifiers(r, i, f) + " to verify."
	case i.Status == models.ItemWaived && i.Waiver != nil:
		line += " until " + when(i.Waiver.Expires) + "."
	default:
		line += "."
	}
	x := r.Readiness(f.Facts)
	return message(line, section(line), small("Readiness "+readiness(x.Readiness)+" · "+unmetWords(x.Unmet)))
}

// NewItemForm asks for an item that no template has.
func NewItemForm(r *models.Release, f models.ReleaseFacts, responseURL string) slack.ModalViewRequest {
	var buckets []*slack.OptionBlockObject
	for _, b := range ChecklistBuckets() {
		buckets = append(buckets, option(string(b), b.String()))
	}
	kinds := []*slack.OptionBlockObject{option("mandatory", "Mandatory: operations don't accept without it"), option("advisory", "Advisory")}
	days := slack.NewNumberInputBlockElement(plain("5", limitPlaceholder), string(models.FieldDue), false).WithMinValue("0").WithMaxValue("260").WithInitialValue("5")
	tests := []*slack.OptionBlockObject{option("no", "No"), option("yes", "Yes, so it has a number of open issues")}
	blocks := []slack.Block{section(releaseName(r))}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldTitle, label: "What has to be true?", element: typed(models.FieldTitle, "", "The help desk in Gdansk is staffed until 20:00", 2*models.MaxTitle, false)},
		{field: models.FieldExpected, label: "What shows it?", optional: true, element: typed(models.FieldExpected, "", "Roster with names", 2*models.MaxTitle, false)},
		{field: models.FieldBucket, label: "Bucket", element: chosen(models.FieldBucket, "Choose", buckets, "", "")},
		{field: models.FieldKind, label: "Kind", element: chosen(models.FieldKind, "Choose", kinds, "mandatory", "")},
		{field: models.FieldDue, label: "Due, working days before go-live", hint: "Of early-life support: after it.", element: days},
		{field: models.FieldTests, label: "Does it report tests?", element: chosen(models.FieldTests, "Choose", tests, "no", "")},
		{field: models.FieldOwner, label: "Owner", hint: "Empty means the owner of the bucket.", optional: true, element: person(models.FieldOwner, "")},
	})...)
	return form(FormNewItem, "Add an item", "Add it", metadata(ReleaseMeta{ID: r.ID, ResponseURL: carried(responseURL)}), blocks)
}

// ReadNewItemForm reads it. Days that are no number come back as -1, for the
// rules to refuse.
func ReadNewItemForm(v slack.View) (meta ReleaseMeta, in models.NewItem) {
	readMetadata(v, &meta)
	a := answersOf(v)
	days, err := strconv.Atoi(strings.TrimSpace(a.text(models.FieldDue)))
	if err != nil {
		days = -1
	}
	return meta, models.NewItem{Title: a.text(models.FieldTitle), Expected: a.text(models.FieldExpected), Bucket: models.Bucket(a.option(models.FieldBucket)),
		Mandatory: a.option(models.FieldKind) != "advisory", DueDays: days, Tests: a.option(models.FieldTests) == "yes", Owner: a.user(models.FieldOwner)}
}
