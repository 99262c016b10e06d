package bolt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
)

// powerSector is what a disk writes whole or not at all, in bytes.
const powerSector = 512

// powerState is a data file after an act, and all that it holds.
type powerState struct {
	file    []byte
	content string
}

// TestPowerCut cuts the power within commits. A commit writes its pages,
// syncs, writes one meta page, and syncs: before the first sync any part of
// the pages may be on the disk, before the second all pages and any part of
// the meta page. Whatever is left must be the state before the commit or the
// one after it; and after it, once the second sync was done.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	images := 200
	if os.Getenv("TEST_LONG") != "" {
		images = 3000
	}
	states := powerStates(t, 25)
	path := filepath.Join(powerFolder(t), "kunci.db")
	before, after := 0, 0
	for n := range images {
		i := 1 + rand.IntN(len(states)-1)
		was, is := states[i-1], states[i]
		stage := n % 3
		if err := os.WriteFile(path, powerImage(was.file, is.file, stage), 0o600); err != nil {
			t.Fatal(err)
		}
		switch got := powerContent(t, path, n%10 == 0); {
		case stage < 2 && got == was.content:
			before++
		case stage > 0 && got == is.content:
			after++
		default:
			t.Errorf("commit %d, cut at stage %d: neither the state before it nor the one after it", i, stage)
		}
	}
	if before < images/3 || after < images/3 {
		t.Errorf("%d images of the state before, %d of that after: the cuts hit nothing", before, after)
	}
	t.Logf("%d images of %d commits: %d before, %d after", images, len(states)-1, before, after)
}

// powerStates are the states that acts of all sizes lead through: the file
// grows, splits, frees pages and takes them again.
func powerStates(t *testing.T, acts int) (states []powerState) {
	t.Helper()
	e, path := create(t)
	note := func() {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, powerState{raw, powerRead(t, e)})
	}
	note()
	for n := range acts {
		err := e.Update(context.Background(), func(w db.Writer) error {
			for i := range 1 + rand.IntN(30) {
				key := binary.BigEndian.AppendUint16(nil, uint16(rand.IntN(300)))
				s := db.Space(fmt.Sprint("things", rand.IntN(3)))
				if rand.IntN(3) == 0 {
					w.Delete(s, key)
				} else {
					w.Put(s, key, bytes.Repeat([]byte{byte(n), byte(i)}, rand.IntN(1500)))
				}
			}
			w.Put(space, []byte("act"), []byte{byte(n)}) // no two states are alike
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		note()
	}
	return states
}

// powerImage is a file between two states: before the first sync (0), between
// the syncs (1), after the second (2). A file that grew was synced as it did.
func powerImage(was, is []byte, stage int) []byte {
	if stage == 2 {
		return is
	}
	image := append(bytes.Clone(was), make([]byte, max(0, len(is)-len(was)))...)
	metas := 2 * os.Getpagesize()
	chance := rand.IntN(11)
	for at := 0; at < len(is); at += powerSector {
		keep := rand.IntN(10) < chance
		if stage == 1 && at >= metas {
			keep = true
		}
		if stage == 0 && at < metas {
			keep = false
		}
		if keep {
			copy(image[at:at+powerSector], is[at:at+powerSector])
		}
	}
	return image
}

// powerFolder is a folder in memory where there is one: what is opened there
// was cut off already, and need not be synced.
func powerFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "power-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// powerContent opens an image, which must be whole, and may take a write.
func powerContent(t *testing.T, path string, write bool) string {
	t.Helper()
	e, err := bolt.Open(path)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer closed(t, e)
	if err := e.Check(nil); err != nil {
		t.Error(err)
	}
	content := powerRead(t, e)
	if write {
		update(t, e, put("after", "the cut"))
		if err := e.Check(nil); err != nil {
			t.Errorf("after a write: %v", err)
		}
	}
	return content
}

// powerRead is all that an engine holds.
func powerRead(t *testing.T, e *bolt.Engine) string {
	t.Helper()
	var all strings.Builder
	err := e.View(func(r db.Reader) error {
		for _, s := range []db.Space{space, "things0", "things1", "things2"} {
			sum, n := fnv.New128a(), 0
			r.Scan(s, nil, nil, func(key, value []byte) bool {
				_, _ = sum.Write(binary.BigEndian.AppendUint32(key[:len(key):len(key)], uint32(len(value))))
				_, _ = sum.Write(value)
				n++
				return true
			})
			fmt.Fprintf(&all, "%s: %d %x\n", s, n, sum.Sum(nil))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return all.String()
}
