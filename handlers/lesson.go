package handlers

import (
	"context"

	"github.com/gatehousehq/gatehouse/bot/view"
	"github.com/gatehousehq/gatehouse/models"
	"github.com/gatehousehq/gatehouse/models/store"
)

// lessons lists what reviews found that future releases are asked for.
func (h *Handlers) lessons(ctx context.Context, r *Request) (Reply, error) {
	f, err := h.facts(ctx, r.User)
	if err != nil {
		return Reply{}, err
	}
	found, err := h.Store.Changes(ctx, h.Workspace, store.ChangeFilter{Lessons: true, Limit: listCount})
	if err != nil {
		return Reply{}, err
	}
	n := min(listMost, len(found))
	return say(view.LessonList(found[:n], len(found)-n, f)), nil
}

// dropLesson lets future releases be without a lesson.
func (h *Handlers) dropLesson(ctx context.Context, r *Request) (Reply, error) {
	return h.press(ctx, r, func(c *models.Change, _ models.Revision, f models.Facts) error { return c.DropLesson(f) })
}
