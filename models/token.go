package models

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// TokenScope is one thing that a token lets a pipeline do.
type TokenScope string

// The scopes.
const ScopeEvidence TokenScope = "evidence" // submit evidence for items of checklists; never verify it

// TokenScopes lists all of them.
var TokenScopes = []TokenScope{ScopeEvidence}

var scopeNames = map[TokenScope]string{ScopeEvidence: "submit evidence"}

// String finishes the sentence "It may …".
func (s TokenScope) String() string { return scopeNames[s] }

// Token lets a pipeline in, by name. Its secret is shown once and never kept;
// what is kept is a hash. Whoever made it counts as the one who submits.
type Token struct {
	Workspace WorkspaceID
	ID        int64
	Name      string // given once in a workspace, also after it was revoked
	Hash      string // SHA-256 of the secret, in hex
	Scopes    []TokenScope
	By        UserID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // within a minute or so; zero = never
	RevokedAt time.Time
	RevokedBy UserID
}

// RecordToken is the kind of a token, in events.
const RecordToken RecordKind = "token"

// What can happen to a token.
const (
	EventTokenMade    EventKind = "token_made"
	EventTokenRevoked EventKind = "token_revoked"
)

// FieldScopes is what a token may be used for, beside FieldName and FieldExpiry.
const FieldScopes Field = "scopes"

// TokenDays is how long a token holds unless somebody says otherwise, and
// MostTokenDays how long at most: what is never renewed is never looked at.
const (
	TokenDays     = 90
	MostTokenDays = 366
)

// TokenInput is what somebody asks for.
type TokenInput struct {
	Name   string
	Scopes []TokenScope // none = evidence
	Days   int          // 0 = TokenDays
	For    UserID       // whose evidence it is; "" = the actor's. Only whoever runs Gatehouse names somebody else
}

var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,39}$`)

// MakeToken is a new token without its hash, and what to write down. Admins
// make tokens, and evidence that comes by one counts as theirs; at the command
// line, where nobody acts in Slack, it is made for a person.
func MakeToken(in TokenInput, f Facts) (Token, []Event, error) {
	if err := mayToken("make a token", f); err != nil {
		return Token{}, nil, err
	}
	if in.Days == 0 {
		in.Days = TokenDays
	}
	if len(in.Scopes) == 0 {
		in.Scopes = []TokenScope{ScopeEvidence}
	}
	if f.Actor.ID != "" || in.For == "" {
		in.For = f.Actor.ID
	}
	errs := fieldErrors{}
	if p, known := f.People[in.For]; !known || p.Deleted || p.Bot || p.Guest {
		errs.add(FieldOwner, "A token needs a person of this workspace in whose name evidence comes, and that person must have used Gatehouse before. Name one by the Slack id, such as U0123456.")
	}
	in.Name = strings.TrimSpace(in.Name)
	if !tokenName.MatchString(in.Name) {
		errs.add(FieldName, "A token needs a name of 2 to 40 small letters, digits and dashes that says who uses it, such as ci-shop.")
	}
	for _, s := range in.Scopes {
		if !slices.Contains(TokenScopes, s) {
			errs.add(FieldScopes, "There is no scope %q. Choose from: %s.", string(s), joinScopes(TokenScopes))
		}
	}
	if in.Days < 1 || in.Days > MostTokenDays {
		errs.add(FieldExpiry, "A token holds for 1 to %d days. Make a new one when it ends.", MostTokenDays)
	}
	if err := errs.err("No token was made: some answers need another look."); err != nil {
		return Token{}, nil, err
	}
	t := Token{Name: in.Name, Scopes: in.Scopes, By: in.For, CreatedAt: f.Now, ExpiresAt: f.Now.AddDate(0, 0, in.Days).UTC()}
	return t, []Event{{Kind: EventTokenMade, Actor: f.Actor.ID, At: f.Now, Reason: t.Name + ": " + joinScopes(t.Scopes) + ", until " + dateText(t.ExpiresAt)}}, nil
}

func joinScopes(scopes []TokenScope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return list(words, "")
}

// TokenTaken refuses a name that was given before.
func TokenTaken(name string) error {
	return Refusef("A token named %s was made before, so none was made now. Names are given once, so that the audit log stays clear: choose another.", name)
}

// mayToken: admins, and whoever runs Gatehouse, who is no actor in Slack.
func mayToken(what string, f Facts) error {
	if f.Actor.ID == "" {
		return nil
	}
	if ok, why := f.Actor.CanDecide(); !ok {
		return Refusef("You can't %s: %s. Ask an admin of Gatehouse.", what, why)
	}
	if f.Holds(f.Actor.ID, RoleAdmin) {
		return f.Actor.confirmed(f.Now)
	}
	var admins []string
	for _, u := range f.Roles[RoleAdmin] {
		if f.active(u) {
			admins = append(admins, f.Name(u))
		}
	}
	return Refusef("Only admins of Gatehouse %s. Ask %s.", what, list(admins, "whoever runs Gatehouse to name one: nobody is"))
}

// Revoke ends the token for good.
func (t *Token) Revoke(f Facts) ([]Event, error) {
	if err := mayToken("revoke a token", f); err != nil {
		return nil, err
	}
	if !t.RevokedAt.IsZero() {
		return nil, Settledf("The token %s was revoked before, so nothing was changed.", t.Name)
	}
	t.RevokedAt, t.RevokedBy = f.Now, f.Actor.ID
	return []Event{{Kind: EventTokenRevoked, Actor: f.Actor.ID, At: f.Now, Reason: t.Name}}, nil
}

// Admits refuses what the token does not open, in words for whoever runs the
// pipeline. f.Actor is who made it.
func (t Token) Admits(s TokenScope, f Facts) error {
	switch {
	case !t.RevokedAt.IsZero():
		return Refusef("The token %s was revoked on %s. Ask an admin of Gatehouse for a new one.", t.Name, dateText(t.RevokedAt))
	case !f.Now.Before(t.ExpiresAt):
		return Refusef("The token %s expired on %s. Ask an admin of Gatehouse for a new one.", t.Name, dateText(t.ExpiresAt))
	case !slices.Contains(t.Scopes, s):
		return Refusef("The token %s may not %s. Ask an admin of Gatehouse for one with the scope %s.", t.Name, s, string(s))
	case f.Actor.Deleted:
		return Refusef("Whoever made the token %s has left the workspace, so it opens nothing any more. Ask an admin of Gatehouse for a new one.", t.Name)
	}
	return nil
}

// State says in a word how the token stands.
func (t Token) State(now time.Time) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "revoked"
	case !now.Before(t.ExpiresAt):
		return "expired"
	}
	return "in force"
}
