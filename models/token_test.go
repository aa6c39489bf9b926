package models

import (
	"maps"
	"testing"
	"time"
)

// tokenOf is a token that oli, an admin, has made.
func (w *world) tokenOf(t *testing.T) Token {
	t.Helper()
	token, _, err := MakeToken(TokenInput{Name: "ci-shop"}, w.as(oli))
	must(t, err)
	return token
}

func init() { maps.Copy(refusals, tokenRefusals()) }

// tokenRefusals are what nobody can do with a token.
func tokenRefusals() map[string]func(*testing.T, *world) error {
	made := func(edit func(*TokenInput), u UserID) func(*testing.T, *world) error {
		return func(_ *testing.T, w *world) error {
			in := TokenInput{Name: "ci-shop"}
			edit(&in)
			_, _, err := MakeToken(in, w.as(u))
			return err
		}
	}
	admits := func(edit func(*Token, *Facts)) func(*testing.T, *world) error {
		return func(t *testing.T, w *world) error {
			token, f := w.tokenOf(t), w.as(oli)
			edit(&token, &f)
			return token.Admits(ScopeEvidence, f)
		}
	}
	return map[string]func(*testing.T, *world) error{
		"made by an engineer":   made(func(*TokenInput) {}, ana),
		"made by a guest":       made(func(*TokenInput) {}, pat),
		"no name":               made(func(in *TokenInput) { in.Name = " " }, oli),
		"a name with a space":   made(func(in *TokenInput) { in.Name = "ci shop" }, oli),
		"an unknown scope":      made(func(in *TokenInput) { in.Scopes = []TokenScope{"verify"} }, oli),
		"for ever":              made(func(in *TokenInput) { in.Days = 5000 }, oli),
		"less than no days":     made(func(in *TokenInput) { in.Days = -1 }, oli),
		"for nobody":            made(func(*TokenInput) {}, ""),
		"for a stranger":        made(func(in *TokenInput) { in.For = "U9" }, ""),
		"for somebody who left": made(func(in *TokenInput) { in.For = quin }, ""),
		"a name given before":   func(*testing.T, *world) error { return TokenTaken("ci-shop") },
		"nobody is an admin": func(_ *testing.T, w *world) error {
			w.Roles[RoleAdmin] = nil
			_, _, err := MakeToken(TokenInput{Name: "ci-shop"}, w.as(ana))
			return err
		},
		"revoked by an engineer": func(t *testing.T, w *world) error {
			token := w.tokenOf(t)
			_, err := token.Revoke(w.as(ana))
			return err
		},
		"revoked twice": func(t *testing.T, w *world) error {
			token := w.tokenOf(t)
			_, err := token.Revoke(w.as(oli))
			must(t, err)
			_, err = token.Revoke(w.as(oli))
			return err
		},
		"used when revoked":         admits(func(t *Token, f *Facts) { t.RevokedAt = f.Now }),
		"used when expired":         admits(func(t *Token, f *Facts) { f.Now = t.ExpiresAt }),
		"used for something else":   admits(func(t *Token, _ *Facts) { t.Scopes = nil }),
		"used after its maker left": admits(func(_ *Token, f *Facts) { f.Actor.Deleted = true }),
	}
}

func TestATokenIsMadeByAnAdminOrAtTheCommandLineForAPerson(t *testing.T) {
	w := newWorld()
	token, events, err := MakeToken(TokenInput{Name: "ci-shop", For: ana}, w.as(oli))
	must(t, err)
	if token.By != oli || token.ExpiresAt.Sub(w.now) != TokenDays*24*time.Hour || len(events) != 1 || events[0].Actor != oli {
		t.Errorf("an admin made it for somebody else: %+v, %+v", token, events)
	}
	token, events, err = MakeToken(TokenInput{Name: "ci-shop", For: ana, Days: 7}, w.as(""))
	must(t, err)
	if token.By != ana || events[0].Actor != "" {
		t.Errorf("%+v, %+v", token, events)
	}
	f := w.as(ana)
	must(t, token.Admits(ScopeEvidence, f))
	f.Now = token.ExpiresAt.Add(-time.Second)
	must(t, token.Admits(ScopeEvidence, f))
}
