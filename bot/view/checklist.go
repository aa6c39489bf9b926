package view

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of a checklist. The value of a bucket's is a [ReleaseRef] whose
// number is that of the bucket, from 1, and whose version is the page.
const (
	ActionChecklist    = "checklist.open"
	ActionBucket       = "checklist.bucket"
	ActionBucketNext   = "checklist.next"
	ActionBucketBack   = "checklist.back"
	ActionBucketAssign = "checklist.assign"
	ActionItemNew      = "checklist.add"
)

// FormBucket gives a bucket to somebody.
const FormBucket = "bucket.form"

// ChecklistActions lists every button id of checklists.
func ChecklistActions() []string {
	return []string{ActionChecklist, ActionBucket, ActionBucketNext, ActionBucketBack, ActionBucketAssign, ActionItemNew}
}

// ChecklistBuckets are the six, and the list of early-life support.
func ChecklistBuckets() []models.Bucket {
	return append(slices.Clone(models.Buckets), models.BucketEarlyLife)
}

// BucketOf is the bucket that a button means.
func BucketOf(x ReleaseRef) (models.Bucket, bool) {
	all := ChecklistBuckets()
	if x.No < 1 || x.No > len(all) {
		return "", false
	}
	return all[x.No-1], true
}

func bucketRef(r *models.Release, b models.Bucket, page int) ReleaseRef {
	return ReleaseRef{ID: r.ID, No: 1 + slices.Index(ChecklistBuckets(), b), Seen: page}
}

// ChecklistModal is the checklist by bucket: one line each, and a way in.
func ChecklistModal(r *models.Release, f models.ReleaseFacts) slack.ModalViewRequest {
	x := r.Readiness(f.Facts)
	blocks := []slack.Block{section(joined("\n", releaseName(r)+" · go-live "+when(r.GoLive), readiness(x.Readiness)+" · "+unmetWords(x.Unmet), forecast(r, x, f)))}
	for _, b := range ChecklistBuckets() {
		items := r.Bucket(b)
		if len(items) == 0 {
			continue
		}
		blocks = append(blocks, sectionWith(joined("\n", bucketHead(r, b, x), bucketTally(items, f)+" · owner "+name(r.BucketOwner(b), f.Facts)),
			button(ActionBucket, "Open", bucketRef(r, b, 0).Value())))
	}
	buttons := []*slack.ButtonBlockElement{whyButton(r, f)}
	if r.MayRun(f) {
		buttons = append(buttons, button(ActionItemNew, "Add an item…", ReleaseRef{ID: r.ID}.Value()))
	}
	return modal("Checklist of "+r.ID.String(), "Close", append(blocks, actions(buttons...)...))
}

func whyButton(r *models.Release, f models.ReleaseFacts) *slack.ButtonBlockElement {
	return button(ActionReleaseWhy, whyWords(r, f), ReleaseRef{ID: r.ID}.Value())
}

// bucketHead is the bucket with its readiness; the early-life list has none.
func bucketHead(r *models.Release, b models.Bucket, x models.Ready) markup {
	if b == models.BucketEarlyLife {
		return bold(escapeAll(b.String())) + " · worked on after go-live"
	}
	return bold(escapeAll(b.String())) + " · " + readiness(x.Buckets[b])
}

// bucketTally counts a bucket's items by what is to be done with them; as in its
// readiness, what is waived or not applicable is on neither side.
func bucketTally(items []*models.Item, f models.ReleaseFacts) markup {
	met, waiting, overdue, waived, exempt := 0, 0, 0, 0, 0
	for _, i := range items {
		switch {
		case i.Status == models.ItemNotApplicable:
			exempt++
		case i.Status == models.ItemWaived && i.Met(f.Now):
			waived++
		case i.Met(f.Now):
			met++
		case i.Status == models.ItemSubmitted:
			waiting++
		}
		if i.Overdue(f.Now) {
			overdue++
		}
	}
	out := number(met) + " of " + count(len(items)-waived-exempt, "item", "items") + " verified"
	return joined(", ", out, some(waiting, "to verify"), some(overdue, "overdue"), some(waived, "waived"), some(exempt, "not applicable"))
}

// bucketPage is how many items one page of a bucket shows: at most two scrolls.
const bucketPage = 12

// BucketModal is one bucket, a page at a time, each item with a way to work on it.
func BucketModal(r *models.Release, b models.Bucket, page int, f models.ReleaseFacts) slack.ModalViewRequest {
	items := r.Bucket(b)
	page = max(0, min(page, (len(items)-1)/bucketPage))
	first := page * bucketPage
	last := min(first+bucketPage, len(items))
	duty := r.Buckets[b]
	head := joined("\n", bucketHead(r, b, r.Readiness(f.Facts)), bucketTally(items, f)+" · owner "+name(r.BucketOwner(b), f.Facts)+verifier(duty, f))
	blocks := []slack.Block{section(head)}
	for _, i := range items[first:last] {
		blocks = append(blocks, sectionWith(itemLine(i, f)+" · "+name(r.OwnerOf(i), f.Facts), button(ActionItemOpen, "Work on…", itemRef(r, i).Value())))
	}
	var buttons []*slack.ButtonBlockElement
	if page > 0 {
		buttons = append(buttons, button(ActionBucketBack, "◀ Before", bucketRef(r, b, page-1).Value()))
	}
	if last < len(items) {
		buttons = append(buttons, button(ActionBucketNext, "Next ▶", bucketRef(r, b, page+1).Value()))
	}
	if r.MayRun(f) || r.Leads(f.Actor.ID) {
		buttons = append(buttons, button(ActionBucketAssign, "Assign the bucket…", bucketRef(r, b, page).Value()))
	}
	blocks = append(blocks, actions(buttons...)...)
	if len(items) > bucketPage {
		blocks = append(blocks, small("Items "+number(first+1)+" to "+number(last)+" of "+number(len(items))))
	}
	v := modal(r.ID.String()+" "+b.String(), "Close", blocks)
	v.PrivateMetadata = metadata(bucketRef(r, b, page))
	return v
}

// BucketPage is which bucket and page a window shows, when it shows one.
func BucketPage(v slack.View) (x ReleaseRef, ok bool) {
	readMetadata(v, &x)
	_, is := BucketOf(x)
	return x, is && x.ID > 0 && v.CallbackID == ""
}

func verifier(duty models.BucketDuty, f models.ReleaseFacts) markup {
	if duty.Verifier == "" {
		return ""
	}
	return " · verified by " + name(duty.Verifier, f.Facts)
}

// BucketMeta travels with the form of a bucket.
type BucketMeta struct {
	ReleaseRef
	Under       string `json:"under,omitempty"`
	ResponseURL string `json:"response_url,omitempty"`
}

// BucketForm asks who owns a bucket, with all of it that is still to be done,
// and who verifies it.
func BucketForm(meta BucketMeta, r *models.Release, b models.Bucket, f models.ReleaseFacts) slack.ModalViewRequest {
	meta.ResponseURL = carried(meta.ResponseURL)
	open := 0
	for _, i := range r.Bucket(b) {
		if !i.Met(f.Now) {
			open++
		}
	}
	blocks := []slack.Block{section(bold(escapeAll(b.String())) + " of " + releaseName(r) + "\n" + count(open, "item", "items") + " still to be done")}
	blocks = append(blocks, inputs([]input{
		{field: models.FieldOwner, label: "Owner", hint: "Gets everything of it that is still to be done, and votes in the handover.", element: person(models.FieldOwner, r.BucketOwner(b))},
		{field: models.FieldVerifier, label: "Verifier", hint: "Verifies beside operations lead and deputy, who name this person.", optional: true, element: person(models.FieldVerifier, r.Buckets[b].Verifier)},
	})...)
	return form(FormBucket, "Assign the bucket", "Assign", metadata(meta), blocks)
}

// ReadBucketForm reads it.
func ReadBucketForm(v slack.View) (meta BucketMeta, owner, verifies models.UserID) {
	readMetadata(v, &meta)
	a := answersOf(v)
	return meta, a.user(models.FieldOwner), a.user(models.FieldVerifier)
}

// ReleaseUnknown answers words behind the name of a release that mean nothing
// there: nothing is done on a guess, and the release is shown.
func ReleaseUnknown(command, typed string, r *models.Release, f models.ReleaseFacts) Message {
	line := "I don't know “" + esc(typed, 60) + "”, so nothing was recorded. " + code(command+" "+r.ID.String()+" done 12 https://…") + " submits evidence for item 12. Here is the release:"
	return message(line, append([]slack.Block{section(line)}, ReleasePrivate(r, f).Blocks...)...)
}

// ReleasePrivate answers "/checklist REL-3": the card, what is out of the
// ordinary, and the buttons that f.Actor may use now.
func ReleasePrivate(r *models.Release, f models.ReleaseFacts) Message {
	blocks, text := releaseBody(r, f), releaseText(r, f)
	if why := r.Readiness(f.Facts).Why; len(why) > 0 && !r.State.Final() {
		lines := firstOf(causeLines(why, f), briefExceptions)
		blocks, text = append(blocks, section(lines)), text+"\n"+lines
	}
	if !r.State.Final() {
		mine, settle := len(r.ItemsOf(f.Actor.ID, f.Now)), len(r.ToSettle(f.Actor.ID))
		if line := joined(" · ", some(mine, "yours to do"), some(settle, "for you to verify")); line != "" {
			blocks = append(blocks, small(line))
		}
	}
	buttons := releaseButtons(r, false, f)
	for row := range slices.Chunk(buttons, maxButtons) {
		blocks = append(blocks, actions(row...)...)
	}
	return message(text, blocks...)
}

// ReleaseList answers "/checklist list": by go-live, with readiness.
func ReleaseList(list []*models.Release, f models.Facts) Message {
	blocks, text := []slack.Block{section("*Releases by go-live*")}, markup("Releases by go-live")
	if len(list) == 0 {
		blocks, text = append(blocks, section("None is open.")), text+": none is open."
	}
	gauge := models.NewGauge(f)
	for _, r := range list[:min(listMost, len(list))] {
		line := releaseListLine(r, gauge)
		blocks, text = append(blocks, sectionWith(line, openChecklist(r))), text+"\n"+line
	}
	blocks = append(blocks, moreLine(len(list)-listMost)...)
	return message(text, append(blocks, actions(planRelease())...)...)
}

func releaseListLine(r *models.Release, gauge *models.Gauge) markup {
	x := gauge.Of(r)
	return markup(releaseSigns[r.State]) + " " + bold(markup(r.ID.String())) + " " + esc(r.Name, 40) + " · " + markup(r.State.String()) + " · " +
		when(r.GoLive) + " · " + readiness(x.Readiness) + ", " + unmetWords(x.Unmet)
}

func openChecklist(r *models.Release) *slack.ButtonBlockElement {
	return button(ActionChecklist, "Checklist", ReleaseRef{ID: r.ID}.Value())
}

func planRelease() *slack.ButtonBlockElement {
	return button(ActionReleaseNew, "Plan a release…", "")
}

// DeskData is what one person has to do with releases that are open.
type DeskData struct {
	Items, Verify []models.OpenItem
	Releases      []*models.Release
}

// deskShort is how many items each part of a private answer shows.
const deskShort = 8

// MyItems answers "/checklist" alone: what is f.Actor's to do in all releases,
// and what waits for their verification.
func MyItems(d DeskData, f models.Facts) Message {
	blocks := deskBlocks(d, deskShort, "", f)
	text := "Yours to do: " + count(len(d.Items), "item", "items")
	for _, x := range d.Items[:min(deskShort, len(d.Items))] {
		text += "\n" + openItemLine(x, f)
	}
	text += "\nFor you to verify: " + count(len(d.Verify), "item", "items")
	return message(text, append(blocks, actions(planRelease())...)...)
}

func deskBlocks(d DeskData, most int, rest string, f models.Facts) []slack.Block {
	blocks := []slack.Block{section("*Yours to do*")}
	blocks = append(blocks, openItems(d.Items, "No item is yours to do.", most, rest, f)...)
	if len(d.Verify) > 0 {
		blocks = append(append(blocks, section("*For you to verify*")), openItems(d.Verify, "", most, rest, f)...)
	}
	return blocks
}

func openItems(list []models.OpenItem, none markup, most int, rest string, f models.Facts) []slack.Block {
	if len(list) == 0 {
		return []slack.Block{section(none)}
	}
	var out []slack.Block
	for _, x := range list[:min(most, len(list))] {
		out = append(out, sectionWith(openItemLine(x, f), button(ActionItemOpen, "Work on…", itemRef(x.Release, x.Item).Value())))
	}
	return append(out, restLine(len(list)-most, rest)...)
}

func openItemLine(x models.OpenItem, f models.Facts) markup {
	return markup(x.Release.ID.String()) + " · " + itemLine(x.Item, models.ReleaseFacts{Facts: f})
}

// Planned answers, privately, whoever planned or edited a release.
func Planned(r *models.Release, f models.Facts) Message {
	applies := 0
	for k := range r.Items {
		if r.Items[k].Status != models.ItemNotApplicable && r.Items[k].Bucket != models.BucketEarlyLife {
			applies++
		}
	}
	line := releaseName(r) + " is saved: " + count(applies, "item applies", "items apply") + ", go-live " + when(r.GoLive) + ", " +
		name(r.OpsLead, f) + " accepts it. Its card goes to " + channel(r.Channel) + "; if it doesn't come, Gatehouse has to be invited there."
	return message(line, append([]slack.Block{section(line)}, actions(openChecklist(r))...)...)
}

// ReleaseOutcome answers, privately, what was done to a release.
func ReleaseOutcome(r *models.Release, f models.ReleaseFacts) Message {
	line := releaseName(r) + ": " + markup(releaseSigns[r.State]) + " " + markup(r.State.String()) + ", go-live " + when(r.GoLive)
	return message(line, section(line))
}
