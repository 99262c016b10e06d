package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var scheduled = regexp.MustCompile(`^kunci-\d{8}T\d{6}Z\.tar$`)

// until waits for something that comes by itself.
func until(t testing.TB, what string, come func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("there is no " + what)
		}
	}
}

// A server backs up by itself: at its start what was missed, then from time to
// time, and keeps the newest. What it makes can be restored.
func TestScheduledBackups(t *testing.T) {
	t.Parallel()
	dir, to := dev(t), filepath.Join(t.TempDir(), "new", "backups")
	archives := func() (list []string) {
		for _, name := range names(t, to) {
			if scheduled.MatchString(name) {
				list = append(list, name)
			}
		}
		return list
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kunci-20200101T000000Z.tar", "kunci-20200102T000000Z.tar", "kunci.tar.partial", "mine-20200101T000000Z.tar", "kunci-1.tar"} {
		if err := os.WriteFile(filepath.Join(to, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings := []string{"--dev", "--backup-dir", to, "--backup-keep", "2"}
	p := serve(t, dir, append(settings, "--backup-every", "24h")...)
	until(t, "missed backup", func() bool { return strings.Contains(p.text(), `"msg":"backed up"`) })
	first := archives()
	if len(first) != 2 || first[0] != "kunci-20200102T000000Z.tar" {
		t.Errorf("after the first there is %q", first)
	}
	p.stop(t)
	// It is not made again before it is due.
	p = serve(t, dir, append(settings, "--backup-every", "24h")...)
	p.stop(t)
	if got := archives(); !slices.Equal(got, first) {
		t.Errorf("before the next is due there is %q", got)
	}
	p = serve(t, dir, append(settings, "--backup-every", "1s")...)
	until(t, "third backup", func() bool { return strings.Count(p.text(), `"msg":"backed up"`) >= 2 })
	p.stop(t)
	last := archives()
	if len(last) != 2 || last[0] <= first[1] {
		t.Errorf("at last there is %q, after %q", last, first)
	}
	if got := names(t, to); len(got) != 4 || !slices.Contains(got, "mine-20200101T000000Z.tar") || !slices.Contains(got, "kunci-1.tar") {
		t.Errorf("there is %q", got)
	}
	data := filepath.Join(t.TempDir(), "data")
	fine(t, "restore", filepath.Join(to, last[1]), "--data", data)
	if info, err := os.Stat(filepath.Join(to, last[1])); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// One that fails is one error line of the log, and the server goes on.
func TestScheduledBackupFails(t *testing.T) {
	t.Parallel()
	dir, files := dev(t), t.TempDir()
	to := filepath.Join(files, "backups")
	if err := os.WriteFile(to, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve(t, dir, "--dev", "--backup-dir", to, "--backup-every", "24h", "--metrics-listen", "127.0.0.1:0")
	const line = `"level":"ERROR","msg":"the scheduled backup failed"`
	until(t, "error line", func() bool { return strings.Contains(p.text(), line) })
	if p.me(t, p.signIn(t)) != 200 || strings.Count(p.text(), line) != 1 {
		t.Errorf("the server does not go on as it should:\n%s", p.text())
	}
	// Whoever asks hears of it, and that the server is ready all the same.
	if got := fine(t, "healthcheck", "--url", p.url); got != "ready, but failing: backups: see the server's log\n" {
		t.Errorf("healthcheck says %q", got)
	}
	_, numbers := p.scrape(t)
	for name, want := range map[string]string{
		`kunci_backups_total{outcome="failed"}`: "1", `kunci_backups_total{outcome="ok"}`: "0", "kunci_backup_last_success_timestamp_seconds": "0",
		`kunci_part_ok{part="backups"}`: "0", `kunci_part_ok{part="store"}`: "1", "kunci_ready": "1",
	} {
		if numbers[name] != want {
			t.Errorf("%s is %q, want %q", name, numbers[name], want)
		}
	}
	p.stop(t)
}
