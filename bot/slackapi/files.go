package slackapi

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
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
	u, err := url.Parse(at)
	if err != nil || u.User != nil || !c.ownBase && (u.Scheme != "https" || !strings.HasSuffix(u.Host, ".slack.com") && !strings.HasSuffix(u.Host, ".slack-files.com")) ||
		c.ownBase && (u.Scheme != c.base.Scheme || u.Host != c.base.Host) {
		return errForeignUpload
	}
	ctx.Value(tripKey{}).(*trip).bare = true
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader([]byte(body)))
	if err != nil {
		return errForeignUpload // the parser's own error would quote the URL
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
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
