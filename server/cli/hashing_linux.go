package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
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
		defer kill.Stop()
		return cmd.Wait()
	})}, nil
}

// introduce tells the kernel to end this process and not its server when memory
// is short, and what to call it in lists of processes. Neither is needed to hash.
func introduce() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	_ = os.WriteFile("/proc/self/comm", []byte(hashingName), 0)
}
