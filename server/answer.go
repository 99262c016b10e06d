package server

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"kunci/server/auth"
)

// writeJSON answers with a body as JSON. Names keep their <, > and &.
func writeJSON(x *exchange, status int, body any) {
	b := bytes.NewBuffer(make([]byte, 0, 512)) // most answers fit
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // a body of ours that is no JSON
	}
	h := x.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	x.WriteHeader(status)
	_, _ = x.Write(b.Bytes()) // the client may be gone; there is nobody to tell
}

// errorBody is the envelope of what belongs to no dialect.
type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"` // RFC 6749 5.2
}

func writeError(x *exchange, status int, what string) { writeJSON(x, status, errorBody{Error: what}) }

// retryAfter says when to try again, in whole seconds, at least one.
func retryAfter(x *exchange, e *auth.Error) {
	if e.RetryAfter > 0 {
		x.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	} else if e.Kind == auth.Busy || e.Kind == auth.TooMany {
		x.Header().Set("Retry-After", "1")
	}
}
