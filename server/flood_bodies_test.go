package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// places is how many bodies larger than 4 KiB are read at once.
const places = 128

// Only so many large bodies are read at once. While slow clients hold every
// place, another large one is told to come back; what is as small as any
// document's request is served as ever.
func TestLargeBodiesAtOnce(t *testing.T) {
	t.Parallel()
	a := start(t)
	people(t, a)
	small := `{` + jsonLogins["/api/v1/login"] + `}`
	large := small + strings.Repeat(" ", 5000-len(small))
	a.want(t, 200, post("/api/v1/login", jsonType, large))
	var held []net.Conn
	for range places {
		conn, err := net.Dial("tcp", a.addr)
		must(t, err)
		defer func() { _ = conn.Close() }()
		must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = fmt.Fprintf(conn, "POST /api/v1/login HTTP/1.1\r\nHost: client.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(large), large[:len(large)-1])
		must(t, err)
		held = append(held, conn)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if got := a.do(t, post("/api/v1/login", jsonType, large)); got.status == 503 {
			members(t, got, "requestID", "rc", "message", "data")
			if got.header.Get("Retry-After") != "1" {
				t.Errorf("headers: %v", got.header)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("every large body is read, however many there are")
		}
	}
	for _, headers := range [][]string{nil, {chunked}} {
		a.want(t, 503, post("/api/v2/auth/login", formType, strings.Repeat("x", 5000)).with(headers...))
		a.want(t, 503, post("/reset-password", formType, strings.Repeat("x", 5000)).with(headers...))
		a.want(t, 200, post("/api/v1/login", jsonType, small).with(headers...))
		a.want(t, 400, post("/api/v2/auth/login", formType, strings.Repeat("x", 4<<10)).with(headers...))
	}
	// Whoever finishes is answered, and leaves a place.
	_, err := io.WriteString(held[0], " ")
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(held[0]), nil)
	must(t, err)
	_ = res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("a slow client that finished got %d", res.StatusCode)
	}
	a.want(t, 200, post("/api/v1/login", jsonType, large))
}
