package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kunci/server/password"
)

// apart says that hashes are made in processes of their own: the kernel then
// shares the CPUs between them and who asks for something else, and their memory
// is given back when they end. Within one process, a hash holds what else there
// is to do up until the runtime takes the thread from it.
const apart = true

// hashingEnds is how long a hashing process may take to end by itself.
const hashingEnds = 100 * time.Millisecond

// hashingProcess is one as its server sees it.
type hashingProcess struct {
	io.Reader
	io.Writer
	end func() error
}

func (p hashingProcess) Close() error { return p.end() }

// startHashing starts a hashing process: this very program, be the file that it
// was started from gone or another by now. It is in a group of its own, so that
// Ctrl-C reaches the server alone, and has no environment, which may hold secrets.
func startHashing() (io.ReadWriteCloser, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args, cmd.Env = []string{hashingName}, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said := new(firstLine)
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return hashingProcess{out, in, sync.OnceValue(func() error {
		_ = in.Close()
		kill := time.AfterFunc(hashingEnds, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		ended := kill.Stop() // by itself, or by somebody else
		switch {
		case err != nil && said.text != nil:
			return fmt.Errorf("%w: %s", err, said.text)
		case ended && killed(cmd.ProcessState):
			return password.ErrKilled
		}
		return err
	})}, nil
}

func killed(p *os.ProcessState) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// firstLine keeps the first line that is written to it, of which the runtime's
// own says why a process ended, and nothing of what it worked on.
type firstLine struct{ text []byte }

func (f *firstLine) Write(b []byte) (int, error) {
	if f.text == nil {
		line, _, _ := bytes.Cut(b, []byte("\n"))
		f.text = bytes.Clone(line[:min(len(line), 200)])
	}
	return len(b), nil
}

// keepToOurselves has no process that this one starts inherit what this one has
// inherited open.
func keepToOurselves() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // Linux 5.11
}

// introduce tells the kernel to end this process before its server when memory
// is short, and what to call it in lists of processes. Neither is needed to hash.
func introduce() {
	const score = "/proc/self/oom_score_adj"
	text, _ := os.ReadFile(score)
	if own, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		_ = os.WriteFile(score, strconv.AppendInt(nil, int64(min(1000, own+500)), 10), 0)
	}
	_ = os.WriteFile("/proc/self/comm", []byte(hashingName), 0)
}
