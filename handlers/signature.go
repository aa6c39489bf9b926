package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Headers of Slack's signature, version 0.
const (
	headerSignature = "X-Slack-Signature"
	headerTimestamp = "X-Slack-Request-Timestamp"
)

// signedWithin is how far a request's timestamp may be from this machine's
// clock, as Slack advises.
const signedWithin = 5 * time.Minute

var (
	errNoSecret  = errors.New("no signing secret is configured")
	errUnsigned  = errors.New("signature headers are missing or there is more than one")
	errNoTime    = errors.New("timestamp is no number")
	errNotNow    = errors.New("timestamp is more than five minutes off")
	errSignature = errors.New("signature does not fit")
)

// verify checks Slack's signature over the raw body, in constant time. It
// takes what Slack writes and nothing like it: one header each, "v0=" and
// lower-case hex.
func verify(header http.Header, body []byte, secret string, now time.Time) error {
	if secret == "" {
		return errNoSecret
	}
	signatures, stamps := header.Values(headerSignature), header.Values(headerTimestamp)
	if len(signatures) != 1 || len(stamps) != 1 {
		return errUnsigned
	}
	seconds, err := strconv.ParseInt(stamps[0], 10, 64)
	if err != nil {
		return errNoTime
	}
	if at := time.Unix(seconds, 0); at.Before(now.Add(-signedWithin)) || at.After(now.Add(signedWithin)) {
		return errNotNow
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamps[0] + ":"))
	mac.Write(body)
	want := "v0=" + hex.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(signatures[0])) {
		return errSignature
	}
	return nil
}
