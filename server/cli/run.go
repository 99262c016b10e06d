package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"kunci/mail"
	"kunci/server"
	"kunci/server/auth"
	"kunci/server/ctl"
	"kunci/server/dialect"
	"kunci/server/password"
	"kunci/server/social"
)

const (
	sweepEvery = 10 * time.Minute
	// longRefusal is a refusal of which people would think that the server hangs.
	longRefusal = 3 * time.Second
)

// run serves open data on listeners until ctx ends, and closes the data.
func (p *program) run(ctx context.Context, c *serveConfig, d *data, out *outside) error {
	log := p.logger(c)
	ctx, end := context.WithCancel(ctx)
	defer end()
	commands, err := ctl.Listen(c.data)
	if err != nil {
		return errors.Join(err, d.closeFiles())
	}
	defer func() { _ = commands.Close() }() // closed long since, where it served
	sender, letters, err := c.mailer()
	if err != nil {
		return errors.Join(err, d.closeFiles())
	}
	// The worker's queue is the service, and the service wakes the worker:
	// nothing is queued before both stand.
	var worker *mail.Worker
	hasher := password.New(c.params, c.width)
	hashApart(hasher, log)
	defer hasher.Close()
	seen := c.observed(d, hasher)
	service := c.service(d, hasher, seen.acts(), func() { worker.Wake() })
	worker = mail.NewWorker(auth.Mails{Service: service}, sender, c.mailFrom, log)
	seen.letters(worker)
	kept := &backupRecord{tell: func(string) {}}
	seen.backups(c.backup, kept)

	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var workers sync.WaitGroup
	moved := make(chan error, 1)
	workers.Go(func() { watch(background, d.engine, moved) })
	workers.Go(func() { worker.Run(background) })
	workers.Go(func() { sweep(background, service, log) })
	workers.Go(func() { c.backups(background, auth.Operator{Service: service, Scheduled: true}, kept, log) })
	workers.Go(func() {
		service.KeepDelays(background, func(err error) { log.Error("delays of sign-ins can't be stored", "cause", err.Error()) })
	})
	workers.Go(func() {
		service.KeepAudit(background, func(err error) { log.Error("the audit log can't be written", "cause", err.Error()) })
	})

	demos := func() []auth.Demo { return c.standing(auth.Operator{Service: service}) }
	config := server.Config{
		Auth: service, Dialects: dialect.Settings{ShoopStatus: c.shoopStatus}, Log: log,
		CORSOrigins: c.origins, TrustedProxies: c.proxies, IntrospectSecret: c.introspect,
		Dev: c.dev, Demos: demos, TLS: out.secure(c, log), Probed: out.manager.probed(log),
		Parts: c.parts(worker, kept, out), Observe: seen.routes(),
	}
	if c.dev {
		config.Outbox = letters
	}
	seen.certificate(out)
	p.banner(c, log, out.main.Addr(), sender)
	if err := c.warn(ctx, d, log); err != nil {
		return errors.Join(err, d.closeFiles())
	}
	if c.dev {
		log.Warn("THIS IS --dev, FOR TRYING IT OUT ONLY: the passwords of demo accounts are public, and social claims may be taken as sent", "demo_accounts", len(demos()))
	}
	served, front := make(chan error, 1), server.New(config)
	if seen != nil {
		workers.Go(func() { seen.serve(background, c, d, front, log) })
	}
	go func() { served <- answer(ctx, front, out.main, commands) }()
	workers.Go(func() { out.servePlain(ctx, c, front, log) })
	workers.Go(func() { out.keepCertificates(background) })
	workers.Go(func() { out.manager.live(background, log) })
	workers.Go(func() { p.hangups(background, out, end, log) })
	defer context.AfterFunc(ctx, func() {
		log.Info("stopping: requests under way are finished")
		out.manager.stopping(log)
	})()
	select {
	case <-d.engine.Failed():
		// What the last commit did is open: only a fresh start reads it from
		// the disk. Nothing is drained, nothing is closed.
		log.Error("the data file takes no more writes", "cause", d.engine.Failure().Error())
		return fmt.Errorf("%s takes no more writes: look after the disk and start again", filepath.Join(c.data, dataFile))
	case cause := <-moved:
		// What is written from now on nobody finds again.
		log.Error("the data file is not in its place", "cause", cause.Error())
		return fmt.Errorf("%s: %w: put the data back, and start again", filepath.Join(c.data, dataFile), cause)
	case err = <-served:
	}
	stop()
	if ctx.Err() != nil && err != nil {
		log.Warn("some requests were cut off", "cause", err.Error())
		err = nil
	}
	return errors.Join(err, shut(d, &workers, log))
}

// warn says in the log what a start allows, though somebody may not mean it.
func (c *serveConfig) warn(ctx context.Context, d *data, log *slog.Logger) error {
	if c.smtp == nil && !c.dev {
		log.Warn("no --smtp-url is set: mails, reset links among them, are kept as files and reach nobody", "folder", filepath.Join(c.data, outbox))
	}
	was, err := d.store.Serve(context.WithoutCancel(ctx), c.publicURL)
	if err == nil && was != "" && was != c.publicURL && !c.dev {
		log.Warn("the public URL has changed: tokens issued before open nothing while it is changed, and links mailed before lead to the old one", "was", was, "is", c.publicURL)
	}
	return err
}

// sweep removes what has expired, now and then.
func sweep(ctx context.Context, s *auth.Service, log *slog.Logger) {
	every := time.NewTicker(sweepEvery)
	defer every.Stop()
	for {
		measure(ctx, s, log)
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			log.Error("what has expired can't be removed", "cause", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// measure sees how long a wrong password takes to refuse, now that accounts
// may have brought other hashes.
func measure(ctx context.Context, s *auth.Service, log *slog.Logger) {
	before := s.Floor()
	if err := s.MeasureFloor(ctx); err != nil && ctx.Err() == nil {
		log.Warn("the cost of a password hash can't be measured now", "cause", err.Error())
	} else if now := s.Floor(); now != before {
		debug.FreeOSMemory() // what hashes took here, such as those of demo accounts
		log.Info("wrong passwords are refused after a fixed time, twice that of the slowest hash", "seconds", now.Seconds())
		if now > longRefusal {
			log.Warn("some account's password hash takes long to check, and so does every refusal until its owner has signed in: user list --json shows the families (password_family)")
		}
	}
}

// mailer is how mail goes out; letters is nil where it is by SMTP.
func (c *serveConfig) mailer() (sender mail.Sender, letters *mail.Outbox, err error) {
	if c.smtp != nil {
		return c.smtp, nil, nil
	}
	letters, err = mail.NewOutbox(filepath.Join(c.data, outbox))
	return letters, letters, err
}

// service is the core over open data.
func (c *serveConfig) service(d *data, hasher *password.Hasher, seen auth.Observer, mailQueued func()) *auth.Service {
	return auth.New(auth.Config{
		Store: d.store, Hasher: hasher, Ring: d.ring,
		PublicURL: c.publicURL, SessionLifetime: c.lifetime, Audiences: dialect.Names(), Memberships: dialect.Memberships(),
		Admit: c.admit, Registers: c.signUp, AllowCommon: c.dev, Limits: c.limits,
		GoogleMode: c.googleMode, Google: googleVerifier(social.NewGoogle(c.google)),
		FacebookMode: c.facebookMode, Facebook: facebookVerifier(social.NewFacebook(c.facebook)),
		MailQueued: mailQueued, Observer: seen, AuditMost: c.audit.most, AuditKeep: c.audit.keep,
	})
}

func googleVerifier(g *social.Google) auth.Google {
	return func(ctx context.Context, idToken string) (auth.GoogleIdentity, error) {
		who, err := g.Verify(ctx, idToken)
		return auth.GoogleIdentity(who), claimError(err)
	}
}

func facebookVerifier(f *social.Facebook) auth.Facebook {
	return func(ctx context.Context, accessToken string) (string, error) {
		id, err := f.Verify(ctx, accessToken)
		return id, claimError(err)
	}
}

// claimError is a verifier's error in the core's terms.
func claimError(err error) error {
	if errors.Is(err, social.ErrRefused) {
		return fmt.Errorf("%w: %w", auth.ErrClaimRefused, err)
	}
	return err
}

// standing are the demo accounts that open something now: the file may have been made
// without them, or an operator may have deleted or disabled some, even since the
// start.
func (c *serveConfig) standing(o auth.Operator) (demos []auth.Demo) {
	if !c.dev || c.noDemo {
		return nil
	}
	for _, demo := range auth.Demos() {
		if u, err := o.User(demo.Email); err == nil && !u.Disabled {
			demos = append(demos, demo)
		}
	}
	return demos
}
