package cli_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"kunci/db"
	"kunci/db/bolt"
)

// written is a damage that puts other bytes in the place of the data file.
func written(change func(raw []byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		file := filepath.Join(dir, "kunci.db")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, change(raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// pageAt are the bytes of a page.
func pageAt(raw []byte, id uint64) []byte {
	size := uint64(os.Getpagesize())
	return raw[id*size : (id+1)*size]
}

// root is the page that leads to all others, by the newer meta page.
func root(raw []byte) uint64 {
	const at, txid = 16 + 16, 16 + 48
	newer := pageAt(raw, 0)
	if other := pageAt(raw, 1); binary.NativeEndian.Uint64(other[txid:]) > binary.NativeEndian.Uint64(newer[txid:]) {
		newer = other
	}
	return binary.NativeEndian.Uint64(newer[at:])
}

func cut(size func(raw []byte) int) func(*testing.T, string) {
	return written(func(raw []byte) []byte { return raw[:size(raw)] })
}

// info rewrites what the file says of itself, as another program would have.
func info(change func(*db.Info)) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		var is db.Info
		within(t, dir, func(_ *bolt.Engine, s *db.Store) error { is = s.Info(); return nil })
		change(&is)
		body, err := cbor.Marshal(is)
		if err != nil {
			t.Fatal(err)
		}
		raw := append([]byte{1}, body...) // version, CBOR, checksum over space, key and these
		sum := crc32.Checksum(append([]byte("metainfo"), raw...), crc32.MakeTable(crc32.Castagnoli))
		raw = binary.BigEndian.AppendUint32(raw, sum)
		within(t, dir, func(e *bolt.Engine, _ *db.Store) error {
			return e.Update(t.Context(), func(w db.Writer) error {
				w.Put("meta", []byte("info"), raw)
				return nil
			})
		})
	}
}

// Whatever is wrong with the data at the start, kunci says it in one line with
// the way out, serves nothing, and leaves every byte as it is; and so does
// every other command.
func TestDamageAtTheStart(t *testing.T) {
	t.Parallel()
	good, stranger, dev := dataFolder(t), dataFolder(t), dataFolder(t, "--dev", "--no-demo")
	page := os.Getpagesize()
	const restore = `: restore it from a backup`
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   string
	}{
		{"cut to nothing", cut(func([]byte) int { return 0 }), `it is empty` + restore},
		{"cut to a byte", cut(func([]byte) int { return 1 }), `no kunci database.*` + restore},
		{"cut in the first page", cut(func([]byte) int { return page / 2 }), `cut short|no kunci database`},
		{"cut after the first page", cut(func([]byte) int { return page }), `cut short.*` + restore},
		{"cut after the meta pages", cut(func([]byte) int { return 2 * page }), `cut short.*` + restore},
		{"cut in a page", cut(func([]byte) int { return 3*page + 100 }), `cut short.*` + restore},
		{"all zeros", written(func(raw []byte) []byte { clear(raw); return raw }), `no kunci database.*` + restore},
		{"zeros for the meta pages", written(func(raw []byte) []byte { clear(raw[:2*page]); return raw }), `no kunci database.*` + restore},
		{"a bit in each meta page", written(func(raw []byte) []byte { raw[40] ^= 4; raw[page+40] ^= 4; return raw }), `no kunci database.*` + restore},
		{"zeros for the root page", written(func(raw []byte) []byte { clear(pageAt(raw, root(raw))); return raw }), `the data file is damaged.*` + restore},
		{"garbage for the root page", written(func(raw []byte) []byte {
			copy(pageAt(raw, root(raw)), strings.Repeat("\xA5\x17\xED", page/3))
			return raw
		}), `the data file is damaged.*` + restore},
		{"a root page beyond the end", written(func(raw []byte) []byte { pageAt(raw, root(raw))[0]++; return raw }), `the data file is damaged.*` + restore},
		{"zeros for all but the meta pages", written(func(raw []byte) []byte { clear(raw[2*page:]); return raw }), `the data file is damaged.*` + restore},
		{"another's keys", func(t *testing.T, dir string) {
			keys := filepath.Join(dir, "keys")
			if err := os.RemoveAll(keys); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(copied(t, stranger), "keys"), keys); err != nil {
				t.Fatal(err)
			}
		}, `are of two instances: restore both from one backup`},
		{"a newer schema", info(func(i *db.Info) { i.Schema = db.Schema + 1 }), `has schema \d+, .*: run the newer kunci that wrote it, or restore`},
		{"no schema", info(func(i *db.Info) { i.Schema = -1 }), `has schema -1, which never was`},
		{"a folder for the file", func(t *testing.T, dir string) {
			file := filepath.Join(dir, "kunci.db")
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, `kunci.db is a link, or not what kunci made`},
		{"a file that others read", func(t *testing.T, dir string) { mode(t, filepath.Join(dir, "kunci.db"), 0o644) }, `others can reach .*chmod 600 `},
		{"a file that a group writes", func(t *testing.T, dir string) { mode(t, filepath.Join(dir, "kunci.db"), 0o620) }, `others can reach .*chmod 600 `},
		{"a folder that others enter", func(t *testing.T, dir string) { mode(t, dir, 0o711) }, `others can reach .*chmod 700 `},
		{"keys that others read", func(t *testing.T, dir string) { mode(t, filepath.Join(dir, "keys"), 0o755) }, `others can reach .*chmod 700 `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := copied(t, good)
			test.damage(t, dir)
			refuses(t, dir, test.want, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL)
			refuses(t, dir, test.want, "user", "list")
			refuses(t, dir, test.want, "compact")
		})
	}
	t.Run("a dev file", func(t *testing.T) {
		t.Parallel()
		refuses(t, dev, `was made with --dev, for good`, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL)
	})
}

func mode(t *testing.T, path string, m os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, m); err != nil {
		t.Fatal(err)
	}
}

func refuses(t *testing.T, dir, want string, args ...string) {
	t.Helper()
	before := content(t, dir)
	code, out, errs := ran(t, append(args, "--data", dir)...)
	line, more, _ := strings.Cut(errs, "\n")
	if code != 1 || out != "" || more != "" || !strings.HasPrefix(line, "kunci: ") || !regexp.MustCompile(want).MatchString(line) {
		t.Errorf("%s: exit %d, want one line like %s\n%s%s", args[0], code, want, out, errs)
	}
	if after := content(t, dir); after != before {
		t.Errorf("%s changed what it refused:\n%sbecame\n%s", args[0], before, after)
	}
}

// The two meta pages stand in for each other: one may be lost.
func TestDamageOfOneMetaPage(t *testing.T) {
	t.Parallel()
	good := dataFolder(t)
	fine(t, "role", "add", "Keeper", "--data", good)
	fine(t, "role", "add", "Warden", "--data", good) // the older of the two pages shows Keeper at least
	page := os.Getpagesize()
	for i := range 2 {
		for name, damage := range map[string]func(raw []byte){
			"zeros": func(raw []byte) { clear(raw) },
			"a bit": func(raw []byte) { raw[40] ^= 4 },
		} {
			t.Run(fmt.Sprintf("%s, page %d", name, i), func(t *testing.T) {
				t.Parallel()
				dir := copied(t, good)
				written(func(raw []byte) []byte { damage(raw[i*page : (i+1)*page]); return raw })(t, dir)
				serve(t, dir).stop(t)
				if out := fine(t, "check", "--data", dir); out != "ok\n" {
					t.Errorf("check: %s", out)
				}
				if out := fine(t, "role", "list", "--data", dir); !strings.Contains(out, "Keeper") {
					t.Errorf("roles: %s", out)
				}
			})
		}
	}
}
