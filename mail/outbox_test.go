package mail_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kunci/mail"
)

const fileOfJob1 = "20260304T050607.089Z-job-1.eml"

func newOutbox(t testing.TB) (*mail.Outbox, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out[b]ox")
	o, err := mail.NewOutbox(dir)
	if err != nil {
		t.Fatal(err)
	}
	return o, dir
}

func post(t testing.TB, o *mail.Outbox, m mail.Message) {
	t.Helper()
	if err := o.Send(t.Context(), compose(t, m)); err != nil {
		t.Fatal(err)
	}
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOutboxFiles(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	post(t, o, message(mail.Reset, "id"))
	first, err := os.ReadFile(filepath.Join(dir, fileOfJob1))
	if err != nil {
		t.Fatal(err)
	}
	post(t, o, message(mail.Reset, "id")) // as after a crash
	again, err := os.ReadFile(filepath.Join(dir, fileOfJob1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{fileOfJob1}, fileNames(t, dir)); diff != "" || !bytes.Equal(first, again) {
		t.Errorf("a resend does not replace: %s", diff)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, filepath.Join(dir, fileOfJob1): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, error %v", path, info.Mode(), err)
		}
	}
	if got := o.String(); got != "files in "+dir {
		t.Error(got)
	}
}

func TestOutboxIsReadable(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	m := message(mail.Profile, "id")
	m.Name, m.Profile[0].Value = "Zoë 李", strings.Repeat("李", 200)
	post(t, o, m)
	raw, err := os.ReadFile(filepath.Join(dir, fileOfJob1))
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`http[^ \n]*`).FindString(string(raw)); found != link {
		t.Errorf("grep finds %q", found)
	}
	for _, want := range []string{"Halo Zoë 李,\n", "\n" + link + "\n", m.Profile[0].Value, "Content-Transfer-Encoding: 8bit\n"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%q is not there to be read", want)
		}
	}
	if bytes.Contains(raw, []byte("\r")) {
		t.Error("carriage returns")
	}
}

func TestOutboxListAndRead(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	if entries, err := o.List(); err != nil || len(entries) != 0 {
		t.Fatalf("empty outbox: %v, error %v", entries, err)
	}
	older, newer := message(mail.Reset, "en"), message(mail.Linked, "id")
	newer.ID, newer.Created = "job-0", created.Add(time.Millisecond)
	post(t, o, newer)
	post(t, o, older)
	for name, content := range map[string]string{"notes.txt": "mine", "20250101T000000.000Z-broken.eml": "no mail"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second := created.Truncate(time.Second) // a Date header has no more
	want := []mail.Entry{
		{Name: "20260304T050607.090Z-job-0.eml", To: address, Subject: compose(t, newer).Subject, Date: second},
		{Name: fileOfJob1, To: address, Subject: compose(t, older).Subject, Date: second},
		{Name: "20250101T000000.000Z-broken.eml"},
	}
	got, err := o.List()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for i, m := range []mail.Message{newer, older} {
		l := compose(t, m)
		want[i].Text, want[i].HTML = l.Text, l.HTML
		got, err := o.Read(want[i].Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want[i], got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if _, err := o.Read(want[2].Name); err == nil {
		t.Error("a broken file is read without error")
	}
}

func TestOutboxReadRefusesNames(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	post(t, o, message(mail.Reset, "en"))
	outside := filepath.Join(filepath.Dir(dir), fileOfJob1)
	if err := os.Rename(filepath.Join(dir, fileOfJob1), outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "20260304T050607.089Z-symlink.eml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "20260304T050607.089Z-folder.eml"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", ".", "..", fileOfJob1, "../" + fileOfJob1, "..\\" + fileOfJob1, outside, "./" + fileOfJob1, fileOfJob1 + "\x00", fileOfJob1 + "\n", "a/" + fileOfJob1,
		"20260304T050607.089Z-symlink.eml", "20260304T050607.089Z-folder.eml", "20260304T050607.089Z-job.eml/../../x",
	} {
		if e, err := o.Read(name); !errors.Is(err, mail.ErrNoLetter) {
			t.Errorf("%q: %v, error %v", name, e, err)
		}
	}
	if entries, err := o.List(); err != nil || len(entries) != 0 {
		t.Errorf("listed: %v, error %v", entries, err)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	for i := range mail.MaxOutbox + 2 {
		name := fmt.Sprintf("20260101T000000.%03dZ-old-%d.eml", i%1000, i/1000)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "00000000-mine.eml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	most := func(want int, oldest string) {
		t.Helper()
		post(t, o, message(mail.Reset, "en"))
		names := fileNames(t, dir)
		if len(names) != want+1 || names[0] != "00000000-mine.eml" || names[len(names)-1] != fileOfJob1 {
			t.Errorf("%d files, from %s to %s", len(names), names[0], names[len(names)-1])
		}
		if names[1] != oldest {
			t.Errorf("the oldest letter left is %s", names[1])
		}
	}
	// The first two instants hold two letters each; the newest are left.
	most(mail.MaxOutbox-mail.SweptOutbox, "20260101T000000.051Z-old-0.eml")
	for i := range mail.SweptOutbox - 1 { // of which it was told nothing
		name := fmt.Sprintf("20260101T000001.%03dZ-old-2.eml", i)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		post(t, o, message(mail.Reset, "en"))
	}
	most(mail.MaxOutbox-1, "20260101T000000.051Z-old-0.eml")
	if err := os.WriteFile(filepath.Join(dir, "20260101T000002.000Z-old-3.eml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "20260101T000002.000Z-old-4.eml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	most(mail.MaxOutbox-mail.SweptOutbox, "20260101T000000.102Z-old-0.eml")
}

func TestOutboxStart(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	post(t, o, message(mail.Reset, "en"))
	if err := os.WriteFile(filepath.Join(dir, ".tmp-123"), []byte("half a let"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.NewOutbox(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{fileOfJob1}, fileNames(t, dir)); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	if _, err := mail.NewOutbox(filepath.Join(dir, fileOfJob1)); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestOutboxFailure(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	post(t, o, message(mail.Reset, "en")) // somebody tidied up
	if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	err := o.Send(t.Context(), compose(t, message(mail.Reset, "en")))
	var final *mail.PermanentError
	if err == nil || errors.As(err, &final) {
		t.Errorf("without the data folder: error %v, want one that is worth another try", err)
	}
}

func TestOutboxTogether(t *testing.T) {
	t.Parallel()
	o, dir := newOutbox(t)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			m := message(mail.Reset, "en")
			m.ID = fmt.Sprintf("job-%d", i%20)
			if err := o.Send(t.Context(), compose(t, m)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(fileNames(t, dir)); n != 20 {
		t.Errorf("%d files", n)
	}
}

func FuzzOutboxRead(f *testing.F) {
	o, dir := newOutbox(f)
	path := filepath.Join(dir, fileOfJob1)
	post(f, o, message(mail.Reset, "en"))
	raw, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("Date: Wed, 04 Mar 2026 05:06:07 +0000\nContent-Type: multipart/alternative; boundary=x\n\n--x\n\n--x--"))
	f.Add([]byte("Date: x\n\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := o.Read(fileOfJob1)
		if (e == nil) == (err == nil) {
			t.Fatalf("entry %v, error %v", e, err)
		}
		if entries, err := o.List(); err != nil || len(entries) != 1 || entries[0].Name != fileOfJob1 {
			t.Fatalf("listed %v, error %v", entries, err)
		}
	})
}
