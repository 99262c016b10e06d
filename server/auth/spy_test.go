package auth_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
)

// spy is the real engine; it notes which spaces are written and how many acts
// wrote something.
type spy struct {
	*bolt.Engine
	mu      sync.Mutex
	spaces  map[db.Space]bool
	written int
}

type spyWriter struct {
	db.Writer
	spy   *spy
	wrote bool
}

func (w *spyWriter) Put(s db.Space, key, value []byte) {
	w.spy.mu.Lock()
	w.spy.spaces[s] = true
	w.spy.mu.Unlock()
	w.wrote = true
	w.Writer.Put(s, key, value)
}

func (s *spy) Update(ctx context.Context, fn func(db.Writer) error) error {
	return s.Engine.Update(ctx, func(w db.Writer) error {
		watched := &spyWriter{Writer: w, spy: s}
		err := fn(watched)
		if err == nil && watched.wrote {
			s.mu.Lock()
			s.written++
			s.mu.Unlock()
		}
		return err
	})
}

func (s *spy) acts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// spiedHouse is a house whose store is watched.
func spiedHouse(t testing.TB) (*house, *spy) {
	t.Helper()
	engine, _ := dbtest.Engine(t)
	s := &spy{Engine: engine, spaces: map[db.Space]bool{}}
	store := must[*db.Store](t)(db.New(s))
	t.Cleanup(func() {
		faults, err := store.Check()
		if err != nil {
			t.Error(err)
		}
		for _, fault := range faults {
			t.Error(fault)
		}
	})
	return houseOver(t, store), s
}

// dump is every key and value of every space that was ever written.
func (s *spy) dump(t testing.TB) map[db.Space]string {
	t.Helper()
	all := map[db.Space]string{}
	err := s.View(func(r db.Reader) error {
		for space := range s.spaces {
			var b bytes.Buffer
			r.Scan(space, nil, nil, func(key, value []byte) bool {
				b.Write(key)
				b.WriteByte('=')
				b.Write(value)
				b.WriteByte('\n')
				return true
			})
			all[space] = b.String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// holders are the spaces in which some word stands, whatever its case.
func holders(dump map[db.Space]string, word string) (spaces []db.Space) {
	for space, text := range dump {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			spaces = append(spaces, space)
		}
	}
	return spaces
}
