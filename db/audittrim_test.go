package db_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
)

// trimmed trims as often as there is something to trim, and says how much that
// was.
func trimmed(t *testing.T, s *db.Store, before db.Time, most, max int) (all int) {
	t.Helper()
	for n := max; n == max; all += n {
		update(t, s, func(tx db.Tx) (err error) { n, err = tx.TrimAudit(before, noon+day, most, max); return err })
	}
	return all
}

// Damage where the log ends neither keeps old entries nor costs fresh ones.
func TestAuditTrimWithDamagedEnds(t *testing.T) {
	t.Parallel()
	stray := func(seqs ...uint64) func(db.Writer) {
		return func(w db.Writer) {
			for _, seq := range seqs {
				w.Put("audit", be64(seq), []byte("damaged"))
			}
		}
	}
	for name, test := range map[string]struct {
		damage func(db.Writer)
		before db.Time
		most   int
		left   []uint64
		sound  bool // once the damage is trimmed, all holds again
	}{
		"ends damaged, by age":     {func(w db.Writer) { w.Put("meta", []byte("audit"), []byte("damaged")) }, noon + 6, 100, []uint64{6, 7, 8, 9}, false},
		"ends damaged, by count":   {func(w db.Writer) { w.Put("meta", []byte("audit"), []byte("damaged")) }, noon, 2, []uint64{8, 9}, false},
		"ends gone, all":           {func(w db.Writer) { w.Delete("meta", []byte("audit")) }, noon + 20, 100, nil, false},
		"ends gone, a stray":       {func(w db.Writer) { w.Delete("meta", []byte("audit")); stray(1 << 50)(w) }, noon, 100, []uint64{1, 2, 3}, false},
		"the next is there":        {stray(4), noon, 100, []uint64{1, 2, 3, 5, 6, 7, 8, 9, 10}, false},
		"the next is there, count": {stray(4), noon, 3, []uint64{8, 9, 10}, true},
		"the next is there, age":   {stray(4), noon + 6, 100, []uint64{7, 8, 9, 10}, true},
		"the next is there, all":   {stray(4), noon + 20, 100, nil, true},
		"one far away":             {stray(1 << 50), noon, 100, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFile(t) // entries 1 to 3
			s := f.store(t)
			f.change(func(w db.Writer) error { test.damage(w); return nil })
			for n := range 6 {
				audited(t, s, noon+db.Time(4+n))
			}
			trimmed(t, s, test.before, test.most, 2)
			var left []uint64 // but for what comes after a stray far away
			view(t, s, func(v db.View) error {
				v.AuditEntries(0, 1<<50, func(e *db.AuditEntry, err error) bool {
					if err == nil {
						left = append(left, e.Seq)
					}
					return true
				})
				return nil
			})
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Error(diff)
			}
			if r := verified(t, s, nil); (len(r.Faults) == 0) != test.sound {
				t.Errorf("%+v", r)
			}
			audited(t, s, noon+30)
			if r := verified(t, s, nil); (len(r.Faults) == 0) != test.sound || r.Last != noon+30 {
				t.Errorf("with one more: %+v", r)
			}
		})
	}
}

// Any number of entries whose age is unsure keeps no old one.
func TestAuditTrimManyUnsure(t *testing.T) {
	t.Parallel()
	f := newFile(t) // entries 1 to 3
	s := f.store(t)
	for range 10 {
		audited(t, s, noon+9*day)
	}
	audited(t, s, noon+4, noon+9*day, noon+5)
	if n := trimmed(t, s, noon+5, 100, 4); n != 14 {
		t.Errorf("%d trimmed", n)
	}
	if diff := cmp.Diff([]uint64{15, 16}, seqs(t, s)); diff != "" {
		t.Error(diff)
	}
	if r := verified(t, s, nil); r.Faults != nil {
		t.Errorf("%+v", r)
	}
}

func TestNewestAudited(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := f.store(t)
	newest := func() (at db.Time) {
		view(t, s, func(v db.View) error { at = v.NewestAudited(); return nil })
		return at
	}
	if at := newest(); at != noon+3 {
		t.Errorf("%d", at)
	}
	f.change(func(w db.Writer) error { w.Put("audit", be64(4), []byte("damaged")); return nil })
	if at := newest(); at != 0 {
		t.Errorf("one that can't be read: %d", at)
	}
	f.change(func(w db.Writer) error {
		for seq := range uint64(5) {
			w.Delete("audit", be64(seq))
		}
		return nil
	})
	if at := newest(); at != 0 {
		t.Errorf("none: %d", at)
	}
}
