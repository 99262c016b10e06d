package metrics

import (
	"bytes"
	"io"
	"strings"

	lib "github.com/VictoriaMetrics/metrics"
)

// WriteTo writes every number, and those of the process, in the text format of
// Prometheus 0.0.4.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	var raw bytes.Buffer
	m.set.WritePrometheus(&raw)
	for _, f := range m.histograms() {
		f.write(&raw)
	}
	lib.WriteProcessMetrics(&raw)
	return withHelp(&raw).WriteTo(w)
}

func (m *Metrics) histograms() []histograms {
	m.mu.Lock()
	defer m.mu.Unlock()
	one := func(name string, h *histogram) histograms { return histograms{name, []*histogram{h}} }
	return []histograms{
		m.requests,
		one("kunci_hash_duration_seconds", m.hash), one("kunci_hash_wait_duration_seconds", m.wait),
		one("kunci_store_commit_duration_seconds", m.commit), one("kunci_store_commit_acts", m.acts),
	}
}

// withHelp adds the words of the table to the HELP lines, which the library
// leaves empty.
func withHelp(raw *bytes.Buffer) *bytes.Buffer {
	out := bytes.NewBuffer(make([]byte, 0, raw.Len()+len(families)*80))
	for line := range strings.Lines(raw.String()) {
		if family, ok := strings.CutPrefix(line, "# HELP "); ok {
			family = strings.TrimSpace(family)
			if words := families[family]; words != "" {
				line = "# HELP " + family + " " + words + "\n"
			}
		}
		out.WriteString(line)
	}
	return out
}
