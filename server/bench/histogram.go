package bench

import (
	"math"
	"math/bits"
	"time"
)

// A histogram has subBuckets of equal width for each power of two, so that a
// value is off by less than 1 %, in memory that does not grow.
const (
	subBits    = 6
	subBuckets = 1 << subBits
	maxShift   = 36 // 2^(36+7) ns, over two hours
	buckets    = (maxShift + 2) * subBuckets
)

// Histogram counts durations. The zero value is ready for use, by one
// goroutine.
type Histogram struct {
	counts [buckets]uint64
	n      uint64
}

// Add counts one duration; one below zero counts as zero.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(max(0, d)))]++
	h.n++
}

// Merge adds what another histogram has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, c := range other.counts {
		h.counts[i] += c
	}
	h.n += other.n
}

// Count is how many durations were added.
func (h *Histogram) Count() int { return int(h.n) }

// Quantile is the duration that a share q (0 to 1) of all does not exceed, 0
// where nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(1, uint64(math.Ceil(q*float64(h.n))))
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen >= rank {
			return middle(i)
		}
	}
	return 0
}

func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	if shift > maxShift {
		return buckets - 1
	}
	return shift*subBuckets + int(v>>shift)
}

// middle is the middle of the durations that a bucket counts.
func middle(i int) time.Duration {
	shift := max(0, i/subBuckets-1)
	return time.Duration(i-shift*subBuckets)<<shift + time.Duration(1)<<shift/2
}
