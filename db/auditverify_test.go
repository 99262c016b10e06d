package db_test

import (
	"context"
	"errors"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// turning is an engine that counts what each view reads of the audit log, and
// lets something happen after each.
type turning struct {
	*bolt.Engine
	after func(view int)
	read  []int
}

func (e *turning) View(fn func(db.Reader) error) error {
	e.read = append(e.read, 0)
	err := e.Engine.View(func(r db.Reader) error { return fn(&turningReader{r, &e.read[len(e.read)-1]}) })
	if e.after != nil {
		e.after(len(e.read))
	}
	return err
}

type turningReader struct {
	db.Reader
	read *int
}

func (r *turningReader) Scan(s db.Space, from, to []byte, fn func(key, value []byte) bool) {
	r.Reader.Scan(s, from, to, func(key, value []byte) bool {
		*r.read++
		return fn(key, value)
	})
}

// The chain is followed a thousand entries at a time, while entries come and the
// oldest go.
func TestAuditVerifyByPages(t *testing.T) {
	t.Parallel()
	f := newFile(t) // entries 1 to 3
	e := &turning{Engine: f.engine}
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	whole := f.store(t)
	fill := func(n int) {
		for ; n > 0; n -= 90 {
			var more []*db.AuditEntry
			for range min(n, 90) {
				more = append(more, fullEntry(4))
			}
			update(t, whole, func(tx db.Tx) error { return tx.Audit(more...) })
		}
	}
	fill(2497)
	trimTo := func(left int) {
		update(t, whole, func(tx db.Tx) error { return second(tx.TrimAudit(0, noon+day, left, 2400)) })
	}
	head := verified(t, whole, nil).Head
	for _, test := range []struct {
		name    string
		after   func(view int)
		views   int
		entries int
		noted   bool
		faulty  bool
	}{
		{"at rest", nil, 3, 2500, true, false},
		{"entries come", func(int) { fill(90) }, 3, 2680, true, false},
		{"behind it they go", func(view int) {
			if view == 1 {
				trimTo(2300)
			}
		}, 3, 2770, true, false},
		{"before it they go", func(view int) {
			if view == 1 {
				trimTo(1100)
			}
		}, 3, 2100, true, false},
		{"one is changed", func(view int) {
			if view == 1 {
				f.change(func(w db.Writer) error { key, _ := w.Last("audit"); w.Put("audit", key, []byte("damaged")); return nil })
			}
		}, 2, 1100, true, true},
	} {
		e.read, e.after = nil, test.after
		r, err := s.VerifyAudit(t.Context(), head)
		if err != nil || r.Entries != test.entries || len(e.read) != test.views || r.Noted != test.noted || (len(r.Faults) > 0) != test.faulty {
			t.Errorf("%s: %d entries in %d views, %+v, %v", test.name, r.Entries, len(e.read), r.Faults, err)
		}
		for _, n := range e.read {
			if n > 1000 {
				t.Errorf("%s: one view reads %d entries", test.name, n)
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.VerifyAudit(ended, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
