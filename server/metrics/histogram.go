package metrics

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	lib "github.com/VictoriaMetrics/metrics"
)

// histogram counts values by upper bounds, as Prometheus computes quantiles
// from; the library's own has ranges that only VictoriaMetrics understands.
// Adding to it takes two atomics and no lock.
type histogram struct {
	labels string // route="/"; "" for none
	bounds []float64
	counts []atomic.Uint64 // one more than there are bounds
	sum    atomic.Uint64   // the bits of a float64
}

func newHistogram(labels string, bounds []float64) *histogram {
	return &histogram{labels: labels, bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

func (h *histogram) add(v float64) {
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	for {
		was := h.sum.Load()
		if h.sum.CompareAndSwap(was, math.Float64bits(math.Float64frombits(was)+v)) {
			return
		}
	}
}

// addDuration adds a duration in seconds.
func (h *histogram) addDuration(d time.Duration) { h.add(d.Seconds()) }

// Bounds of histograms.
var (
	// hashBounds are of what a hash takes, and waiting for one, which ends after 4 s.
	hashBounds    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8}
	requestBounds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	commitBounds  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	actBounds     = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}
)

// histograms is a family of histograms.
type histograms struct {
	name string
	of   []*histogram
}

// write writes the family in the text format of Prometheus.
func (f *histograms) write(w io.Writer) {
	lib.WriteMetadataIfNeeded(w, f.name, "histogram")
	for _, h := range f.of {
		var b strings.Builder
		between, alone := "", ""
		if h.labels != "" {
			between, alone = h.labels+",", "{"+h.labels+"}"
		}
		total := uint64(0)
		for i := range h.counts {
			total += h.counts[i].Load()
			le := "+Inf"
			if i < len(h.bounds) {
				le = strconv.FormatFloat(h.bounds[i], 'g', -1, 64)
			}
			fmt.Fprintf(&b, "%s_bucket{%sle=%q} %d\n", f.name, between, le, total)
		}
		fmt.Fprintf(&b, "%s_sum%s %g\n%s_count%s %d\n", f.name, alone, math.Float64frombits(h.sum.Load()), f.name, alone, total)
		_, _ = io.WriteString(w, b.String()) // to a buffer
	}
}
