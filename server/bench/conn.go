package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"time"
)

// Target is where a server listens.
type Target struct {
	Addr string // host:port to connect to
	Host string // of the request, and of the certificate where TLS is set
	TLS  bool
}

// Bounds of one exchange.
const (
	dialWithin   = 5 * time.Second
	answerWithin = 30 * time.Second
	maxAnswer    = 1 << 20
	readBuffer   = 4 << 10
)

// What an exchange that came to no answer is called among the errors.
var (
	errConnect = errors.New("connect")
	errTimeout = errors.New("timeout")
	errClosed  = errors.New("closed")
	errGarbage = errors.New("garbage")
)

// fault is an error under one of these names.
type fault struct{ name, cause error }

func (f *fault) Error() string   { return f.cause.Error() }
func (f *fault) Unwrap() []error { return []error{f.name, f.cause} }

// Conn is one keep-alive connection that understands as much of HTTP/1.1 as
// kunci speaks: a status line, headers, a body of a stated length. It costs a
// fraction of what net/http's client does, which would be the slower side.
// It belongs to one goroutine.
type Conn struct {
	target Target
	socket net.Conn
	in     *bufio.Reader
	body   []byte
}

// Dial connects to a target.
func Dial(ctx context.Context, t Target) (*Conn, error) {
	c := &Conn{target: t}
	return c, c.connect(ctx)
}

func (c *Conn) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.target.Addr)
	if err != nil {
		return &fault{errConnect, err}
	}
	if c.target.TLS {
		host, _, err := net.SplitHostPort(c.target.Addr)
		if err != nil {
			return err
		}
		secure := tls.Client(socket, &tls.Config{ServerName: host})
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = socket.Close()
			return &fault{errConnect, err}
		}
		socket = secure
	}
	c.socket = socket
	if c.in == nil {
		c.in = bufio.NewReaderSize(socket, readBuffer)
	} else {
		c.in.Reset(socket)
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() {
	if c.socket != nil {
		_ = c.socket.Close()
		c.socket = nil
	}
}

// Answer is what came back. Body is valid until the next exchange.
type Answer struct {
	Status     int
	RetryAfter time.Duration
	Body       []byte
}

// Do sends one request and reads its answer. It connects again where the
// exchange before ended the connection.
func (c *Conn) Do(ctx context.Context, request []byte) (a Answer, err error) {
	if c.socket == nil {
		if err := c.connect(ctx); err != nil {
			return a, err
		}
	}
	if err := c.socket.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return a, c.broken(err)
	}
	if _, err := c.socket.Write(request); err != nil {
		return a, c.broken(err)
	}
	last, err := c.read(&a)
	if err != nil {
		return a, c.broken(err)
	}
	if last {
		c.Close()
	}
	return a, nil
}

// broken ends the connection: what it would say next answers nothing.
func (c *Conn) broken(err error) error {
	c.Close()
	var slow net.Error
	switch {
	case errors.Is(err, errGarbage):
		return err
	case errors.As(err, &slow) && slow.Timeout():
		return &fault{errTimeout, err}
	}
	return &fault{errClosed, err}
}

func (c *Conn) read(a *Answer) (last bool, err error) {
	line, err := c.line()
	if err != nil {
		return false, err
	}
	// HTTP/1.1 200 OK
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) > 12 && line[12] != ' ' {
		return false, errGarbage
	}
	if a.Status, err = strconv.Atoi(string(line[9:12])); err != nil || a.Status < 200 {
		return false, errGarbage
	}
	length := -1
	for {
		if line, err = c.line(); err != nil {
			return false, err
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return false, errGarbage
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > maxAnswer {
				return false, errGarbage
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("Retry-After")):
			if s, err := strconv.Atoi(string(value)); err == nil && s > 0 {
				a.RetryAfter = time.Duration(s) * time.Second
			}
		}
	}
	if length < 0 {
		return false, errGarbage
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	a.Body = c.body[:length]
	_, err = io.ReadFull(c.in, a.Body)
	return last, err
}

// line is one line without its end; one that the buffer does not hold is none
// of kunci's.
func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errGarbage
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// faultName is what an error is counted under.
func faultName(err error) string {
	for _, known := range []error{errConnect, errTimeout, errGarbage, errClosed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "failed"
}
