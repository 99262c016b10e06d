package auth_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// Failures cost no write of their own, and however many come, one act a second
// at most.
func TestAuditOfFailuresIsBounded(t *testing.T) {
	t.Parallel()
	h, spy := spiedHouse(t)
	h.register("budi@example.com", "")
	before := spy.acts()
	for i := range 30 {
		_, _ = h.login(snapotp, fmt.Sprintf("ghost%d", i), "wrong", fmt.Sprintf("198.51.%d.1", i))
	}
	if spy.acts() != before {
		t.Errorf("%d failures wrote %d times", 30, spy.acts()-before)
	}
	more, err := h.SaveAudit(t.Context())
	if more || err != nil || spy.acts() != before+1 {
		t.Errorf("more %v, %v, %d acts", more, err, spy.acts()-before)
	}
	if got := h.told(auth.AuditQuery{Outcome: "failed"}); len(got) != 30 {
		t.Errorf("%d entries", len(got))
	}
}

// Who goes on and on is one entry for as long as it takes to write it; what is
// typed has its own while the address's share of the minute lasts, then is counted.
func TestAuditOfFloods(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.Limits.FailuresPerMinute = 1 })
	seen := uint64(0)
	for range 50 {
		_, _ = h.login(snapotp, "ghost", "wrong", stranger)
	}
	h.tells(&seen, "snapotp - sign-in wrong_password: no such account", "snapotp - sign-in too_many: limit failures per minute ×49")
	for i := range 50 { // whatever is typed
		_, _ = h.login(snapotp, fmt.Sprint("ghost", i), "wrong", stranger)
	}
	const tooMany = "snapotp - sign-in too_many: limit failures per minute"
	h.tells(&seen, append(slices.Repeat([]string{tooMany}, 6), tooMany+" ×44")...)
	_, _ = h.login(pwa, "victim@example.com", "short", home) // who is elsewhere is told of
	h.tells(&seen, "pwa - sign-in invalid: password too_short")
	for name, want := range map[string]int{"ghost0": 1, "ghost5": 1, "ghost6": 0, "ghost40": 0, "victim@example.com": 1} {
		if got := h.told(auth.AuditQuery{User: name}); len(got) != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	h.clock.add(time.Minute)
	for i := range 50 {
		_, _ = h.login(snapotp, "", "", fmt.Sprintf("10.1.%d.1", i))
	}
	h.told(auth.AuditQuery{Limit: 1})
	got := h.told(auth.AuditQuery{After: seen})
	if len(got) != 21 || got[20] != "server - dropped dropped ×30" {
		t.Errorf("%q", got)
	}
	_, _ = h.login(snapotp, "other", "wrong", home) // there is room for what is judged
	if got := h.told(auth.AuditQuery{User: "other"}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// Refusals of different people are told of each, those of one are one entry.
func TestAuditOfRefusalsByName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("p1@example.com", "")
	for range 2 {
		for _, who := range []string{"p1@example.com", "p2@example.com", "P2@Example.com", "p3@example.com", "no address", ""} {
			_, err := h.login(pwa, who, "short", stranger)
			wantKind(t, err, auth.Invalid)
		}
	}
	const short = "pwa - sign-in invalid: password too_short"
	for name, want := range map[string]string{
		"p1@example.com": short + " ×2", "p2@example.com": short + " ×4", "p3@example.com": short + " ×2",
		"no address": "pwa - sign-in invalid: email not_email, password too_short ×2", "p4@example.com": "",
	} {
		if got := strings.Join(h.told(auth.AuditQuery{User: name, Event: "sign-in"}), "\n"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// However often it is written, a flood has its share of each minute, and where
// it can't be written no more than that waits.
func TestAuditOfLongFloods(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]bool{"it is written": false, "it is not": true} {
		engine, _ := dbtest.Engine(t)
		disk := &fullDisk{Engine: engine}
		h := houseOver(t, must[*db.Store](t)(db.New(disk)))
		disk.full.Store(full)
		const minutes = 3
		for i := range minutes * 60 {
			for j := range 30 {
				if j%2 == 0 {
					_, _ = h.login(snapotp, "", "", fmt.Sprintf("10.%d.%d.1", i, j))
				} else { // from one address, whatever it types
					_, _ = h.login(pwa, fmt.Sprintf("p%d.%d@example.com", i, j), "short", stranger)
				}
			}
			_, _ = h.SaveAudit(t.Context())
			h.clock.add(time.Second)
		}
		disk.full.Store(false)
		most := minutes*(20+1) + 1
		if full {
			most = 20 + 1
		}
		h.told(auth.AuditQuery{Limit: 1})
		if got := h.told(auth.AuditQuery{}); len(got) > most || len(got) < 21 || !strings.Contains(strings.Join(got, " "), "dropped") {
			t.Errorf("%s: %d entries", name, len(got))
		}
	}
}

// slowDisk writes, but says too late that it did.
type slowDisk struct {
	*bolt.Engine
	slow atomic.Bool
}

func (d *slowDisk) Update(ctx context.Context, fn func(db.Writer) error) error {
	err := d.Engine.Update(ctx, fn)
	if err == nil && d.slow.Load() {
		return context.DeadlineExceeded
	}
	return err
}

// What may have been written is not written again.
func TestAuditIsNotRepeated(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk, seen := &slowDisk{Engine: engine}, uint64(0)
	h := houseOver(t, must[*db.Store](t)(db.New(disk)))
	disk.slow.Store(true)
	_, _ = h.login(snapotp, "ghost", "wrong", stranger)
	_, err := h.SaveAudit(t.Context())
	wantKind(t, err, auth.Busy)
	disk.slow.Store(false)
	h.tells(&seen, "snapotp - sign-in wrong_password: no such account")
}

// More than the memory holds are counted, none is written twice, and what could
// not be written at first is written later.
func TestAuditQueueOverflows(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk := &fullDisk{Engine: engine}
	h := houseOver(t, must[*db.Store](t)(db.New(disk)), func(c *auth.Config) { c.AuditMost = 5000 })
	disk.full.Store(true)
	const tries = 1100
	for i := range tries {
		_, err := h.Confirm(t.Context(), caller(snapotp, fmt.Sprintf("10.%d.%d.1", i/250, i%250)), "no link")
		wantKind(t, err, auth.BadLink)
		if i == 500 {
			if _, err := h.SaveAudit(t.Context()); err == nil {
				t.Error("a full disk takes it")
			}
		}
	}
	if _, err := h.SaveAudit(t.Context()); err == nil {
		t.Error("a full disk takes it")
	}
	disk.full.Store(false)
	got := h.told(auth.AuditQuery{})
	dropped := "server - dropped dropped ×100"
	if n := strings.Count(strings.Join(got, "\n"), "bad_link"); n != tries-100 || len(got) != n+1 || !strings.Contains(strings.Join(got, "\n"), dropped) {
		t.Errorf("%d entries, %d of them failures", len(got), n)
	}
	if v := must[*auth.AuditVerified](t)(h.op.VerifyAudit(t.Context(), "")); len(v.Faults) > 0 {
		t.Error(v.Faults)
	}
}

// All that waits is written at the end.
func TestKeepAudit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AuditMost = 5000 })
	for i := range 300 {
		_, _ = h.Confirm(t.Context(), caller(snapotp, fmt.Sprintf("10.0.%d.1", i%250)), "no link")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	h.KeepAudit(ended, func(err error) { t.Error(err) })
	if _, next := span(t, h); next != 301 {
		t.Errorf("the next entry is %d", next)
	}
}

// The log stays near its bound between two sweeps.
func TestKeepAuditTrims(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AuditMost = 200 })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, want := range []uint64{1, 1, 131} { // the first that is kept
		for range 11 {
			h.check(h.Store.Update(t.Context(), func(tx db.Tx) error {
				for range 10 {
					if err := tx.Audit(&db.AuditEntry{At: db.At(h.clock.Now()), Event: "sign-in", Outcome: "ok", Dialect: "smart"}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		h.KeepAudit(ended, func(err error) { t.Error(err) })
		if first, next := span(t, h); first != want {
			t.Errorf("from %d to %d, want from %d", first, next, want)
		}
	}
}

func span(t *testing.T, h *house) (first, next uint64) {
	t.Helper()
	h.check(h.Store.View(func(v db.View) error { first, next = v.AuditSpan(); return nil }))
	return first, next
}

// An act and its entry are one: callers who come at once leave one sound chain,
// with one entry for each that got in or failed.
func TestAuditAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "budi")
	atOnce(12, func(i int) error {
		switch i % 3 {
		case 0:
			h.told(auth.AuditQuery{Limit: 5})
			_, err := h.SaveAudit(t.Context())
			return err
		case 1:
			_, err := h.login(shoop, "budi", "wrong", fmt.Sprintf("198.51.%d.1", i))
			return err
		}
		_, err := h.login(shoop, "budi", goodPassword, home)
		return err
	})
	v := must[*auth.AuditVerified](t)(h.op.VerifyAudit(t.Context(), ""))
	if len(v.Faults) > 0 || v.Entries != 9 {
		t.Errorf("%+v", v)
	}
	if got := h.told(auth.AuditQuery{Outcome: "ok"}); len(got) != 5 {
		t.Errorf("%q", got)
	}
}

// A sign-out that could not be stored at once is told once it is.
func TestAuditOfALateSignOut(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t)
	disk := &fullDisk{Engine: engine}
	h, seen := houseOver(t, must[*db.Store](t)(db.New(disk))), uint64(0)
	g := h.register("budi@example.com", "")
	h.tells(&seen, "snapotp budi sign-up ok")
	disk.full.Store(true)
	_, err := h.SignOut(t.Context(), caller(snapotp, home), g.Token)
	wantKind(t, err, auth.Busy)
	disk.full.Store(false)
	h.check(h.Probe(t.Context()))
	h.tells(&seen, "snapotp budi sign-out ok: it could not be stored at once")
}

// The log is bounded by age and by count, turned off by a count of 0, and then
// still grows old.
func TestAuditIsSwept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) { c.AuditMost, c.AuditKeep = 200, 48*time.Hour })
	fill := func(n int) {
		t.Helper()
		for range n / 50 {
			h.check(h.Store.Update(t.Context(), func(tx db.Tx) error {
				for range 50 {
					if err := tx.Audit(&db.AuditEntry{At: db.At(h.clock.Now()), Event: "sign-in", Outcome: "ok", Dialect: "smart"}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}
	swept := func(first, next uint64) {
		t.Helper()
		h.check(h.Sweep(t.Context()))
		if f, n := span(t, h); f != first || n != next {
			t.Errorf("entries from %d to %d, want %d to %d", f, n, first, next)
		}
		if v := must[*auth.AuditVerified](t)(h.op.VerifyAudit(t.Context(), "")); len(v.Faults) > 0 {
			t.Error(v.Faults)
		}
	}
	fill(450)
	swept(251, 451)
	h.clock.add(24 * time.Hour)
	fill(50)
	swept(301, 501)
	h.clock.add(25 * time.Hour)
	swept(301, 501) // nothing newer says that they are old
	fill(50)
	swept(451, 551)
	now := h.clock
	h = houseOver(t, h.Store, func(c *auth.Config) { c.AuditMost, c.AuditKeep, c.Now = 0, 48*time.Hour, now.Now })
	h.register("budi@example.com", "")
	_, _ = h.login(snapotp, "budi@example.com", "wrong", stranger)
	h.add("sari@example.com", auth.Edit{})
	must[auth.Snapshot](t)(h.op.Backup(t.Context(), io.Discard))
	h.clock = now
	swept(451, 551)
	now.add(24 * time.Hour)
	swept(501, 551)
	now.add(25 * time.Hour)
	swept(551, 551)
}

// A clock that is ahead for a while deletes no entry.
func TestAuditIsSweptByAClockAhead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("budi@example.com", "")
	h.clock.add(20 * 366 * 24 * time.Hour)
	h.check(h.Sweep(t.Context()))
	h.clock.add(-20 * 366 * 24 * time.Hour)
	if got := h.told(auth.AuditQuery{}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// What keeps sessions from being swept keeps no entry of the audit log.
func TestAuditIsSweptBesideDamage(t *testing.T) {
	t.Parallel()
	engine, _ := dbtest.Engine(t) // which nobody checks
	h := houseOver(t, must[*db.Store](t)(db.New(engine)), func(c *auth.Config) { c.AuditMost = 1 })
	h.register("budi@example.com", "")
	h.in(shoop, "budi@example.com")
	h.check(engine.Update(t.Context(), func(w db.Writer) error {
		w.Put("session_expiry", []byte{0}, nil)
		w.Put("link_expiry", []byte{0}, nil)
		return nil
	}))
	if err := h.Sweep(t.Context()); strings.Count(fmt.Sprint(err), "expiry") != 2 {
		t.Errorf("%v", err)
	}
	if first, next := span(t, h); first != 2 || next != 3 {
		t.Errorf("entries from %d to %d", first, next)
	}
}

// An entry that can't be read, or a chain that is broken, keeps nobody out.
func TestDamagedAuditKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(db.Writer){
		"the last entry":  func(w db.Writer) { key, _ := w.Last("audit"); w.Put("audit", key, []byte("damaged")) },
		"where it ends":   func(w db.Writer) { w.Put("meta", []byte("audit"), []byte("damaged")) },
		"its ends gone":   func(w db.Writer) { w.Delete("meta", []byte("audit")) },
		"the highest key": func(w db.Writer) { w.Put("audit", []byte("\xff\xff\xff\xff\xff\xff\xff\xff"), nil) },
		"a key":           func(w db.Writer) { w.Put("audit", []byte("\xffkey"), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, _ := dbtest.Engine(t) // which nobody checks
			h := houseOver(t, must[*db.Store](t)(db.New(engine)))
			h.register("budi@example.com", "budi")
			h.check(engine.Update(t.Context(), func(w db.Writer) error { damage(w); return nil }))
			for range 2 {
				g := h.in(shoop, "budi")
				_, err := h.login(shoop, "budi", "wrong", stranger)
				wantKind(t, err, auth.Unauthenticated)
				must[auth.Done](t)(h.SignOut(t.Context(), caller(shoop, home), g.Token))
				h.check(h.op.Disable(t.Context(), "budi"))
				h.check(h.op.Enable(t.Context(), "budi"))
				_, err = h.SaveAudit(t.Context())
				h.check(err)
			}
			if v := must[*auth.AuditVerified](t)(h.op.VerifyAudit(t.Context(), "")); len(v.Faults) == 0 {
				t.Errorf("%+v", v)
			}
			must[*auth.AuditPage](t)(h.op.Audit(t.Context(), auth.AuditQuery{Limit: 5}))
			h.why("budi")
			h.check(h.Sweep(t.Context()))
		})
	}
}
