package server_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kunci/mail"
)

// refusedBesides are requests that a route besides those of the APIs refuses,
// by status.
var refusedBesides = map[string]map[string]request{
	"/readyz": {"503": get("/readyz")},
	"/introspect": {
		"400": post("/introspect", formType, "").bearer(introspectSecret),
		"401": post("/introspect", formType, "token=x").bearer("none"),
		"404": introspection("x"),
	},
	"/reset-password": {
		"400": post("/reset-password", formType, "token=x&password="+secret),
		"403": post("/reset-password", formType, "token=x").with("Origin: https://evil.example"),
	},
	"/confirm": {
		"400": post("/confirm", formType, "token=x"),
		"403": post("/confirm", formType, "token=x").with("Origin: https://evil.example"),
	},
	"/outbox/:name":      {"404": get("/outbox/none")},
	"/outbox/:name/html": {"404": get("/outbox/none/html")},
}

// TestContractRoutesBesides asks each route that belongs to no API for what
// its row says.
func TestContractRoutesBesides(t *testing.T) {
	t.Parallel()
	var patterns []string
	box, all := everything(t, &patterns)
	a, bare := start(t, all), start(t, storeFull) // which has no secret either
	people(t, a)
	letter := sendLetter(t, box)
	session := a.want(t, 200, signIns["dashboard"]("dashboard@example.com", secret)).credential(t)
	posts := map[string]request{
		"/introspect":     introspection(session),
		"/reset-password": post("/reset-password", formType, "email=nobody@example.com"),
		"/confirm":        post("/confirm", formType, "email=nobody@example.com"),
	}
	for ready := false; !ready; time.Sleep(time.Millisecond) {
		ready = a.do(t, get("/readyz")).status == http.StatusOK // else the first probe is still under way
	}
	for _, r := range readContract(t).routes {
		if r.api != "" {
			continue
		}
		for _, method := range r.methods {
			asked := request{method: method, path: strings.ReplaceAll(r.path, ":name", letter)}
			if method == http.MethodPost {
				asked = posts[r.path]
			}
			r.holdsBesides(t, a.do(t, asked), method)
		}
		refused := map[string]request{}
		if r.methods[0] == http.MethodPost || posts[r.path].method == "" {
			refused = refusedBesides[r.path]
		}
		diff(t, r.name()+": refused", slices.Sorted(maps.Keys(refused)), statuses(r.refused))
		for status, asked := range refused {
			of := a
			if status == "503" || asked.path == "/introspect" && status == "404" {
				of = bare
			}
			diff(t, r.name()+": refused", status, strconv.Itoa(of.do(t, asked).status))
		}
	}
}

func (r *tableRoute) holdsBesides(t *testing.T, got *answer, method string) {
	t.Helper()
	diff(t, r.name()+": status of success", statuses(r.success), []string{strconv.Itoa(got.status)})
	page := strings.HasPrefix(got.header.Get("Content-Type"), "text/html")
	if page != (len(r.members()) == 0) {
		t.Errorf("%s answers with %s", r.name(), got.header.Get("Content-Type"))
	}
	if method != http.MethodHead && !page {
		diff(t, r.name()+": members of success", leaves(got.members, "", map[string]string{}), r.members())
	}
}

// sendLetter puts a mail into an outbox and returns its name there.
func sendLetter(t *testing.T, box *mail.Outbox) string {
	t.Helper()
	must(t, box.Send(context.Background(), &mail.Letter{
		ID: "x", From: "no-reply@kunci.test", To: "x@example.com", Lang: "en", Subject: "x", Text: "x\n", HTML: "<p>x</p>",
		MessageID: "x@kunci.test", Date: time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC),
	}))
	letters, err := box.List()
	must(t, err)
	return letters[0].Name
}
