package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// onTerminal runs a command whose output goes to a terminal with lines of so
// many cells, and returns what stands there.
func onTerminal(t *testing.T, columns uint16, cmd *exec.Cmd) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = master.Close() }()
	fd := int(master.Fd())
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = slave, slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var text strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(&text, master) }) // ends with EIO, when nobody has the other end
	_ = cmd.Wait()                                       // some are to fail
	reading.Wait()
	return strings.ReplaceAll(text.String(), "\r\n", "\n")
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// A list fits the terminal, whatever is in it; what does not go to one, or is
// for programs, is whole.
func TestListsFitTheTerminal(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	long, wide := strings.Repeat("long-", 9)+"name@example.com", strings.Repeat("名", 40)
	fine(t, "user", "add", long, "--name", wide, "--username", "uuu", "--no-password", "--data", dir)
	list := func(columns uint16, args ...string) string {
		return colours.ReplaceAllString(onTerminal(t, columns, program(t, append([]string{"user", "list", "--data", dir}, args...)...)), "")
	}
	for _, columns := range []uint16{60, 80, 120} {
		lines := strings.Split(strings.TrimSuffix(list(columns), "\n"), "\n")
		if len(lines) != 7 {
			t.Fatalf("%d columns: %d lines\n%s", columns, len(lines), strings.Join(lines, "\n"))
		}
		longest := 0
		for _, line := range lines {
			room := utf8.RuneCountInString(line) + strings.Count(line, "名")
			longest = max(longest, room)
			if room > int(columns) {
				t.Errorf("%d columns: %d in %q", columns, room, line)
			}
		}
		if last := lines[6]; longest < int(columns)-1 || strings.Count(last, "…") < 2 || !strings.HasPrefix(last, "6 ") {
			t.Errorf("%d columns, of which %d are used:\n%s", columns, longest, strings.Join(lines, "\n"))
		}
		// A part of a time says nothing: words are cut before it.
		if columns >= 80 && !regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(lines[6]) {
			t.Errorf("%d columns: %s", columns, lines[6])
		}
	}
	for what, text := range map[string]string{
		"no terminal": fine(t, "user", "list", "--data", dir), "--json": list(60, "--json"),
		"a terminal that does not say": list(0), "one account": onTerminal(t, 60, program(t, "user", "show", "uuu", "--data", dir)),
	} {
		if !strings.Contains(text, long) || !strings.Contains(text, wide) || strings.Contains(text, "…") {
			t.Errorf("%s: it is not whole:\n%s", what, text)
		}
	}
}

// What is of use as a whole alone is not cut, on the narrowest terminal that
// people have: ids, outcomes, and when something was.
func TestListsKeepWhatMatters(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	p := serve(t, dir, "--dev")
	p.signIn(t)
	_, _ = p.ask(t, "/api/auth/login", "", `{"username": "johndoe", "password": "wrong"}`)
	list := func(args ...string) string {
		return colours.ReplaceAllString(onTerminal(t, 80, program(t, append(args, "--data", dir)...)), "")
	}
	const refused = `(?m)^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ +sign-in +wrong_password +snapotp +127\.0\.0\.1 +wrong passwo…$`
	for name, test := range map[string]struct {
		text, want string
		fits       bool
	}{
		"sessions": {list("session", "list", "johndoe"), `(?m)^[0-9a-f]{32} +\S+ +\S+ +\d\d-\d\d \d\d:\d\d:\d\d +\d\d-\d\d \d\d:\d\d:\d\d$`, true},
		"keys":     {list("key", "list"), `(?m)^k2\.pid\.[A-Za-z0-9_-]{44} +yes +\d\d-\d\d \d\d:\d\d +-$`, true},
		"audit":    {list("audit", "list"), `(?m)^\d\d-\d\d \d\d:\d\d:\d\d +sign-in +wrong_password +snapotp +`, true},
		"a user's": {list("audit", "list", "--user", "johndoe"), refused, true},
		"why":      {list("user", "why", "johndoe"), refused, false},
		"nothing":  {list("audit", "list", "--user", "nobody"), `(?m)^TIME .*\nnothing in the audit log is so\n`, true},
	} {
		if !regexp.MustCompile(test.want).MatchString(test.text) {
			t.Errorf("%s:\n%s", name, test.text)
		}
		for line := range strings.Lines(test.text) {
			if test.fits && utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("%s: %q is too long", name, line)
			}
		}
	}
	if text := list("audit", "list", "--user", "johndoe") + list("user", "why", "johndoe"); strings.Contains(text, "ACCOUNT") {
		t.Errorf("a column says what was asked:\n%s", text)
	}
}

// Colours are for terminals that want them.
func TestColours(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	fine(t, "user", "disable", "johndoe", "--data", dir)
	list, wrong := []string{"user", "list", "--data", dir}, []string{"user", "lst"}
	const head, state, fault = "\x1b[1mID\x1b[0m", "\x1b[33myes\x1b[0m", "\x1b[31mkunci:\x1b[0m there is no command"
	for what, test := range map[string]struct {
		env  []string
		want bool
	}{
		"a terminal":        {nil, true},
		"one with a name":   {[]string{"TERM=xterm"}, true},
		"NO_COLOR":          {[]string{"NO_COLOR=1"}, false},
		"NO_COLOR, empty":   {[]string{"NO_COLOR="}, true},
		"a dumb terminal":   {[]string{"TERM=dumb"}, false},
		"NO_COLOR and dumb": {[]string{"NO_COLOR=x", "TERM=dumb"}, false},
	} {
		said := ""
		for _, args := range [][]string{list, wrong} {
			cmd := program(t, args...)
			cmd.Env = append(cmd.Env, test.env...)
			said += onTerminal(t, 200, cmd)
		}
		for _, want := range []string{head, state, fault} {
			if strings.Contains(said, want) != test.want {
				t.Errorf("%s: coloured %v, want %v\n%q", what, !test.want, test.want, said)
			}
		}
		if !test.want && strings.Contains(said, "\x1b") {
			t.Errorf("%s: %q", what, said)
		}
	}
	_, out, errs := ran(t, wrong...)
	if out += fine(t, list...); strings.Contains(out+errs, "\x1b") {
		t.Errorf("without a terminal: %q", out+errs)
	}
}

// In a text log warnings are yellow.
func TestLogColours(t *testing.T) {
	t.Parallel()
	// It warns, and ends by itself: the folder is gone under it.
	dir := filepath.Join(t.TempDir(), "data")
	cmd := program(t, "serve", "--listen", "127.0.0.1:0", "--public-url", publicURL, "--data", dir)
	go func() {
		for range 400 {
			if answers := exec.Command(cmd.Path, "user", "list", "--data", dir).Run(); answers == nil {
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
		_ = os.Rename(dir, dir+".old")
	}()
	text := onTerminal(t, 80, cmd)
	for _, want := range []string{
		" \x1b[33mlevel=WARN\x1b[0m msg=\"no --smtp-url is set", " \x1b[31mlevel=ERROR\x1b[0m msg=\"the data file is not in its place", " level=INFO ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}
