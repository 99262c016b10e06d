package cli_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crashPeople signs up people whose every act is acknowledged.
func crashPeople(t *testing.T, s *crashServer, box *crashOutbox, n int) (people []*crashPerson) {
	t.Helper()
	for range n {
		p := crashNewPerson()
		if !p.live(s, box) {
			t.Fatalf("a sound disk: %s\n%s", p.odd, s.logged())
		}
		if e := p.expect(len(p.acts)); !box.waitFor(p.email, e) {
			t.Fatal("a mail did not come")
		}
		people = append(people, p)
	}
	return people
}

// TestCrashFailingDisk lets syncs fail. No request is answered as if it had
// been stored, the process ends at once, and the next finds everything.
func TestCrashFailingDisk(t *testing.T) {
	t.Parallel()
	strace(t)
	binary := builtBinary(t)
	// The first sync of a commit is that of its pages, the second that of the
	// meta page which makes them count.
	whens := []string{"1+", "2+"}
	if crashLong() {
		whens = append(whens, "3+", "4+", "5+", "6+", "7+", "8+")
	}
	for _, when := range whens {
		t.Run("from sync "+when, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			box := crashNewOutbox(data)
			s := crashStart(t, binary, data, nil)
			people := crashPeople(t, s, box, 3)
			lift := s.fault("inject=fdatasync:error=EIO:when=" + when)
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for more := true; more; {
						p := crashNewPerson()
						a := p.signUp(s)
						more = a.acked()
						mu.Lock()
						people = append(people, p)
						mu.Unlock()
						if a.status != 0 && !more && (a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "") {
							t.Errorf("answered %d %s", a.status, a.body)
						}
					}
				})
			}
			all.Wait()
			err := s.wait(5 * time.Second)
			if err == nil || errors.Is(err, errStillThere) {
				t.Errorf("it should have ended with another status than 0: %v", err)
			}
			lift()
			if got := strings.Count(s.logged(), `"msg":"the data file takes no more writes"`); got != 1 {
				t.Errorf("%d lines of the log say so:\n%s", got, s.logged())
			}
			crashCheck(t, binary, data)
			next := crashStart(t, binary, data, nil)
			losses := 0
			for _, p := range people {
				losses += report(t, p.verify(next, box, p.acknowledged()))
			}
			next.stop()
			crashCheck(t, binary, data)
			t.Logf("%d people, %d losses", len(people), losses)
		})
	}
}

// smallDisk is a folder on a disk of its own, which is soon full.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting the small disk: %v", err)
		}
	})
	return dir
}

// fill takes all the space there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// TestCrashFullDisk fills the disk and frees it again. Nobody is told that
// something was stored which was not, reading goes on, and so does the process.
func TestCrashFullDisk(t *testing.T) {
	t.Parallel()
	binary, disk := builtBinary(t), smallDisk(t, "2m")
	data, filler := filepath.Join(disk, "data"), filepath.Join(disk, "filler")
	box := crashNewOutbox(data)
	s := crashStart(t, binary, data, nil)
	people := crashPeople(t, s, box, 5)
	refused, taken := 0, []string{}
	fill(t, filler)
	for i := 0; i < 300 && refused < 20; i++ {
		switch a := crashNewPerson().signUp(s); {
		case a.acked():
			taken = append(taken, a.credential())
		case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
			refused++
		default:
			t.Fatalf("a full disk: %d %s\n%s", a.status, a.body, s.logged())
		}
	}
	if refused < 20 {
		t.Fatalf("the disk is not full: %d writes refused", refused)
	}
	for _, p := range people {
		for _, tok := range p.expect(len(p.acts)).stand {
			if got := s.me(tok); got != http.StatusOK {
				t.Errorf("reading on a full disk: %d", got)
			}
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	// No restart, no waiting: the next write is taken.
	people = append(people, crashPeople(t, s, box, 1)...)
	s.kill()
	crashCheck(t, binary, data)
	s = crashStart(t, binary, data, nil)
	losses := 0
	for _, p := range people {
		losses += report(t, p.verify(s, box, len(p.acts)))
	}
	for _, tok := range taken {
		if got := s.me(tok); got != http.StatusOK {
			losses++
			t.Errorf("a session is lost: %d", got)
		}
	}
	s.stop()
	t.Logf("%d writes refused, %d taken on the full disk, %d losses", refused, len(taken), losses)
}

// TestCrashLogoutOnAFullDisk: a logout that can't be stored is answered so,
// and counts all the same; it is stored once there is space.
func TestCrashLogoutOnAFullDisk(t *testing.T) {
	t.Parallel()
	strace(t)
	binary, data := builtBinary(t), filepath.Join(t.TempDir(), "data")
	s := crashStart(t, binary, data, nil)
	p := crashNewPerson()
	if a := p.signUp(s); !a.acked() {
		t.Fatal(a.status)
	}
	logout := func(tok string) int {
		a := s.do(http.MethodPost, "/api/v1/auth/logout", "", tok, nil)
		if (a.status == http.StatusServiceUnavailable) != (a.header.Get("Retry-After") != "") {
			t.Errorf("%d with Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
		return a.status
	}
	again, held, other := p.signInAgain(s), p.signInAgain(s), p.signInAgain(s)
	lift := s.fault("inject=pwrite64:error=ENOSPC")
	for _, tok := range []string{again, held, held} {
		if got := logout(tok); got != http.StatusServiceUnavailable {
			t.Errorf("a logout that can't be stored: %d", got)
		}
		if got := s.me(tok); got != http.StatusUnauthorized {
			t.Errorf("after a logout that can't be stored: %d", got)
		}
	}
	if got := s.me(other); got != http.StatusOK {
		t.Errorf("another session: %d", got)
	}
	lift()
	if got := logout(again); got != http.StatusOK {
		t.Errorf("a logout once there is space: %d", got)
	}
	// The other one nobody asks for again: the server stores it by itself,
	// with its next probe of the store.
	time.Sleep(crashProbes)
	s.kill()
	s = crashStart(t, binary, data, nil)
	for _, tok := range []string{again, held} {
		if got := s.me(tok); got != http.StatusUnauthorized {
			t.Errorf("a logout did not outlast a restart: %d", got)
		}
	}
	if got := s.me(other); got != http.StatusOK {
		t.Errorf("another session: %d", got)
	}
	s.stop()
	crashCheck(t, binary, data)
}

// crashProbes is a little longer than the server's pause between two probes.
const crashProbes = 6 * time.Second

// signInAgain signs in as whoever the person is.
func (p *crashPerson) signInAgain(s *crashServer) string {
	p.signInAnyhow(s, p.expect(len(p.acts)))
	return p.acts[len(p.acts)-1].token
}

// TestCrashSlowDisk lets each sync last two seconds, four a commit.
func TestCrashSlowDisk(t *testing.T) {
	t.Parallel()
	strace(t)
	writers, rounds := 24, 1
	if crashLong() {
		writers, rounds = 200, 6
	}
	binary, data := builtBinary(t), filepath.Join(t.TempDir(), "data")
	box := crashNewOutbox(data)
	s := crashStart(t, binary, data, nil)
	people := crashPeople(t, s, box, 3)
	reader := crashNewPerson()
	reader.signUp(s)
	token := reader.signInAgain(s)
	lift := s.fault("inject=fdatasync:delay_exit=2000000")

	var mu sync.Mutex
	var all, reading sync.WaitGroup
	var reads []time.Duration
	stored, refused := 0, 0
	var slowest time.Duration
	stop := make(chan struct{})
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				a := s.do(http.MethodGet, "/api/auth/me", "", token, nil)
				if a.status != http.StatusOK {
					t.Errorf("reading on a slow disk: %d", a.status)
				}
				mu.Lock()
				reads = append(reads, a.took)
				mu.Unlock()
			}
		})
	}
	for range writers {
		all.Go(func() {
			for range rounds {
				p := crashNewPerson()
				a := p.signUp(s)
				mu.Lock()
				people = append(people, p)
				slowest = max(slowest, a.took)
				switch {
				case a.acked():
					stored++
				case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
					refused++
				default:
					t.Errorf("writing on a slow disk: %d %s", a.status, a.body)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	close(stop)
	reading.Wait()
	threads, rss := s.status("Threads"), s.status("VmRSS")
	lift()
	begin := time.Now()
	if a := crashNewPerson().signUp(s); !a.acked() || time.Since(begin) > 3*time.Second {
		t.Errorf("the disk is quick again: %d after %v", a.status, time.Since(begin))
	}
	p99 := percentile(reads, 99)
	// Meant are 200 ms; a read that waited for the disk would take 2 s at
	// least, and the tracer and the machine's other work come on top.
	if p99 > time.Second {
		t.Errorf("reading on a slow disk takes %v (99 of 100)", p99)
	}
	if refused == 0 || slowest > 8*time.Second {
		t.Errorf("%d writes timed out, the slowest after %v", refused, slowest)
	}
	if threads > 100 || rss > 300<<10 {
		t.Errorf("a pile-up: %d threads, %d KiB", threads, rss)
	}
	losses := 0
	for _, p := range people {
		if n := p.acknowledged(); n == len(p.acts) {
			losses += report(t, p.verify(s, box, n))
		}
	}
	s.stop()
	crashCheck(t, binary, data)
	t.Logf("%d reads, p99 %v; %d writes stored, %d timed out, slowest %v; %d threads, %d KiB; %d losses",
		len(reads), p99, stored, refused, slowest, threads, rss, losses)
}

// percentile is the duration that so many of 100 don't exceed.
func percentile(took []time.Duration, of int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)-1)*of/100]
}

// status is a number of what the kernel says of the process.
func (s *crashServer) status(name string) (n int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Error(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+name+":")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		s.t.Errorf("%s: %v", name, err)
	}
	return n
}
