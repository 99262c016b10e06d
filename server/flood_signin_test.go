package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// floodOfSignIns comes from many addresses. It gets as many hashes at once as
// there are places for; the rest is told to come back. Whoever needs no hash
// is served meanwhile, and afterwards everything is as before.
func floodOfSignIns(t *testing.T, c *child) {
	signIns, within := 100, 5*time.Second // other packages' tests may have the CPUs
	if long() {
		signIns, within = 500, time.Second
	}
	register := postJSON("/api/auth/register", map[string]any{"username": "owner", "email": "owner@example.com", "password": secret, "name": "Owner"})
	_, body := c.answer(t, c.all(t, register.from("198.51.100.1")))
	tok := credentials.Find(body)
	if tok == nil {
		t.Fatalf("no token: %s", body)
	}
	var flood []net.Conn // each waits to send its last byte
	for i := range signIns {
		r := postJSON("/api/auth/login", map[string]any{"username": fmt.Sprintf("nobody-%d", i), "password": secret})
		flood = append(flood, c.allButOne(t, r.from(floodAddress(i%50))))
	}
	var (
		mu       sync.Mutex
		statuses = map[int]int{}
		callers  sync.WaitGroup
	)
	start := time.Now()
	for _, conn := range flood {
		callers.Go(func() {
			_, err := io.WriteString(conn, "}")
			res, _ := c.answer(t, conn)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || res == nil {
				t.Errorf("no answer: %v", err)
				return
			}
			statuses[res.StatusCode]++
			if s, err := strconv.Atoi(res.Header.Get("Retry-After")); res.StatusCode == 503 && (err != nil || s < 1 || s > 10) {
				t.Errorf("503 with Retry-After %q", res.Header.Get("Retry-After"))
			}
		})
	}
	defer callers.Wait()
	done := make(chan struct{})
	go func() { callers.Wait(); close(done) }()
	served(t, c.meanwhile(t, done, string(tok)), within)
	t.Logf("%d sign-ins within %v: %v", signIns, time.Since(start), statuses)
	if statuses[401] == 0 || statuses[503] == 0 || statuses[401]+statuses[503] != signIns {
		t.Errorf("statuses %v: want some 401, some 503, nothing else", statuses)
	}
	c.keepsBelow(t, 250)
	login := postJSON("/api/auth/login", map[string]any{"username": "owner", "password": secret})
	for _, from := range []string{"198.51.100.1", "198.51.100.2", "2001:db8:ffff::1"} {
		if res, body := c.answer(t, c.all(t, login.from(from))); res == nil || res.StatusCode != 200 {
			t.Errorf("after the flood the owner can't sign in: %s", body)
		}
	}
}

// floodAddress is one of many, each in a network of its own.
func floodAddress(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("198.18.%d.7", i)
	}
	return fmt.Sprintf("2001:db8:%x::7", i)
}

// all sends a request whole.
func (c *child) all(t *testing.T, r request) net.Conn {
	t.Helper()
	conn := c.allButOne(t, r)
	_, err := io.WriteString(conn, r.body[len(r.body)-1:])
	must(t, err)
	return conn
}

// allButOne sends a request without the last byte of its body.
func (c *child) allButOne(t *testing.T, r request) net.Conn {
	t.Helper()
	conn := c.dial(t)
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	sent := r.String()
	_, err := io.WriteString(conn, sent[:len(sent)-1])
	must(t, err)
	return conn
}

// answer reads what came back; nil where nothing did. It may be called from
// any goroutine.
func (c *child) answer(t *testing.T, conn net.Conn) (*http.Response, []byte) {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("reading an answer: %v", err)
		return nil, nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || !json.Valid(bytes.TrimSpace(body)) {
		t.Errorf("an answer that is no JSON: %v %s", err, body)
	}
	return res, body
}
