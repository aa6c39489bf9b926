package slackapi

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"
)

// File is what is to be shared. It is text: a calendar entry, a certificate.
type File struct{ Name, Title, Body string }

var errForeignUpload = errors.New("upload url does not belong to Slack")

// PrepareFile takes a file to Slack, where nobody sees it until it is shared. An
// upload that failed, or may have, is simply begun anew.
func (c *Client) PrepareFile(ctx context.Context, f File) (id string, err error) {
	var at string
	err = c.do(ctx, c.background, MethodUploadURL, "", func(ctx context.Context) error {
		res, err := c.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: f.Name, FileSize: len(f.Body)})
		if err == nil {
			id, at = res.FileID, res.UploadURL
		}
		return err
	})
	if err == nil {
		err = c.do(ctx, c.background, MethodUpload, "", func(ctx context.Context) error { return c.upload(ctx, at, f.Body) })
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == MayHaveHappened {
		e.Kind = Later // repeating it shows nothing to anybody
	}
	return id, err
}

func (c *Client) upload(ctx context.Context, at, body string) error {
	if !c.slacks(at, func(host string) bool {
		return strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-files.com")
	}) {
		return errForeignUpload
	}
	ctx.Value(tripKey{}).(*trip).bare = true
	return c.send(ctx, at, "application/octet-stream", []byte(body), errForeignUpload)
}

// ShareFile shows a prepared file under a message, with a line of words. A file
// is shared once: doing so again is refused with [Error.Shared].
func (c *Client) ShareFile(ctx context.Context, id string, f File, comment, channel, threadTS string) error {
	return c.do(ctx, c.background, MethodShare, channel, func(ctx context.Context) error {
		_, err := c.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
			Files: []slack.FileSummary{{ID: id, Title: f.Title}}, Channel: channel, ThreadTimestamp: threadTS, InitialComment: comment})
		return err
	})
}

// Shared reports whether Slack knows of no prepared file of this id: it was
// shared already, or waited for too long.
func (e *Error) Shared() bool { return e.Method == MethodShare && e.Code == "file_not_found" }
