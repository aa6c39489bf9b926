package slackfake

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"
)

// upload is a file on its way: URL given, then bytes received, then shared.
type upload struct {
	id, name, title string
	length          int
	data            []byte
	here, shared    bool
}

// File is a shared file.
type File struct {
	ID, Name, Title string
	Data            []byte
}

// Files lists the files that were completed.
func (s *Server) Files() []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []File{}
	for _, id := range sortedKeys(s.uploads) {
		if u := s.uploads[id]; u.shared {
			out = append(out, File{u.id, u.name, u.title, slices.Clone(u.data)})
		}
	}
	return out
}

func (c *call) uploadURL() (obj, error) {
	n, ok := intOf(c.args, "length", 0)
	if strOf(c.args, "filename") == "" || !ok || n <= 0 {
		return nil, no("invalid_arguments")
	}
	u := &upload{id: c.id("F"), name: strOf(c.args, "filename"), length: n}
	c.uploads[u.id] = u
	return obj{"upload_url": c.base + "/upload/" + u.id, "file_id": u.id}, nil
}

// serveUpload takes the bytes, raw or as the first part of a multipart body.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	rule := s.hit(nil, "upload", "*")
	status := 0
	if undone(rule) != "" {
		status, _ = s.failEarly(w, r, rule)
	} else {
		data, err := bytesOf(http.MaxBytesReader(w, r.Body, 64<<20), r.Header.Get("Content-Type"))
		if rule != nil && rule.Kind == Slow {
			pause(r.Context(), time.Duration(rule.MS)*time.Millisecond)
		}
		s.mu.Lock()
		u := s.uploads[r.PathValue("id")]
		switch {
		case u == nil || u.here:
			status = http.StatusNotFound
		case err != nil || len(data) != u.length:
			status = http.StatusBadRequest
		default:
			u.data, u.here, status = data, true, 200
		}
		s.mu.Unlock()
		if kindOf(rule) == DropReply {
			cut(w)
		} else {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, map[bool]string{true: "OK", false: "the upload is unknown, used or of another length"}[status == 200])
		}
	}
	s.traffic(entry{Dir: "out", What: "upload", Status: status, MS: since(began), Request: r.PathValue("id"), Fault: kindOf(rule)})
}

func bytesOf(body io.Reader, contentType string) ([]byte, error) {
	if kind, params, err := mime.ParseMediaType(contentType); err == nil && kind == "multipart/form-data" {
		p, err := multipart.NewReader(body, params["boundary"]).NextPart()
		if err != nil {
			return nil, err
		}
		body = p
	}
	return io.ReadAll(body)
}

func (c *call) uploadDone() (obj, error) {
	list, _ := c.args["files"].([]any)
	if len(list) == 0 {
		return nil, no("invalid_arguments")
	}
	var files []*upload
	shown := []any{}
	for _, f := range list {
		f, _ := f.(obj)
		u := c.uploads[strOf(f, "id")]
		if u == nil || !u.here || u.shared {
			return nil, no("file_not_found")
		}
		u.title = strOf(f, "title")
		if u.title == "" {
			u.title = u.name
		}
		files = append(files, u)
		shown = append(shown, c.fileJSON(u))
	}
	ids := strings.FieldsFunc(strOf(c.args, "channels")+","+strOf(c.args, "channel_id"), func(r rune) bool { return r == ',' })
	if len(ids) > 100 {
		return nil, no("too_many_channels")
	}
	var rooms []*room
	for _, id := range ids {
		r, err := c.place(id)
		if err == nil && !c.botIn(r) {
			err = no("not_in_channel")
		}
		if err == nil {
			err = parent(r, strOf(c.args, "thread_ts"))
		}
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		c.add(r, &Message{User: c.app.botUser, BotID: c.app.botID, Text: strOf(c.args, "initial_comment"), ThreadTS: strOf(c.args, "thread_ts"), Files: clone(shown)})
	}
	for _, u := range files {
		u.shared = true
	}
	return obj{"files": shown}, nil
}

func (s *Server) fileJSON(u *upload) obj {
	return obj{"id": u.id, "name": u.name, "title": u.title, "size": len(u.data), "user": s.app.botUser, "mode": "hosted", "created": s.cfg.Now().Unix()}
}

func (c *call) fileInfo() (obj, error) {
	u := c.uploads[strOf(c.args, "file")]
	if u == nil || !u.shared {
		return nil, no("file_not_found")
	}
	return obj{"file": c.fileJSON(u)}, nil
}
