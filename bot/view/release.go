package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of releases. Their value is a [ReleaseRef]; ActionReleaseNew has none.
const (
	ActionReleaseNew    = "release.new"
	ActionReleaseWhy    = "release.why" // why it is amber or red
	ActionReleaseEdit   = "release.edit"
	ActionReleaseMove   = "release.move" // its go-live
	ActionReleaseCancel = "release.cancel"
	ActionReleaseAdopt  = "release.adopt" // from a newer template
)

// ReleaseActions lists every button id of releases.
func ReleaseActions() []string {
	return slices.Concat([]string{ActionReleaseNew, ActionReleaseWhy, ActionReleaseEdit, ActionReleaseMove, ActionReleaseCancel, ActionReleaseAdopt},
		ChecklistActions(), ItemActions(), HandoverActions(), EarlyLifeActions())
}

// ReleaseRef is what a button of a release carries: the release, the number of
// an item or a meeting, and what of it was shown; 0 = none.
type ReleaseRef struct {
	ID   models.ReleaseID `json:"id"`
	No   int              `json:"no"`
	Seen int              `json:"seen"`
}

// Value writes it: "3:12:2".
func (x ReleaseRef) Value() string {
	return strconv.FormatInt(int64(x.ID), 10) + ":" + strconv.Itoa(x.No) + ":" + strconv.Itoa(x.Seen)
}

// ParseReleaseRef reads it.
func ParseReleaseRef(s string) (ReleaseRef, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return ReleaseRef{}, false
	}
	id, err := strconv.ParseInt(parts[0], 10, 64)
	no, bad := strconv.Atoi(parts[1])
	seen, worse := strconv.Atoi(parts[2])
	return ReleaseRef{models.ReleaseID(id), no, seen}, err == nil && bad == nil && worse == nil && id > 0 && no >= 0 && seen >= 0
}

var releaseSigns = map[models.ReleaseState]string{
	models.ReleasePlanning: "📋", models.ReleaseHandoverDue: "🤝", models.ReleaseConditional: "⚠️", models.ReleaseAccepted: "✅",
	models.ReleaseLive: "🚀", models.ReleaseEarlyLife: "🩺", models.ReleaseClosed: "🏁", models.ReleaseCancelled: "🚫",
}

// releaseHeadline is line 1 of every card of a release.
func releaseHeadline(r *models.Release, limit int) string {
	return clip16(releaseSigns[r.State]+" "+r.State.String()+" · "+r.ID.String()+" · "+oneLine(r.Name), limit)
}

// releaseName is a release at the start of a line.
func releaseName(r *models.Release) markup {
	return bold(markup(r.ID.String())) + " " + esc(r.Name, 80)
}

// ReleaseCard is the one message of a release in its channel: at most 15 lines
// while it lives, 6 when it is over.
func ReleaseCard(r *models.Release, f models.ReleaseFacts) Message {
	blocks := releaseBody(r, f)
	blocks = append(blocks, actions(releaseButtons(r, true, f)...)...)
	return message(releaseText(r, f), blocks...)
}

func releaseBody(r *models.Release, f models.ReleaseFacts) []slack.Block {
	if r.State.Final() {
		return []slack.Block{header(releaseHeadline(r, 100)), section(releaseServices(r, halfLine, f) + " · go-live " + when(r.GoLive) + "\n" + releaseEnding(r, f))}
	}
	x := r.Readiness(f.Facts)
	if !r.State.BeforeGoLive() { // its checklist is history
		return append([]slack.Block{header(releaseHeadline(r, twoLines)), releaseFields(r, x, f), section(releaseProgress(r, x, f))}, earlyLifeBlocks(r, f)...)
	}
	var buckets []markup
	for _, b := range models.Buckets {
		buckets = append(buckets, readiness(x.Buckets[b])+" · "+escapeAll(b.String()))
	}
	return []slack.Block{header(releaseHeadline(r, twoLines)), releaseFields(r, x, f), fields(buckets...), section(releaseProgress(r, x, f))}
}

func releaseFields(r *models.Release, x models.Ready, f models.ReleaseFacts) slack.Block {
	days, _ := r.Slippage(f.Facts)
	return fields(
		"*Services:* "+releaseServices(r, halfCard, f),
		"*Go-live:* "+when(r.GoLive)+slipped(days),
		"*Project lead:* "+name(r.ProjectLead, f.Facts),
		"*Operations lead:* "+name(r.OpsLead, f.Facts)+deputy(r, f),
		"*Readiness:* "+readiness(x.Readiness),
		"*Verified:* "+number(x.Done)+" of "+count(x.Items, "item", "items"),
	)
}

func releaseServices(r *models.Release, room int, f models.ReleaseFacts) markup {
	return serviceList(r.Services, f.Facts, room)
}

func deputy(r *models.Release, f models.ReleaseFacts) markup {
	if r.Deputy == "" {
		return ""
	}
	return ", deputy " + name(r.Deputy, f.Facts)
}

// releaseProgress says where the release stands and when it will be ready, in
// four lines at most.
func releaseProgress(r *models.Release, x models.Ready, f models.ReleaseFacts) markup {
	out := joined("\n", releaseStep(r, f), linkedLine(f.Linked))
	if r.State == models.ReleaseLive || r.State == models.ReleaseEarlyLife {
		return out
	}
	return joined("\n", forecast(r, x, f), out)
}

// forecast is in the zone whose working days it counts: one date for everybody.
func forecast(r *models.Release, x models.Ready, f models.ReleaseFacts) markup {
	return esc(x.Forecast.Words(f.Person(r.ProjectLead).Location()), 300)
}

// releaseStep is what the release waits for next.
func releaseStep(r *models.Release, f models.ReleaseFacts) markup {
	switch r.State {
	case models.ReleasePlanning, models.ReleaseHandoverDue:
		switch {
		case r.InSession() != nil:
			return "*Handover* under way since " + when(r.InSession().StartedAt) + "."
		case r.Upcoming() != nil:
			return "*Handover* " + when(r.Upcoming().At) + place(r.Upcoming()) + "."
		case r.Reason != "":
			return because("*Handover* to be held again", r.Reason, 140)
		}
		return "*Handover* not scheduled yet."
	case models.ReleaseConditional:
		if open := len(r.Blocking(f.Now)); open > 0 {
			return "*Accepted with conditions:* " + count(open, "is", "are") + " to be verified before go-live."
		}
		return "*Every condition before go-live is verified:* " + name(r.OpsLead, f.Facts) + " is to confirm."
	case models.ReleaseAccepted:
		return "*Accepted by operations:* it can go live."
	case models.ReleaseLive:
		return "*Live* since " + when(r.LiveAt) + "; early-life support follows."
	case models.ReleaseEarlyLife:
		open := 0
		for _, i := range r.Incidents {
			if i.Open() {
				open++
			}
		}
		return "*Early-life support* until " + when(r.EarlyLife.Ends) + "; " + count(open, "open incident", "open incidents") + ", " +
			count(len(r.OpenCriteria(f.Now)), "exit criterion", "exit criteria") + " not met."
	}
	return ""
}

func place(m *models.Meeting) markup {
	if m.Place == "" {
		return ""
	}
	return ", " + esc(m.Place, 60)
}

// linkedLine names the changes that carry the release, the first of them.
func linkedLine(list []models.LinkedChange) markup {
	if len(list) == 0 {
		return ""
	}
	var out markup
	for _, c := range list[:min(2, len(list))] {
		out = joined(", ", out, markup(c.ID.String())+" "+markup(strings.ToLower(c.State.String())))
	}
	if more := len(list) - 2; more > 0 {
		out += " and " + number(more) + " more"
	}
	return "*Changes:* " + out
}

// releaseEnding says how a release ended.
func releaseEnding(r *models.Release, f models.ReleaseFacts) markup {
	if r.State == models.ReleaseCancelled {
		return because("*Cancelled*", r.Reason, 120)
	}
	return "*Closed* by " + name(r.EarlyLife.ClosedBy, f.Facts) + " " + when(r.ClosedAt) + ": operations run it alone."
}

// releaseText is the whole card in sentences.
func releaseText(r *models.Release, f models.ReleaseFacts) markup {
	days, _ := r.Slippage(f.Facts)
	head := markup(releaseSigns[r.State]) + " " + markup(r.State.String()) + ": " + markup(r.ID.String()) + " " + esc(r.Name, models.MaxTitle) + "\n" +
		releaseServices(r, halfCard, f) + ", go-live " + when(r.GoLive) + slipped(days)
	if r.State.Final() {
		return joined("\n", head, releaseEnding(r, f))
	}
	x := r.Readiness(f.Facts)
	return joined("\n", head, readiness(x.Readiness)+", "+unmetWords(x.Unmet), releaseProgress(r, x, f))
}

// ReleaseWhy answers "why amber?": each bucket's share, and the items that make
// it amber or red, with who has them.
func ReleaseWhy(r *models.Release, f models.ReleaseFacts) Message {
	x := r.Readiness(f.Facts)
	heading := releaseName(r) + ": " + readiness(x.Readiness)
	formula := number(x.Verified) + " of " + number(x.Applicable) + " points verified; a mandatory item counts 3, an advisory one 1. Waived and not applicable items count nowhere."
	blocks := []slack.Block{section(heading + "\n" + formula), section(joined("\n", unmetSentence(x.Unmet), forecast(r, x, f), pace(x.Forecast)))}
	text := heading
	for _, b := range models.Buckets {
		y := x.Buckets[b]
		if len(y.Why) == 0 {
			continue
		}
		lines := causeLines(y.Why, f)
		blocks = append(blocks, section(bold(escapeAll(b.String()))+" · "+readiness(y)+"\n"+firstOf(lines, whyMost)))
		text += "\n" + lines[0]
	}
	if len(x.Why) == 0 {
		blocks = append(blocks, section("Nothing is overdue, blocked, returned or short of time: it is green."))
	}
	return message(text, blocks...)
}

// whyMost is how many items of a bucket "why amber?" names.
const whyMost = 8

func unmetSentence(n int) markup {
	if n == 0 {
		return "Nothing mandatory is unmet: operations can accept it."
	}
	return count(n, "mandatory item is", "mandatory items are") + " not met; operations accept when none is."
}

// pace says how the forecast comes about.
func pace(x models.Forecast) markup {
	if x.Remaining == 0 {
		return ""
	}
	return "Pace: " + count(x.Recent, "point", "points") + " verified in the last " + count(x.Over, "working day", "working days") + ", " + number(x.Remaining) + " to go."
}

func causeLines(why []models.Cause, f models.ReleaseFacts) []markup {
	var lines []markup
	for _, c := range why {
		lines = append(lines, colours[c.Colour]+" "+number(c.No)+" "+esc(c.ID, 12)+" "+esc(c.Title, 60)+", "+name(c.Owner, f.Facts)+", due "+when(c.Due)+": "+esc(c.What, 120))
	}
	return lines
}

// ReleaseWhyModal is ReleaseWhy in a window.
func ReleaseWhyModal(r *models.Release, f models.ReleaseFacts) slack.ModalViewRequest {
	return modal("Why "+r.ID.String(), "Close", ReleaseWhy(r, f).Blocks)
}
