package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/dbtest"
)

// audited appends entries that were made at these times.
func audited(t testing.TB, s *db.Store, at ...db.Time) {
	t.Helper()
	for _, when := range at {
		update(t, s, func(tx db.Tx) error { return tx.Audit(&db.AuditEntry{At: when, Event: "sign-in", Outcome: "ok"}) })
	}
}

func verified(t testing.TB, s *db.Store, noted []byte) (r *db.AuditReport) {
	t.Helper()
	view(t, s, func(v db.View) error { r = v.VerifyAudit(noted); return nil })
	return r
}

func seqs(t testing.TB, s *db.Store) (all []uint64) {
	t.Helper()
	view(t, s, func(v db.View) error {
		first, next := v.AuditSpan()
		v.AuditEntries(first, next, func(e *db.AuditEntry, err error) bool {
			if err == nil {
				all = append(all, e.Seq)
			}
			return true
		})
		return nil
	})
	return all
}

func TestAuditChain(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	begin := verified(t, s, nil)
	if begin.Entries != 0 || begin.First != 0 || begin.Last != 0 || begin.Faults != nil || len(begin.Head) != 32 || begin.Noted {
		t.Errorf("an empty log: %+v", begin)
	}
	full := fullEntry(1)
	full.Seq, full.Prev = 9, []byte("given by Audit")
	whole(t, full)
	update(t, s, func(tx db.Tx) error {
		return first(tx.Audit(full, fullEntry(2)), tx.Audit(fullEntry(3)))
	})
	if err := s.Update(t.Context(), func(tx db.Tx) error { return first(tx.Audit(fullEntry(4)), os.ErrClosed) }); err != os.ErrClosed {
		t.Error(err)
	}
	head := verified(t, s, begin.Head)
	if head.Entries != 3 || head.First != noon+1 || head.Last != noon+3 || head.Faults != nil || !head.Noted {
		t.Errorf("%+v", head)
	}
	audited(t, s, noon+4)
	if r := verified(t, s, head.Head); !r.Noted || r.Entries != 4 || bytes.Equal(r.Head, head.Head) {
		t.Errorf("%+v", r)
	}
	if r := verified(t, s, hash(1)); r.Noted || r.Faults != nil {
		t.Errorf("a head that never was: %+v", r)
	}
	if diff := cmp.Diff([]uint64{1, 2, 3, 4}, seqs(t, s)); diff != "" {
		t.Error(diff)
	}
	view(t, s, func(v db.View) error {
		want := fullEntry(1)
		if diff := cmp.Diff(want, entries(v)[0]); diff != "" {
			t.Error(diff)
		}
		return nil
	})
}

// Whoever changes the log by whole records, checksums and all, breaks the chain.
func TestAuditTampered(t *testing.T) {
	t.Parallel()
	entry := func(w db.Writer, seq uint64) *db.AuditEntry {
		e := new(db.AuditEntry)
		if err := db.Unseal("audit", be64(seq), w.Get("audit", be64(seq)), e); err != nil {
			panic(err)
		}
		return e
	}
	seal := func(w db.Writer, seq uint64, e *db.AuditEntry) {
		raw, err := db.Seal("audit", be64(seq), e)
		if err != nil {
			panic(err)
		}
		w.Put("audit", be64(seq), raw)
	}
	for name, test := range map[string]struct {
		tamper func(db.Writer)
		want   string
	}{
		"changed": {func(w db.Writer) {
			e := entry(w, 2)
			e.Outcome = "ok"
			seal(w, 2, e)
		}, "audit entry 3: the chain is broken before it"},
		"the last changed": {func(w db.Writer) {
			e := entry(w, 3)
			e.Addr = "203.0.113.9"
			seal(w, 3, e)
		}, "its end is missing, or not as it was written"},
		"taken out":         {func(w db.Writer) { w.Delete("audit", be64(2)) }, "audit entry 3: the chain is broken, 2 should stand there"},
		"the oldest out":    {func(w db.Writer) { w.Delete("audit", be64(1)) }, "audit entry 2: the chain is broken, 1 should stand there"},
		"the last out":      {func(w db.Writer) { w.Delete("audit", be64(3)) }, "its end is missing"},
		"two changed about": {func(w db.Writer) { a, b := entry(w, 1), entry(w, 2); seal(w, 1, b); seal(w, 2, a) }, "audit entry 1: the chain is broken before it"},
		"one more":          {func(w db.Writer) { e := entry(w, 3); seal(w, 4, e) }, "audit entry 4: the chain is broken before it"},
		"a key that is none": {func(w db.Writer) { w.Put("audit", []byte("x"), nil) },
			"audit entry 78: stands where none can"},
		"its ends gone":    {func(w db.Writer) { w.Delete("meta", []byte("audit")) }, "where the audit log begins and ends: it is missing"},
		"its ends damaged": {func(w db.Writer) { w.Put("meta", []byte("audit"), []byte("damaged")) }, "where the audit log begins and ends: db: damaged"},
		"all of it gone": {func(w db.Writer) {
			for seq := range uint64(4) {
				w.Delete("audit", be64(seq))
			}
		}, "its end is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFile(t)
			s := f.store(t)
			if r := verified(t, s, nil); r.Faults != nil {
				t.Fatal(r.Faults)
			}
			f.change(func(w db.Writer) error { test.tamper(w); return nil })
			faults, err := s.Check()
			if err != nil || !strings.Contains(strings.Join(faults, "\n"), test.want) {
				t.Errorf("%q, %v, want %q", faults, err, test.want)
			}
			// What is wrong with the log stops no act, and the log goes on.
			before := len(seqs(t, s))
			update(t, s, func(tx db.Tx) error { return first(tx.AddAccount(person(5)), tx.Audit(fullEntry(5))) })
			if after := seqs(t, s); len(after) != before+1 && !strings.HasPrefix(name, "a key") && name != "all of it gone" {
				t.Errorf("entries %v after one more", after)
			}
			if again, err := s.Check(); err != nil || len(again) == 0 {
				t.Errorf("it is mended in silence: %q, %v", again, err)
			}
		})
	}
}

func TestAuditTrim(t *testing.T) {
	t.Parallel()
	trim := func(t *testing.T, s *db.Store, before db.Time, most, max int) (n int) {
		t.Helper()
		update(t, s, func(tx db.Tx) (err error) { n, err = tx.TrimAudit(before, noon+day, most, max); return err })
		return n
	}
	six := []db.Time{noon, noon + 1, noon + 2, noon + 3, noon + 4, noon + 5}
	for name, test := range map[string]struct {
		at        []db.Time
		before    db.Time
		most, max int
		trimmed   int
		left      []uint64
	}{
		"nothing":                     {six, noon, 6, 10, 0, []uint64{1, 2, 3, 4, 5, 6}},
		"old ones":                    {six, noon + 3, 6, 10, 3, []uint64{4, 5, 6}},
		"too many":                    {six, noon, 2, 10, 4, []uint64{5, 6}},
		"a few at a time":             {six, noon + 5, 6, 2, 2, []uint64{3, 4, 5, 6}},
		"all":                         {six, noon + 9, 6, 10, 6, nil},
		"a clock was ahead":           {[]db.Time{noon, noon + 9*day, noon + 1, noon + 5}, noon + 3, 6, 10, 3, []uint64{4}},
		"a clock was ahead, at first": {[]db.Time{noon + 9*day, noon + 5}, noon + 3, 6, 10, 0, []uint64{1, 2}},
		"an empty log":                {nil, noon + 9, 0, 10, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dbtest.Open(t) // which is checked at the end
			audited(t, s, test.at...)
			head := verified(t, s, nil).Head
			if n := trim(t, s, test.before, test.most, test.max); n != test.trimmed {
				t.Errorf("%d trimmed, want %d", n, test.trimmed)
			}
			if diff := cmp.Diff(test.left, seqs(t, s)); diff != "" {
				t.Error(diff)
			}
			if r := verified(t, s, head); r.Faults != nil || !r.Noted || r.Entries != len(test.left) {
				t.Errorf("%+v", r)
			}
			audited(t, s, noon+6)
			if all := seqs(t, s); all[len(all)-1] != uint64(len(test.at)+1) {
				t.Errorf("the next is %v", all)
			}
		})
	}
}

// A damaged entry goes with the next that is old, and what is left of the chain
// is sound.
func TestAuditTrimDamaged(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := f.store(t)
	f.change(func(w db.Writer) error { w.Put("audit", be64(1), []byte("damaged")); return nil })
	for _, step := range []struct {
		before db.Time
		left   int
	}{{noon + 2, 3}, {noon + 3, 1}} {
		update(t, s, func(tx db.Tx) error { return second(tx.TrimAudit(step.before, noon+day, 10, 10)) })
		if r := verified(t, s, nil); r.Entries != step.left || (len(r.Faults) == 0) != (step.left == 1) {
			t.Errorf("from before %d: %+v", step.before, r)
		}
	}
}

// Acts that come at once make one chain.
func TestAuditAtOnce(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	var wg sync.WaitGroup
	const callers, acts = 8, 25
	for c := range callers {
		wg.Go(func() {
			for n := range acts {
				err := s.Update(context.Background(), func(tx db.Tx) error {
					if err := tx.Audit(&db.AuditEntry{At: noon, Event: fmt.Sprint(c), Outcome: "ok"}); err != nil || n%5 > 0 {
						return err
					}
					return os.ErrClosed // and leaves no trace
				})
				if err != nil && !errors.Is(err, os.ErrClosed) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if r := verified(t, s, nil); r.Entries != callers*acts*4/5 || r.Faults != nil {
		t.Errorf("%+v", r)
	}
}

// A log whose ends are lost is found again from its last entry.
func TestAuditSpanWithoutEnds(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := f.store(t)
	f.change(func(w db.Writer) error {
		w.Delete("meta", []byte("audit"))
		w.Delete("audit", be64(1))
		return nil
	})
	update(t, s, func(tx db.Tx) error { return first(tx.Audit(fullEntry(8)), tx.Audit(fullEntry(9))) })
	if diff := cmp.Diff([]uint64{2, 3, 4, 5}, seqs(t, s)); diff != "" {
		t.Error(diff)
	}
	f.change(func(w db.Writer) error { w.Put("audit", bytes.Repeat([]byte{0xff}, 8), nil); return nil })
	update(t, s, func(tx db.Tx) error { return tx.Audit(fullEntry(10)) }) // there is no number left
}

// A file of before the audit log takes no entry until it is migrated, which
// begins the log.
func TestAuditBeforeItsSchema(t *testing.T) {
	t.Parallel()
	e := made(t, func(w db.Writer) error {
		old := infoOf(1)
		if err := db.Init(w, old); err != nil {
			return err
		}
		w.Delete("meta", []byte("audit"))
		return sealed(&old)(w)
	})
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	audited(t, s, noon)
	if left := dump(t, e); len(left) > 0 {
		t.Errorf("it holds %q", left)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	audited(t, s, noon+1)
	if r := verified(t, s, nil); r.Entries != 1 || r.Faults != nil {
		t.Errorf("%+v", r)
	}
}
