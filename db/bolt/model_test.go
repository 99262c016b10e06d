package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"kunci/db"
)

// model is what a space must hold.
type model map[string]string

// scan lists the keys and values with from ≤ key < to, up to max of them.
func (m model) scan(from, to []byte, max int) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k >= string(from) && (to == nil || k < string(to)) && len(out) < max {
			out = append(out, k+"="+m[k])
		}
	}
	return out
}

// agrees compares a reader with the model at a random place.
func (m model) agrees(t *testing.T, rnd *rand.Rand, r db.Reader, s db.Space) {
	t.Helper()
	key := randomKey(rnd)
	want, there := m[string(key)]
	if got := r.Get(s, key); (got != nil) != there || string(got) != want {
		t.Errorf("Get(%x) is %q, want %q, %v", key, got, want, there)
	}
	from, to := bound(rnd), bound(rnd)
	max := 1 + rnd.IntN(30)
	var got []string
	r.Scan(s, from, to, func(k, v []byte) bool {
		got = append(got, string(k)+"="+string(v))
		return len(got) < max
	})
	if want := m.scan(from, to, max); !slices.Equal(got, want) {
		t.Errorf("Scan(%x, %x), %d of it:\n got %q\nwant %q", from, to, max, got, want)
	}
	last := ""
	if k, v := r.Last(s); k != nil {
		last = string(k) + "=" + string(v)
	}
	want = ""
	if all := m.scan(nil, nil, len(m)); len(all) > 0 {
		want = all[len(all)-1]
	}
	if last != want {
		t.Errorf("Last is %q, want %q", last, want)
	}
}

func randomKey(rnd *rand.Rand) []byte {
	key := make([]byte, 1+rnd.IntN(2))
	for i := range key {
		key[i] = "abcdefgh"[rnd.IntN(8)]
	}
	return key
}

func bound(rnd *rand.Rand) []byte {
	if rnd.IntN(4) == 0 {
		return nil
	}
	return randomKey(rnd)
}

func TestAgainstASortedMap(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	spaces := []db.Space{"one", "other", "z"}
	stands := []model{{}, {}, {}}
	refusal := errors.New("no")
	for step := range 150 {
		next := []model{maps.Clone(stands[0]), maps.Clone(stands[1]), maps.Clone(stands[2])}
		fails := rnd.IntN(5) == 0
		err := e.Update(context.Background(), func(w db.Writer) error {
			for range rnd.IntN(40) {
				i := rnd.IntN(len(spaces))
				switch key := randomKey(rnd); rnd.IntN(3) {
				case 0:
					value := fmt.Sprint(step)
					w.Put(spaces[i], key, []byte(value))
					next[i][string(key)] = value
				case 1:
					w.Delete(spaces[i], key)
					delete(next[i], string(key))
				default:
					next[i].agrees(t, rnd, w, spaces[i])
				}
			}
			for i, s := range spaces {
				next[i].agrees(t, rnd, w, s)
			}
			if fails {
				return refusal
			}
			return nil
		})
		if fails != errors.Is(err, refusal) || !fails && err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if !fails {
			stands = next
		}
		if err := e.View(func(r db.Reader) error {
			for i, s := range spaces {
				stands[i].agrees(t, rnd, r, s)
			}
			return nil
		}); err != nil || t.Failed() {
			t.Fatalf("step %d: %v", step, err)
		}
	}
}

func TestScanDoesNotSeeWhatIsWrittenWhileItRuns(t *testing.T) {
	t.Parallel()
	e, _ := create(t)
	update(t, e, put("b", "stands"))
	update(t, e, func(w db.Writer) error {
		w.Put(space, []byte("a"), []byte("own"))
		var got []string
		w.Scan(space, nil, nil, func(k, _ []byte) bool {
			got = append(got, string(k))
			w.Put(space, append([]byte("c"), k...), nil)
			w.Delete(space, k)
			return true
		})
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("scanned %q", got)
		}
		return nil
	})
	if a, b, c := read(t, e, "a"), read(t, e, "b"), read(t, e, "cb"); a != "-" || b != "-" || c != "" {
		t.Errorf("a %q, b %q, cb %q", a, b, c)
	}
}
