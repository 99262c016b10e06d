package bench_test

import (
	"math"
	"testing"
	"time"

	"kunci/server/bench"
)

func TestHistogramIsOffByLessThanOnePercent(t *testing.T) {
	t.Parallel()
	for d := time.Duration(1); d < time.Hour; d = d*17/16 + 1 {
		var h bench.Histogram
		h.Add(d)
		got := h.Quantile(.5)
		if off := math.Abs(float64(got-d)) / float64(d); off > .01 {
			t.Errorf("%s became %s", d, got)
		}
	}
}

func TestHistogramQuantiles(t *testing.T) {
	t.Parallel()
	var low, high bench.Histogram
	for i := 1; i <= 500; i++ {
		low.Add(time.Duration(i) * time.Millisecond)
		high.Add(time.Duration(i+500) * time.Millisecond)
	}
	low.Merge(&high)
	if low.Count() != 1000 {
		t.Errorf("%d counted, want 1000", low.Count())
	}
	for q, want := range map[float64]time.Duration{
		0: time.Millisecond, .5: 500 * time.Millisecond, .99: 990 * time.Millisecond, .999: 999 * time.Millisecond, 1: time.Second,
	} {
		got := low.Quantile(q)
		if off := math.Abs(float64(got-want)) / float64(want); off > .01 {
			t.Errorf("quantile %g is %s, want %s", q, got, want)
		}
	}
}

func TestHistogramOfOddDurations(t *testing.T) {
	t.Parallel()
	var h bench.Histogram
	if got := h.Quantile(.5); got != 0 {
		t.Errorf("an empty one says %s", got)
	}
	h.Add(-time.Second)
	h.Add(math.MaxInt64)
	if got := h.Quantile(.5); got != 0 {
		t.Errorf("below zero became %s", got)
	}
	if got := h.Quantile(1); got < time.Hour {
		t.Errorf("the longest became %s", got)
	}
}
