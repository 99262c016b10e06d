package bench

import (
	"maps"
	"slices"
	"time"
)

// Tally is what became of the requests of one load. Only Answers are
// throughput.
type Tally struct {
	Answers int            // with the expected status
	Errors  map[string]int // by status, or by what went wrong without one
	Elapsed time.Duration  // until the last answer
	Latency Histogram      // of Answers

	CPU    time.Duration // of the process, where it can be seen
	Memory int64         // the most it had, in bytes without file pages; 0 where it can't be seen
}

func (t *Tally) fault(name string) {
	if t.Errors == nil {
		t.Errors = map[string]int{}
	}
	t.Errors[name]++
}

// Rate is answers per second.
func (t *Tally) Rate() float64 {
	if t.Elapsed <= 0 {
		return 0
	}
	return float64(t.Answers) / t.Elapsed.Seconds()
}

// Faults is how many requests came to no expected answer.
func (t *Tally) Faults() (n int) {
	for _, count := range t.Errors {
		n += count
	}
	return n
}

// join adds a tally of the same time, of another client.
func (t *Tally) join(other *Tally) {
	t.Answers += other.Answers
	t.Latency.Merge(&other.Latency)
	for name, n := range other.Errors {
		if t.Errors == nil {
			t.Errors = map[string]int{}
		}
		t.Errors[name] += n
	}
}

// follow adds a tally of another time.
func (t *Tally) follow(other *Tally) {
	t.join(other)
	t.Elapsed += other.Elapsed
	t.CPU += other.CPU
	t.Memory = max(t.Memory, other.Memory)
}

func together(tallies []*Tally) *Tally {
	all := &Tally{}
	for _, t := range tallies {
		all.follow(t)
	}
	return all
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// names are the keys of a count in order.
func names(counts map[string]int) []string { return slices.Sorted(maps.Keys(counts)) }
