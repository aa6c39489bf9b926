package models

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Certificate says what operations accepted: who, when, and which version of
// which evidence, with a hash over what Gatehouse holds of it.
type Certificate struct {
	No        int
	Release   ReleaseID
	Name      string
	Services  []Slug
	Meeting   int
	By        UserID
	AsDeputy  bool
	At        time.Time
	GoLive    time.Time
	Entries   []CertificateEntry
	Changes   []CertifiedChange `json:",omitempty"` // left out when there is none, so that older hashes hold
	Hash      string            // SHA-256 of all above as JSON, in hex
	RevokedAt time.Time         `json:",omitzero"` // an item of it was unmet again; not hashed
}

// CertificateEntry is one item as it stood.
type CertificateEntry struct {
	No         int
	ID         string
	Title      string
	Mandatory  bool
	Status     ItemStatus
	Reason     string // of a waiver, or of not being applicable
	Expires    time.Time
	Version    int // of the evidence; 0 = none
	Kind       EvidenceKind
	Ref, Note  string
	By         UserID // who submitted it
	VerifiedBy UserID
	VerifiedAt time.Time
	Condition  string // its test; "" = none
}

// CertifiedChange is a production change that the release took along, as it
// stood at the acceptance.
type CertifiedChange struct {
	ID     ChangeID
	Title  string
	State  State
	Window Window
}

// Computed is the hash over what the certificate says now.
func (c Certificate) Computed() string {
	c.Hash, c.RevokedAt = "", time.Time{}
	b, err := json.Marshal(c)
	if err != nil { // only unsupported types fail, and a test marshals every field
		panic(fmt.Sprintf("hash a certificate: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Genuine reports whether nothing in it was altered since it was made.
func (c Certificate) Genuine() bool { return c.Hash == c.Computed() }

// Certificate is the one in force; nil when there is none.
func (r *Release) Certificate() *Certificate {
	if n := len(r.Certificates); n > 0 && r.Certificates[n-1].RevokedAt.IsZero() {
		return &r.Certificates[n-1]
	}
	return nil
}

// certify makes the certificate of an acceptance.
func (r *Release) certify(meeting int, f ReleaseFacts) {
	c := Certificate{No: len(r.Certificates) + 1, Release: r.ID, Name: r.Name, Services: slices.Clone(r.Services), Meeting: meeting,
		By: f.Actor.ID, AsDeputy: f.Actor.ID != r.OpsLead, At: f.Now.UTC(), GoLive: r.GoLive.UTC()}
	for k := range r.Items {
		if i := &r.Items[k]; i.Bucket != BucketEarlyLife {
			c.Entries = append(c.Entries, entryOf(i))
		}
	}
	for _, x := range f.Linked {
		if x.Environment == Production && !slices.Contains([]State{Rejected, Cancelled, Expired}, x.State) {
			c.Changes = append(c.Changes, CertifiedChange{x.ID, x.Title, x.State, Window{Start: x.Window.Start.UTC(), End: x.Window.End.UTC()}})
		}
	}
	c.Hash = c.Computed()
	r.Certificates = append(r.Certificates, c)
	r.record(f, Event{Kind: EventCertified, Reason: c.Hash})
}

func entryOf(i *Item) CertificateEntry {
	e := CertificateEntry{No: i.No, ID: i.ID, Title: i.Title, Mandatory: i.Mandatory, Status: i.Status, Reason: i.Reason,
		VerifiedBy: i.VerifiedBy, VerifiedAt: i.VerifiedAt.UTC()}
	if s := i.Standing(); s != nil {
		e.Version, e.Kind, e.Ref, e.Note, e.By = s.Version, s.Kind, s.Ref, s.Note, s.By
	}
	if i.Waiver != nil {
		e.Expires = i.Waiver.Expires.UTC()
	}
	if i.Condition != nil {
		e.Condition = i.Condition.Test
	}
	return e
}

// revoke ends the certificate in force: it says what holds no more.
func (r *Release) revoke(f ReleaseFacts) {
	if c := r.Certificate(); c != nil {
		c.RevokedAt = f.Now
	}
}
