package cli

import (
	"context"
	"log/slog"
)

// hangups answers SIGHUP until ctx ends: certificates are looked at again. A
// server whose terminal was closed ends, as every program there does.
func (p *program) hangups(ctx context.Context, o *outside, end context.CancelFunc, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.hangup:
		}
		if o.onTerminal && terminal(p.stderr) == nil {
			end()
			return
		}
		o.manager.reloading(log, func() { o.reload(log) })
	}
}

func (o *outside) reload(log *slog.Logger) {
	switch {
	case o.pair != nil:
		if err := o.pair.Reload(); err != nil {
			log.Error("the certificate was not reloaded, the one before serves on", "cause", err.Error(), "ends", o.pair.NotAfter())
			return
		}
		log.Info("the certificate was reloaded", "ends", o.pair.NotAfter())
		o.doubt(log)
	case o.acme != nil && o.acme.Retry() > 0:
		log.Info("SIGHUP: missing certificates are asked for again, a minute after they were last")
	case o.acme != nil:
		log.Info("SIGHUP: nothing to reload, certificates renew by themselves")
	default:
		log.Info("SIGHUP: nothing to reload, settings are read at the start")
	}
}
