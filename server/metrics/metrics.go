package metrics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lib "github.com/VictoriaMetrics/metrics"
)

// Metrics is the numbers of one server. Its methods may be called at any time
// from anywhere, but for those that say otherwise.
type Metrics struct {
	set *lib.Set

	hash, wait, commit, acts *histogram
	refusals, failures       *lib.Counter

	mu       sync.Mutex
	requests histograms // a histogram for each route
	routes   map[string]*route
}

// New makes the numbers of a server of a version, all at zero.
func New(version, goVersion string) *Metrics {
	lib.ExposeMetadata(true) // of the library as a whole, which nobody else uses
	m := &Metrics{
		set:  lib.NewSet(),
		hash: newHistogram("", hashBounds), wait: newHistogram("", hashBounds),
		commit: newHistogram("", commitBounds), acts: newHistogram("", actBounds),
		requests: histograms{name: "kunci_http_request_duration_seconds"},
		routes:   map[string]*route{},
	}
	m.refusals = m.set.NewCounter("kunci_hash_refusals_total")
	m.failures = m.set.NewCounter("kunci_store_failures_total")
	m.Gauge("kunci_build_info", func() float64 { return 1 }, "version", version, "go", goVersion)
	return m
}

// named is a name with labels, given as names and values by turns. A family that
// is not in the table is a slip of ours.
func named(family string, labels ...string) string {
	if _, known := families[family]; !known {
		panic("metrics: no family is called " + family)
	}
	if len(labels) == 0 {
		return family
	}
	return family + "{" + labelled(labels...) + "}"
}

func labelled(labels ...string) string {
	var b strings.Builder
	for pair := range slices.Chunk(labels, 2) {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		_, _ = fmt.Fprintf(&b, "%s=%q", pair[0], pair[1]) // a Builder takes everything
	}
	return b.String()
}

// Gauge has a value asked for at every scrape, under a name of the table and
// labels, names and values by turns. Call it once for each, before Serve.
func (m *Metrics) Gauge(family string, value func() float64, labels ...string) {
	m.set.NewGauge(named(family, labels...), value)
}

// Truth is a value that is 1 or 0.
func Truth(is func() bool) func() float64 {
	return func() float64 {
		if is() {
			return 1
		}
		return 0
	}
}

// counter is a counter of a family, made when it is first asked for: for what is
// rare beside what it counts.
func (m *Metrics) counter(family string, labels ...string) *lib.Counter {
	return m.set.GetOrCreateCounter(named(family, labels...))
}

// Acted counts one act ("sign-in") through a dialect, "" for a page of our own.
func (m *Metrics) Acted(act, dialect, outcome string) { m.act(act, dialect, outcome).Inc() }

// ExpectActs has acts begin at zero, so that a first one shows as a rise.
func (m *Metrics) ExpectActs(act string, dialects, outcomes []string) {
	for _, dialect := range dialects {
		for _, outcome := range outcomes {
			m.act(act, dialect, outcome)
		}
	}
}

func (m *Metrics) act(act, dialect, outcome string) *lib.Counter {
	if dialect == "" {
		dialect = "page"
	}
	return m.counter("kunci_"+strings.ReplaceAll(act, "-", "_")+"s_total", "dialect", dialect, "outcome", outcome)
}

// Limited counts a try that a rule has refused.
func (m *Metrics) Limited(rule string) { m.counter("kunci_limits_total", "rule", rule).Inc() }

// Mailed counts an attempt to send a mail.
func (m *Metrics) Mailed(outcome string) {
	m.counter("kunci_mail_attempts_total", "outcome", outcome).Inc()
}

// BackedUp counts a scheduled backup.
func (m *Metrics) BackedUp(outcome string) {
	m.counter("kunci_backups_total", "outcome", outcome).Inc()
}

// Expect has counters of a family begin at zero, one for each value of a label.
func (m *Metrics) Expect(family, label string, values []string) {
	for _, v := range values {
		m.counter(family, label, v)
	}
}

// Hashed is told how long a password hash took.
func (m *Metrics) Hashed(took time.Duration) { m.hash.addDuration(took) }

// Waited is told how long a caller waited for its hash.
func (m *Metrics) Waited(d time.Duration) { m.wait.addDuration(d) }

// Refused counts a caller for whose hash there was no room.
func (m *Metrics) Refused() { m.refusals.Inc() }

// Committed is told of a commit that so many acts shared.
func (m *Metrics) Committed(took time.Duration, acts int, err error) {
	if err != nil {
		m.failures.Inc()
		return
	}
	m.commit.addDuration(took)
	m.acts.add(float64(acts))
}

// route is what is counted of one pattern of paths. Few statuses occur on a
// route, so that looking through them costs less than a map does.
type route struct {
	m       *Metrics
	pattern string
	took    *histogram
	seen    atomic.Pointer[[]statusCount] // replaced, never changed
}

type statusCount struct {
	status int
	count  *lib.Counter
}

// Route gives what is told of each answer to a pattern of paths, "" for those
// that match none. The same pattern is counted together.
func (m *Metrics) Route(pattern string) func(status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.routes[pattern]
	if r == nil {
		r = &route{m: m, pattern: pattern, took: newHistogram(labelled("route", pattern), requestBounds)}
		r.seen.Store(&[]statusCount{})
		m.routes[pattern] = r
		m.requests.of = append(m.requests.of, r.took)
	}
	return r.answered
}

func (r *route) answered(status int, took time.Duration) {
	r.took.addDuration(took)
	for _, c := range *r.seen.Load() {
		if c.status == status {
			c.count.Inc()
			return
		}
	}
	r.first(status).Inc()
}

// first makes the counter of a status that the route answers for the first time.
func (r *route) first(status int) *lib.Counter {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	c := r.m.counter("kunci_http_requests_total", "route", r.pattern, "status", strconv.Itoa(status))
	seen := append(slices.Clone(*r.seen.Load()), statusCount{status, c})
	r.seen.Store(&seen)
	return c
}
