package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gatehousehq/gatehouse/models"
)

// tokenRow is a token as kept: of its secret only the hash.
type tokenRow struct {
	WorkspaceID models.WorkspaceID `gorm:"primaryKey"`
	ID          int64              `gorm:"primaryKey;autoIncrement:false"`
	Name        string
	Hash        string
	Scopes      jsonOf[[]models.TokenScope]
	MadeBy      models.UserID
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      *time.Time
	RevokedAt   *time.Time
	RevokedBy   models.UserID
}

func (tokenRow) TableName() string { return "tokens" }

var tokens = tableOf[tokenRow]()

func (r tokenRow) token() models.Token {
	return models.Token{Workspace: r.WorkspaceID, ID: r.ID, Name: r.Name, Hash: r.Hash, Scopes: r.Scopes.V, By: r.MadeBy,
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), UsedAt: val(r.UsedAt), RevokedAt: val(r.RevokedAt), RevokedBy: r.RevokedBy}
}

func rowOfToken(ws models.WorkspaceID, t models.Token) tokenRow {
	return tokenRow{WorkspaceID: ws, ID: t.ID, Name: t.Name, Hash: t.Hash, Scopes: jsonOf[[]models.TokenScope]{t.Scopes}, MadeBy: t.By,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: opt(t.UsedAt), RevokedAt: opt(t.RevokedAt), RevokedBy: t.RevokedBy}
}

// tokenPrefix is what every secret begins with, so that scanners of leaked
// secrets know it.
const tokenPrefix = "gatehouse-"

// secretBytes are 256 bits: nobody guesses them, so a plain hash protects them.
// In hex no letter of it means anything to Slack.
const secretBytes = 32

// CreateToken makes a token and returns its secret, which is kept nowhere.
func (s *Store) CreateToken(ctx context.Context, cmd Command, in models.TokenInput) (secret string, t models.Token, err error) {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // never fails
	secret = tokenPrefix + hex.EncodeToString(random)
	err = s.engine.door(ctx, func(b batch) error {
		var m moment
		var id int64
		if err := b.do(ctx, nextNumber(cmd.Workspace, "token", &id), m.look(cmd)); err != nil {
			return err
		}
		f, err := s.facts(ctx, cmd.Workspace, m, b.do)
		if err != nil {
			return err
		}
		made, happened, err := models.MakeToken(in, f)
		if err != nil {
			return err
		}
		made.Workspace, made.ID, made.Hash = cmd.Workspace, id, hashOf(secret)
		kept := false
		put := tokens.insert([]tokenRow{rowOfToken(cmd.Workspace, made)})
		put.sql += " ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id"
		put.each = func(x scanner) error { kept = true; return x.Scan(&id) }
		if err := b.do(ctx, put); err != nil {
			return err
		}
		if !kept {
			return models.TokenTaken(made.Name)
		}
		t = made
		return b.do(ctx, addEvents(cmd, models.RecordRef{Kind: models.RecordToken, ID: made.ID}, happened))
	})
	return secret, t, s.tokenError(ctx, cmd, 0, "make", err)
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// tokenError notes a refusal in the audit log.
func (s *Store) tokenError(ctx context.Context, cmd Command, id int64, what string, err error) error {
	if r, refused := models.AsRefusal(err); refused {
		s.NoteRefusal(ctx, cmd, models.RecordRef{Kind: models.RecordToken, ID: id}, r)
		return err
	}
	if err != nil {
		return fmt.Errorf("%s token: %w", what, err)
	}
	return nil
}

// TokenBySecret is the token with this secret, whatever state it is in;
// ErrNotFound when there is none. It is found by the hash, and what is found is
// compared in constant time.
func (s *Store) TokenBySecret(ctx context.Context, ws models.WorkspaceID, secret string) (models.Token, error) {
	list, err := s.tokens(ctx, "workspace_id = ? AND hash = ?", ws, hashOf(secret))
	switch {
	case err != nil:
		return models.Token{}, fmt.Errorf("look for a token: %w", err)
	case len(list) == 0 || subtle.ConstantTimeCompare([]byte(list[0].Hash), []byte(hashOf(secret))) != 1:
		return models.Token{}, ErrNotFound
	}
	return list[0], nil
}

// Tokens lists all tokens of the workspace, the newest first.
func (s *Store) Tokens(ctx context.Context, ws models.WorkspaceID) ([]models.Token, error) {
	list, err := s.tokens(ctx, "workspace_id = ? ORDER BY id DESC", ws)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

func (s *Store) tokens(ctx context.Context, where string, args ...any) ([]models.Token, error) {
	var rows []tokenRow
	if err := s.engine.read(ctx, stmt{sql: tokens.sel(where), args: args, each: tokens.collect(&rows)}); err != nil {
		return nil, err
	}
	out := make([]models.Token, len(rows))
	for i, r := range rows {
		out[i] = r.token()
	}
	return out, nil
}

// RevokeToken ends a token at once, on all replicas; ErrNotFound when the
// workspace has none of that name.
func (s *Store) RevokeToken(ctx context.Context, cmd Command, name string) (t models.Token, err error) {
	err = s.engine.door(ctx, func(b batch) error {
		var m moment
		var found []tokenRow
		lock := tokens.sel("workspace_id = ? AND name = ?")
		if s.kind == Postgres {
			lock += " FOR UPDATE"
		}
		if err := b.do(ctx, stmt{sql: lock, args: []any{cmd.Workspace, name}, each: tokens.collect(&found)}, m.look(cmd)); err != nil {
			return err
		}
		f, err := s.facts(ctx, cmd.Workspace, m, b.do)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		t = found[0].token()
		happened, err := t.Revoke(f)
		if err != nil {
			return err
		}
		row := rowOfToken(cmd.Workspace, t)
		update, _ := tokens.update(&found[0], &row, "workspace_id = ? AND id = ?", cmd.Workspace, t.ID)
		return b.do(ctx, update, addEvents(cmd, models.RecordRef{Kind: models.RecordToken, ID: t.ID}, happened))
	})
	return t, s.tokenError(ctx, cmd, t.ID, "revoke", err)
}

// usedEvery is how exactly it is known when a token was last used.
const usedEvery = time.Minute

// TokenUsed notes that a token was used now.
func (s *Store) TokenUsed(ctx context.Context, t models.Token) error {
	now := s.Now()
	if now.Sub(t.UsedAt) < usedEvery && !now.Before(t.UsedAt) {
		return nil
	}
	err := s.engine.door(ctx, func(b batch) error {
		return b.do(ctx, stmt{sql: "UPDATE tokens SET used_at = ? WHERE workspace_id = ? AND id = ?", args: []any{now, t.Workspace, t.ID}})
	})
	if err != nil {
		return fmt.Errorf("note the use of token %s: %w", t.Name, err)
	}
	return nil
}
