package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/gatehousehq/gatehouse/bot/slackapi"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// nap is the longest wait for the pace that a worker sits out in its lane.
const nap = 1500 * time.Millisecond

// attempt is one try at one row. The row stands as "sending" exactly while a
// call that shows something is under way: found so by a later try, it may have
// arrived.
type attempt struct {
	*deliverer
	lane lane
	row  store.Row
	job  *river.Job[store.DeliverArgs] // ours, when it is the row's
	end  time.Time                     // of the turn

	wanted   int64 // as read before the state that is drawn
	doubtful bool  // an earlier try may have arrived
	calling  bool  // the row stands as sending because of us
}

// run never lets one row that can't be drawn, or makes us panic, stand in the
// way of the others: it comes again later. Only a lost lane, or a database that
// can't even note that, ends the turn.
func (a *attempt) run(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			a.Counts.Panics.Add(1)
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
		if err == nil || errors.Is(err, store.ErrLaneLost) || ctx.Err() != nil {
			return
		}
		ref := rand.Text()[:8]
		a.log.ErrorContext(ctx, "a delivery failed; it is tried again later", "reference", ref, "delivery", a.row.ID, "error", err)
		err = a.putOff(ctx, a.cfg.Store.Now().Add(a.cfg.Times.backoff(max(a.row.Attempts, 5))), "failed inside Gatehouse, reference "+ref)
	}()
	return a.try(ctx)
}

func (a *attempt) try(ctx context.Context) error {
	a.doubtful = a.posts() && a.row.State != store.DeliveryPending
	if a.doubtful && a.row.Kind != models.DeliverFile { // sharing one twice is refused by Slack itself
		if known, err := a.lookUp(ctx); known || err != nil {
			return err
		}
	}
	d, err := a.draw(ctx)
	if err != nil {
		return err
	}
	if d.not != nil {
		return d.not(a, ctx)
	}
	if a.tooLate(d) {
		return a.hold(ctx, d)
	}
	if waits, err := a.findPlace(ctx); waits || err != nil {
		return err
	}
	if waits, err := a.mayCall(ctx, a.scope()); waits || err != nil {
		return err
	}
	fresh, err := a.cfg.Store.MarkSending(ctx, a.row, a.lane.owner)
	if err != nil {
		return err
	}
	a.row.Attempts, a.calling = fresh.Attempts, true
	sent, err := a.call(ctx, d)
	a.calling = false
	return a.settle(ctx, sent, err)
}

// late is after what delay a first post to a person counts as one that Slack or
// a downtime has kept from them: then the hour is not the one it was planned for.
const late = 10 * time.Minute

// tooLate: what was to come in somebody's hours and comes late does not wake
// them at night; it waits for their next hours, or goes where it can't wait. So
// does what waited for hours that are others by now: its reader set new ones,
// is away, or has gone to another zone.
func (a *attempt) tooLate(d drawing) bool {
	now, planned := a.cfg.Store.Now(), later(a.row.CreatedAt, at(a.row.NotBefore))
	waited := planned.Sub(a.row.CreatedAt) > time.Minute
	return a.row.UserID != "" && a.posts() && !a.doubtful && d.from.After(now) && (waited || now.Sub(planned) > late)
}

// hold has the message wait for its reader's hours; reminders join those of the
// next morning.
func (a *attempt) hold(ctx context.Context, d drawing) error {
	a.log.InfoContext(ctx, "a message came late and waits for its reader's hours", "delivery", a.row.ID, "kind", a.row.Kind, "user", a.row.UserID, "until", d.from)
	if d.start != "" {
		return a.cfg.Store.HoldReminders(ctx, a.row, d.from, d.start)
	}
	return a.cfg.Store.MarkHeld(ctx, a.row, d.from)
}

// posts reports whether the call would show something new; all others may be
// repeated without harm.
func (a *attempt) posts() bool { return a.row.TS == "" && a.row.Kind != models.DeliverHome }

// scope is what the call counts against.
func (a *attempt) scope() slackapi.Scope {
	switch {
	case a.row.Kind == models.DeliverHome:
		return slackapi.Scope{Method: slackapi.MethodPublish}
	case a.row.Kind == models.DeliverFile:
		return slackapi.Scope{Method: slackapi.MethodShare}
	case a.row.TS != "":
		return slackapi.Scope{Method: slackapi.MethodUpdate}
	}
	return slackapi.Scope{Method: slackapi.MethodPost, Channel: string(a.row.Channel)}
}

// findPlace opens the direct message that a row for a person goes to. waits is
// as in mayCall.
func (a *attempt) findPlace(ctx context.Context) (waits bool, err error) {
	if a.row.Channel != "" || a.row.Kind == models.DeliverHome {
		return false, nil
	}
	user := string(a.row.UserID)
	if channel, known := a.cfg.Slack.KnownDM(user); known {
		a.row.Channel = models.ChannelID(channel)
		return false, nil
	}
	if waits, err := a.mayCall(ctx, slackapi.Scope{Method: slackapi.MethodDM}); waits || err != nil {
		return waits, err
	}
	call, cancel := context.WithTimeout(ctx, a.cfg.Times.Call)
	defer cancel()
	channel, err := a.cfg.Slack.OpenDM(call, user)
	if err != nil {
		return true, a.failedFirst(ctx, err)
	}
	a.row.Channel = models.ChannelID(channel)
	return false, nil
}

// failedFirst settles a call that failed before the row was marked as sending;
// it counts as a try too, or Slack would be asked again and again at one pace.
func (a *attempt) failedFirst(ctx context.Context, err error) error {
	a.row.Attempts++
	return a.settle(ctx, store.Sent{}, err)
}

// mayCall says whether a call must wait; if so the row was put off, or the
// short wait was sat out and the lane should be looked at again.
func (a *attempt) mayCall(ctx context.Context, scope slackapi.Scope) (waits bool, err error) {
	moved, now := a.cfg.Store.Clock().Moved(), a.cfg.Store.Now()
	until, err := a.pace.heldUntil(ctx, scope, now)
	if err != nil {
		return false, err
	}
	if until.After(now) {
		return true, a.putOff(ctx, until, "held back by Slack's limit on "+scope.Method)
	}
	wait, err := a.pace.take(ctx, scope, now)
	switch {
	case err != nil || wait <= 0:
		return false, err
	case wait <= nap && time.Now().Add(wait).Before(a.end):
		sleep(ctx, wait, moved)
		return true, nil
	}
	return true, a.putOff(ctx, now.Add(a.pace.away(scope, now, wait)), "waits for its turn to call "+scope.Method)
}

func sleep(ctx context.Context, d time.Duration, moved <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-moved:
	case <-ctx.Done():
	}
}

// call shows what was drawn. Text alone follows when Slack refuses the blocks,
// and a message anew when the old one is gone.
func (a *attempt) call(ctx context.Context, d drawing) (store.Sent, error) {
	sent, err := a.callOnce(ctx, d)
	e, _ := errors.AsType[*slackapi.Error](err)
	switch {
	case e == nil || e.Kind != slackapi.Never:
		return sent, err
	case e.Trouble == slackapi.BadContent && len(d.Blocks) > 0:
		a.log.ErrorContext(ctx, "Slack refuses the look of a message; sending its text alone", "delivery", a.row.ID, "slack", e)
		d.Blocks = nil
		return a.callOnce(ctx, d)
	case e.Trouble == slackapi.MessageGone && a.row.TS != "" && d.anew:
		return a.anew(ctx, d)
	}
	return sent, err
}

func (a *attempt) callOnce(ctx context.Context, d drawing) (store.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Times.Call)
	defer cancel()
	if d.home != nil {
		v, err := a.cfg.Slack.PublishHome(ctx, string(a.row.UserID), *d.home, "")
		return store.Sent{Hash: v.Hash, Shown: a.wanted}, err
	}
	if d.file != nil {
		return a.share(ctx, d)
	}
	m := slackapi.Message{
		Channel: string(a.row.Channel), ThreadTS: d.thread, Text: d.Text, Blocks: d.Blocks,
		Metadata: slackapi.Metadata{DeliveryID: a.id(), Record: d.record},
	}
	sent := store.Sent{Channel: a.row.Channel, TS: a.row.TS, Shown: a.wanted}
	if a.row.TS != "" {
		return sent, a.cfg.Slack.Update(ctx, slackapi.Sent{Channel: m.Channel, TS: a.row.TS}, m)
	}
	posted, err := a.cfg.Slack.Post(ctx, m)
	sent.Channel, sent.TS = models.ChannelID(posted.Channel), posted.TS
	return sent, err
}

// anew posts a message whose old copy was deleted, unless an earlier try did.
func (a *attempt) anew(ctx context.Context, d drawing) (store.Sent, error) {
	there, found, err := a.find(ctx, a.cfg.Store.Now().Add(-time.Hour))
	if found || err != nil && !barred(err) {
		return store.Sent{Channel: models.ChannelID(there.Channel), TS: there.TS, Shown: a.row.Shown}, err
	}
	a.row.TS = ""
	return a.callOnce(ctx, d)
}

// id is how the row is known to Slack.
func (a *attempt) id() string { return strconv.FormatInt(a.row.ID, 10) }

// lookUp settles whether a doubtful message arrived. known means that the row
// was marked and the lane should be looked at again: the message was found and
// is edited from now on, or it is certainly not there and is posted. Without
// the scope, or where Slack lets nobody look, it is simply sent again: at
// least once. Only a digest is not: it is worth less than saying it twice, unless
// somebody has just asked for it.
func (a *attempt) lookUp(ctx context.Context) (known bool, err error) {
	if waits, err := a.findPlace(ctx); waits || err != nil {
		return true, err
	}
	digest := a.row.Kind == models.DeliverDigest && a.row.Attempts > 0
	if !a.mayLook() && digest {
		return true, a.unsureDigest(ctx)
	}
	if !a.mayLook() {
		return false, nil
	}
	method := slackapi.MethodHistory
	if a.row.Kind == models.DeliverThread {
		method = slackapi.MethodReplies
	}
	if waits, err := a.mayCall(ctx, slackapi.Scope{Method: method}); waits || err != nil {
		return true, err
	}
	there, found, err := a.find(ctx, later(a.row.CreatedAt, at(a.row.NotBefore)))
	switch {
	case barred(err) && digest:
		return true, a.unsureDigest(ctx)
	case barred(err):
		return false, nil
	case err != nil:
		return true, a.failedFirst(ctx, err)
	case !found:
		return true, a.cfg.Store.MarkRetry(ctx, a.row, a.cfg.Store.Now(), "looked for in Slack and not there")
	}
	a.Counts.Adopted.Add(1)
	sent := store.Sent{Channel: models.ChannelID(there.Channel), TS: there.TS, Shown: a.row.Shown}
	if !a.row.Kind.EditedInPlace() {
		sent.Shown = a.wanted
	}
	return true, a.sent(ctx, sent)
}

// mayLook: direct messages may always be looked through, as far as we know.
func (a *attempt) mayLook() bool {
	return strings.HasPrefix(string(a.row.Channel), "D") || a.cfg.HasHistoryScope()
}

// barred reports whether Slack lets nobody look.
func barred(err error) bool {
	e, ok := errors.AsType[*slackapi.Error](err)
	return ok && e.Kind == slackapi.Never && e.Trouble != slackapi.AppRemoved
}

// find looks for the row's message; false without an error also where nobody
// may look.
func (a *attempt) find(ctx context.Context, since time.Time) (slackapi.Sent, bool, error) {
	if !a.mayLook() {
		return slackapi.Sent{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Times.Call)
	defer cancel()
	thread := ""
	if a.row.Kind == models.DeliverThread {
		var err error
		if thread, _, err = a.cfg.Store.CardTS(ctx, a.row.WorkspaceID, a.row.Ref(), a.row.Channel); err != nil {
			return slackapi.Sent{}, false, err
		}
	}
	return a.cfg.Slack.FindByMetadata(ctx, string(a.row.Channel), thread, a.id(), since)
}
