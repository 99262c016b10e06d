package cert

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
)

// heard remembers what an ACME server found wrong: autocert tries the next kind
// of challenge and forgets why the one before failed, which is all that an
// operator wants to know.
type heard struct {
	inner http.RoundTripper

	mu sync.Mutex
	of map[string]string // by host; "": of no host in particular
}

// mostHeard bounds what is read of an answer in order to remember it, and
// longestHeard what is remembered, in bytes.
const mostHeard, longestHeard = 64 << 10, 500

// RoundTrip implements http.RoundTripper.
func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if media != "application/json" && media != "application/problem+json" {
		return answer, nil
	}
	begin, err := io.ReadAll(io.LimitReader(answer.Body, mostHeard))
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), &rest{err, answer.Body}), answer.Body}
	h.note(begin)
	return answer, nil
}

// rest is what comes after what was read, the error of that reading first.
type rest struct {
	err error
	io.Reader
}

// Read implements io.Reader.
func (r *rest) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.Reader.Read(b)
}

// problem is RFC 7807's, as RFC 8555 6.7 uses it.
type problem struct {
	Type   string `json:"type"`
	Detail string `json:"detail"`
}

// note takes the problem out of an authorization (RFC 8555 7.1.4) or an error.
func (h *heard) note(body []byte) {
	var answer struct {
		problem
		Identifier struct{ Value string }
		Challenges []struct {
			Type  string
			Error *problem
		}
	}
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	if answer.Detail != "" && !strings.HasSuffix(answer.Type, ":badNonce") { // which is asked again
		h.keep("", answer.Detail)
	}
	for _, c := range answer.Challenges {
		if c.Error != nil {
			h.keep(answer.Identifier.Value, c.Type+": "+c.Error.Detail)
		}
	}
}

func (h *heard) keep(host, what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of[host] = strings.ToValidUTF8(what[:min(len(what), longestHeard)], "")
}

// last is what was found wrong with a host, or with no host in particular.
func (h *heard) last(host string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if what := h.of[host]; what != "" {
		return what
	}
	return h.of[""]
}
