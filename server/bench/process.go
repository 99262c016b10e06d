package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// cpuOf is the CPU time that a process has used, false where the system does
// not say. Its threads are summed since only they are counted in nanoseconds.
func cpuOf(pid int) (time.Duration, bool) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if pid == 0 || err != nil || len(tasks) == 0 {
		return 0, false
	}
	var sum time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // a thread that has just ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, false
		}
		sum += time.Duration(ns)
	}
	return sum, sum > 0
}

// memoryOf is the memory of a process without the pages of files, in bytes, 0
// where the system does not say.
func memoryOf(pid int) int64 {
	if pid == 0 {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(text, []byte("\nRssAnon:"))
	line, _, _ := bytes.Cut(rest, []byte("kB"))
	kib, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	if !found || err != nil {
		return 0
	}
	return kib << 10
}

// LoadAverage is how many processes wanted to run in the last minute, 0 where
// the system does not say.
func LoadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// sampleEvery is how often memory is looked at: a hash holds its memory longer.
const sampleEvery = 10 * time.Millisecond

// watched runs a load and notes the CPU time and the most memory of a process
// meanwhile.
func watched(pid int, load func() *Tally) *Tally {
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		every := time.NewTicker(sampleEvery)
		defer every.Stop()
		peak := memoryOf(pid)
		for pid != 0 {
			select {
			case <-every.C:
				peak = max(peak, memoryOf(pid))
				continue
			case <-stop:
			}
			break
		}
		most <- peak
	}()
	before, seen := cpuOf(pid)
	t := load()
	after, still := cpuOf(pid)
	close(stop)
	t.Memory = <-most
	if seen && still {
		t.CPU = after - before
	}
	return t
}

// Idle is the memory of a process that has nothing to do, in bytes without
// file pages: the least within a while. 0 where the system does not say.
func Idle(pid int, within time.Duration) int64 {
	least := memoryOf(pid)
	for end := time.Now().Add(within); pid != 0 && time.Now().Before(end); time.Sleep(sampleEvery) {
		if now := memoryOf(pid); now > 0 {
			least = min(least, now)
		}
	}
	return least
}
