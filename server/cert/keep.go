package cert

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"time"
)

const (
	// failedFor is how long autocert answers with its last failure, and a little.
	failedFor = 61 * time.Second
	// lookEvery is how often a certificate that is there is looked at.
	lookEvery = 6 * time.Hour
)

// keep sees that a name has a certificate, and says in the log when it gets
// one, gets a new one, or does not.
func (a *ACME) keep(ctx context.Context, n *name) {
	known := n.leaf.Load()
	if known != nil {
		a.tell(n, "the certificate is that of the last start", known)
	}
	for failures := 0; ; {
		err := a.within(ctx, n)
		if errors.Is(err, errStopped) {
			return
		}
		wait := lookEvery
		if err != nil {
			wait = pause(failures, err)
			failures++
			a.complain(n, err, wait)
		} else {
			failures = 0
			leaf := n.leaf.Load()
			switch {
			case known == nil || !leaf.Equal(known):
				a.tell(n, "a certificate was issued", leaf)
			case late(leaf, time.Now()):
				a.Log.Error("the certificate is not renewed: see that DNS leads to this machine, and that its ports 80 and 443 are reached from outside",
					"name", n.host, "ends", leaf.NotAfter, "acme", a.Directory, "answer", a.heard.last(n.host))
			}
			known = leaf
		}
		if !n.wait(ctx, wait) {
			return
		}
	}
}

func (a *ACME) tell(n *name, what string, leaf *x509.Certificate) {
	a.Log.Info(what, "name", n.host, "ends", leaf.NotAfter, "issuer", leaf.Issuer.CommonName)
}

// complain says why there is no certificate and what to do. It is called once
// for each attempt, of which there are few.
func (a *ACME) complain(n *name, err error, wait time.Duration) {
	what := "no certificate: see that DNS leads to this machine, and that its ports 80 and 443 are reached from outside"
	if unreached(err) {
		what = "no certificate: the ACME server can't be reached"
	}
	a.Log.Error(what, "name", n.host, "acme", a.Directory, "cause", err.Error(), "answer", a.heard.last(n.host), "again_in", wait)
}

// within obtains a certificate, but does not wait for it after ctx has ended:
// what is still under way then goes with the process.
func (a *ACME) within(ctx context.Context, n *name) error {
	done := make(chan error, 1)
	go func() { done <- a.obtain(n) }()
	select {
	case <-ctx.Done():
		return errStopped
	case err := <-done:
		return err
	}
}

// wait lasts so long, or until Retry, but never less than autocert remembers a
// failure for. It says whether to go on.
func (n *name) wait(ctx context.Context, d time.Duration) bool {
	least := time.After(min(d, failedFor))
	select {
	case <-ctx.Done():
		return false
	case <-least:
	}
	select {
	case <-ctx.Done():
		return false
	case <-n.again:
	case <-time.After(d - min(d, failedFor)):
	}
	return true
}

// pause is how long to wait after some failures in a row. An attempt that the
// ACME server refuses costs up to two failed authorizations, of which Let's
// Encrypt allows five an hour for a name.
func pause(failures int, err error) time.Duration {
	waits := []time.Duration{5 * time.Minute, 30 * time.Minute}
	if unreached(err) {
		waits = []time.Duration{failedFor, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	}
	return waits[min(failures, len(waits)-1)]
}

// unreached says whether the ACME server did not answer at all.
func unreached(err error) bool { return errors.As(err, new(*url.Error)) }

// late says whether a certificate should have been renewed by now: autocert
// begins when a third of its life is left.
func late(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/4
}

// ending says whether a certificate has ended or is about to: within a day, or
// within a tenth of its life where that is shorter. Whoever renews it has had
// most of its life for that.
func ending(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < min(24*time.Hour, leaf.NotAfter.Sub(leaf.NotBefore)/10)
}
