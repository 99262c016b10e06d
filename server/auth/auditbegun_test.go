package auth_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// beside are the acts of an operator that are done beside the store.
func beside(t *testing.T, op auth.Operator) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"backup":       func() error { _, err := op.Backup(ctx, io.Discard); return err },
		"export":       func() error { _, err := op.Export(ctx, true, func(*auth.Exported) error { return nil }); return err },
		"audit-export": func() error { _, err := op.AuditExport(ctx, func(*auth.Audited) error { return nil }); return err },
		"key-rotate":   func() error { _, err := op.RotateKey(ctx); return err },
		"import": func() error {
			none := func(auth.ImportNews) error { return nil }
			_, err := op.Import(ctx, strings.NewReader(`{"nothing":1}`), auth.Import{Format: auth.ImportNDJSON}, none)
			return err
		},
	}
}

// Without a server nothing is done of which no entry can be written.
func TestNothingAloneWithoutAnEntry(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk := &fullDisk{Engine: engine}
	h := houseOver(t, must[*db.Store](t)(db.New(disk)))
	key := h.Ring.Keys(h.clock.Now())[0].ID
	alone := h.op
	alone.Alone = true
	disk.full.Store(true)
	for name, act := range beside(t, alone) {
		if e := wantKind(t, act(), auth.Busy); !strings.Contains(e.Error(), "the audit log takes no entry") {
			t.Errorf("%s: %v", name, e)
		}
	}
	disk.full.Store(false)
	if got := h.told(auth.AuditQuery{}); len(got) > 0 || h.Ring.Keys(h.clock.Now())[0].ID != key {
		t.Errorf("%q", got)
	}
}

// A server backs up on a full disk, and writes that it did when it can; who
// ends before is told.
func TestBackupOfAFullDisk(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk := &fullDisk{Engine: engine}
	h := houseOver(t, must[*db.Store](t)(db.New(disk)))
	disk.full.Store(true)
	must[auth.Snapshot](t)(h.op.Backup(t.Context(), io.Discard))
	wantKind(t, h.FlushAudit(t.Context()), auth.Busy)
	disk.full.Store(false)
	h.check(h.FlushAudit(t.Context()))
	if diff := cmp.Diff([]string{"operator - backup begun", "operator - backup ok"}, h.told(auth.AuditQuery{})); diff != "" {
		t.Error(diff)
	}
}

// However many there are, a list holds no more than its bound.
func TestAuditListIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AuditMost = 20_000 })
	for range auth.MostAudited/90 + 2 {
		h.check(h.Store.Update(t.Context(), func(tx db.Tx) error {
			var all []*db.AuditEntry
			for range 90 {
				all = append(all, &db.AuditEntry{At: db.At(h.clock.Now()), Event: "sign-in", Outcome: "ok", Dialect: "smart"})
			}
			return tx.Audit(all...)
		}))
	}
	page := must[*auth.AuditPage](t)(h.op.Audit(t.Context(), auth.AuditQuery{}))
	if n := len(page.Entries); n != auth.MostAudited || page.Entries[n-1].Seq != page.Last {
		t.Errorf("%d entries", n)
	}
}
