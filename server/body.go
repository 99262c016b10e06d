package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"kunci/server/auth"
)

// readAll reads a body of at most maxBody bytes. What is larger than any
// document's request needs a place: a client may take as long as readWithin
// to send its body, and thousands of slow ones would hold 64 KiB each.
func (s *Server) readAll(x *exchange, r *http.Request) ([]byte, *auth.Error) {
	for _, coding := range r.Header.Values("Content-Encoding") {
		if !strings.EqualFold(coding, "identity") {
			return nil, &auth.Error{Kind: auth.MediaType, Reason: "media_type", Cause: errors.New("a content coding (RFC 9110 15.5.16)")}
		}
	}
	if r.ContentLength > maxBody {
		x.Header().Set("Connection", "close") // rather than read what is refused
		return nil, &auth.Error{Kind: auth.TooLarge, Reason: "too_large"}
	}
	from := http.MaxBytesReader(x.ResponseWriter, r.Body, maxBody)
	body, err := io.ReadAll(io.LimitReader(from, smallBody+1))
	if err != nil || len(body) <= smallBody {
		return body, bodyError(err)
	}
	select {
	case s.large <- struct{}{}:
		defer func() { <-s.large }()
	default:
		x.Header().Set("Connection", "close")
		return nil, &auth.Error{Kind: auth.Busy, Reason: "busy", RetryAfter: time.Second, Cause: errors.New("too many large bodies at once")}
	}
	rest, err := io.ReadAll(from)
	return append(body, rest...), bodyError(err)
}

func bodyError(err error) *auth.Error {
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return &auth.Error{Kind: auth.TooLarge, Reason: "too_large"}
	case err != nil:
		return &auth.Error{Kind: auth.Malformed, Reason: "malformed", Cause: errors.New("the body broke off")}
	}
	return nil
}
