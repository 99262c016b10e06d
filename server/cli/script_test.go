package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kunci/server/cli"
)

func TestMain(m *testing.M) {
	kunci := func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Main(ctx, os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}
	// A server starts itself by the second name, to hash.
	testscript.Main(m, map[string]func(){"kunci": kunci, "kunci-hashing": kunci})
}

// TestScripts runs the commands as they are run: as processes, over files.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/cli",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUNCI_ARGON2_MEMORY", "7") // the cheapest there is
			e.Setenv("KUNCI_ARGON2_TIME", "1")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // or every process lasts a second longer
			s := &served{}
			e.Values[served{}] = s
			e.Defer(func() {
				if s.cmd != nil {
					_ = s.cmd.Process.Kill()
					<-s.ended
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refused": refused, "start": start, "halt": halt, "http": request, "snapshot": snapshot, "has": has,
		},
	})
}

func has(ts *testscript.TestScript, neg bool, args []string) {
	_, err := os.Lstat(ts.MkAbs(args[0]))
	if (err == nil) == neg {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

// run runs kunci to its end.
func run(ts *testscript.TestScript, args []string) (code int, stdout, stderr string) {
	cmd := command(ts, args)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	ts.Check(cmd.Start())
	// A server that should have refused to start would run for ever.
	defer time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path, err := exec.LookPath("kunci")
	ts.Check(err)
	cmd := exec.Command(path, args...)
	cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GORACE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	for name := range strings.FieldsSeq(ts.Getenv("SETTINGS") + " KUNCI_ARGON2_MEMORY KUNCI_ARGON2_TIME") {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}

// refused: refused CODE PATTERN ARGS... runs kunci, which must refuse in one
// line and leave every byte in the work folder as it was.
func refused(ts *testscript.TestScript, _ bool, args []string) {
	idle := ts.Value(served{}).(*served).cmd == nil
	before := listing(ts, ts.MkAbs("."))
	code, stdout, stderr := run(ts, args[2:])
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit %d, want %s\n%s", code, args[0], stderr)
	}
	line, more, _ := strings.Cut(stderr, "\n")
	if stdout != "" || more != "" || !strings.HasPrefix(line, "kunci: ") {
		ts.Fatalf("not one line on stderr alone:\n%s%s", stdout, stderr)
	}
	if !wayOut.MatchString(line) {
		ts.Fatalf("%q does not say what to do", line)
	}
	if !regexp.MustCompile(args[1]).MatchString(line) {
		ts.Fatalf("%q does not match %s", line, args[1])
	}
	if after := listing(ts, ts.MkAbs(".")); idle && before != after {
		ts.Fatalf("files changed\nbefore:\n%safter:\n%s", before, after)
	}
}

// wayOut is how an error says what to do next: where help is, which list shows
// it, or with a verb.
var wayOut = regexp.MustCompile(`\((see kunci .*--help|.* shows? (it|them|whose)|user show .*)\)$|` +
	`(: |; |, or |, and |\()(add|answer|choose|correct|give|leave|let|look after|make|mend|move|name|put|restore|run|say|see|set|start|stop|take|try|unset|use)\b`)

// listing is what lies in a folder: modes, names, and sums of the contents.
func listing(ts *testscript.TestScript, dir string) string {
	var b strings.Builder
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || path == ts.MkAbs("listing") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum := ""
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = fmt.Sprintf(" %x", sha256.Sum256(content))
		}
		_, err = fmt.Fprintf(&b, "%s %s%s\n", info.Mode(), name, sum)
		return err
	}))
	return b.String()
}

// snapshot: snapshot DIR writes the listing of a folder to the file listing.
func snapshot(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs("listing"), []byte(listing(ts, ts.MkAbs(args[0]))), 0o600))
}

// served is a script's server.
type served struct {
	cmd   *exec.Cmd
	log   string
	ended chan error
}

var frontPage = regexp.MustCompile(`(?m)(?:^front page +|"url":")(http://[^"\s]+)/["\n]`)

// start: start ARGS... runs kunci serve on a port that it picks, waits until
// it is ready, and sets URL, ADDRESS and SERVER_PID.
func start(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(served{}).(*served)
	s.log = ts.MkAbs("serve.log")
	log, err := os.Create(s.log)
	ts.Check(err)
	cmd, ended := command(ts, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)), make(chan error, 1)
	cmd.Stdout, cmd.Stderr = log, log
	ts.Check(cmd.Start())
	s.cmd, s.ended = cmd, ended
	go func() {
		err := cmd.Wait()
		_ = log.Close() // nothing is written through it here
		ended <- err
	}()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text := ts.ReadFile("serve.log")
		if m := frontPage.FindStringSubmatch(text); m != nil && answers(m[1]+"/readyz") {
			ts.Setenv("URL", m[1])
			ts.Setenv("ADDRESS", strings.TrimPrefix(m[1], "http://"))
			ts.Setenv("SERVER_PID", strconv.Itoa(s.cmd.Process.Pid))
			return
		}
		select {
		case err := <-s.ended:
			s.cmd = nil
			ts.Fatalf("the server ended: %v\n%s", err, text)
		default:
		}
	}
	ts.Fatalf("the server does not answer\n%s", ts.ReadFile("serve.log"))
}

func answers(url string) bool {
	r, err := http.Get(url)
	if err != nil {
		return false
	}
	return r.Body.Close() == nil && r.StatusCode == http.StatusOK
}

// halt: halt sends SIGTERM; the server must end with 0 within 10 s. With KILL
// it gets no chance to do anything.
func halt(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(served{}).(*served)
	kill := len(args) == 1 && args[0] == "KILL"
	sig := syscall.SIGTERM
	if kill {
		sig = syscall.SIGKILL
	}
	ts.Check(s.cmd.Process.Signal(sig))
	select {
	case err := <-s.ended:
		s.cmd = nil
		if err != nil && !kill {
			ts.Fatalf("%v\n%s", err, ts.ReadFile("serve.log"))
		}
	case <-time.After(10 * time.Second):
		ts.Fatalf("still there 10 s after SIGTERM\n%s", ts.ReadFile("serve.log"))
	}
}

// request: http METHOD PATH STATUS [BODY] asks the script's server, with TOKEN
// as the bearer where it is set, and keeps the token that the answer holds, and
// the answer itself in the file answer. A body that is no JSON is a form.
func request(ts *testscript.TestScript, _ bool, args []string) {
	body := ""
	if len(args) > 3 {
		body = args[3]
	}
	r, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	if body != "" && body[0] != '{' {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", "en")
	if token := ts.Getenv("TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	var got bytes.Buffer
	_, err = got.ReadFrom(answer.Body)
	ts.Check(errors.Join(err, answer.Body.Close(), os.WriteFile(ts.MkAbs("answer"), got.Bytes(), 0o600)))
	if strconv.Itoa(answer.StatusCode) != args[2] {
		ts.Fatalf("%s %s: %d, want %s\n%s", args[0], args[1], answer.StatusCode, args[2], got.String())
	}
	var envelope struct {
		Data struct{ Token string }
	}
	if json.Unmarshal(got.Bytes(), &envelope) == nil && envelope.Data.Token != "" {
		ts.Setenv("TOKEN", envelope.Data.Token)
	}
}
