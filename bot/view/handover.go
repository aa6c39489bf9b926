package view

import (
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/models"
)

// Buttons of handovers. Their value is a [ReleaseRef] whose number is the meeting's.
const (
	ActionHandover   = "handover.schedule"
	ActionConvene    = "handover.begin"
	ActionAttend     = "handover.attend"
	ActionVote       = "handover.vote"       // choose, and say why
	ActionVoteReady  = "handover.vote.ready" // in one click
	ActionReveal     = "handover.reveal"
	ActionAccept     = "handover.accept"
	ActionConditions = "handover.conditions"
	ActionDecline    = "handover.decline"
	ActionAdjourn    = "handover.adjourn"
	ActionConfirm    = "handover.confirm"
	ActionRecord     = "handover.record" // minutes and certificate
)

// Forms of handovers.
const (
	FormHandover   = "handover.form"
	FormVote       = "handover.vote.form"
	FormConditions = "handover.conditions.form"
	FormPutOff     = "handover.putoff.form" // decline or adjourn
)

// HandoverActions lists every button id of handovers.
func HandoverActions() []string {
	return []string{ActionHandover, ActionConvene, ActionAttend, ActionVote, ActionVoteReady, ActionReveal, ActionAccept,
		ActionConditions, ActionDecline, ActionAdjourn, ActionConfirm, ActionRecord}
}

// HandoverForms lists every form of handovers.
func HandoverForms() []string { return []string{FormHandover, FormVote, FormConditions, FormPutOff} }

// HandoverMeta travels with the forms of handovers and of early-life support.
type HandoverMeta struct {
	Release     models.ReleaseID `json:"release"`
	Meeting     int              `json:"meeting,omitempty"`
	Kind        string           `json:"kind,omitempty"`  // the button's id
	Items       []int            `json:"items,omitempty"` // that conditions are asked for
	ResponseURL string           `json:"response_url,omitempty"`
}

func meetingButton(action, words string, r *models.Release, m *models.Meeting) *slack.ButtonBlockElement {
	ref := ReleaseRef{ID: r.ID}
	if m != nil {
		ref.No = m.No
	}
	return button(action, words, ref.Value())
}

// promptExceptions is how many items the prompt of a meeting names.
const promptExceptions = 6

// HandoverPrompt is the one message of a meeting in the channel of its release:
// who is there, what there is to talk about, how far the vote is, and the
// buttons; when it is decided, the result.
func HandoverPrompt(r *models.Release, m *models.Meeting, f models.ReleaseFacts) Message {
	if m.State != models.MeetingInSession {
		return handoverResult(r, m, f)
	}
	heading := "🤝 " + bold("Handover of "+markup(r.ID.String())+" "+esc(r.Name, models.MaxTitle))
	about := joined("\n", "Under way since "+when(m.StartedAt)+", "+length(m.Length)+place(m), "Go-live "+when(r.GoLive)+" · "+promptReadiness(r, f))
	blocks := []slack.Block{section(heading + "\n" + about), small(agendaLine(m)), section(quorumLines(r, m, f)), section(exceptionLines(r, f)), section(voteState(r, m, f))}
	if warning := nobodyDecides(r, f); warning != "" {
		blocks = append(blocks, section(warning))
	}
	for _, row := range promptButtons(r, m) {
		blocks = append(blocks, actions(row...)...)
	}
	return message(joined("\n", heading, about, voteState(r, m, f)), blocks...)
}

func promptReadiness(r *models.Release, f models.ReleaseFacts) markup {
	x := r.Readiness(f.Facts)
	return readiness(x.Readiness) + " · " + unmetWords(x.Unmet)
}

// promptButtons: until the votes are shown, those that lead there; then the
// three of the operations lead.
func promptButtons(r *models.Release, m *models.Meeting) [][]*slack.ButtonBlockElement {
	here := meetingButton(ActionAttend, "I'm here", r, m)
	vote := meetingButton(ActionVote, "Vote…", r, m)
	adjourn := meetingButton(ActionAdjourn, "Adjourn…", r, m)
	if m.RevealedAt.IsZero() {
		return [][]*slack.ButtonBlockElement{{here, vote.WithStyle(slack.StylePrimary), revealButton(r, m), adjourn}}
	}
	return [][]*slack.ButtonBlockElement{{decideButton(r, m), meetingButton(ActionConditions, "Accept with conditions…", r, m),
		meetingButton(ActionDecline, "Decline…", r, m).WithStyle(slack.StyleDanger)}, {here, vote, adjourn}}
}

// revealButton asks first while votes are missing: what is shown can't be hidden
// again.
func revealButton(r *models.Release, m *models.Meeting) *slack.ButtonBlockElement {
	b := meetingButton(ActionReveal, "Show votes", r, m)
	if n := len(r.Missing(m)); n > 0 {
		b.Confirm = confirm("Show the votes now?", string(count(n, "vote is", "votes are"))+" still missing. What comes after they are shown is marked as late.", "Show them", "Not yet", slack.StyleDefault)
	}
	return b
}

func decideButton(r *models.Release, m *models.Meeting) *slack.ButtonBlockElement {
	b := meetingButton(ActionAccept, "Accept", r, m).WithStyle(slack.StylePrimary)
	b.Confirm = confirm("Accept "+r.ID.String()+"?", "Operations take it over as it is: “"+clip(oneLine(r.Name), 100)+"”. Linked production changes may start, and a certificate is made.",
		"Accept", "Not yet", slack.StylePrimary)
	return b
}

func agendaLine(m *models.Meeting) markup {
	out := markup("Agenda, in minutes:")
	for n, p := range m.Agenda() {
		sep := markup(" · ")
		if n == 0 {
			sep = " "
		}
		out += sep + number(int(p.From.Minutes())) + "-" + number(int(p.To.Minutes())) + " " + markup(strings.ToLower(p.Title))
	}
	return out
}

// quorumLines are the places of the quorum by who fills them.
func quorumLines(r *models.Release, m *models.Meeting, f models.ReleaseFacts) markup {
	var order []markup
	places := map[markup]markup{}
	filled, seats := 0, r.Quorum(m)
	for _, s := range seats {
		who := "⬜ " + either(s.Who, f.Facts)
		if s.By != "" {
			who, filled = "✅ "+name(s.By, f.Facts), filled+1
		}
		if places[who] == "" {
			order = append(order, who)
		}
		places[who] = joined(", ", places[who], escapeAll(s.What))
	}
	out := "*Quorum:* " + number(filled) + " of " + number(len(seats)) + " places filled"
	for _, who := range order {
		out += "\n" + who + ": " + places[who]
	}
	return out
}

// exceptionLines: what is there is ratified, not discovered.
func exceptionLines(r *models.Release, f models.ReleaseFacts) markup {
	var lines []markup
	for _, b := range r.Brief(f).Buckets {
		for _, e := range b.Exceptions {
			lines = append(lines, "• "+itemName(e.Item)+", "+name(e.Owner, f.Facts)+": "+esc(e.What, 100))
		}
	}
	if len(lines) == 0 {
		return "*Exceptions:* none, every mandatory item is met."
	}
	return "*Exceptions*\n" + firstOf(lines, promptExceptions)
}

// voteState is how far the vote is; what was voted only when all is shown.
func voteState(r *models.Release, m *models.Meeting, f models.ReleaseFacts) markup {
	if m.RevealedAt.IsZero() {
		missing := r.Missing(m)
		voters := len(r.Voters())
		out := "*Silent vote:* " + number(voters-len(missing)) + " of " + number(voters) + " voted; shown together."
		if len(missing) > 0 {
			out += " Still to vote: " + everyName(missing, f.Facts)
		}
		return out
	}
	lines := voteLines(m, f.Facts)
	if missing := r.Missing(m); len(missing) > 0 {
		lines = append(lines, "• not voted: "+everyName(missing, f.Facts))
	}
	if len(lines) == 0 {
		return "*Votes:* none."
	}
	return "*Votes*\n" + firstOf(lines, 10) + "\n*Now decides* " + either(leads(r), f.Facts) + "."
}

// nobodyDecides warns when those who could have left.
func nobodyDecides(r *models.Release, f models.ReleaseFacts) markup {
	for _, u := range leads(r) {
		if p := f.Person(u); !p.Deleted && !p.Bot {
			return ""
		}
	}
	return "⚠️ *Nobody can decide:* " + names(leads(r), f.Facts) + " left the workspace. A change manager can name another operations lead."
}

var handoverSigns = map[models.HandoverOutcome]markup{models.HandoverAccepted: "✅", models.HandoverConditional: "⚠️",
	models.HandoverDeclined: "⛔", models.HandoverAdjourned: "⏸️"}

// handoverResult is what the prompt becomes when the meeting is over.
func handoverResult(r *models.Release, m *models.Meeting, f models.ReleaseFacts) Message {
	about := markup(r.ID.String()) + " " + esc(r.Name, models.MaxTitle)
	d := m.Decision
	if d == nil {
		line := "🚫 " + bold("Handover called off: "+about)
		return message(line, section(line))
	}
	heading := handoverSigns[d.Outcome] + " " + bold("Handover "+markup(d.Outcome.String())+": "+about)
	by := "By " + name(d.By, f.Facts)
	if d.AsDeputy {
		by += ", the deputy,"
	}
	lines := joined("\n", by+" "+when(d.At)+reason(d.Reason, 300), voteTally(m), conditionCount(r, d), nextMeeting(d))
	blocks := []slack.Block{section(heading + "\n" + lines)}
	blocks = append(blocks, actions(meetingButton(ActionRecord, "Minutes", r, m))...)
	return message(joined("\n", heading, lines), blocks...)
}

func nextMeeting(d *models.HandoverDecision) markup {
	if d.Next.IsZero() {
		return ""
	}
	return "Next meeting " + when(d.Next)
}

func conditionCount(r *models.Release, d *models.HandoverDecision) markup {
	before, after := 0, 0
	for _, i := range r.Conditions() {
		switch {
		case !slices.Contains(d.Conditions, i.No):
		case i.Condition.After:
			after++
		default:
			before++
		}
	}
	if before+after == 0 {
		return ""
	}
	return count(before+after, "condition", "conditions") + ": " + joined(", ", some(before, "before go-live"), some(after, "after"))
}

// voteTally counts the votes that count.
func voteTally(m *models.Meeting) markup {
	counts, late := map[models.Choice]int{}, 0
	for _, v := range m.Shown() {
		if v.Late {
			late++
			continue
		}
		counts[v.Choice]++
	}
	var parts []markup
	for _, c := range models.Choices {
		if counts[c] > 0 {
			parts = append(parts, number(counts[c])+" "+markup(c.String()))
		}
	}
	if late > 0 {
		parts = append(parts, number(late)+" late")
	}
	if len(parts) == 0 {
		return ""
	}
	return "Votes: " + joined(", ", parts...)
}

// HandoverRecord is the minutes of the last meeting that ended, and the
// certificate if there is one.
func HandoverRecord(r *models.Release, m *models.Meeting, f models.ReleaseFacts) slack.ModalViewRequest {
	blocks := Minutes(r, m, f.Facts).Blocks
	for n := range r.Certificates {
		if c := r.Certificates[n]; c.Meeting == m.No {
			blocks = append(append(blocks, divider()), Certificate(r, c, f.Facts).Blocks...)
		}
	}
	return modal("Handover of "+r.ID.String(), "Close", blocks)
}

// HandoverOutcome answers, privately, what somebody did about a handover.
func HandoverOutcome(r *models.Release, did string, f models.ReleaseFacts) Message {
	line := handoverWords(r, did, f)
	return message(line, section(line))
}

func handoverWords(r *models.Release, did string, f models.ReleaseFacts) markup {
	about := bold(markup(r.ID.String()))
	m := r.LastMeeting()
	if m == nil {
		return about + " has no handover yet."
	}
	switch did {
	case ActionHandover:
		return "🤝 The handover of " + about + " is set for " + when(m.At) + ", " + length(m.Length) + place(m) + ". Those invited are told, and its calendar entry stands under the card in " + channel(r.Channel) + "."
	case ActionConvene:
		return "🤝 The handover of " + about + " has begun. Its prompt stands in " + channel(r.Channel) + "."
	case ActionAttend:
		return "You are noted as present in the handover of " + about + "."
	case ActionVote, ActionVoteReady:
		v, _ := m.VoteOf(f.Actor.ID)
		if n := len(m.Votes); n > 0 && m.Votes[n-1].By == f.Actor.ID && m.Votes[n-1].Late {
			return "Your vote on " + about + " came after all were shown. It is kept and marked as late: " + markup(m.Votes[n-1].Choice.String()) + "."
		}
		if m.RevealedAt.IsZero() {
			return "Your vote on " + about + " is recorded: " + markup(v.Choice.String()) + ". Nobody sees it before all are shown; until then you may change it."
		}
		return "Your vote on " + about + " is recorded: " + markup(v.Choice.String()) + ". It was the last one, so all are shown now."
	case ActionReveal:
		return "The votes on " + about + " are shown."
	case ActionAccept, ActionConfirm:
		return "✅ You accepted " + about + ". The certificate stands under its card in " + channel(r.Channel) + "."
	case ActionConditions:
		if r.State == models.ReleaseAccepted {
			return "✅ You accepted " + about + ". What is to be met after go-live is tracked until early-life support ends."
		}
		return "⚠️ You accepted " + about + " with conditions: " + count(len(r.Blocking(f.Now)), "is", "are") + " to be verified before go-live. You are asked to confirm when the last one is."
	case ActionDecline, ActionAdjourn:
		out := "Recorded: the handover of " + about + " is put off. The next meeting is set for " + when(m.At) + "; move it if that does not suit."
		if !m.At.Before(r.GoLive) {
			out += " That is not before go-live, " + when(r.GoLive) + ": " + name(r.ProjectLead, f.Facts) + " has to move that, too."
		}
		return out
	}
	return "Recorded."
}
