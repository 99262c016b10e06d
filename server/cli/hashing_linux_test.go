package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hashing are the processes that hash for a server, by their ids.
func (p *process) hashing(t testing.TB) (ids []int) {
	t.Helper()
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.Process.Pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // of a thread that has just ended there is nothing
		for _, id := range strings.Fields(string(text)) {
			if name := procFile(t, id, "cmdline"); name != "kunci-hashing\x00" {
				continue // it is just becoming one, or ending
			}
			n, err := strconv.Atoi(id)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, n)
		}
	}
	return ids
}

// procFile is what the system tells of a process, "" of one that has ended.
func procFile(t testing.TB, id, name string) string {
	t.Helper()
	text, _ := os.ReadFile(filepath.Join("/proc", id, name))
	return string(text)
}

// hashingServer has a setting that is secret, and hashes that take a while.
func hashingServer(t *testing.T) *process {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	cmd := program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", dir, "--hash-width", "2", "--argon2-memory", "32", "--argon2-time", "3")
	cmd.Env = append(cmd.Env, "KUNCI_INTROSPECT_SECRET=ssst-ssst-ssst-ssst-ssst-ssst-ss")
	left := done(os.Create(filepath.Join(t.TempDir(), "left open by who starts the server")))(t)
	defer func() { _ = left.Close() }()
	cmd.ExtraFiles = []*os.File{left}
	p := ready(t, cmd)
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", p.Process.Pid), []byte("300"), 0); err != nil {
		t.Fatal(err)
	}
	until(t, "end of what hashed at the start", func() bool { return len(p.hashing(t)) == 0 })
	return p
}

// signIns has some people sign in at once and counts their answers by status.
func (p *process) signIns(t *testing.T, n int, meanwhile func()) map[int]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for range n {
		all.Go(func() {
			status, _ := p.ask(t, "/api/auth/login", "", `{"username": "johndoe", "password": "secret123"}`)
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	meanwhile()
	all.Wait()
	return got
}

// Hashes are made beside the server, by as many processes as may run at once,
// which know nothing that the server knows, and which are gone soon after.
func TestHashingProcesses(t *testing.T) {
	t.Parallel()
	p := hashingServer(t)
	got := p.signIns(t, 4, func() {
		until(t, "two hashing processes", func() bool { return len(p.hashing(t)) == 2 })
		for _, id := range p.hashing(t) {
			at := strconv.Itoa(id)
			until(t, "name and standing", func() bool {
				return procFile(t, at, "comm") == "kunci-hashing\n" && procFile(t, at, "oom_score_adj") == "800\n"
			})
			if group, err := syscall.Getpgid(id); err != nil || group != id {
				t.Errorf("it is in the group %d, %v: Ctrl-C would reach it", group, err)
			}
			if env := procFile(t, at, "environ"); env != "" {
				t.Errorf("its environment is %q", env)
			}
			open, err := filepath.Glob("/proc/" + at + "/fd/*")
			if err != nil || len(open) < 3 {
				t.Errorf("open: %q, %v", open, err)
			}
			for _, fd := range open {
				if to, _ := os.Readlink(fd); !strings.HasPrefix(to, "pipe:") && to != os.DevNull && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
					t.Errorf("it has %s open", to)
				}
			}
			for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
				_ = syscall.Kill(id, signal) // as service managers do, to all at once
			}
		}
	})
	if got[http.StatusOK] != 4 {
		t.Errorf("sign-ins: %v", got)
	}
	for _, id := range p.hashing(t) {
		_ = syscall.Kill(id, syscall.SIGSTOP) // it can't end by itself
	}
	until(t, "no hashing process", func() bool { return len(p.hashing(t)) == 0 })
	if strings.Contains(p.text(), "hashes passwords") {
		t.Errorf("the log tells of trouble:\n%s", p.text())
	}
	p.stop(t)
}

// Whatever ends them, no sign-in is lost; nor is it when the server's file has
// become another, or is gone.
func TestHashingProcessesThatAreKilled(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("kunci")
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "kunci")
	if out, err := exec.Command("cp", path, own).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"), "--hash-width", "2", "--argon2-memory", "32", "--argon2-time", "3")
	cmd.Path = own
	p := ready(t, cmd)
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	got := p.signIns(t, 4, func() {
		until(t, "two hashing processes", func() bool { return len(p.hashing(t)) == 2 })
		for _, id := range p.hashing(t) {
			_ = syscall.Kill(id, syscall.SIGKILL)
		}
	})
	if got[http.StatusOK] != 4 {
		t.Errorf("sign-ins: %v", got)
	}
	if log := p.text(); !strings.Contains(log, "a process that hashes passwords ended") || !strings.Contains(log, ": killed") {
		t.Errorf("the log does not tell of it:\n%s", log)
	}
	if got := p.signIns(t, 3, func() {}); got[http.StatusOK] != 3 {
		t.Errorf("sign-ins after that: %v", got)
	}
	p.stop(t)
}

// A server that is gone leaves no hashing process behind.
func TestHashingProcessesEndWithTheirServer(t *testing.T) {
	t.Parallel()
	p := hashingServer(t)
	status := make(chan int, 1)
	go func() {
		r, err := http.Post(p.url+"/api/auth/login", "application/json", strings.NewReader(`{"username": "johndoe", "password": "secret123"}`))
		if err == nil {
			_ = r.Body.Close()
			status <- r.StatusCode
		}
		close(status)
	}()
	var ids []int
	until(t, "a hashing process", func() bool { ids = p.hashing(t); return len(ids) > 0 })
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	until(t, "end of all", func() bool {
		for _, id := range ids {
			if strings.HasPrefix(procFile(t, strconv.Itoa(id), "cmdline"), "kunci-hashing") {
				return false
			}
		}
		return true
	})
	select {
	case <-status:
	case <-time.After(10 * time.Second):
		t.Error("its caller still waits")
	}
}
