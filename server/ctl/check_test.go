package ctl_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/ctl"
)

// unseen is for a check of which nobody watches how far it has come.
func unseen(ctl.Checked) {}

// A check tells how far it has come while it looks, and then what it found.
func TestCheckTells(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c := end(h)
			if _, err := c.Import(t.Context(), strings.NewReader(rows(3_000)), ndjson, noNews); err != nil {
				t.Fatal(err)
			}
			told := 0
			var last ctl.Checked
			faults, err := c.Check(t.Context(), func(now ctl.Checked) {
				if told++; now.Pages > now.Of || now.Pages < last.Pages || now.Records < last.Records || now.Of == 0 && now.Records > 0 {
					t.Errorf("%+v after %+v", now, last)
				}
				last = now
			})
			if err != nil || len(faults) > 0 || told == 0 {
				t.Errorf("%q, %v, told %d times", faults, err, told)
			}
		})
	}
}

// A store that can't be read is an error, not a finding.
func TestCheckOfAClosedStore(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			c := end(h)
			h.check(h.store.Close())
			if faults, err := c.Check(t.Context(), unseen); err == nil {
				t.Errorf("found %q", faults)
			}
		})
	}
}

// A check notes every page once, and what it looks at.
func TestProgress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.op.AddRole(t.Context(), "Clerk", "")
	h.check(err)
	p := new(db.Progress)
	if _, err := h.op.Check(p); err != nil {
		t.Fatal(err)
	}
	if of := p.Of.Load(); of == 0 || p.Pages.Load() != of || p.Records.Load() == 0 {
		t.Errorf("%d of %d pages, %d records", p.Pages.Load(), of, p.Records.Load())
	}
}

// large is an engine whose check goes on until it is stopped.
type large struct {
	db.Engine
	ended chan error
}

func (l large) Check(p *db.Progress) error {
	for end := time.Now().Add(5 * time.Second); p.Stopped() == nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	l.ended <- p.Stopped()
	return p.Stopped()
}

// A client that leaves ends its check.
func TestCheckClientLeaves(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, _ := dbtest.Engine(t)
			l := large{engine, make(chan error, 1)}
			store, err := db.New(l)
			if err != nil {
				t.Fatal(err)
			}
			h := houseOver(t, store)
			c := end(h)
			ctx, cancel := context.WithCancel(t.Context())
			if faults, err := c.Check(ctx, func(ctl.Checked) { cancel() }); !errors.Is(err, context.Canceled) {
				t.Errorf("%q, %v", faults, err)
			}
			if err := <-l.ended; !errors.Is(err, db.ErrStopped) {
				t.Error("it goes on after its client has left")
			}
		})
	}
}

// A check that is stopped reads the file no further, and looks at no key.
func TestStoppedCheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.fill(10)
	p := new(db.Progress)
	p.Stop()
	_, err := h.op.Check(p)
	h.check(err)
	if p.Pages.Load() >= p.Of.Load() || p.Records.Load() > 0 {
		t.Errorf("%d of %d pages, %d records", p.Pages.Load(), p.Of.Load(), p.Records.Load())
	}
}
