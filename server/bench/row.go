package bench

import "time"

// Row is one line of a report. A number that could not be measured, or means
// nothing there, is nil. The member names are stable; their ends are units.
type Row struct {
	Scenario string   `json:"scenario"`
	What     string   `json:"what"`
	Answers  int      `json:"answers"`
	RatePerS *float64 `json:"rate_per_s"`

	Yardstick     string   `json:"yardstick"` // what the ratio is to
	YardstickPerS *float64 `json:"yardstick_per_s"`
	YardstickMS   *float64 `json:"yardstick_ms"`
	Ratio         *float64 `json:"ratio"`

	P50MS  *float64 `json:"p50_ms"`
	P99MS  *float64 `json:"p99_ms"`
	P999MS *float64 `json:"p999_ms"`

	CPUPerRequestUS *float64 `json:"cpu_per_request_us"`
	CPURatio        *float64 `json:"cpu_ratio"`
	MemoryMiB       *float64 `json:"memory_mib"` // the most, without file pages
	OverIdleMiB     *float64 `json:"memory_over_idle_mib"`
	BytesPerAccount *float64 `json:"bytes_per_account"`

	Errors  map[string]int `json:"errors"`  // by status, or what went wrong without one
	Refused map[string]int `json:"refused"` // answers that say no, as they should
}

func number(v float64) *float64 { return &v }

func ms(d time.Duration) *float64 { return number(float64(d) / float64(time.Millisecond)) }

func mib(bytes int64) *float64 { return number(float64(bytes) / (1 << 20)) }

// row is what a tally says by itself.
func row(scenario, what string, t *Tally) Row {
	r := Row{Scenario: scenario, What: what, Answers: t.Answers, Errors: t.Errors, Refused: map[string]int{}}
	if r.Errors == nil {
		r.Errors = map[string]int{}
	}
	if t.Answers > 0 {
		r.RatePerS = number(t.Rate())
		r.P50MS, r.P99MS, r.P999MS = ms(t.Latency.Quantile(.5)), ms(t.Latency.Quantile(.99)), ms(t.Latency.Quantile(.999))
	}
	if t.Answers > 0 && t.CPU > 0 {
		r.CPUPerRequestUS = number(perAnswer(t))
	}
	if t.Memory > 0 {
		r.MemoryMiB = mib(t.Memory)
	}
	return r
}

// perAnswer is CPU time in microseconds.
func perAnswer(t *Tally) float64 {
	return float64(t.CPU) / float64(time.Microsecond) / float64(t.Answers)
}

// Faults is how many requests of a row came to no expected answer.
func (r *Row) Faults() (n int) {
	for _, count := range r.Errors {
		n += count
	}
	return n
}

// Broken says whether a row measured errors rather than the server.
func (r *Row) Broken() bool { return r.Faults() > r.Answers }

// FaultNames are the keys of Errors, in order.
func (r *Row) FaultNames() []string { return names(r.Errors) }
