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

// family is a process and those that it has started and not seen end, such as
// kunci's, which hash passwords.
func family(pid int) []int {
	all := []int{pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // of a thread that has just ended there is nothing
		for _, child := range strings.Fields(string(text)) {
			if id, err := strconv.Atoi(child); err == nil {
				all = append(all, id)
			}
		}
	}
	return all
}

// cpuOf is the CPU time that a process has used and its family with it, false
// where the system does not say. Threads are summed since only they are counted
// in nanoseconds.
func cpuOf(pid int) (sum time.Duration, said bool) {
	if pid == 0 {
		return 0, false
	}
	sum = reaped(pid)
	for _, id := range family(pid) {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", id))
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
			said = said || id == pid && ns > 0
		}
	}
	return sum, said
}

// tick is the unit of CPU times in /proc/PID/stat, whatever the machine.
const tick = time.Second / 100

// reaped is the CPU time of the processes that a process has started and seen
// end (proc_pid_stat(5): cutime and cstime, the 14th and 15th after the name).
func reaped(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	field := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(field) < 15 {
		return 0
	}
	user, _ := strconv.ParseInt(field[13], 10, 64)
	system, _ := strconv.ParseInt(field[14], 10, 64)
	return time.Duration(user+system) * tick
}

// memoryOf is the memory of a process and its family without the pages of
// files, in bytes, 0 where the system does not say.
func memoryOf(pid int) int64 {
	if pid == 0 {
		return 0
	}
	return memoryOfAll(family(pid))
}

func memoryOfAll(pids []int) (sum int64) {
	for _, id := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := bytes.Cut(text, []byte("\nRssAnon:"))
		line, _, _ := bytes.Cut(rest, []byte("kB"))
		kib, _ := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
		sum += kib << 10
	}
	return sum
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

const (
	sampleEvery = 25 * time.Millisecond // how often memory is looked at: a hash holds its memory longer
	familyEvery = 8                     // samples after which a family is looked for again, which costs more
)

// watched runs a load and notes the CPU time and the most memory of a process
// and its family meanwhile.
func watched(pid int, load func() *Tally) *Tally {
	stop, most := make(chan struct{}), make(chan int64)
	go func() { most <- peakUntil(stop, pid) }()
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

func peakUntil(stop <-chan struct{}, pid int) (peak int64) {
	if pid == 0 {
		<-stop
		return 0
	}
	every := time.NewTicker(sampleEvery)
	defer every.Stop()
	for n, all := 0, []int(nil); ; n++ {
		if n%familyEvery == 0 {
			all = family(pid)
		}
		peak = max(peak, memoryOfAll(all))
		select {
		case <-every.C:
		case <-stop:
			return peak
		}
	}
}

// Idle is the memory of a process that has nothing to do, and its family, in
// bytes without file pages: the least within a while. 0 where the system does
// not say.
func Idle(pid int, within time.Duration) int64 {
	least := memoryOf(pid)
	for end := time.Now().Add(within); pid != 0 && time.Now().Before(end); time.Sleep(sampleEvery) {
		if now := memoryOf(pid); now > 0 {
			least = min(least, now)
		}
	}
	return least
}
