package server_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// credentials are tokens and Shoop keys by their shape.
var credentials = regexp.MustCompile(`v2\.public\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+|\b[0-9a-f]{40}\b`)

// record is the log of a server under test.
type record struct {
	mu      sync.Mutex
	text    bytes.Buffer
	secrets []string
}

// newRecord checks at cleanup, after the server has stopped, that every line
// is one JSON object and none holds a secret.
func newRecord(t *testing.T) *record {
	r := &record{}
	t.Cleanup(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for line := range strings.Lines(r.text.String()) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Errorf("a log line that is no JSON object: %s", line)
			}
		}
		for _, secret := range r.secrets {
			if strings.Contains(r.text.String(), secret) {
				t.Errorf("the log holds the secret %q", secret)
			}
		}
		if found := credentials.FindString(r.text.String()); found != "" {
			t.Errorf("the log holds what looks like a token or key: %s", found)
		}
	})
	return r
}

// Write keeps what the server logs.
func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

// secret declares what must not be in the log.
func (r *record) secret(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secrets...)
}

// all are the secrets that were declared.
func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.secrets...)
}

// lines are the log's lines about one request.
func (r *record) lines(requestID string) (found []map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.text.String()) {
		var object map[string]any
		if json.Unmarshal([]byte(line), &object) == nil && object["request"] == requestID {
			found = append(found, object)
		}
	}
	return found
}
