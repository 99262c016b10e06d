package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func isTooMany(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// slow is a request that never gets finished, though its client never falls
// silent: it sends much at once, then a byte now and then.
type slow struct {
	name    string
	opening string
	within  time.Duration // how soon the server has had enough of it
	large   bool          // it may be refused at once, where there are many
}

var slows = []slow{
	{"header", "GET /healthz HTTP/1.1\r\nHost: kunci.test\r\nX: " + strings.Repeat("x", 11<<10), 10 * time.Second, false},
	{"body", "POST /api/v1/login HTTP/1.1\r\nHost: kunci.test\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n" +
		strings.Repeat(" ", 3<<10), 20 * time.Second, false},
	{"large body", "POST /api/v1/login HTTP/1.1\r\nHost: kunci.test\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n" +
		strings.Repeat(" ", 63<<10), 20 * time.Second, true},
	{"form", "POST /reset-password HTTP/1.1\r\nHost: kunci.test\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" +
		strings.Repeat("x", 63<<10), 20 * time.Second, true},
}

// slowClients cost nobody else's time: others get their answers meanwhile,
// memory stays low, and the slow ones are closed in time.
func slowClients(t *testing.T, c *child) {
	sockets := 200
	if long() {
		sockets = 2000
	}
	start := time.Now()
	var dripping sync.WaitGroup
	defer dripping.Wait()
	for i := range sockets {
		kind, conn := &slows[i%len(slows)], c.dial(t)
		_, err := io.WriteString(conn, kind.opening)
		must(t, err)
		if long() {
			opened := time.Now()
			dripping.Go(func() {
				lasted := drip(conn, opened)
				refused := kind.large && lasted < 5*time.Second
				if !refused && (lasted < kind.within-time.Second || lasted > kind.within+5*time.Second) {
					t.Errorf("a slow %s lasted %v, not %v", kind.name, lasted, kind.within)
				}
			})
		}
	}
	t.Logf("%d slow clients within %v", sockets, time.Since(start))
	served(t, c.healthy(t), 250*time.Millisecond)
	c.keepsBelow(t, 300)
	dripping.Wait()
	served(t, c.healthy(t), 250*time.Millisecond)
	c.keepsBelow(t, 300)
}

// drip sends a byte every half second until the server closes.
func drip(conn net.Conn, opened time.Time) time.Duration {
	for buf := make([]byte, 512); time.Since(opened) < time.Minute; {
		_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		_, err := conn.Read(buf)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			_, _ = io.WriteString(conn, "x") // whether it is still read shows at the next turn
		}
	}
	return time.Since(opened)
}

// idleConnections were used once and are kept: they cost little.
func idleConnections(t *testing.T, c *child) {
	connections := 500
	if long() {
		connections = 10_000
	}
	start := time.Now()
	for range connections {
		conn := c.dial(t)
		_, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: kunci.test\r\n\r\n")
		must(t, err)
		res, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
		must(t, err)
		if res.StatusCode != 200 || res.Close {
			t.Fatalf("status %d, closing %v", res.StatusCode, res.Close)
		}
	}
	t.Logf("%d connections within %v", connections, time.Since(start))
	served(t, c.healthy(t), 250*time.Millisecond)
	c.keepsBelow(t, 300)
}
