package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// envelopes hold an error to each dialect's envelope: these members and
// types, none besides. They return the message.
var envelopes = map[string]func(*testing.T, *answer, probe) string{
	"smart":   smartEnvelope,
	"snapotp": snapotpEnvelope,
	"shoop": func(t *testing.T, got *answer, _ probe) string {
		members(t, got, "error", "status")
		diff(t, "status", any(0.0), got.members["status"])
		return text(t, got, "error")
	},
	"dashboard": func(t *testing.T, got *answer, p probe) string {
		if p.before {
			return smartEnvelope(t, got, p)
		}
		return rcEnvelope(t, got, "requestId")
	},
	"pwa": func(t *testing.T, got *answer, _ probe) string { return rcEnvelope(t, got, "requestID") },
}

// speak is the language of each dialect where Accept-Language says nothing.
var speak = map[string]string{"smart": "id", "snapotp": "id", "shoop": "en", "dashboard": "en", "pwa": "en"}

func smartEnvelope(t *testing.T, got *answer, _ probe) string {
	t.Helper()
	members(t, got, "data", "message", "status")
	diff(t, "status", any("error"), got.members["status"])
	diff(t, "data", any([]any{}), got.members["data"])
	return text(t, got, "message")
}

func snapotpEnvelope(t *testing.T, got *answer, p probe) string {
	t.Helper()
	if got.status == 422 {
		members(t, got, "errors", "message", "success")
		errors, _ := got.members["errors"].(map[string]any)
		if said, _ := errors[p.field].(string); said == "" {
			t.Errorf("errors %v say nothing of %s", got.members["errors"], p.field)
		}
	} else {
		members(t, got, "message", "success")
	}
	diff(t, "success", any(false), got.members["success"])
	return text(t, got, "message")
}

func rcEnvelope(t *testing.T, got *answer, id string) string {
	t.Helper()
	members(t, got, "data", "message", "rc", id)
	diff(t, "rc", any(float64(got.status)), got.members["rc"])
	diff(t, "data", any(map[string]any{}), got.members["data"])
	diff(t, id, any(got.header.Get("X-Request-Id")), got.members[id])
	return text(t, got, "message")
}

func members(t *testing.T, got *answer, want ...string) {
	t.Helper()
	slices.Sort(want)
	diff(t, "members", want, slices.Sorted(maps.Keys(got.members)))
	if id, err := uuid.Parse(got.header.Get("X-Request-Id")); err != nil || id.Version() != 4 {
		t.Errorf("X-Request-Id %q is no random UUID", got.header.Get("X-Request-Id"))
	}
}

func text(t *testing.T, got *answer, member string) string {
	t.Helper()
	said, _ := got.members[member].(string)
	if said == "" {
		t.Errorf("%s is %#v", member, got.members[member])
	}
	return said
}

// speaks asks for two languages, the dialect's own without Accept-Language,
// or for the document's words.
func speaks(t *testing.T, e *endpoint, p probe, said map[string]string) {
	t.Helper()
	own := speak[e.dialect]
	if p.before && e.dialect == "dashboard" {
		own = speak["smart"]
	}
	switch {
	case p.fixed != "":
		for _, lang := range languages {
			diff(t, e.name()+": the document's words", p.fixed, said[lang])
		}
	case said["id"] == said["en"]:
		t.Errorf("%s: the same in Indonesian and English: %q", e.name(), said["id"])
	case said[""] != said[own]:
		t.Errorf("%s: without Accept-Language %q, which is not %q", e.name(), said[""], own)
	}
	if p.field != "" && !strings.Contains(said["en"], p.field) {
		t.Errorf("%s: %q does not name %s", e.name(), said["en"], p.field)
	}
}
