package server_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// startTLS is a server that speaks TLS, and a client that trusts it.
func startTLS(t *testing.T) (*app, *http.Client) {
	t.Helper()
	other := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(other.Close)
	a := start(t, func(s *setup) { s.server.TLS = &tls.Config{Certificates: other.TLS.Certificates} })
	roots := other.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return a, &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, ForceAttemptHTTP2: true,
	}}
}

// The bounds of HTTP/1 hold of HTTP/2.
func TestBoundsOfHTTP2(t *testing.T) {
	t.Parallel()
	a, c := startTLS(t)
	t.Cleanup(c.CloseIdleConnections)
	for name, test := range map[string]struct {
		method, path string
		header       int // bytes
		body         int
		status       int
	}{
		"usual":     {"GET", "/healthz", 4 << 10, 0, 200},
		"long body": {"POST", "/api/v1/login", 0, 65 << 10, 413},
		"endless":   {"POST", "/api/v1/login", 0, 10 << 20, 413},
	} {
		r, err := http.NewRequest(test.method, "https://"+a.addr+test.path, io.LimitReader(spaces{}, int64(test.body)))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Long", strings.Repeat("x", test.header))
		got, err := c.Do(r)
		must(t, err)
		must(t, got.Body.Close())
		if got.StatusCode != test.status || got.ProtoMajor != 2 {
			t.Errorf("%s: %s %d, want HTTP/2 and %d", name, got.Proto, got.StatusCode, test.status)
		}
		if strict := got.Header.Get("Strict-Transport-Security"); strict != "max-age=2592000" {
			t.Errorf("%s: Strict-Transport-Security %q", name, strict)
		}
	}
}

// spaces are a body without an end.
type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte(" "), len(b)))
	return len(b), nil
}

// frames is a connection of HTTP/2 that does what no client does.
type frames struct {
	*http2.Framer
	conn   *tls.Conn
	encode *hpack.Encoder
	block  bytes.Buffer
	stream uint32
}

func openFrames(t *testing.T, addr string) *frames {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	must(t, err)
	f := &frames{Framer: http2.NewFramer(conn, conn), conn: conn, stream: 1}
	f.encode = hpack.NewEncoder(&f.block)
	must(t, f.WriteSettings())
	return f
}

// ask opens a stream with a request that has a body to come.
func (f *frames) ask(more ...[2]string) error {
	f.block.Reset()
	for _, h := range append([][2]string{{":method", "POST"}, {":scheme", "https"}, {":path", "/api/v1/login"}, {":authority", "kunci.test"}, {"content-type", "application/json"}}, more...) {
		if err := f.encode.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: f.stream, BlockFragment: f.block.Bytes(), EndHeaders: true})
	f.stream += 2
	return err
}

// A header that is longer than the server says it takes is refused, or ends the
// connection, long before the server would stop waiting for the body.
func TestLongHeaderOfHTTP2(t *testing.T) {
	t.Parallel()
	a, _ := startTLS(t)
	f := openFrames(t, a.addr)
	must(t, f.conn.SetDeadline(time.Now().Add(10*time.Second)))
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	must(t, f.ask([2]string{"x-long", strings.Repeat("x", 12<<10)}))
	for {
		frame, err := f.ReadFrame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the header is neither refused nor the end of the connection")
		}
		if err != nil {
			return
		}
		if answer, ok := frame.(*http2.MetaHeadersFrame); ok {
			if status := answer.PseudoValue("status"); status != "431" {
				t.Errorf("status %s", status)
			}
			return
		}
	}
}

// A connection is told how many requests it may have under way; what goes
// beyond is refused.
func TestStreamsAtOnce(t *testing.T) {
	t.Parallel()
	a, _ := startTLS(t)
	f := openFrames(t, a.addr)
	for range 101 {
		must(t, f.ask())
	}
	var told, refused bool
	for !told || !refused {
		frame, err := f.ReadFrame()
		must(t, err)
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if most, ok := frame.Value(http2.SettingMaxConcurrentStreams); ok {
				told = most == 100
				if size, _ := frame.Value(http2.SettingMaxHeaderListSize); !told || size > 12<<10 {
					t.Errorf("%d streams, headers of %d bytes", most, size)
				}
			}
		case *http2.RSTStreamFrame:
			refused = frame.ErrCode == http2.ErrCodeRefusedStream || frame.ErrCode == http2.ErrCodeProtocol
			if frame.StreamID != 201 || !refused {
				t.Errorf("stream %d is refused with %s", frame.StreamID, frame.ErrCode)
			}
		}
	}
}

// A body that does not come is waited for as long as that of HTTP/1.
func TestSlowBodyOfHTTP2(t *testing.T) {
	if !long() {
		t.Skip("it takes as long as a slow body may: TEST_LONG=1")
	}
	t.Parallel()
	a, _ := startTLS(t)
	f := openFrames(t, a.addr)
	must(t, f.conn.SetDeadline(time.Now().Add(40*time.Second)))
	begin := time.Now()
	must(t, f.ask())
	for {
		frame, err := f.ReadFrame()
		must(t, err)
		if frame.Header().StreamID == 1 && frame.Header().Type != http2.FrameWindowUpdate {
			if took := time.Since(begin); took < 15*time.Second || took > 25*time.Second {
				t.Errorf("%v after %v", frame, took)
			}
			return
		}
	}
}

// Requests that are reset as soon as they are sent (CVE-2023-44487) cost
// nobody else's time.
func TestRapidResets(t *testing.T) {
	t.Parallel()
	a, c := startTLS(t)
	t.Cleanup(c.CloseIdleConnections)
	for range 4 {
		f := openFrames(t, a.addr)
		go func() { _, _ = io.Copy(io.Discard, f.conn) }() // what the server says is not listened to
		for range 5000 {
			if f.ask() != nil || f.WriteRSTStream(f.stream-2, http2.ErrCodeCancel) != nil {
				break // it has had enough
			}
		}
	}
	begin := time.Now()
	got, err := c.Get("https://" + a.addr + "/healthz")
	must(t, err)
	must(t, got.Body.Close())
	if took := time.Since(begin); got.StatusCode != 200 || took > 5*time.Second {
		t.Errorf("%s after %v", got.Status, took)
	}
}
