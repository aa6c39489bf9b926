package models

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// EvidenceKind says what a piece of evidence is.
type EvidenceKind string

// The kinds of evidence. Gatehouse holds the reference, not what it points to.
const (
	EvidenceLink EvidenceKind = "link"
	EvidenceNote EvidenceKind = "note"
	EvidenceFile EvidenceKind = "file" // a file in Slack: its link, or its id
)

// Evidence is one version of what shows that an item is done.
type Evidence struct {
	Version int
	Kind    EvidenceKind
	Ref     string // the link, or the file's id; "" for a note
	Note    string
	By      UserID // who submitted it; of a pipeline, whoever made its token
	Via     string // the name of the token; "" = a person
	At      time.Time
}

// Standing is the evidence that is to be verified; nil when there is none.
func (i *Item) Standing() *Evidence {
	if len(i.Evidence) <= i.Round {
		return nil
	}
	return &i.Evidence[len(i.Evidence)-1]
}

// Version is the number of the evidence that stands; 0 = none. Buttons carry
// it, so that nobody verifies what they did not see.
func (i *Item) Version() int {
	if e := i.Standing(); e != nil {
		return e.Version
	}
	return 0
}

// SubmittedBy reports whether the person submitted any of the evidence that
// stands: then somebody else verifies it.
func (i *Item) SubmittedBy(u UserID) bool {
	return slices.ContainsFunc(i.Evidence[min(i.Round, len(i.Evidence)):], func(e Evidence) bool { return e.By == u })
}

// VersionOf is the number of the evidence that says the same by the same way;
// false when there is none.
func (i *Item) VersionOf(in EvidenceInput) (int, bool) {
	for _, e := range slices.Backward(i.Evidence) {
		if e.Kind == in.Kind && e.Ref == oneLine(in.Ref) && e.Note == tidy(in.Note) && e.Via == in.Via {
			return e.Version, true
		}
	}
	return 0, false
}

// EvidenceInput is what a person or a pipeline gives as evidence.
type EvidenceInput struct {
	Kind       EvidenceKind
	Ref        string
	Note       string
	Via        string // the name of a pipeline's token
	OpenIssues *int   // of a test item; nil = unchanged
}

var slackFile = regexp.MustCompile(`^F[A-Z0-9]{6,}$`)

// slackPermalink is what "Copy link" makes of a file in Slack: the file's id and
// name are in it.
var slackPermalink = regexp.MustCompile(`^https://[a-z0-9.-]+\.slack\.com/files/[A-Z0-9]+/(F[A-Z0-9]{6,})(?:/([^/?#]*))?(?:[?#].*)?$`)

// maxRef is how long a link may be.
const maxRef = 2000

// SlackFile takes a file's reference apart: its id, and the name that stands in
// its link; both are "" when it is none.
func SlackFile(ref string) (id, name string) {
	if slackFile.MatchString(ref) && strings.ContainsAny(ref, "0123456789") { // a word in capitals is none
		return ref, ""
	}
	m := slackPermalink.FindStringSubmatch(ref)
	if m == nil {
		return "", ""
	}
	if name, err := url.PathUnescape(m[2]); err == nil {
		return m[1], oneLine(name)
	}
	return m[1], ""
}

// ReadEvidence makes evidence out of what a person types after "done 12": a
// link, a file in Slack by its link or id, or else a note. Words after a link are its note.
func ReadEvidence(text string) EvidenceInput {
	text = tidy(text)
	first, rest, _ := strings.Cut(text, " ")
	ref := strings.Trim(first, "<>")
	if link, label, piped := strings.Cut(ref, "|"); piped {
		ref, rest = link, strings.TrimSpace(label+" "+rest)
		if strings.HasSuffix(link, label) {
			rest = strings.TrimSpace(strings.TrimPrefix(rest, label))
		}
	}
	id, _ := SlackFile(ref)
	switch {
	case id != "":
		return EvidenceInput{Kind: EvidenceFile, Ref: ref, Note: strings.TrimSpace(rest)}
	case strings.HasPrefix(ref, "https://") || strings.HasPrefix(ref, "http://"):
		return EvidenceInput{Kind: EvidenceLink, Ref: ref, Note: strings.TrimSpace(rest)}
	}
	return EvidenceInput{Kind: EvidenceNote, Note: text}
}

func (e EvidenceInput) check(i *Item) error {
	errs := fieldErrors{}
	ref, note := oneLine(e.Ref), tidy(e.Note)
	switch e.Kind {
	case EvidenceLink:
		if u, err := url.Parse(ref); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			errs.add(FieldEvidence, "This is no link. Paste the whole address, beginning with https://, or write a note.")
		}
	case EvidenceFile:
		if id, _ := SlackFile(ref); id == "" {
			errs.add(FieldEvidence, "This is no file in Slack. Share the file, and paste the link that “Copy link to file” gives, or its id.")
		}
	case EvidenceNote:
		if blank(note) || utf8.RuneCountInString(note) < 3 {
			errs.add(FieldEvidence, "Evidence is needed: a link, a file or a sentence that says how it was done.")
		}
	default:
		errs.add(FieldEvidence, "Give a link, a file or a note as evidence.")
	}
	if utf8.RuneCountInString(ref) > maxRef {
		errs.add(FieldEvidence, "This link is longer than 2,000 letters. Shorten it.")
	}
	if utf8.RuneCountInString(note) > MaxReason {
		errs.add(FieldNote, "At most 1,000 letters fit. Nothing you typed is lost: shorten it and send again.")
	}
	if e.OpenIssues != nil && (*e.OpenIssues < 0 || *e.OpenIssues > 1_000_000) {
		errs.add(FieldOpenIssues, "Give the number of open issues, 0 or more.")
	}
	if e.OpenIssues != nil && !i.Tests {
		errs.add(FieldOpenIssues, "This item reports no tests, so it has no open issues.")
	}
	return errs.err("Nothing is recorded yet: some answers need another look.")
}

// Submit gives evidence for the item. Owner and project lead submit; a
// pipeline does so in the name of whoever made its token (see Via) and
// verifies nothing.
func (r *Release) Submit(no int, in EvidenceInput, f ReleaseFacts) error {
	return r.act(ActSubmit, no, f, EventItemSubmitted, tidy(in.Note), func(next *Release, i *Item) error {
		if err := in.check(i); err != nil {
			return err
		}
		next.addEvidence(i, in, f)
		return nil
	})
}

// addEvidence keeps a version of its own for everything that was ever shown.
func (r *Release) addEvidence(i *Item, in EvidenceInput, f ReleaseFacts) {
	i.Evidence = append(slices.Clip(i.Evidence), Evidence{Version: len(i.Evidence) + 1, Kind: in.Kind, Ref: oneLine(in.Ref), Note: tidy(in.Note),
		By: f.Actor.ID, Via: in.Via, At: f.Now})
	i.Reason, i.Exempt = "", nil
	if in.OpenIssues != nil {
		i.OpenIssues = *in.OpenIssues
	}
}

// SubmitByToken is Submit for a pipeline. Whoever made the token counts as the
// submitter, whatever they may do with the item otherwise.
func (r *Release) SubmitByToken(no int, in EvidenceInput, f ReleaseFacts) error {
	if in.Via == "" {
		return Refusef("No evidence was taken, because the token has no name. Make a token with a name and use that.")
	}
	return r.try(f, func(next *Release) error {
		i, err := next.no(no)
		if err != nil {
			return err
		}
		switch {
		case r.State.Final():
			return Settledf("%s is %s, so its items stay as they are.", r.ID, r.State.phrase())
		case !i.Status.CanAct(ActSubmit):
			return Refusef("Item %s of %s is %s, so no evidence was taken. Reopen it in Slack first.", i.Label(), r.ID, i.Status)
		case !next.workable(i):
			return Refusef("Item %s belongs to early-life support, and %s is not live yet. Send it after go-live.", i.Label(), r.ID)
		}
		if err := in.check(i); err != nil {
			return err
		}
		before := *i
		i.Status, i.Since = ItemSubmitted, f.Now
		next.addEvidence(i, in, f)
		next.recordItem(f, EventItemSubmitted, &before, i, tidy(in.Note))
		next.events[len(next.events)-1].Via = in.Via
		return nil
	})
}
