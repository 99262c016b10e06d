package db_test

import (
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
)

// What the audit log costs an act that writes anyway.
func BenchmarkAudit(b *testing.B) {
	s := dbtest.Open(b)
	const perAct = 80
	b.ReportAllocs()
	for n := 0; n < b.N; n += perAct {
		update(b, s, func(tx db.Tx) error {
			for range min(perAct, b.N-n) {
				e := fullEntry(1)
				e.Subject, e.Times = "", 0
				if err := tx.Audit(e); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
