package db_test

import (
	"testing"

	"kunci/db"
)

// However many can't be read, each act of a sweep removes as many as it may:
// whoever sweeps stops at one that removed less.
func TestSweepGoesOnBehindDamage(t *testing.T) {
	t.Parallel()
	e := newFile(t)
	s := e.store(t)
	const all, damaged, perAct = 45, 12, 10
	update(t, s, func(tx db.Tx) error {
		for n := range all {
			if err := tx.AddSession(fullSession(100+n, 1)); err != nil {
				return err
			}
		}
		return nil
	})
	e.change(func(w db.Writer) error {
		n := 0
		w.Scan("session_expiry", nil, nil, func(key, _ []byte) bool { // those that the sweep meets first
			id := key[4:]
			w.Put("session", id, flip(w.Get("session", id), 9))
			n++
			return n < damaged
		})
		return nil
	})
	for left := all + fileSessions - damaged; left > 0; left -= perAct {
		var swept int
		update(t, s, func(tx db.Tx) (err error) { swept, err = tx.SweepSessions(noon+99*day, perAct); return err })
		if swept != min(perAct, left) {
			t.Fatalf("with %d left an act removes %d", left, swept)
		}
	}
}
