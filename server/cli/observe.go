package cli

import (
	"context"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/mail"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/dialect"
	"kunci/server/metrics"
	"kunci/server/password"
)

// observation is what a server tells of itself by --metrics-listen. A nil one
// is told nothing, and costs nothing.
type observation struct {
	*metrics.Metrics
	hasher *password.Hasher
	census atomic.Pointer[census]
}

// census is what was counted, and when.
type census struct {
	db.Census
	at time.Time
}

// observed begins to count hashes and commits; nil where nobody asks.
func (c *serveConfig) observed(d *data, hasher *password.Hasher) *observation {
	if c.metrics == nil {
		return nil
	}
	o := &observation{Metrics: metrics.New(build().Version, runtime.Version()), hasher: hasher}
	hasher.Observe(password.Observer{Waited: o.Waited, Hashed: o.Hashed, Refused: o.Refused})
	d.engine.Observe(func(c bolt.Commit) { o.Committed(c.Took, c.Acts, c.Err) })
	return o
}

// acts is told what callers do.
func (o *observation) acts() auth.Observer {
	if o == nil {
		return auth.Observer{}
	}
	outcomes, pages := texts(auth.Outcomes()), append(dialect.Registers(), "")
	for act, dialects := range map[auth.Act][]string{
		auth.ActSignIn: dialect.Names(), auth.ActSignUp: dialect.Registers(),
		auth.ActForgot: pages, auth.ActReset: pages, auth.ActConfirm: {""},
	} {
		o.ExpectActs(string(act), dialects, outcomes)
	}
	o.ExpectActs(string(auth.ActSignOut), dialect.Names(), texts([]auth.Outcome{auth.OutcomeOK}))
	o.Expect("kunci_limits_total", "rule", auth.Rules())
	return auth.Observer{
		Acted:   func(a auth.Act, dialect string, what auth.Outcome) { o.Acted(string(a), dialect, string(what)) },
		Limited: o.Limited,
	}
}

// texts are the names of a list that has a type of its own.
func texts[T ~string](list []T) (all []string) {
	for _, one := range list {
		all = append(all, string(one))
	}
	return all
}

// letters is told what becomes of mails.
func (o *observation) letters(w *mail.Worker) {
	if o == nil {
		return
	}
	o.Expect("kunci_mail_attempts_total", "outcome", texts(mail.Outcomes()))
	w.Observe(func(what mail.Outcome) { o.Mailed(string(what)) })
}

// backups is told of scheduled backups.
func (o *observation) backups(s schedule, kept *backupRecord) {
	if o == nil || !s.on() {
		return
	}
	o.Expect("kunci_backups_total", "outcome", []string{backupMade, backupFailed})
	kept.tell = o.BackedUp
	o.Gauge("kunci_backup_last_success_timestamp_seconds", kept.newest)
	o.Gauge("kunci_backup_interval_seconds", s.every.Seconds)
}

// certificate tells when what clients are shown ends: 0 while a name has none,
// no number where this server speaks no TLS itself.
func (o *observation) certificate(out *outside) {
	if o == nil {
		return
	}
	o.Gauge("kunci_certificate_not_after_timestamp_seconds", func() float64 {
		c := out.shown()
		if c == nil {
			return math.NaN()
		}
		ends := c.NotAfter()
		if ends.IsZero() {
			return 0
		}
		return float64(ends.Unix())
	})
}

// routes is told of answers, nil where nobody is.
func (o *observation) routes() func(string) func(int, time.Duration) {
	if o == nil {
		return nil
	}
	return o.Route
}

// parts are what /readyz tells of besides the server's own.
func (c *serveConfig) parts(w *mail.Worker, kept *backupRecord, out *outside) []server.Part {
	backups := kept.state
	if !c.backup.on() {
		backups = func() server.State { return server.Off }
	}
	return []server.Part{
		{Name: "backups", State: backups},
		{Name: "certificate", State: out.certificate},
		{Name: "mail", State: func() server.State {
			switch {
			case w.Failing():
				return server.Failing
			case c.smtp == nil:
				return server.Off // files reach nobody
			}
			return server.OK
		}},
	}
}

// serve answers scrapes until ctx ends.
func (o *observation) serve(ctx context.Context, c *serveConfig, d *data, s *server.Server, log *slog.Logger) {
	o.gauges(d, s)
	var counting sync.WaitGroup
	counting.Go(func() { o.count(ctx, d.store) })
	defer counting.Wait()
	if err := o.Serve(ctx, c.metrics, log); err != nil {
		log.Error("metrics can't be scraped any more", "cause", err.Error())
	}
}

// gauges are asked for at every scrape.
func (o *observation) gauges(d *data, s *server.Server) {
	o.Gauge("kunci_ready", metrics.Truth(func() bool { ready, _ := s.Ready(); return ready }))
	_, parts := s.Ready()
	for name, state := range parts {
		if state == server.Off {
			continue
		}
		o.Gauge("kunci_part_ok", metrics.Truth(func() bool { _, parts := s.Ready(); return parts[name] == server.OK }), "part", name)
	}
	load := func(pick func(running, waiting int) int) func() float64 {
		return func() float64 { return float64(pick(o.hasher.Load())) }
	}
	o.Gauge("kunci_hashes_running", load(func(running, _ int) int { return running }))
	o.Gauge("kunci_hashes_waiting", load(func(_, waiting int) int { return waiting }))
	size := func(pick func(file, free int64) int64) func() float64 {
		return func() float64 {
			file, free, err := d.engine.Size()
			if err != nil {
				return math.NaN()
			}
			return float64(pick(file, free))
		}
	}
	o.Gauge("kunci_store_bytes", size(func(file, _ int64) int64 { return file }))
	o.Gauge("kunci_store_free_bytes", size(func(_, free int64) int64 { return free }))
	o.counted("kunci_accounts", func(c *census) float64 { return float64(c.Accounts) })
	o.counted("kunci_sessions", func(c *census) float64 { return float64(c.Sessions) })
	o.counted("kunci_mails_waiting", func(c *census) float64 { return float64(c.Mails) })
	o.counted("kunci_mails_retrying", func(c *census) float64 { return float64(c.Retried) })
	o.counted("kunci_mail_oldest_age_seconds", func(c *census) float64 {
		if c.Oldest == 0 {
			return 0
		}
		return max(0, time.Since(c.Oldest.Time()).Seconds())
	})
	o.counted("kunci_census_timestamp_seconds", func(c *census) float64 { return float64(c.at.Unix()) })
}

// counted is a gauge of what a census finds; before the first it is no number.
func (o *observation) counted(family string, pick func(*census) float64) {
	o.Gauge(family, func() float64 {
		if c := o.census.Load(); c != nil {
			return pick(c)
		}
		return math.NaN()
	})
}

const (
	// countEvery is how often what is stored is counted, at most; counting takes
	// no more than one part in countShare of the time.
	countEvery = 15 * time.Second
	countShare = 100
)

// count counts what is stored until ctx ends. What can't be counted now keeps
// its last number: a store that fails shows elsewhere.
func (o *observation) count(ctx context.Context, store *db.Store) {
	for {
		began := time.Now()
		if c, err := store.Census(ctx, db.At(began)); err == nil {
			o.census.Store(&census{c, began})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(countEvery, countShare*time.Since(began))):
		}
	}
}
