package ctl_test

import (
	"strings"
	"testing"

	"kunci/db"
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
