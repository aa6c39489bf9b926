package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

func TestATokenIsFoundByItsSecretInItsWorkspaceUntilItIsRevoked(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		operator := store.Command{Workspace: ws}
		secret, made, err := s.CreateToken(ctx, operator, models.TokenInput{Name: "ci-shop", For: worker_})
		must(t, err)
		found, err := s.TokenBySecret(ctx, ws, secret)
		must(t, err)
		if found.Name != "ci-shop" || found.By != worker_ || found.Hash == "" || found.Hash == secret || !found.ExpiresAt.Equal(made.ExpiresAt) {
			t.Errorf("%+v", found)
		}
		furnish(t, s, other, quorum(1, 1))
		for _, x := range []struct {
			ws     models.WorkspaceID
			secret string
		}{{other, secret}, {ws, secret[:40]}, {ws, secret + "0"}, {ws, ""}, {ws, found.Hash}} {
			if _, err := s.TokenBySecret(ctx, x.ws, x.secret); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q opens %s: %v", x.secret, x.ws, err)
			}
		}
		must(t, s.TokenUsed(ctx, found))
		again, err := s.TokenBySecret(ctx, ws, secret)
		must(t, err)
		if d := s.Now().Sub(again.UsedAt); d < 0 || d > time.Minute {
			t.Errorf("used %s ago", d)
		}
		if _, err := s.RevokeToken(ctx, operator, "ci-other"); !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
		_, err = s.RevokeToken(ctx, operator, "ci-shop")
		must(t, err)
		again, err = s.TokenBySecret(ctx, ws, secret)
		must(t, err)
		if again.RevokedAt.IsZero() {
			t.Error("it was revoked, and does not say so")
		}
		var kinds []models.EventKind
		events, err := s.History(ctx, ws, models.RecordRef{Kind: models.RecordToken, ID: made.ID}, 10, 0)
		must(t, err)
		for _, e := range events {
			kinds = append(kinds, e.Kind)
		}
		if len(kinds) != 2 || kinds[0] != models.EventTokenRevoked || kinds[1] != models.EventTokenMade {
			t.Errorf("the audit log says %v", kinds)
		}
	})
}

func TestANameOfATokenIsGivenOnce(t *testing.T) {
	each(t, 1, func(t *testing.T, s *store.Store) {
		var made atomic.Int32
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				_, _, err := s.CreateToken(ctx, store.Command{Workspace: ws}, models.TokenInput{Name: "ci-shop", For: worker_})
				if _, refused := models.AsRefusal(err); err != nil && !refused {
					t.Error(err)
				}
				if err == nil {
					made.Add(1)
				}
			})
		}
		wg.Wait()
		list, err := s.Tokens(ctx, ws)
		must(t, err)
		if made.Load() != 1 || len(list) != 1 {
			t.Errorf("%d were made and %d are kept, want 1", made.Load(), len(list))
		}
	})
}
