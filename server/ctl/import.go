package ctl

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kunci/server/auth"
)

const (
	// longestOptions bounds the first line of an import in bytes.
	longestOptions = 4 << 10

	// hangsUpWithin is how long a client may take to see that an import has
	// ended before it has sent everything.
	hangsUpWithin = 2 * time.Second

	// looksEvery is how often an import looks whether its client is there.
	looksEvery = time.Second / 4

	uploadBuffer = 256 << 10
)

// taker is an act whose request has no bound: it is read while it comes.
type taker interface{ takes() }

// importStream takes a list of accounts. Its request is one line of JSON, which
// says how to read what comes after: the list as it is in its file. The answer
// tells of the rows while they are dealt with, one JSON value a line.
type importStream struct{ name string }

var userImport = importStream{"import"}

// importLine is one line: news, or the end and what came of it.
type importLine struct {
	News   *auth.ImportNews   `json:"news"`
	End    bool               `json:"end"`
	Report *auth.ImportReport `json:"report"`
	Error  *fault             `json:"error"`
}

func (a *importStream) called() string { return a.name }
func (a *importStream) takes()         {}

func (a *importStream) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	from := bufio.NewReaderSize(body, longestOptions)
	options, err := from.ReadSlice('\n')
	var how auth.Import
	if err == nil {
		err = read(bytes.NewReader(options), &how)
	}
	if err != nil {
		return refuse(w, err)
	}
	w.Header().Set("Content-Type", mediaLines)
	w.WriteHeader(http.StatusOK)
	conn := http.NewResponseController(w)
	_ = conn.EnableFullDuplex()
	connected := conn.SetReadDeadline(time.Time{}) == nil // in this process there is no connection
	out := &lineWriter{w: w, conn: conn}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if connected {
		defer out.watch(cancel)()
	}
	report, err := d.Import(ctx, from, how, func(n auth.ImportNews) error { return out.line(importLine{News: &n}) })
	if out.line(importLine{End: true, Report: report, Error: faultOf(err)}) != nil {
		return errLeft
	}
	if connected { // closed with something unread, the connection would lose the end
		_ = conn.SetReadDeadline(time.Now().Add(hangsUpWithin))
		_, _ = io.Copy(io.Discard, body)
	}
	return err
}

// lineWriter writes lines that are seen at once.
type lineWriter struct {
	mu   sync.Mutex
	w    http.ResponseWriter
	conn *http.ResponseController
}

func (l *lineWriter) line(line any) error {
	var b bytes.Buffer
	if err := write(&b, line); err != nil {
		return err
	}
	return l.flush(append(b.Bytes(), '\n'))
}

func (l *lineWriter) flush(b []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(b); err != nil {
		return errLeft
	}
	if err := l.conn.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errLeft
	}
	return nil
}

// watch calls left once the client has gone, which a server that has not read
// all of a request is not told of: it writes a blank line now and then.
func (l *lineWriter) watch(left func()) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		every := time.NewTicker(looksEvery)
		defer every.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-every.C:
			}
			if l.flush([]byte("\n")) != nil {
				left()
				return
			}
		}
	}()
	return func() { close(stopped); <-ended }
}

// upload keeps the error of what is read apart from those of the connection.
type upload struct {
	from io.Reader
	err  error
}

// Read implements io.Reader.
func (u *upload) Read(b []byte) (n int, err error) {
	n, err = u.from.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// Import makes accounts of a list. news is told as it comes; an error of it
// ends the import, of which batches may stand, as does the end of ctx. The
// report says how far it came.
func (c *Client) Import(ctx context.Context, from io.Reader, how auth.Import, news func(*auth.ImportNews) error) (*auth.ImportReport, error) {
	var options bytes.Buffer
	if err := write(&options, how); err != nil {
		return nil, err
	}
	options.WriteByte('\n')
	list, w := io.Pipe() // so that reading from it ends when the import does
	u := &upload{from: from}
	read := make(chan struct{})
	go func() {
		_, err := io.CopyBuffer(w, u, make([]byte, uploadBuffer))
		close(read)
		_ = w.CloseWithError(err) // it never fails
	}()
	defer func() { _ = list.Close() }()
	var report *auth.ImportReport
	body, err := c.post(ctx, userImport.name, io.MultiReader(&options, list))
	if errors.As(err, new(*unansweredError)) { // an import can be run again, whatever was done of it
		err = cutOff(ctx)
	}
	if err == nil {
		defer func() { _ = body.Close() }()
		report, err = importAnswer(ctx, body, news)
	}
	select {
	case <-read:
		if err != nil && u.err != nil {
			return report, u.err
		}
	default:
	}
	return report, err
}

// importAnswer reads the answer to its end.
func importAnswer(ctx context.Context, body io.Reader, news func(*auth.ImportNews) error) (*auth.ImportReport, error) {
	for lines := jsontext.NewDecoder(body); ; {
		var line importLine
		err := json.UnmarshalDecode(lines, &line)
		switch {
		case err != nil:
			return nil, cutOff(ctx)
		case line.End:
			return line.Report, line.Error.err(ctx)
		case line.News == nil:
			return nil, cutOff(ctx)
		}
		if err := news(line.News); err != nil {
			return nil, err
		}
	}
}

// cutOff is an answer that did not come whole. An import can always be run
// again, which not every act can.
func cutOff(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.New("the running server ended before the import did: run it again, and it goes on with what does not stand yet")
}
