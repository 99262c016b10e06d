package ctl

import (
	"bufio"
	"context"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kunci/server/auth"
)

// exportStream lists the accounts as import reads them, as they are read, one
// JSON value a line, the last of which says that it is the last.
type exportStream struct{ name string }

var userExport = exportStream{"export"}

type exportOptions struct {
	Hashes bool `json:"hashes"`
}

// exportLine is one line: an account, or the end.
type exportLine struct {
	Account    *auth.Exported `json:"account"`
	Error      *fault         `json:"error"`
	End        bool           `json:"end"`
	Unreadable int            `json:"unreadable"`
}

func (a *exportStream) called() string { return a.name }

func (a *exportStream) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	var how exportOptions
	if err := read(body, &how); err != nil {
		return refuse(w, err)
	}
	if how.Hashes {
		d.subject = "with password hashes" // which somebody may want to know later
	}
	w.Header().Set("Content-Type", mediaLines)
	out := bufio.NewWriter(w)
	line := func(l exportLine) error {
		if write(out, l) != nil || out.WriteByte('\n') != nil {
			return errLeft
		}
		return nil
	}
	unreadable, err := d.Export(ctx, how.Hashes, func(e *auth.Exported) error { return line(exportLine{Account: e}) })
	// To whoever has left, this is written in vain.
	_ = line(exportLine{Error: faultOf(err), End: true, Unreadable: unreadable})
	_ = out.Flush()
	return err
}

// Export calls fn for every account in the order of ids, as it comes, until fn
// returns an error. unreadable is how many are left out since they are damaged.
func (c *Client) Export(ctx context.Context, hashes bool, fn func(*auth.Exported) error) (unreadable int, err error) {
	body, err := c.send(ctx, userExport.name, exportOptions{hashes})
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	for lines := jsontext.NewDecoder(body); ; {
		var line exportLine
		err := json.UnmarshalDecode(lines, &line)
		switch {
		case err != nil:
			return 0, c.broken(ctx, userExport.name)
		case line.End:
			return line.Unreadable, line.Error.err(ctx)
		case line.Account == nil:
			return 0, c.broken(ctx, userExport.name)
		}
		if err := fn(line.Account); err != nil {
			return 0, err
		}
	}
}
