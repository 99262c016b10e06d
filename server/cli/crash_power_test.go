package cli_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestCrashPowerCut records every write and sync of a first start and of the
// acts that follow, cuts the power at points all over the recording, and holds
// what the disk may be left with to what was acknowledged before the cut.
func TestCrashPowerCut(t *testing.T) {
	t.Parallel()
	images, clients, each := 100, 3, 3
	if crashLong() {
		images, clients, each = 3000, 4, 12
	}
	tool, binary := strace(t), builtBinary(t)
	root, recording := t.TempDir(), filepath.Join(t.TempDir(), "recording")
	under := filepath.Join("srv", "auth", "data") // every folder of it has to be made
	people, ready := crashRecord(t, binary, filepath.Join(root, under), crashRecorder(tool, recording), clients, each)
	calls, err := crashRead(recording)
	if err != nil {
		t.Fatal(err)
	}
	acks, unseen := crashAcks(root, calls), 0
	for _, p := range people {
		for _, a := range p.acts {
			if _, seen := acks[a.request]; !seen {
				// The kill came before strace saw that the answer's write had ended.
				acks[a.request] = len(calls)
				if unseen++; unseen > clients {
					t.Fatalf("the recording lacks the answer to %s, the last of %d", a.kind, unseen)
				}
			}
		}
	}
	cuts := crashCuts(calls, acks[ready], images)
	var mu sync.Mutex
	var all sync.WaitGroup
	losses, anew := 0, 0
	room := make(chan struct{}, 4)
	disk := crashNewDisk(root)
	for n, call := range calls {
		for ; len(cuts) > 0 && cuts[0] == n && !t.Failed(); cuts = cuts[1:] {
			image := crashImageFolder(t)
			if err := disk.cut(image); err != nil {
				t.Fatal(err)
			}
			room <- struct{}{}
			all.Go(func() {
				lost, began := crashStands(t, binary, filepath.Join(image, under), people, acks, n)
				_ = os.RemoveAll(image)
				<-room
				mu.Lock()
				defer mu.Unlock()
				losses += len(lost)
				if began {
					anew++
				}
				for _, loss := range lost {
					t.Errorf("cut after %d calls of %d: %s", n, len(calls), loss)
				}
			})
		}
		disk.step(n, call)
	}
	all.Wait()
	acts := 0
	for _, p := range people {
		acts += len(p.acts)
	}
	t.Logf("%d images of %d calls and %d acts, %d of them cut within the first start; %d losses", images, len(calls), acts, anew, losses)
}

// crashImageFolder is a folder in memory where there is one: an image was cut
// off already, and what is done with it need not be synced.
func crashImageFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "crash-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// crashRecord lets people live on a server that is recorded. The last thing
// that it says before them is that it is ready, under the id returned.
func crashRecord(t *testing.T, binary, data string, recorder []string, clients, each int) (people []*crashPerson, ready string) {
	t.Helper()
	s := crashStart(t, binary, data, recorder)
	ready = s.do("GET", "/readyz", "", "", nil).request
	box := crashNewOutbox(data)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				p := crashNewPerson()
				whole := p.live(s, box)
				mu.Lock()
				people = append(people, p)
				mu.Unlock()
				if !whole {
					t.Errorf("an act went wrong: %s", p.odd)
				}
			}
		})
	}
	all.Wait()
	for _, p := range people {
		if !box.waitFor(p.email, p.expect(len(p.acts))) {
			t.Error("a mail did not come")
		}
	}
	s.kill()
	// strace writes the last lines after its child is gone, and those of what
	// hashed for it still later.
	last := regexp.MustCompile(fmt.Sprintf(`(?m)^%d<[^>]*> +\+\+\+ killed by SIGKILL \+\+\+$`, s.cmd.Process.Pid))
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(recorder[slices.Index(recorder, "-o")+1])
		if err == nil && last.Match(text) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the recording does not end: %.300s", text[max(0, len(text)-300):])
		}
	}
	return people, ready
}

// crashAcks says after how many calls each answer was given.
func crashAcks(root string, calls []crashCall) map[string]int {
	disk := crashNewDisk(root)
	for n, call := range calls {
		disk.step(n, call)
	}
	return disk.acks
}

// crashCuts are points in a recording, a third of them before the server was
// ready, in order.
func crashCuts(calls []crashCall, ready, images int) (cuts []int) {
	var touching [2][]int // calls that matter to a disk
	for n, call := range calls {
		switch call.name {
		case "close", "openat":
			continue
		}
		if n <= ready {
			touching[0] = append(touching[0], n)
		} else {
			touching[1] = append(touching[1], n)
		}
	}
	for i := range images {
		from := touching[min(1, i%3)]
		cuts = append(cuts, from[rand.IntN(len(from))])
	}
	slices.Sort(cuts)
	return cuts
}

// crashStands starts the server over what a power cut after so many calls has
// left, and says what does not hold. A first start that was cut off begins
// anew.
func crashStands(t *testing.T, binary, data string, people []*crashPerson, acks map[string]int, after int) (losses []string, anew bool) {
	if _, err := os.Stat(filepath.Join(data, "kunci.db")); err != nil {
		anew = true
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return []string{err.Error()}, anew
	}
	s, err := crashTry(t, binary, data, nil)
	if err != nil {
		return []string{err.Error()}, anew
	}
	box := crashNewOutbox(data)
	for _, p := range people {
		n := 0
		for n < len(p.acts) && acks[p.acts[n].request] < after {
			n++
		}
		if n > 0 || !anew && rand.IntN(4) == 0 {
			losses = append(losses, p.verify(s, box, n)...)
		}
	}
	s.kill()
	if out, err := exec.Command(binary, "check", "--data", data).CombinedOutput(); err != nil {
		losses = append(losses, fmt.Sprintf("kunci check: %v %s", err, out))
	}
	return losses, anew
}
