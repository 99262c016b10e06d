package ctl

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// stream is an act that takes one value and answers with a list as it is read,
// so that neither end holds all of it: one JSON value a line (NDJSON), the last
// of which says that it is the last.
type stream[In, T any] struct {
	name string // of the command
	each func(ctx context.Context, d *doing, in In, fn func(*T) error) (unreadable int, err error)
}

// streamLine is one line: an item, or the end with the error that brought it
// about.
type streamLine[T any] struct {
	Item       *T     `json:"item"`
	Error      *fault `json:"error"`
	End        bool   `json:"end"`
	Unreadable int    `json:"unreadable"` // items in all that could not be read
}

// errLeft says that the client closed the connection before the end.
var errLeft = errors.New("the client left")

func (a *stream[In, T]) called() string { return a.name }

func (a *stream[In, T]) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	var in In
	if err := read(body, &in); err != nil {
		return refuse(w, err)
	}
	w.Header().Set("Content-Type", mediaLines)
	out := bufio.NewWriter(w)
	line := func(l streamLine[T]) error {
		if write(out, l) != nil || out.WriteByte('\n') != nil {
			return errLeft
		}
		return nil
	}
	unreadable, err := a.each(ctx, d, in, func(item *T) error { return line(streamLine[T]{Item: item}) })
	// To whoever has left, this is written in vain.
	_ = line(streamLine[T]{Error: faultOf(err), End: true, Unreadable: unreadable})
	_ = out.Flush()
	return err
}

// ask calls fn for every item as it comes.
func (a *stream[In, T]) ask(ctx context.Context, c *Client, in In, fn func(*T) error) (unreadable int, err error) {
	body, err := c.send(ctx, a.name, in)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	for lines := jsontext.NewDecoder(body); ; {
		var line streamLine[T]
		err := json.UnmarshalDecode(lines, &line)
		switch {
		case err != nil:
			return 0, c.broken(ctx, a.name)
		case line.End:
			return line.Unreadable, line.Error.err(ctx)
		case line.Item == nil:
			return 0, c.broken(ctx, a.name)
		}
		if err := fn(line.Item); err != nil {
			return 0, err
		}
	}
}
