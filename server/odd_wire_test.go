package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// wire are requests as bytes, and the statuses of the answers. HEAD, SIZE and
// GOOD stand for headers and body that would sign in. What the HTTP library
// refuses never reaches us, and belongs here too: one that began to accept it
// might open a way past the proxy in front.
var wire = map[string]struct {
	sent     string
	statuses []int
}{
	"good":                          {"POST /api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{200}},
	"two requests in one go":        {"POST /api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOODPOST /api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{200, 200}},
	"two lengths that differ":       {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEContent-Length: 5\r\n\r\nGOOD", []int{400}},
	"two lengths in one":            {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 58, 58\r\n\r\nGOOD", []int{400}},
	"two lengths, the same":         {"POST /api/v1/login HTTP/1.1\r\nHEADSIZESIZE\r\nGOOD", []int{200}},
	"a length below zero":           {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: -1\r\n\r\nGOOD", []int{400}},
	"a length with a sign":          {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: +58\r\n\r\nGOOD", []int{400}},
	"a length in hex":               {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 0x3a\r\n\r\nGOOD", []int{400}},
	"a length without end":          {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 99999999999999999999\r\n\r\nGOOD", []int{400}},
	"a huge length":                 {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 9223372036854775807\r\n\r\n", []int{413}},
	"chunked and a length":          {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3a\r\nGOOD\r\n0\r\n\r\n", []int{200}},
	"smuggled behind chunks":        {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{400, 404}},
	"an unknown transfer coding":    {"POST /api/v1/login HTTP/1.1\r\nHEADTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []int{501}},
	"two transfer codings":          {"POST /api/v1/login HTTP/1.1\r\nHEADTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", []int{501}},
	"chunked in disguise":           {"POST /api/v1/login HTTP/1.1\r\nHEADTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", []int{400}},
	"a chunk's size is none":        {"POST /api/v1/login HTTP/1.1\r\nHEADTransfer-Encoding: chunked\r\n\r\nzz\r\nGOOD\r\n0\r\n\r\n", []int{400}},
	"chunks with bare LF":           {"POST /api/v1/login HTTP/1.1\r\nHEADTransfer-Encoding: chunked\r\n\r\n3a\nGOOD\n0\n\n", []int{400}},
	"bare LF":                       {"POST /api/v1/login HTTP/1.1\nHost: client.example\nContent-Type: application/json\nContent-Length: 58\n\nGOOD", []int{200}},
	"bare CR in a header":           {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX: a\rb\r\n\r\nGOOD", []int{400}},
	"a folded header":               {"POST /api/v1/login HTTP/1.1\r\nHost: client.example\r\nContent-Type:\r\n application/json\r\nSIZE\r\nGOOD", []int{200}},
	"a header begins folded":        {"POST /api/v1/login HTTP/1.1\r\n X: a\r\nHEADSIZE\r\nGOOD", []int{400}},
	"NUL in a header":               {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX: a\x00b\r\n\r\nGOOD", []int{400}},
	"NUL in a header's name":        {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX\x00Y: a\r\n\r\nGOOD", []int{400}},
	"a space before the colon":      {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX : a\r\n\r\nGOOD", []int{400}},
	"a header without a name":       {"POST /api/v1/login HTTP/1.1\r\nHEADSIZE: a\r\n\r\nGOOD", []int{400}},
	"a header without a colon":      {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX\r\n\r\nGOOD", []int{400}},
	"a header too large":            {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEX: " + strings.Repeat("x", 32<<10) + "\r\n\r\nGOOD", []int{431}},
	"too many headers":              {"POST /api/v1/login HTTP/1.1\r\nHEADSIZE" + strings.Repeat("X: y\r\n", 5000) + "\r\nGOOD", []int{431}},
	"a target too long":             {"GET /" + strings.Repeat("x", 32<<10) + " HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{431}},
	"no host":                       {"POST /api/v1/login HTTP/1.1\r\nContent-Type: application/json\r\nSIZE\r\nGOOD", []int{400}},
	"two hosts":                     {"POST /api/v1/login HTTP/1.1\r\nHEADHost: other.example\r\nSIZE\r\nGOOD", []int{400}},
	"a host that is none":           {"POST /api/v1/login HTTP/1.1\r\nHost: a b\r\nContent-Type: application/json\r\nSIZE\r\nGOOD", []int{400}},
	"an absolute target":            {"POST http://client.example/api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{200}},
	"an absolute target elsewhere":  {"POST http://other.example/api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{200}},
	"a target with user info":       {"GET http://a:b@client.example/healthz HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{200}},
	"a target without a slash":      {"GET healthz HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{400}},
	"a target that is no URL":       {"GET /%zz HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{400}},
	"a target with a space":         {"GET /health z HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{400}},
	"a target with a control":       {"GET /healthz\x7f HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{400}},
	"a target with raw bytes":       {"GET /healthz\xff\xfe HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{404}},
	"a target with a fragment":      {"GET /healthz#x HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{404}},
	"the server as a whole":         {"OPTIONS * HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{204}},
	"a star with another method":    {"GET * HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{405}},
	"CONNECT to a host":             {"CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n", []int{404}},
	"CONNECT to a route":            {"CONNECT /api/v1/login HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{405}},
	"TRACE":                         {"TRACE /api/v1/login HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer x\r\n\r\n", []int{405}},
	"a method in lower case":        {"post /api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{405}},
	"a method that is no token":     {"PO(ST /api/v1/login HTTP/1.1\r\nHEADSIZE\r\nGOOD", []int{400}},
	"another method in a header":    {"GET /api/v1/login HTTP/1.1\r\nX-Http-Method-Override: POST\r\nHEADSIZE\r\nGOOD", []int{405}},
	"HTTP/1.0":                      {"POST /api/v1/login HTTP/1.0\r\nContent-Type: application/json\r\nSIZE\r\nGOOD", []int{200}},
	"HTTP/1.0, kept":                {"POST /api/v1/login HTTP/1.0\r\nConnection: keep-alive\r\nHEADSIZE\r\nGOODGET /healthz HTTP/1.0\r\n\r\n", []int{200, 200}},
	"HTTP/0.9":                      {"GET /healthz\r\n\r\n", []int{400}},
	"HTTP/2 without being asked":    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{405}},
	"HTTP/3":                        {"GET /healthz HTTP/3.0\r\nHost: client.example\r\n\r\n", []int{505}},
	"an upgrade to h2c":             {"GET /healthz HTTP/1.1\r\nHost: client.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", []int{200}},
	"TLS":                           {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
	"the body after a 100":          {"POST /api/v1/login HTTP/1.1\r\nExpect: 100-continue\r\nHEADSIZE\r\nGOOD", []int{100, 200}},
	"no 100 for what is not read":   {"POST /api/v1/login HTTP/1.1\r\nExpect: 100-continue\r\nHost: client.example\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n", []int{415}},
	"no 100 for what is too large":  {"POST /api/v1/login HTTP/1.1\r\nExpect: 100-continue\r\nHEADContent-Length: 65537\r\n\r\n", []int{413}},
	"another expectation":           {"POST /api/v1/login HTTP/1.1\r\nExpect: 200-ok\r\nHEADSIZE\r\nGOOD", []int{417}},
	"two content types":             {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Type: text/plain\r\nSIZE\r\nGOOD", []int{415}},
	"two content types, the same":   {"POST /api/v1/login HTTP/1.1\r\nHEADContent-Type: application/json\r\nSIZE\r\nGOOD", []int{415}},
	"two content types in one":      {"POST /api/v1/login HTTP/1.1\r\nHost: client.example\r\nContent-Type: application/json, text/plain\r\nSIZE\r\nGOOD", []int{415}},
	"said to be compressed":         {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEContent-Encoding: gzip\r\n\r\nGOOD", []int{415}},
	"compressed in two codings":     {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEContent-Encoding: identity\r\nContent-Encoding: br\r\n\r\nGOOD", []int{415}},
	"not compressed, and says so":   {"POST /api/v1/login HTTP/1.1\r\nHEADSIZEContent-Encoding: Identity\r\n\r\nGOOD", []int{200}},
	"a compressed form of a page":   {"POST /reset-password HTTP/1.1\r\nHost: client.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Encoding: deflate\r\nContent-Length: 7\r\n\r\ntoken=x", []int{415}},
	"a compressed introspection":    {"POST /introspect HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer of-the-services-1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\ntoken=x", []int{415}},
	"two introspection secrets":     {"POST /introspect HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer of-the-services-1\r\nAuthorization: Bearer of-the-services-1\r\nContent-Length: 0\r\n\r\n", []int{401}},
	"two bearers":                   {"GET /api/auth/me HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer TOKEN\r\nAuthorization: Bearer TOKEN\r\n\r\n", []int{401}},
	"two bearers in one":            {"GET /api/auth/me HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer TOKEN, Bearer TOKEN\r\n\r\n", []int{401}},
	"a bearer among other schemes":  {"GET /api/auth/me HTTP/1.1\r\nHost: client.example\r\nAuthorization: Basic YTpi, Bearer TOKEN\r\n\r\n", []int{401}},
	"one bearer":                    {"GET /api/auth/me HTTP/1.1\r\nHost: client.example\r\nAuthorization: bEARER TOKEN\r\n\r\n", []int{200}},
	"a body where none is read":     {"GET /api/auth/me HTTP/1.1\r\nHost: client.example\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 5\r\n\r\n{bad}GET /healthz HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{200, 200}},
	"a body that nobody waited for": {"POST /nowhere HTTP/1.1\r\nHEADSIZE\r\nGOODGET /healthz HTTP/1.1\r\nHost: client.example\r\n\r\n", []int{404, 200}},
}

func TestOddOnTheWire(t *testing.T) {
	t.Parallel()
	a := start(t, func(s *setup) { s.server.IntrospectSecret = "of-the-services-1" })
	people(t, a)
	body := `{` + jsonLogins["/api/v1/login"] + `}`
	fill := strings.NewReplacer("HEAD", "Host: client.example\r\nContent-Type: application/json\r\n",
		"SIZE", fmt.Sprintf("Content-Length: %d\r\n", len(body)), "GOOD", body, "TOKEN", a.signedIn(t))
	for name, c := range wire {
		var statuses []int
		for _, got := range a.send(t, fill.Replace(c.sent), len(c.statuses)) {
			statuses = append(statuses, got.status)
			discreet(t, name, got)
		}
		if !slices.Equal(statuses, c.statuses) {
			t.Errorf("%s: %v, not %v", name, statuses, c.statuses)
		}
	}
}

// A compressed body is not read, whatever it says it is.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, `{`+jsonLogins["/api/v1/login"]+`}`)
	must(t, err)
	must(t, w.Close())
	r := post("/api/v1/login", jsonType, packed.String())
	a.want(t, 400, r)
	members(t, a.want(t, 415, r.with("Content-Encoding: gzip")), "requestID", "rc", "message", "data")
}

// send sends bytes as they are and reads as many answers as are due, then says
// that nothing follows and reads whatever comes all the same.
func (a *app) send(t *testing.T, sent string, due int) (all []*answer) {
	t.Helper()
	conn, err := net.Dial("tcp", a.addr)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	go func() { _, _ = io.WriteString(conn, sent) }() // the server may have had enough of it
	method, _, _ := strings.Cut(sent, " ")
	for in := bufio.NewReader(conn); ; {
		if len(all) == due { // not before: whoever leaves early is not served
			_ = conn.(*net.TCPConn).CloseWrite()
		}
		if _, err := in.Peek(1); err != nil {
			return all
		}
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		a.log.secret(credentials.FindAllString(string(body), -1)...)
		all = append(all, &answer{status: res.StatusCode, header: res.Header, body: string(body)})
	}
}
