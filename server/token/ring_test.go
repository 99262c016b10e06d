package token_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kunci/server/token"

	"github.com/google/go-cmp/cmp"
)

func TestCreateThenOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data", "keys")
	if has, err := token.Exists(dir); has || err != nil {
		t.Fatalf("Exists before: %v, %v", has, err)
	}
	if _, err := token.Open(dir, instance); !errors.Is(err, token.ErrNoKeys) {
		t.Fatalf("Open before: %v", err)
	}
	r, err := token.Create(dir, instance, at().Add(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if has, err := token.Exists(dir); !has || err != nil {
		t.Errorf("Exists after: %v, %v", has, err)
	}
	if _, err := token.Create(dir, instance, at()); !errors.Is(err, token.ErrHasKeys) {
		t.Errorf("a second Create: %v", err)
	}
	again, err := token.Open(dir, instance)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(again, sign(t, r, claims()), at()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(r.Keys(at()), again.Keys(at())); diff != "" {
		t.Error(diff)
	}
	k := r.Keys(at())
	if len(k) != 1 || !k[0].Signing || !k[0].Until.IsZero() || !k[0].Created.Equal(at()) {
		t.Errorf("keys %+v", k)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	rotate(t, r, at(), at().Add(day))
	modes := map[string]os.FileMode{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		modes[path] = info.Mode()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(modes) != 4 { // the folder, two keys, the link secret; nothing temporary
		t.Errorf("files: %v", modes)
	}
	for path, mode := range modes {
		want := os.FileMode(0o600)
		if path == dir {
			want = os.ModeDir | 0o700
		}
		if mode != want {
			t.Errorf("%s: mode %v", filepath.Base(path), mode)
		}
	}
}

func TestRotationChain(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	// Four keys, the first three in one second: their files alone say the order.
	created := []time.Time{at(), at(), at(), at().Add(5 * day)}
	until := []time.Time{at().Add(30 * day), at().Add(31*day + time.Millisecond), at().Add(35 * day)}
	var toks []string
	var ids []string
	for i := range created {
		if i > 0 {
			rotate(t, r, created[i], until[i-1])
		}
		c := claims()
		c.Expires = at().Add(90 * day)
		toks = append(toks, sign(t, r, c))
		ids = append(ids, r.Keys(at())[0].ID)
	}
	reopened, err := token.Open(dir, instance)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*token.Ring{"same": r, "reopened": reopened} {
		for i, tok := range toks {
			if err := verify(r, tok, at().Add(29*day)); err != nil {
				t.Errorf("%s: key %d on day 29: %v", name, i, err)
			}
			if i == len(until) {
				continue
			}
			if err := verify(r, tok, until[i].Add(-time.Nanosecond)); err != nil {
				t.Errorf("%s: key %d just before its end: %v", name, i, err)
			}
			if err := verify(r, tok, until[i]); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("%s: key %d at its end: %v", name, i, err)
			}
		}
		var want []token.Key
		for i := 3; i >= 1; i-- {
			k := token.Key{ID: ids[i], Created: created[i], Signing: i == 3}
			if i < 3 {
				k.Until = until[i]
			}
			want = append(want, k)
		}
		got := r.Keys(at().Add(30 * day))
		for i := range got {
			if !strings.HasPrefix(got[i].Public, "k2.public.") {
				t.Errorf("public %q", got[i].Public)
			}
			got[i].Public = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRotateAtOnce(t *testing.T) {
	t.Parallel()
	r, _ := newRing(t)
	tok := sign(t, r, claims())
	fresh := rotate(t, r, at(), at())
	if err := verify(r, tok, at()); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("the retired key's token: %v", err)
	}
	if diff := cmp.Diff([]token.Key{fresh}, r.Keys(at())); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Rotate(at(), time.Time{}); err == nil {
		t.Error("rotated without a time for the former key")
	}
}

func TestRotateBesideAnotherProcess(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	other, err := token.Open(dir, instance)
	if err != nil {
		t.Fatal(err)
	}
	rotate(t, other, at(), at().Add(30*day))
	if _, err := r.Rotate(at(), at().Add(30*day)); err == nil {
		t.Error("rotated the same key a second time")
	}
	if n := len(keyPaths(t, dir)); n != 2 {
		t.Errorf("%d key files", n)
	}
	if err := verify(other, sign(t, r, claims()), at()); err != nil {
		t.Errorf("the former key no longer signs: %v", err)
	}
}

func TestRotateThatCannotWrite(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	before := r.Keys(at())
	if _, err := r.Rotate(at(), at().Add(day)); err == nil {
		t.Error("rotated without a folder")
	}
	if diff := cmp.Diff(before, r.Keys(at())); diff != "" {
		t.Error(diff)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	rotate(t, r, at(), at().Add(30*day))
	rotate(t, r, at(), at().Add(2*day)) // retired early: waits for the one before
	rotate(t, r, at(), at().Add(40*day))
	leftover := filepath.Join(dir, ".new-123")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		now           time.Time
		deleted, left int
	}{
		{at(), 0, 4},
		{at().Add(10 * day), 0, 4},
		{at().Add(31*day - time.Second), 0, 4},
		{at().Add(31 * day), 2, 2},
		{at().Add(31 * day), 0, 2},
		{at().Add(1000 * day), 1, 1},
		{at().Add(9000 * day), 0, 1},
	}
	for _, s := range steps {
		n, err := r.Prune(s.now)
		if err != nil || n != s.deleted || len(keyPaths(t, dir)) != s.left {
			t.Errorf("%v: deleted %d, left %d, %v", s.now, n, len(keyPaths(t, dir)), err)
		}
		reopened, err := token.Open(dir, instance)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r.Keys(s.now), reopened.Keys(s.now)); diff != "" {
			t.Errorf("%v: %s", s.now, diff)
		}
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a half-written file stayed: %v", err)
	}
	if err := verify(r, sign(t, r, claims()), at()); err != nil {
		t.Error(err)
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	r, dir := newRing(t)
	k := r.Keys(at())[0]
	key := secretOf(t, dir, k.ID)
	links := readObject(t, filepath.Join(dir, "links.json"))["secret"].(string)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		got := fmt.Sprintf(form, r)
		for _, secret := range []string{links, fmt.Sprintf("%x", key.Seed()), fmt.Sprint([]byte(key.Seed()))} {
			if strings.Contains(got, strings.Trim(secret, "[]")) {
				t.Errorf("%s shows a secret", form)
			}
		}
	}
}
