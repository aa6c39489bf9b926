package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// evidenceCall is what a pipeline sends as evidence for one item.
type evidenceCall struct {
	Release    string          `json:"release"` // in any spelling
	Item       json.RawMessage `json:"item"`    // its number or its id
	Link       string          `json:"link"`
	Note       string          `json:"note"`
	OpenIssues *int            `json:"open_issues"`
}

// evidenceTaken is the answer.
type evidenceTaken struct {
	Release  string `json:"release"`
	Item     int    `json:"item"`
	ID       string `json:"id"`
	Status   string `json:"status"`
	Version  int    `json:"version"`
	Repeated bool   `json:"repeated,omitempty"`
	Message  string `json:"message"`
}

const evidenceFields = "It takes release, item, link, note and open_issues."

// takeEvidence submits evidence in the name of whoever made the token. It
// verifies nothing.
func (h *Handlers) takeEvidence(ctx context.Context, c call) (any, error) {
	in, id, ref, err := readEvidence(c)
	if err != nil {
		return nil, err
	}
	no := 0
	res, err := h.Store.UpdateRelease(ctx, store.Command{Workspace: h.Workspace, Actor: c.token.By, Key: c.key}, id, func(r *models.Release, f models.ReleaseFacts) error {
		i, known := r.Item(ref)
		if !known {
			return noItem(r, ref)
		}
		no = i.No
		return r.SubmitByToken(no, in, f)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, wrong(http.StatusNotFound, "There is no %s in this workspace, so no evidence was taken. /checklist list shows the releases.", id)
	}
	if err != nil {
		return nil, err
	}
	i, known := res.Release.Item(ref)
	if !known {
		return nil, noItem(res.Release, ref)
	}
	version, has := i.VersionOf(in)
	if !has {
		return nil, wrong(http.StatusConflict, "This Idempotency-Key came before with something else, so this call was not done. Use a new key for new evidence.")
	}
	out := evidenceTaken{Release: res.Release.ID.String(), Item: i.No, ID: i.ID, Status: i.Status.String(), Version: version, Repeated: res.Repeat}
	out.Message = fmt.Sprintf("Version %d of the evidence for item %s of %s is recorded; operations verify it.", version, i.Label(), out.Release)
	return out, nil
}

func noItem(r *models.Release, ref string) error {
	return wrong(http.StatusNotFound, "%s has no item %q, so no evidence was taken. Its checklist shows numbers and ids.", r.ID, clip(ref, 40))
}

// readEvidence reads a call strictly: a field that nobody reads would be
// evidence that nobody sees.
func readEvidence(c call) (in models.EvidenceInput, id models.ReleaseID, ref string, err error) {
	var sent evidenceCall
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&sent); err != nil {
		return in, id, ref, wrong(http.StatusBadRequest, "The call can't be understood, so no evidence was taken: %s. %s", clip(strings.TrimPrefix(err.Error(), "json: "), 200), evidenceFields)
	}
	id, ok := models.ParseReleaseID(sent.Release)
	if !ok {
		return in, id, ref, wrong(http.StatusBadRequest, "%q names no release, so no evidence was taken. Write it like REL-3.", clip(sent.Release, 40))
	}
	if ref = itemRef(sent.Item); ref == "" {
		return in, id, ref, wrong(http.StatusBadRequest, "The call names no item, so no evidence was taken. Send its number or its id as item, such as 12 or DO2.")
	}
	in = models.EvidenceInput{Kind: models.EvidenceNote, Note: sent.Note, Via: c.token.Name, OpenIssues: sent.OpenIssues}
	if sent.Link != "" {
		in.Kind, in.Ref = models.EvidenceLink, sent.Link
	}
	return in, id, ref, nil
}

// itemRef is 12, "12" or "DO2" as a text.
func itemRef(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	var n int
	if json.Unmarshal(raw, &n) == nil && n > 0 {
		return fmt.Sprint(n)
	}
	return ""
}
