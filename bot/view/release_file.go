package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehousehq/gatehouse/models"
)

// ReleaseFile is a file that stands under the card of a release.
type ReleaseFile struct{ Name, Title, Comment, Body string }

// FileOf is the file that an event brings: the calendar entry of a meeting, or
// the certificate; false when there is none any more.
func FileOf(r *models.Release, e models.Event, f models.ReleaseFacts) (ReleaseFile, bool) {
	if e.Kind == models.EventCertified {
		k := slices.IndexFunc(r.Certificates, func(c models.Certificate) bool { return c.Hash == e.Reason })
		if k < 0 {
			return ReleaseFile{}, false
		}
		c := r.Certificates[k]
		return ReleaseFile{strings.ToLower(r.ID.String()) + "-certificate-" + strconv.Itoa(c.No) + ".txt", "Certificate of acceptance of " + r.ID.String(),
			"📜 Certificate of acceptance: which version of which evidence operations accepted.", CertificateText(c, f.Facts)}, true
	}
	m := r.LastMeeting()
	if m == nil {
		return ReleaseFile{}, false
	}
	comment := "📅 Calendar entry of the handover. Open it to put the meeting into your calendar; it replaces an older one."
	if m.State == models.MeetingCalledOff {
		comment = "📅 The handover is called off. Open this to take it out of your calendar."
	}
	return ReleaseFile{strings.ToLower(r.ID.String()) + "-handover.ics", "Handover of " + r.ID.String(), comment, HandoverInvite(r, m, f.Now)}, true
}
