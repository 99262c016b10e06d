package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Content types that dialects read.
const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// chunked is a header that has the body sent without saying its length first.
const chunked = "Transfer-Encoding: chunked"

// request is one request as it goes over the wire; nothing is added but Host,
// Connection and, where there is a body, Content-Length.
type request struct {
	method, path string
	headers      []string // "Name: value"
	body         string
}

func post(path, contentType, body string) request {
	return request{method: http.MethodPost, path: path, body: body}.with("Content-Type: " + contentType)
}

func get(path string) request { return request{method: http.MethodGet, path: path} }

// postJSON posts members as one JSON object.
func postJSON(path string, members map[string]any) request {
	b, err := json.Marshal(members)
	if err != nil {
		panic(err) // members that a test wrote wrong
	}
	return post(path, jsonType, string(b))
}

// postForm posts members as a form.
func postForm(path string, members map[string]any) request {
	form := url.Values{}
	for name, value := range members {
		form.Set(name, fmt.Sprint(value))
	}
	return post(path, formType, form.Encode())
}

// with is the request with further headers.
func (r request) with(headers ...string) request {
	r.headers = append(r.headers[:len(r.headers):len(r.headers)], headers...)
	return r
}

// without is the request without a header.
func (r request) without(name string) request {
	kept := r
	kept.headers = nil
	for _, h := range r.headers {
		if !strings.HasPrefix(h, name+":") {
			kept.headers = append(kept.headers, h)
		}
	}
	return kept
}

func (r request) bearer(credential string) request {
	return r.with("Authorization: Bearer " + credential)
}

func (r request) from(addr string) request { return r.with("X-Forwarded-For: " + addr) }

func (r request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: client.example\r\nConnection: close\r\n", r.method, r.path)
	for _, h := range r.headers {
		b.WriteString(h + "\r\n")
	}
	if slices.Contains(r.headers, chunked) {
		return fmt.Sprintf("%s\r\n%x\r\n%s\r\n0\r\n\r\n", &b, len(r.body), r.body)
	}
	if r.body != "" || r.method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	return b.String() + "\r\n" + r.body
}

// answer is what came back.
type answer struct {
	status  int
	header  http.Header
	body    string
	members map[string]any // of a JSON object; nil for anything else
}

// do sends a request on a connection of its own. Tokens and keys in the
// answer are secrets from then on, which the log must not hold.
func (a *app) do(t *testing.T, r request) *answer {
	t.Helper()
	conn, err := net.Dial("tcp", a.addr)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	sent := r.String()
	if a.dev { // which answers to loopback names alone
		sent = strings.Replace(sent, "Host: client.example\r\n", "Host: localhost\r\n", 1)
	}
	_, err = io.WriteString(conn, sent)
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.method})
	must(t, err)
	body, err := io.ReadAll(res.Body)
	must(t, err)
	got := &answer{status: res.StatusCode, header: res.Header, body: string(body)}
	if json.Unmarshal(body, &got.members) != nil {
		got.members = nil
	}
	a.log.secret(credentials.FindAllString(got.body, -1)...)
	return got
}

// want sends a request and asks for a status.
func (a *app) want(t *testing.T, status int, r request) *answer {
	t.Helper()
	got := a.do(t, r)
	if got.status != status {
		t.Fatalf("%s %s answered %d, not %d: %s", r.method, r.path, got.status, status, got.body)
	}
	return got
}

// credential is the token or key in an answer to a sign-in.
func (got *answer) credential(t *testing.T) string {
	t.Helper()
	found := credentials.FindAllString(got.body, -1)
	if len(found) != 1 {
		t.Fatalf("%d tokens or keys in one answer: %s", len(found), got.body)
	}
	return found[0]
}

// at follows a path of members; an array's first element stands for it.
func (got *answer) at(path ...string) any {
	var here any = got.members
	for _, name := range path {
		if list, ok := here.([]any); ok && len(list) > 0 {
			here = list[0]
		}
		object, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = object[name]
	}
	return here
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
