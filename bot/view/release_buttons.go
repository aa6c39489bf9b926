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
	no     func(*models.Release) int // the meeting that it is about; nil = none
}

// A "…" means that a form follows.
var releaseOffers = []releaseOffer{
	{action: ActionChecklist, words: "Checklist", states: unfinished, public: true, style: slack.StylePrimary},
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

func whyWords(r *models.Release, f models.ReleaseFacts) string {
	return "Why " + string(r.Readiness(f.Facts).Colour) + "?"
}

// releaseButtons are those of the public card, which everybody sees alike, or
// all that f.Actor may use now; these may take two rows.
func releaseButtons(r *models.Release, public bool, f models.ReleaseFacts) []*slack.ButtonBlockElement {
	var out []*slack.ButtonBlockElement
	for _, o := range releaseOffers {
		switch {
		case !slices.Contains(o.states, r.State), public && !o.public, !public && o.may != nil && !o.may(r, f):
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
		out = append(out, button(o.action, words, ref.Value()).WithStyle(o.style))
	}
	if public {
		out = out[:min(len(out), maxButtons)]
	}
	return out
}
