package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// sameChange compares everything but what is not kept.
func sameChange(a, b *models.Change) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(models.Progress{}))
}

func TestWhatWasDecidedIsWhatIsRead(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		in := input(s)
		steps := []struct {
			by   models.UserID
			move store.Move
			want models.State
		}{
			{raiser, func(c *models.Change, f models.Facts) error { return c.SaveDraft(in, f) }, models.Draft},
			{raiser, func(c *models.Change, f models.Facts) error { return c.Submit(f) }, models.AwaitingApproval},
			{cab(1), func(c *models.Change, f models.Facts) error { return c.AskForChanges("Smaller steps.", c.Revision, f) }, models.ChangesRequested},
			{raiser, func(c *models.Change, f models.Facts) error {
				again := models.InputOf(c)
				again.Plan, again.Services = "Two steps.", []models.Slug{"web", "api"}
				return c.Edit(again, f)
			}, models.AwaitingApproval},
			{cab(2), func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) }, models.Approved},
			{cab(2), func(c *models.Change, f models.Facts) error { return c.Withdraw(f) }, models.AwaitingApproval},
			{cab(2), func(c *models.Change, f models.Facts) error { return c.Approve(c.Revision, f) }, models.Approved},
			{worker_, func(c *models.Change, f models.Facts) error { return c.Start(c.Revision, f) }, models.InProgress},
			{worker_, func(c *models.Change, f models.Facts) error {
				return c.Complete(models.Completion{Outcome: models.RolledBack, Note: "It did not help.", AsBuilt: "1.2", Incident: "INC-1", Priority: 2, OutageMinutes: 3}, f)
			}, models.Implemented},
			{worker_, func(c *models.Change, f models.Facts) error {
				return c.Review(models.YesToAll("We learned to measure before we tune."), f)
			}, models.Closed},
		}
		var id models.ChangeID
		var all []models.Event
		for i, step := range steps {
			if step.want == models.InProgress {
				must(t, s.Jump(ctx, 70*time.Minute))
			}
			var r store.Result
			var err error
			if i == 0 {
				r, err = s.CreateChange(ctx, by(step.by), step.move)
			} else {
				r, err = s.UpdateChange(ctx, by(step.by), id, step.move)
			}
			must(t, err)
			if id = r.Change.ID; r.Change.State != step.want {
				t.Fatalf("step %d: %s", i, r.Change.State)
			}
			kept, err := s.Change(ctx, ws, id)
			must(t, err)
			if diff := sameChange(r.Change, kept); diff != "" {
				t.Fatalf("step %d: decided (-) and kept (+) differ:\n%s", i, diff)
			}
			all = append(all, r.Events...)
		}
		history, err := s.History(ctx, ws, models.RecordRef{Kind: models.RecordChange, ID: int64(id)}, 100, 0)
		must(t, err)
		slices.Reverse(history)
		if diff := cmp.Diff(all, history); diff != "" {
			t.Errorf("recorded (-) and kept (+) events differ:\n%s", diff)
		}
	})
}

// fill puts something other than zero into every field.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 1, 0, 0, *n, 123456000, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \"ä😀\\", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	}
}

func TestEveryFieldOfAChangeIsKept(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		var full models.Change
		n := 0
		fill(reflect.ValueOf(&full).Elem(), &n)
		full.Workspace, full.State = ws, models.Approved
		move := func(c *models.Change, f models.Facts) error {
			if err := c.SaveDraft(input(s), f); err != nil {
				return err
			}
			full.ID, full.Requester, full.CreatedAt = c.ID, c.Requester, c.CreatedAt
			for i := range full.Approvals {
				full.Approvals[i].Void = "so that they stand beside each other"
			}
			c.Material, c.Cosmetic = full.Material, full.Cosmetic
			c.Identity.RollbackOf, c.Origin = full.Identity.RollbackOf, full.Origin
			kept := reflect.ValueOf(&c.Progress).Elem()
			for i := range kept.NumField() {
				if kept.Type().Field(i).IsExported() {
					kept.Field(i).Set(reflect.ValueOf(full.Progress).Field(i))
				}
			}
			return nil
		}
		created, err := s.CreateChange(ctx, by(raiser), move)
		must(t, err)
		kept, err := s.Change(ctx, ws, created.Change.ID)
		must(t, err)
		if diff := sameChange(&full, kept); diff != "" {
			t.Errorf("(-) given, (+) kept:\n%s", diff)
		}
		// And every one of them again when it is updated.
		second, err := s.CreateChange(ctx, by(raiser), func(c *models.Change, f models.Facts) error { return c.SaveDraft(input(s), f) })
		must(t, err)
		_, err = s.UpdateChange(ctx, by(raiser), second.Change.ID, func(c *models.Change, f models.Facts) error {
			was := c.Identity
			err := move(c, f)
			full.Identity.RollbackOf, full.Origin = was.RollbackOf, was.Origin
			c.Identity = was
			return err
		})
		must(t, err)
		kept, err = s.Change(ctx, ws, second.Change.ID)
		must(t, err)
		if diff := sameChange(&full, kept); diff != "" {
			t.Errorf("(-) given, (+) kept after an update:\n%s", diff)
		}
	})
}
