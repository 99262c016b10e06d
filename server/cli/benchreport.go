package cli

import (
	"fmt"
	"io"
	"strings"

	"kunci/server/bench"
)

// benchReport is all that a measurement found. The member names are stable.
type benchReport struct {
	Build   buildInfo    `json:"build"`
	CPUs    int          `json:"cpus"`
	Load    float64      `json:"load_before"` // processes that wanted to run, 0 where the system does not say
	Setting benchSetting `json:"settings"`

	HashMS        *float64 `json:"hash_ms"` // one, while as many as the width run
	HashesPerS    *float64 `json:"hashes_per_s"`
	IdleMemoryMiB *float64 `json:"idle_memory_mib"`

	Results []bench.Row `json:"results"`
	Advice  []string    `json:"advice"`
}

type benchSetting struct {
	URL             string  `json:"url"` // "": a server that bench started
	Accounts        int     `json:"accounts"`
	Clients         int     `json:"clients"`
	DurationS       float64 `json:"duration_s"`
	RatePerS        int     `json:"rate_per_s"`
	Argon2MemoryMiB int     `json:"argon2_memory_mib"`
	Argon2Time      int     `json:"argon2_time"`
	HashWidth       int     `json:"hash_width"`
}

func (m *measurement) report() *benchReport {
	r := &benchReport{
		Build: build(), CPUs: m.facts.CPUs, Load: m.facts.Load, Results: m.rows,
		Setting: benchSetting{
			Accounts: m.accounts, Clients: m.clients, DurationS: m.duration.Seconds(), RatePerS: m.rate,
			Argon2MemoryMiB: int(m.params.Memory >> 10), Argon2Time: int(m.params.Time), HashWidth: m.width,
		},
	}
	if m.target != nil {
		r.Setting.URL = "http://" + m.target.Host
		if m.target.TLS {
			r.Setting.URL = "https://" + m.target.Host
		}
	}
	if m.facts.Hash > 0 {
		took, rate := m.facts.Hash.Seconds()*1000, m.facts.HashesPerS
		r.HashMS, r.HashesPerS = &took, &rate
	}
	if m.idle > 0 {
		idle := float64(m.idle) / (1 << 20)
		r.IdleMemoryMiB = &idle
	}
	m.facts.Rows = m.rows
	r.Advice = append([]string{}, bench.Advise(m.facts)...)
	return r
}

// tableWidth is what a terminal shows of a line.
const tableWidth = 100

// print writes the table, what its columns mean, and the advice.
func (r *benchReport) print(w io.Writer) error {
	t := table{head: []string{"SCENARIO", "WHAT", "RATE", "YARDSTICK", "RATIO", "P50", "P99", "P99.9", "CPU/REQ", "MEMORY", "ERRORS"}}
	for i := range r.Results {
		t.add(benchCells(&r.Results[i])...)
	}
	if err := t.print(w); err != nil {
		return err
	}
	lines := append([]string{""}, r.legend()...)
	if len(r.Advice) > 0 {
		lines = append(lines, "")
	}
	for _, text := range append(lines, r.Advice...) {
		if _, err := fmt.Fprintln(w, wrapped(neutral(text), tableWidth)); err != nil {
			return err
		}
	}
	return nil
}

// legend says what the table shows, as far as it shows it.
func (r *benchReport) legend() (lines []string) {
	has := map[string]bool{}
	for _, row := range r.Results {
		if row.Yardstick != "" && !has[row.Yardstick] {
			has[row.Yardstick] = true
			lines = append(lines, fmt.Sprintf("%s, %s: the yardstick is %s.", row.Scenario, row.What, row.Yardstick))
		}
		if len(row.Refused) > 0 {
			lines = append(lines, fmt.Sprintf("%s, %s: (503) is how a server refuses for a moment what it has no capacity for; that is no error.", row.Scenario, row.What))
		}
		if row.BytesPerAccount != nil {
			lines = append(lines, fmt.Sprintf("%s: %.0f bytes of data file for each account.", row.Scenario, *row.BytesPerAccount))
		}
	}
	if r.IdleMemoryMiB != nil {
		lines = append(lines, fmt.Sprintf("Memory is the most the server had, without file pages; idle it has %.0f MiB.", *r.IdleMemoryMiB))
	}
	return append(lines, "Errors are no throughput: they are counted by status, or by what went wrong without one.")
}

func benchCells(r *bench.Row) []any {
	yardstick := perSecond(r.YardstickPerS)
	if r.YardstickMS != nil {
		yardstick = millis(r.YardstickMS)
	}
	return []any{
		r.Scenario, r.What, perSecond(r.RatePerS), yardstick, figure("%.2f", r.Ratio, 1),
		millis(r.P50MS), millis(r.P99MS), millis(r.P999MS), figure("%.0fµs", r.CPUPerRequestUS, 1),
		figure("%.0fMiB", r.MemoryMiB, 1), faults(r),
	}
}

// faults are the errors of a row by name, and in brackets what was refused as
// it should be.
func faults(r *bench.Row) string {
	var parts []string
	for _, name := range r.FaultNames() {
		parts = append(parts, fmt.Sprintf("%s:%d", name, r.Errors[name]))
	}
	for status, n := range r.Refused {
		parts = append(parts, fmt.Sprintf("(%s:%d)", status, n))
	}
	return strings.Join(parts, " ")
}

// figure is a number in a table, "" where there is none.
func figure(format string, v *float64, unit float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf(format, *v/unit)
}

func perSecond(v *float64) string {
	if v != nil && *v < 10 {
		return figure("%.1f/s", v, 1)
	}
	return figure("%.0f/s", v, 1)
}

func millis(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v >= 1000:
		return figure("%.1fs", v, 1000)
	case *v >= 10:
		return figure("%.0fms", v, 1)
	case *v >= 1:
		return figure("%.1fms", v, 1)
	}
	return figure("%.0fµs", v, 0.001)
}

// wrapped breaks a sentence into lines that fit a width.
func wrapped(text string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// verdict is an error where a scenario measured errors rather than the server.
func (r *benchReport) verdict() error {
	var broken []string
	for i := range r.Results {
		if row := &r.Results[i]; row.Broken() {
			broken = append(broken, fmt.Sprintf("%s, %s (%s)", row.Scenario, row.What, faults(row)))
		}
	}
	if broken == nil {
		return nil
	}
	return fmt.Errorf("more errors than answers: %s", strings.Join(broken, "; "))
}
