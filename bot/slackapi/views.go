package slackapi

import (
	"context"

	"github.com/slack-go/slack"
)

// View is what is needed to change a view later. Hash belongs to the state
// just shown; pass it on so that an older update can't overwrite a newer one.
type View struct{ ID, Hash string }

// OpenView opens a modal. The trigger lives three seconds and works once.
func (c *Client) OpenView(ctx context.Context, trigger string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, MethodOpen, func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.OpenViewContext(ctx, trigger, v)
	})
}

// PushView lays a modal over the open one; Slack allows three in all.
func (c *Client) PushView(ctx context.Context, trigger string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, MethodPush, func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.PushViewContext(ctx, trigger, v)
	})
}

// UpdateView replaces an open modal. With a hash that is no longer the newest
// it fails with ViewChanged; an empty hash overwrites whatever is there.
func (c *Client) UpdateView(ctx context.Context, id, hash string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, MethodReplace, func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.UpdateViewContext(ctx, v, "", hash, id)
	})
}

// PublishHome shows a Home tab to one person. Repeating it does no harm.
func (c *Client) PublishHome(ctx context.Context, user string, v slack.HomeTabViewRequest, hash string) (View, error) {
	req := slack.PublishViewContextRequest{UserID: user, View: v}
	if hash != "" {
		req.Hash = &hash
	}
	return c.view(ctx, MethodPublish, func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.PublishViewContext(ctx, req)
	})
}

func (c *Client) view(ctx context.Context, method string, call func(context.Context) (*slack.ViewResponse, error)) (v View, err error) {
	budget := c.background
	if method == MethodOpen || method == MethodPush {
		budget = c.interactive
	}
	err = c.do(ctx, budget, method, "", func(ctx context.Context) error {
		r, err := call(ctx)
		if err == nil {
			v = View{r.View.ID, r.View.Hash}
		}
		return err
	})
	return v, err
}
