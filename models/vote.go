package models

import (
	"slices"
	"time"
)

// Choice is what a bucket owner votes.
type Choice string

// The choices.
const (
	ChoiceReady      Choice = "ready"
	ChoiceConditions Choice = "conditions" // ready with conditions
	ChoiceNotReady   Choice = "not_ready"
)

// Choices lists all of them.
var Choices = []Choice{ChoiceReady, ChoiceConditions, ChoiceNotReady}

var choiceNames = map[Choice]string{ChoiceReady: "ready", ChoiceConditions: "ready with conditions", ChoiceNotReady: "not ready"}

// String says the choice in words.
func (c Choice) String() string { return choiceNames[c] }

// Vote is one bucket owner's. A late one came after the votes were shown.
type Vote struct {
	By      UserID
	Buckets []Bucket // those they own
	Choice  Choice
	Comment string
	At      time.Time
	Late    bool
}

// Voters are the owners of the six buckets, each once.
func (r *Release) Voters() []UserID {
	var out []UserID
	for _, b := range Buckets {
		out = append(out, r.BucketOwner(b))
	}
	return distinct(out)
}

// MayVote is the meeting in which the person votes, or why they don't.
func (r *Release) MayVote(no int, f ReleaseFacts) (*Meeting, []Bucket, error) {
	m, err := r.session(no, "vote")
	if err != nil {
		return nil, nil, err
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return nil, nil, Refusef("You can't vote on %s: %s.", r.ID, why)
	}
	var owns []Bucket
	for _, b := range Buckets {
		if r.BucketOwner(b) == f.Actor.ID {
			owns = append(owns, b)
		}
	}
	if len(owns) == 0 {
		return nil, nil, Refusef("Only those who own a bucket of %s vote on its handover, so nothing was recorded. Tell %s what you know of.", r.ID, f.Name(r.ProjectLead))
	}
	return m, owns, nil
}

// Vote records a bucket owner's vote, which nobody sees before all are shown.
// Until then it may be changed; afterwards it is kept beside the first one and
// flagged as late. "Not ready" says why.
func (r *Release) Vote(no int, choice Choice, comment string, f ReleaseFacts) error {
	m, owns, err := r.MayVote(no, f)
	if err != nil {
		return err
	}
	if !slices.Contains(Choices, choice) {
		return Refusef("Your vote was not recorded, because it says nothing. Choose ready, ready with conditions, or not ready.")
	}
	if comment = tidy(comment); choice == ChoiceNotReady || comment != "" {
		if comment, err = needReason(comment, "Say what is not ready."); err != nil {
			return err
		}
	}
	if v, voted := m.latestOf(f.Actor.ID); voted && v.Choice == choice && v.Comment == comment {
		return Settledf("Your vote on %s is recorded already: %s.", r.ID, choice)
	}
	return r.try(f, func(next *Release) error {
		next.vote(Vote{By: f.Actor.ID, Buckets: owns, Choice: choice, Comment: comment, At: f.Now}, f)
		return nil
	})
}

func (r *Release) vote(v Vote, f ReleaseFacts) {
	m := r.InSession()
	m.attend(v.By)
	v.Late = !m.RevealedAt.IsZero()
	if !v.Late {
		m.Votes = slices.DeleteFunc(m.Votes, func(x Vote) bool { return x.By == v.By })
	}
	m.Votes = append(m.Votes, v)
	reason := "" // a silent vote is silent in the audit log too, until it is shown
	if v.Late {
		reason = "late: " + v.Choice.String()
	}
	r.record(f, Event{Kind: EventVoted, Reason: reason})
}

// reveal shows the votes, all together.
func (r *Release) reveal(m *Meeting, f ReleaseFacts) {
	m.RevealedAt = f.Now
	var diff []FieldDiff
	for _, v := range m.Votes {
		diff = append(diff, FieldDiff{"Vote of " + f.Name(v.By), "", v.Choice.String()})
	}
	r.record(f, Event{Kind: EventVotesRevealed, Diff: diff})
}

// VoteOf is the vote of a person that counts: the last one in time.
func (m *Meeting) VoteOf(u UserID) (Vote, bool) {
	var last Vote
	found := false
	for _, v := range m.Votes {
		if v.By == u && (!found || !v.Late) {
			last, found = v, true
		}
	}
	return last, found
}

// latestOf is the vote that a person gave last, whether it counts or is late.
func (m *Meeting) latestOf(u UserID) (Vote, bool) {
	for k := len(m.Votes) - 1; k >= 0; k-- {
		if m.Votes[k].By == u {
			return m.Votes[k], true
		}
	}
	return Vote{}, false
}

// Missing are the bucket owners who have not voted.
func (r *Release) Missing(m *Meeting) []UserID {
	return slices.DeleteFunc(r.Voters(), func(u UserID) bool { _, voted := m.VoteOf(u); return voted })
}

// Shown are the votes that may be seen: none before they are shown together.
func (m *Meeting) Shown() []Vote {
	if m.RevealedAt.IsZero() {
		return nil
	}
	return m.Votes
}

// Reveal shows the votes although some are missing.
func (r *Release) Reveal(no int, f ReleaseFacts) error {
	m, err := r.session(no, "click")
	if err != nil {
		return err
	}
	if !m.RevealedAt.IsZero() {
		return Settledf("The votes on %s are shown already, so nothing more was recorded.", r.ID)
	}
	if err := r.mayRun("show the votes of", f); err != nil {
		return err
	}
	return r.try(f, func(next *Release) error {
		next.reveal(next.InSession(), f)
		return nil
	})
}
