package cli_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kunci/server/cli"
)

// restored holds the bytes of an archive to a restore in this process.
func restored(t testing.TB, at string, archive []byte) (code int, said string) {
	t.Helper()
	file, to := filepath.Join(at, "b.tar"), filepath.Join(at, "data")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code = cli.Main(context.Background(), []string{"kunci", "restore", file, "--data", to}, nil, strings.NewReader(""), &out, &errs)
	if code == 0 {
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		return code, out.String()
	}
	if got := names(t, at); len(got) != 1 {
		t.Errorf("a restore that failed leaves %q", got)
	}
	return code, errs.String()
}

// backedUp is an archive's bytes.
func backedUp(t testing.TB, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "b.tar")
	fine(t, append([]string{"backup", file, "--data", dev(t)}, args...)...)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func refusedArchive(t testing.TB, at, what string, archive []byte) {
	t.Helper()
	code, said := restored(t, at, archive)
	if code != 1 || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "kunci: "+filepath.Join(at, "b.tar")+" can't be restored: ") || !strings.HasSuffix(said, ": restore another backup\n") {
		t.Errorf("%s: exit %d, %s", what, code, said)
	}
}

// Whichever bit is wrong, and wherever it is cut off, an archive is refused in
// one line, and nothing is left.
func TestArchiveDamage(t *testing.T) {
	t.Parallel()
	raw, at := backedUp(t), t.TempDir()
	if code, said := restored(t, at, raw); code != 0 {
		t.Fatalf("as it is: %s", said)
	}
	// Every place of the small entries, and some of the data file's.
	header := bytes.Index(raw, []byte("keys/"))
	step := times(53, 1)
	for i := 0; i < len(raw); i += step {
		if i > 512 && i < header {
			i += times(997, 0)
		}
		flipped := slices.Clone(raw)
		flipped[i] ^= 1 << (i % 8)
		refusedArchive(t, at, fmt.Sprintf("byte %d of %d flipped", i, len(raw)), flipped)
	}
	for cut := 0; cut < len(raw); cut += times(211, 7) {
		refusedArchive(t, at, fmt.Sprintf("cut off at %d of %d", cut, len(raw)), raw[:cut])
	}
	for _, cut := range []int{1, 511, 512, 1024} {
		refusedArchive(t, at, fmt.Sprintf("the last %d cut off", cut), raw[:len(raw)-cut])
		refusedArchive(t, at, fmt.Sprintf("%d behind it", cut), append(slices.Clone(raw), make([]byte, cut)...))
	}
}

// packed is an entry of an archive.
type packed struct {
	tar.Header
	content []byte
}

func unpacked(t testing.TB, raw []byte) (list []packed) {
	t.Helper()
	for r := tar.NewReader(bytes.NewReader(raw)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, packed{*h, b})
	}
}

func repacked(t testing.TB, list []packed) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range list {
		if p.Typeflag == tar.TypeReg {
			p.Size = int64(len(p.content))
		}
		if err := w.WriteHeader(&p.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Only what the manifest tells of is in an archive, in its order, as plain
// files: nothing in it leads out of the data folder.
func TestArchiveEntries(t *testing.T) {
	t.Parallel()
	raw, other, at := backedUp(t), unpacked(t, backedUp(t)), t.TempDir()
	list := unpacked(t, raw)
	if code, said := restored(t, at, repacked(t, list)); code != 0 {
		t.Fatalf("packed again as it is: %s", said)
	}
	last := len(list) - 1
	extra := func(name string) packed {
		p := list[last-1]
		p.Name = name
		return p
	}
	of := func(p packed, change func(*packed)) packed { change(&p); return p }
	for what, changed := range map[string][]packed{
		"nothing":                 {},
		"a file more":             slices.Insert(slices.Clone(list), last, extra("keys/zz.json")),
		"a file more at its end":  append(slices.Clone(list), extra("keys/zz.json")),
		"a path that leads out":   slices.Insert(slices.Clone(list), last, extra("../zz.json")),
		"a path out of keys":      slices.Insert(slices.Clone(list), last, extra("keys/../../zz.json")),
		"an absolute path":        slices.Insert(slices.Clone(list), last, extra("/tmp/zz.json")),
		"a folder":                slices.Insert(slices.Clone(list), 1, packed{tar.Header{Typeflag: tar.TypeDir, Name: "keys/", Mode: 0o700, Format: tar.FormatGNU}, nil}),
		"a link":                  slices.Insert(slices.Clone(list), 1, packed{tar.Header{Typeflag: tar.TypeSymlink, Name: "keys", Linkname: "/tmp", Format: tar.FormatGNU}, nil}),
		"a key twice":             slices.Insert(slices.Clone(list), last, list[last-1]),
		"the data file twice":     slices.Insert(slices.Clone(list), 0, list[0]),
		"no data file":            list[1:],
		"no manifest":             list[:last],
		"no keys":                 {list[0], list[last]},
		"a key less":              slices.Delete(slices.Clone(list), 1, 2),
		"another order":           append([]packed{list[1], list[0]}, list[2:]...),
		"another's data file":     append([]packed{other[0]}, list[1:]...),
		"another's keys":          append([]packed{list[0]}, other[1:]...),
		"another's manifest":      append(slices.Clone(list[:last]), other[last]),
		"a manifest that is none": append(slices.Clone(list[:last]), of(list[last], func(p *packed) { p.content = []byte("{}") })),
		"a time of its own": append(slices.Clone(list[:last]), of(list[last], func(p *packed) {
			p.content = bytes.Replace(p.content, []byte(`"time":"2`), []byte(`"time":"3`), 1)
		})),
		"an open mode":        append([]packed{of(list[0], func(p *packed) { p.Mode = 0o644 })}, list[1:]...),
		"somebody's":          append([]packed{of(list[0], func(p *packed) { p.Uid = 1000 })}, list[1:]...),
		"another form of tar": append([]packed{of(list[0], func(p *packed) { p.Format = tar.FormatPAX; p.AccessTime = time.Unix(1, 0) })}, list[1:]...),
	} {
		refusedArchive(t, at, what, repacked(t, changed))
	}
	newer := of(list[last], func(p *packed) {
		p.content = bytes.Replace(p.content, []byte(`"format":1`), []byte(`"format":2,"new":0`), 1)
	})
	if code, said := restored(t, at, repacked(t, append(slices.Clone(list[:last]), newer))); code != 1 || !strings.Contains(said, "it has format 2, this kunci reads formats up to 1: use the newer kunci that made it") {
		t.Errorf("a newer one: exit %d, %s", code, said)
	}
}

// FuzzArchive looks for bytes that crash a restore, or that it takes though
// they are not what was backed up.
func FuzzArchive(f *testing.F) {
	raw := backedUp(f)
	header := bytes.Index(raw, []byte("keys/"))
	f.Add(uint32(0), []byte("kunci.db"))
	f.Add(uint32(header), []byte("../keys/x.json"))
	f.Add(uint32(len(raw)), []byte{1})
	f.Add(uint32(len(raw)-2000), []byte(`{"format":1}`))
	f.Fuzz(func(t *testing.T, offset uint32, patch []byte) {
		changed := slices.Clone(raw[:min(int(offset), len(raw))])
		changed = append(changed, patch...)
		if len(changed) < len(raw) {
			changed = append(changed, raw[len(changed):]...)
		}
		code, said := restored(t, t.TempDir(), changed)
		if (code == 0) != bytes.Equal(changed, raw) {
			t.Errorf("%d bytes at %d: exit %d, %s", len(patch), offset, code, said)
		}
	})
}
