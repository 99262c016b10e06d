package ctl

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"kunci/server/auth"
)

const (
	mediaFrames = "application/octet-stream"

	// takesWithin bounds how long a client may take no more of a backup: its
	// snapshot keeps the store from using pages again.
	takesWithin = 30 * time.Second

	frameBuffer  = 256 << 10
	longestFrame = 256 << 10
)

// backupStream sends a copy of the data file as it is read, in frames: each
// its length in four bytes (big-endian), then so many bytes. One of length 0
// ends them; what came of it follows, so that a copy that was cut off can't
// pass for a whole one.
type backupStream struct{ name string }

var dataBackup = backupStream{"backup"}

func (a *backupStream) called() string { return a.name }

func (a *backupStream) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	if err := read(body, &nothing{}); err != nil {
		return refuse(w, err)
	}
	w.Header().Set("Content-Type", mediaFrames)
	to := &frameWriter{out: bufio.NewWriterSize(w, frameBuffer), conn: http.NewResponseController(w)}
	// The bound for reading a request would end a long answer. In this process
	// there is no connection, and nothing to bound.
	_ = to.conn.SetReadDeadline(time.Time{})
	done, err := d.Operator.Backup(ctx, to)
	if to.left || ctx.Err() != nil {
		return errLeft
	}
	to.end(answer[auth.Snapshot]{Out: done, Error: faultOf(err)})
	return err
}

// frameWriter writes every Write as a frame.
type frameWriter struct {
	out  *bufio.Writer
	conn *http.ResponseController
	left bool // the client closed the connection, or took nothing for too long
}

// Write implements io.Writer.
func (f *frameWriter) Write(b []byte) (n int, err error) {
	_ = f.conn.SetWriteDeadline(time.Now().Add(takesWithin))
	for part := range slices.Chunk(b, longestFrame) {
		if _, err = f.out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))); err == nil {
			_, err = f.out.Write(part)
		}
		if err != nil {
			f.left = true
			return n, errLeft
		}
		n += len(part)
	}
	return n, nil
}

// end writes what came of it. To whoever has left, that is in vain.
func (f *frameWriter) end(a answer[auth.Snapshot]) {
	_, _ = f.out.Write(make([]byte, 4))
	_ = write(f.out, a)
	_ = f.out.Flush()
	_ = f.conn.SetWriteDeadline(time.Time{}) // the connection may be used again
}

// errCutOff says that a copy is not whole.
var errCutOff = errors.New("the running server ended before the backup was whole: start it, and run this again")

// Backup writes a consistent copy of the data file to w, and says what it is a
// copy of. After an error, what was written is of no use.
func (c *Client) Backup(ctx context.Context, w io.Writer) (auth.Snapshot, error) {
	body, err := c.send(ctx, dataBackup.name, nothing{})
	if err != nil {
		return auth.Snapshot{}, err
	}
	defer func() { _ = body.Close() }()
	in, size := bufio.NewReaderSize(body, frameBuffer), int64(0)
	for buf := make([]byte, longestFrame); ; {
		b, err := frame(in, buf)
		if ctx.Err() != nil {
			return auth.Snapshot{}, ctx.Err()
		}
		if err != nil {
			return auth.Snapshot{}, errCutOff
		}
		if len(b) > 0 {
			if _, err := w.Write(b); err != nil {
				return auth.Snapshot{}, err
			}
			size += int64(len(b))
			continue
		}
		var got answer[auth.Snapshot]
		if err := json.UnmarshalRead(in, &got); err != nil {
			return auth.Snapshot{}, errCutOff
		}
		if err := got.Error.err(ctx); err != nil {
			return auth.Snapshot{}, err
		}
		if got.Out.Size != size {
			return auth.Snapshot{}, errCutOff
		}
		return got.Out, nil
	}
}

// frame reads the next frame into a buffer that holds the longest; an empty
// one is the last.
func frame(in *bufio.Reader, buf []byte) ([]byte, error) {
	if _, err := io.ReadFull(in, buf[:4]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(buf)
	if n > longestFrame {
		return nil, errCutOff
	}
	_, err := io.ReadFull(in, buf[:n])
	return buf[:n], err
}
