package handlers

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// myItems answers "/checklist" alone: what is mine to do in all releases.
func (h *Handlers) myItems(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	desk, err := h.Store.Desk(ctx, h.Workspace, r.User)
	if err != nil {
		return Reply{}, err
	}
	return say(view.MyItems(view.DeskData(desk), f)), nil
}

// countOfIssues is "issues:2" among what is typed after "done 12", whatever was
// typed in place of the number.
var countOfIssues = regexp.MustCompile(`(?i)(?:^|\s)issues:(\S+)`)

// typedEvidence reads what is typed after "done 12". A count that is none is
// refused: as a part of the note it would leave the count as it was.
func typedEvidence(text string) (models.EvidenceInput, error) {
	in := models.ReadEvidence(strings.TrimSpace(countOfIssues.ReplaceAllString(text, "")))
	for _, m := range countOfIssues.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(m[1], 10, 23)
		if err != nil {
			return in, models.Refusef("%q is no number of open issues, so nothing was recorded. Write issues:0, or how many there are.", clip(m[1], 20))
		}
		open := int(n)
		in.OpenIssues = &open
	}
	return in, nil
}

// itemDone answers "/checklist REL-3 done 12 <evidence>".
func (h *Handlers) itemDone(ctx context.Context, r *Request, id models.ReleaseID, rest string) (Reply, error) {
	which, text := firstWord(rest)
	if which == "" || text == "" {
		return Reply{}, models.Refusef("Say which item is done, and what shows it: `%s %s done 12 https://wiki.example/runbook`. A test result takes issues:0, too.", h.ChecklistCommand, id)
	}
	in, err := typedEvidence(text)
	if err != nil {
		return Reply{}, err
	}
	no := 0
	return h.onRelease(ctx, r, id, "", func(rel *models.Release, f models.ReleaseFacts) error {
		i, known := rel.Item(which)
		if !known {
			return models.Refusef("%s has no item %q, so nothing was recorded. An item is named by its number or its id, such as 12 or DO2; `%s %s` shows them.",
				id, clip(which, 20), h.ChecklistCommand, id)
		}
		no = i.No
		return rel.Submit(no, in, f)
	}, func(rel *models.Release, f models.ReleaseFacts) view.Message { return itemOutcome(rel, no, which, f) })
}

// itemOutcome tells what became of an item; after a repeat it is found by what
// was typed.
func itemOutcome(rel *models.Release, no int, which string, f models.ReleaseFacts) view.Message {
	if no != 0 {
		which = strconv.Itoa(no)
	}
	if i, known := rel.Item(which); known {
		return view.ItemOutcome(rel, i, f)
	}
	return view.ReleaseOutcome(rel, f)
}

// checklist opens a release's checklist by bucket.
func (h *Handlers) checklist(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Checklist", func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		return view.ChecklistModal(rel, f), nil
	})
}

// bucket opens one bucket on top of the checklist.
func (h *Handlers) bucket(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Checklist", drawBucket)
}

// turnBucket shows another page of the bucket in the place of this one.
func (h *Handlers) turnBucket(ctx context.Context, r *Request) (Reply, error) {
	x, ok := view.ParseReleaseRef(r.Value)
	if !ok {
		return Reply{}, errButton
	}
	modal, err := h.drawRelease(ctx, r, x, drawBucket)
	return Reply{View: &modal}, err
}

func drawBucket(rel *models.Release, x view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
	b, ok := view.BucketOf(x)
	if !ok {
		return slack.ModalViewRequest{}, errButton
	}
	return view.BucketModal(rel, b, x.Seen, f), nil
}

// askBucket opens the form that gives a bucket to somebody.
func (h *Handlers) askBucket(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Assign the bucket", func(rel *models.Release, x view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		b, ok := view.BucketOf(x)
		if !ok {
			return slack.ModalViewRequest{}, errButton
		}
		return view.BucketForm(view.BucketMeta{ReleaseRef: x, Under: r.View.ID, ResponseURL: r.ResponseURL}, rel, b, f), nil
	})
}

// assignBucket names who owns a bucket and who verifies it: what is otherwise
// than before, and both or none.
func (h *Handlers) assignBucket(ctx context.Context, r *Request) (Reply, error) {
	meta, owner, verifies := view.ReadBucketForm(r.View)
	b, ok := view.BucketOf(meta.ReleaseRef)
	if !ok {
		return Reply{}, errButton
	}
	h.knowAll(ctx, []models.UserID{owner, verifies})
	reply, err := h.onRelease(ctx, r, meta.ID, meta.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error {
		renamed := verifies != rel.Buckets[b].Verifier
		if renamed {
			if err := rel.AssignVerifier(b, verifies, f); err != nil {
				return beside(err, models.FieldVerifier)
			}
		}
		err := rel.AssignBucket(b, owner, f)
		if refusal, no := models.AsRefusal(err); no && refusal.Settled && renamed {
			return nil // it was theirs before
		}
		return err
	}, view.ReleaseOutcome)
	return h.under(ctx, r, meta.Under, meta.ReleaseRef, reply, err)
}

// beside puts a refusal that names no field beside that one.
func beside(err error, field models.Field) error {
	if refusal, ok := models.AsRefusal(err); ok && len(refusal.Fields) == 0 {
		return &models.Refusal{Text: refusal.Text, Fields: map[models.Field]string{field: refusal.Text}}
	}
	return err
}

// under brings the window of the bucket up to date that stands beneath a form
// which was sent; it then says what happened, and no line needs to.
func (h *Handlers) under(ctx context.Context, r *Request, window string, x view.ReleaseRef, reply Reply, err error) (Reply, error) {
	if err != nil || window == "" {
		return reply, err
	}
	modal, err := h.drawRelease(ctx, r, x, drawBucket)
	if err == nil {
		_, err = h.Slack.UpdateView(ctx, window, "", modal)
	}
	if err != nil { // what was done is done; it is only not shown there
		h.Log.InfoContext(ctx, "could not bring a checklist up to date", "error", err)
		return reply, nil
	}
	return Reply{}, nil
}

// askItem opens an item with what can be done with it, beginning with what the
// button says.
func (h *Handlers) askItem(ctx context.Context, r *Request) (Reply, error) {
	return h.fillRelease(ctx, r, "Item", func(rel *models.Release, x view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		meta := view.ItemMeta{ResponseURL: r.ResponseURL}
		if page, is := view.BucketPage(r.View); is {
			meta.Under, meta.Bucket, meta.Page = r.View.ID, page.No, page.Seen
		}
		i, known := rel.Item(strconv.Itoa(x.No))
		if !known {
			return slack.ModalViewRequest{}, models.Refusef("%s has no item %d any more.", rel.ID, x.No)
		}
		return view.ItemForm(meta, rel, i, view.ItemActOf(r.Name), f), nil
	})
}

// redrawItem asks for what the chosen act calls for; what was typed stays.
func (h *Handlers) redrawItem(ctx context.Context, r *Request) (Reply, error) {
	x := view.ReadItemForm(r.View)
	modal, err := h.drawRelease(ctx, r, view.ReleaseRef{ID: x.Release, No: x.No}, func(rel *models.Release, _ view.ReleaseRef, f models.ReleaseFacts) (slack.ModalViewRequest, error) {
		i, known := rel.Item(strconv.Itoa(x.No))
		if !known {
			return slack.ModalViewRequest{}, errButton
		}
		return view.ItemForm(x.ItemMeta, rel, i, x.Act, f), nil
	})
	return Reply{View: &modal}, err
}

// itemMove is what a sent form says, as a command.
func itemMove(x view.ItemAnswer) store.ReleaseMove {
	return map[models.ItemAct]store.ReleaseMove{
		models.ActBegin:   func(r *models.Release, f models.ReleaseFacts) error { return r.Begin(x.No, f) },
		models.ActBlock:   func(r *models.Release, f models.ReleaseFacts) error { return r.Block(x.No, x.Reason, f) },
		models.ActSubmit:  func(r *models.Release, f models.ReleaseFacts) error { return r.Submit(x.No, x.Evidence, f) },
		models.ActVerify:  func(r *models.Release, f models.ReleaseFacts) error { return r.Verify(x.No, x.Seen, f) },
		models.ActReturn:  func(r *models.Release, f models.ReleaseFacts) error { return r.Return(x.No, x.Reason, f) },
		models.ActWaive:   func(r *models.Release, f models.ReleaseFacts) error { return r.Waive(x.No, x.Reason, x.Until, f) },
		models.ActExempt:  func(r *models.Release, f models.ReleaseFacts) error { return r.NotApplicable(x.No, x.Reason, f) },
		models.ActConfirm: func(r *models.Release, f models.ReleaseFacts) error { return r.ConfirmNotApplicable(x.No, f) },
		models.ActRefuse:  func(r *models.Release, f models.ReleaseFacts) error { return r.RefuseNotApplicable(x.No, x.Reason, f) },
		models.ActReopen:  func(r *models.Release, f models.ReleaseFacts) error { return r.Reopen(x.No, x.Reason, f) },
		models.ActAssign:  func(r *models.Release, f models.ReleaseFacts) error { return r.Assign(x.No, x.Owner, f) },
		models.ActReport: func(r *models.Release, f models.ReleaseFacts) error {
			if x.Issues == nil {
				return &models.Refusal{Text: "Nothing is recorded yet.", Fields: map[models.Field]string{models.FieldOpenIssues: "Give the number of open issues, 0 or more."}}
			}
			return r.ReportIssues(x.No, *x.Issues, f)
		},
	}[x.Act]
}

// sendItem does what the form of an item says.
func (h *Handlers) sendItem(ctx context.Context, r *Request) (Reply, error) {
	x := view.ReadItemForm(r.View)
	move := itemMove(x)
	if move == nil {
		return Reply{SayAt: x.ResponseURL}, models.Refusef("Nothing was recorded, because nothing was chosen. Choose what you want to do with the item.")
	}
	if x.Owner != "" {
		h.know(ctx, x.Owner)
	}
	reply, err := h.moveItem(ctx, r, x.ItemMeta, move)
	return h.under(ctx, r, x.Under, x.Beneath(), reply, err)
}

func (h *Handlers) moveItem(ctx context.Context, r *Request, x view.ItemMeta, move store.ReleaseMove) (Reply, error) {
	return h.onRelease(ctx, r, x.Release, x.ResponseURL, move,
		func(rel *models.Release, f models.ReleaseFacts) view.Message { return itemOutcome(rel, x.No, "", f) })
}

// pressItem is the way of everything about an item that takes one click.
func pressItem(act models.ItemAct) handle {
	return func(h *Handlers, ctx context.Context, r *Request) (Reply, error) {
		x, ok := view.ParseReleaseRef(r.Value)
		if !ok {
			return Reply{}, errButton
		}
		meta := view.ItemMeta{Release: x.ID, No: x.No, Seen: x.Seen}
		return h.moveItem(ctx, r, meta, itemMove(view.ItemAnswer{ItemMeta: meta, Act: act}))
	}
}

// addItem adds an item that no template has.
func (h *Handlers) addItem(ctx context.Context, r *Request) (Reply, error) {
	meta, in := view.ReadNewItemForm(r.View)
	return h.onRelease(ctx, r, meta.ID, meta.ResponseURL, func(rel *models.Release, f models.ReleaseFacts) error { return rel.AddItem(in, f) },
		func(rel *models.Release, f models.ReleaseFacts) view.Message {
			return view.ItemOutcome(rel, &rel.Items[len(rel.Items)-1], f)
		})
}

// nothing: a link opens by itself.
func (h *Handlers) nothing(context.Context, *Request) (Reply, error) { return Reply{}, nil }
