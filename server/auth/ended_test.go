package auth_test

import (
	"context"
	"sync/atomic"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// fullDisk is the real engine on a disk that can be full.
type fullDisk struct {
	*bolt.Engine
	full atomic.Bool
}

func (f *fullDisk) Update(ctx context.Context, fn func(db.Writer) error) error {
	if f.full.Load() {
		return db.ErrUnavailable
	}
	return f.Engine.Update(ctx, fn)
}

func TestSignOutThatCannotBeStored(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk := &fullDisk{Engine: engine}
	h := houseOver(t, must[*db.Store](t)(db.New(disk)))
	h.register("budi@example.com", "")
	for _, a := range []*auth.Audience{snapotp, shoop} {
		again, later, other := h.in(a, "budi@example.com"), h.in(a, "budi@example.com"), h.in(a, "budi@example.com")
		disk.full.Store(true)
		for _, g := range []*auth.Grant{again, later, later} {
			_, err := h.SignOut(t.Context(), auth.Caller{}, g.Token)
			wantKind(t, err, auth.Busy)
			if h.stands(g.Token) {
				t.Errorf("%s: a session stands after its sign-out", a.Name)
			}
			if got := must[*auth.Introspection](t)(h.Introspect(t.Context(), g.Token)); got != nil {
				t.Errorf("%s: it is active after its sign-out", a.Name)
			}
		}
		if !h.stands(other.Token) {
			t.Errorf("%s: another session ended with it", a.Name)
		}
		if err := h.Probe(t.Context()); err == nil {
			t.Error("the probe found that a full disk takes writes")
		}
		disk.full.Store(false)
		// Whoever asks again is told that it is for good now.
		must[auth.Done](t)(h.SignOut(t.Context(), auth.Caller{}, again.Token))
		must[struct{}](t)(struct{}{}, h.Probe(t.Context()))
		_, err := h.SignOut(t.Context(), auth.Caller{}, later.Token)
		wantKind(t, err, auth.NoSession)
	}
	// What was held in memory is in the store by now: another process agrees.
	var left int
	must[struct{}](t)(struct{}{}, h.Store.View(func(v db.View) error {
		sessions, err := v.Sessions(1)
		left = len(sessions)
		return err
	}))
	if want := 3; left != want { // the sign-up's own, and the other of each API
		t.Errorf("%d sessions stand in the store, want %d", left, want)
	}
}
