package auth_test

import (
	"bytes"
	"io"
	"testing"

	"kunci/server/auth"
)

// A backup says what it copied; one that can't be written, or of a store that
// is closed, says so.
func TestBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var copied bytes.Buffer
	got, err := h.op.Backup(t.Context(), &copied)
	info := h.Store.Info()
	if want := (auth.Snapshot{Instance: info.Instance.String(), Schema: info.Schema, Size: int64(copied.Len())}); err != nil || got != want || got.Size == 0 {
		t.Errorf("it says %+v of %+v, %v", got, want, err)
	}
	_, closed := io.Pipe()
	_ = closed.Close()
	if _, err := h.op.Backup(t.Context(), closed); auth.AsError(err).Kind != auth.Internal {
		t.Errorf("where it can't be written: %v", err)
	}
	if err := h.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.op.Backup(t.Context(), &copied); auth.AsError(err).Kind != auth.Busy {
		t.Errorf("of a closed store: %v", err)
	}
}
