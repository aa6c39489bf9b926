package handlers

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// token answers "/gatehouse token [new NAME [90d] | revoke NAME]".
func (h *Handlers) token(ctx context.Context, r *Request) (Reply, error) {
	word, rest := firstWord(strings.TrimSpace(r.Text))
	name, rest := firstWord(strings.TrimSpace(rest))
	switch strings.ToLower(word) {
	case "", "list":
		return h.listTokens(ctx, r)
	case "new", "create", "make":
		return h.makeToken(ctx, r, name, rest)
	case "revoke":
		return h.revokeToken(ctx, r, name)
	}
	return Reply{}, models.Refusef("%q is nothing a token can do, so nothing was changed. Try new ci-shop, new ci-shop 30d, or revoke ci-shop.", clip(word, 40))
}

func (h *Handlers) listTokens(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	list, err := h.Store.Tokens(ctx, h.Workspace)
	return say(view.Tokens(list, h.GatehouseCommand, f)), err
}

func (h *Handlers) makeToken(ctx context.Context, r *Request, name, days string) (Reply, error) {
	h.know(ctx, r.User)
	in := models.TokenInput{Name: name}
	if days = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(days)), "d"); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n == 0 {
			return Reply{}, models.Refusef("%q is no number of days, so no token was made. Write it like new %s 30d.", clip(days, 20), clip(name, 40))
		}
		in.Days = n
	}
	secret, t, err := h.Store.CreateToken(ctx, h.command(r), in)
	if err != nil {
		return Reply{}, err
	}
	return say(view.TokenMade(t, secret)), nil
}

func (h *Handlers) revokeToken(ctx context.Context, r *Request, name string) (Reply, error) {
	h.know(ctx, r.User)
	t, err := h.Store.RevokeToken(ctx, h.command(r), name)
	if errors.Is(err, store.ErrNotFound) {
		return Reply{}, models.Refusef("There is no token %q, so nothing was revoked. %s token lists those there are.", clip(name, 40), h.GatehouseCommand)
	}
	if err != nil {
		return Reply{}, err
	}
	return say(view.TokenRevoked(t)), nil
}
