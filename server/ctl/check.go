package ctl

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kunci/db"
)

// checkStream looks for damage, and tells how far it has come, one JSON value a
// line, the last of which says what was found.
type checkStream struct{ name string }

// tellsEvery is how often a check tells how far it has come.
const tellsEvery = 100 * time.Millisecond

// Checked is how far a check has come: so many of all pages of the file, then so
// many keys.
type Checked struct {
	Pages   int64 `json:"pages"`
	Of      int64 `json:"of"`
	Records int64 `json:"records"`
}

// checkLine is one line: how far, or the end and what was found.
type checkLine struct {
	Checked *Checked `json:"checked"`
	End     bool     `json:"end"`
	Faults  []string `json:"faults"`
	Error   *fault   `json:"error"`
}

func (a *checkStream) called() string { return a.name }

func (a *checkStream) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	if err := read(body, &nothing{}); err != nil {
		return refuse(w, err)
	}
	w.Header().Set("Content-Type", mediaLines)
	out := &lineWriter{w: w, conn: http.NewResponseController(w)}
	progress := new(db.Progress)
	defer context.AfterFunc(ctx, progress.Stop)()
	stop := tell(out, progress)
	faults, err := d.Check(progress)
	stop()
	if progress.Stopped() != nil {
		return errLeft
	}
	_ = out.line(checkLine{End: true, Faults: faults, Error: faultOf(err)}) // to whoever has left, in vain
	return err
}

// tell writes how far a check has come, at once and then until it is stopped.
// Once nobody listens, it stops the check, which keeps the store from using its
// pages again.
func tell(out *lineWriter, p *db.Progress) (stop func()) {
	stopped := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		every := time.NewTicker(tellsEvery)
		defer every.Stop()
		for out.line(checkLine{Checked: &Checked{p.Pages.Load(), p.Of.Load(), p.Records.Load()}}) == nil {
			select {
			case <-stopped:
				return
			case <-every.C:
			}
		}
		p.Stop()
	})
	return func() { close(stopped); telling.Wait() }
}

// Check names what must hold in the data and does not. While it looks, progress
// is told how far it has come.
func (c *Client) Check(ctx context.Context, progress func(Checked)) (faults []string, err error) {
	body, err := c.send(ctx, dataCheck.name, nothing{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	for lines := jsontext.NewDecoder(body); ; {
		var line checkLine
		err := json.UnmarshalDecode(lines, &line)
		switch {
		case err != nil:
			return nil, c.broken(ctx, dataCheck.name)
		case line.End:
			return line.Faults, line.Error.err(ctx)
		case line.Checked == nil:
			return nil, c.broken(ctx, dataCheck.name)
		}
		progress(*line.Checked)
	}
}
