package view

import (
	"slices"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// releaseOffer is one button of a release: in which states it stands, whether
// on the public card, and who may use it. The rules in models decide in the
// end; an offer only keeps buttons away that would be refused.
type releaseOffer struct {
	action string
	words  string
	say    func(*models.Release, models.ReleaseFacts) string // instead of words; nil = words
	states []models.ReleaseState
	public bool
	may    func(*models.Release, models.ReleaseFacts) bool // nil = anybody
	style  slack.Style
	no     func(*models.Release) int  // the meeting that it is about; nil = none
	only   func(*models.Release) bool // narrows its states; nil = not
	asks   func(*models.Release) *slack.ConfirmationBlockObject
}

// A "…" means that a form follows.
var releaseOffers = []releaseOffer{
	{action: ActionChecklist, words: "Checklist", states: unfinished, public: true, style: slack.StylePrimary},
	{action: ActionHandover, say: scheduleWords, states: beforeHandover, public: true, may: mayRun, only: canSchedule},
	{action: ActionConvene, words: "Begin handover", states: beforeHandover, public: true, may: mayRun, only: hasUpcoming, no: lastMeetingNo, asks: confirmConvene},
	{action: ActionConfirm, words: "Confirm acceptance", states: []models.ReleaseState{models.ReleaseConditional}, public: true, may: leadsRelease, style: slack.StylePrimary, only: toConfirm, no: lastMeetingNo},
	{action: ActionLive, words: "Record go-live", states: []models.ReleaseState{models.ReleaseAccepted}, public: true, may: mayRun, style: slack.StylePrimary, asks: confirmLive},
	{action: ActionSupport, words: "Early-life support", states: inProduction, public: true},
	{action: ActionReportIncident, words: "Report incident…", states: inProduction, public: true, may: mayReport},
	{action: ActionRecord, words: "Minutes and certificate", states: handedOver, public: true, no: lastMeetingNo},
	{action: ActionReleaseWhy, say: whyWords, states: beforeLive, public: true},
	{action: ActionReleaseMove, words: "Move go-live…", states: beforeLive, may: mayRun},
	{action: ActionReleaseEdit, words: "Edit…", states: unfinished, may: mayRun},
	{action: ActionReleaseAdopt, words: "Newer template…", states: unfinished, may: hasOffers},
	{action: ActionReleaseCancel, words: "Cancel release…", states: beforeLive, may: mayRun, style: slack.StyleDanger},
}

var unfinished = append(slices.Clone(beforeLive), models.ReleaseLive, models.ReleaseEarlyLife)

func mayRun(r *models.Release, f models.ReleaseFacts) bool { return r.MayRun(f) }

func hasOffers(r *models.Release, f models.ReleaseFacts) bool {
	return r.MayRun(f) && len(r.Offers(f.Template)) > 0
}

var beforeLive = []models.ReleaseState{models.ReleasePlanning, models.ReleaseHandoverDue, models.ReleaseConditional, models.ReleaseAccepted}

var (
	beforeHandover = []models.ReleaseState{models.ReleasePlanning, models.ReleaseHandoverDue}
	inProduction   = []models.ReleaseState{models.ReleaseLive, models.ReleaseEarlyLife}
	handedOver     = []models.ReleaseState{models.ReleaseConditional, models.ReleaseAccepted, models.ReleaseLive, models.ReleaseEarlyLife, models.ReleaseClosed}
)

func whyWords(r *models.Release, f models.ReleaseFacts) string {
	return "Why " + string(r.Readiness(f.Facts).Colour) + "?"
}

// releaseButtons are those of the public card, which everybody sees alike, or
// all that f.Actor may use now; these may take two rows.
func releaseButtons(r *models.Release, public bool, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	var out []*slack.ButtonBlockElement
	for _, o := range releaseOffers {
		switch {
		case !slices.Contains(o.states, r.State), public && !o.public, !public && o.may != nil && !o.may(r, f), o.only != nil && !o.only(r):
			continue
		}
		ref := ReleaseRef{ID: r.ID}
		if o.no != nil {
			ref.No = o.no(r)
		}
		words := o.words
		if o.say != nil {
			words = o.say(r, f)
		}
		b := button(o.action, words, ref.Value()).WithStyle(o.style)
		if o.asks != nil {
			b.Confirm = o.asks(r)
		}
		out = append(out, b)
	}
	if public {
		out = out[:min(len(out), maxButtons)]
	}
	return out
}

func confirmConvene(r *models.Release) *slack.ConfirmationBlockObject {
	return confirm("Begin the handover of "+r.ID.String()+"?", "The prompt is posted in its channel now, and bucket owners are asked to vote. By itself it begins at its time.", "Begin", "Not yet", slack.StylePrimary)
}

func confirmLive(r *models.Release) *slack.ConfirmationBlockObject {
	return confirm("Is "+r.ID.String()+" live?", "This records that “"+clip(oneLine(r.Name), 100)+"” is in production. Early-life support follows.", "It is live", "Not yet", slack.StylePrimary)
}
