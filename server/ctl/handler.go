package ctl

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/server/auth"
)

const (
	mediaJSON  = "application/json"
	mediaLines = "application/x-ndjson"

	// host is the one Host there is: a page that a browser got to ask this
	// socket would name another.
	host = "kunci"

	versionHeader = "Kunci-Version"
)

// handler answers acts.
type handler struct {
	operator auth.Operator
	version  string
	log      *slog.Logger
	acts     map[string]act // by path
}

// Handler answers the acts of an operator, each with one line of the log: what
// was asked for, about which account (by UUID), what came of it. version is
// told to clients that ask for what it does not know. Who may speak to it is
// for Serve to see.
func Handler(o auth.Operator, version string, log *slog.Logger) http.Handler {
	h := &handler{operator: o, version: version, log: log, acts: map[string]act{}}
	for _, a := range acts {
		h.acts[path(a.called())] = a
	}
	return h
}

// path is where an act is asked for.
func path(name string) string { return "/" + strings.ReplaceAll(name, " ", "/") }

// asked is one request on its way to its one line of the log.
type asked struct {
	doing
	id    string
	act   string // "": none that is known
	start time.Time
	ended bool // false: it panicked, which net/http logs
	err   error
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &asked{doing: doing{Operator: h.operator}, id: uuid.NewString(), start: time.Now()}
	x.RequestID = x.id
	head := w.Header()
	head.Set(versionHeader, h.version)
	head.Set("X-Request-Id", x.id)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	status, reason := h.refused(r)
	if status == http.StatusOK && r.URL.Path == "/" && r.Method == http.MethodGet {
		return // hello: all that it asks for is in the head
	}
	defer h.finish(r.Context(), x)
	if a, known := h.acts[r.URL.Path]; known {
		x.act = a.called()
	}
	switch {
	case status != http.StatusOK:
	case x.act == "":
		status, reason = http.StatusNotFound, "unknown_act"
	case r.Method != http.MethodPost:
		head.Set("Allow", http.MethodPost)
		status, reason = http.StatusMethodNotAllowed, "method"
	case r.Header.Get("Content-Type") != mediaJSON:
		status, reason = http.StatusUnsupportedMediaType, "media_type"
	default:
		// An act may last longer than reading it may; once the server's deadline
		// has passed, it would take the client for gone.
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // in this process there is none
		body := r.Body
		if _, endless := h.acts[r.URL.Path].(taker); !endless {
			body = http.MaxBytesReader(w, body, mostBytes)
		}
		x.err = h.acts[r.URL.Path].serve(r.Context(), &x.doing, w, body)
		x.ended = true
		return
	}
	x.err, x.ended = &auth.Error{Kind: auth.Malformed, Reason: reason}, true
	w.WriteHeader(status)
}

// refused tells requests that a browser sends, whoever made it do so, from
// those of a client of ours. A browser can't reach a unix socket; what
// forwards to one from a port could be reached by it.
func (h *handler) refused(r *http.Request) (status int, reason string) {
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-") {
			return http.StatusForbidden, "browser"
		}
	}
	if r.Host != host {
		return http.StatusMisdirectedRequest, "foreign_host"
	}
	return http.StatusOK, ""
}

// finish writes the log line. Causes may quote what was typed, so that only
// those of our own faults are told.
func (h *handler) finish(ctx context.Context, x *asked) {
	level, outcome := slog.LevelInfo, "ok"
	attrs := []slog.Attr{slog.String("request", x.id), slog.String("act", x.act)}
	if x.subject != "" {
		attrs = append(attrs, slog.String("subject", x.subject))
	}
	attrs = append(attrs, slog.Duration("took", time.Since(x.start)))
	switch e := auth.AsError(x.err); {
	case !x.ended:
		level, outcome = slog.LevelError, "panic"
	case x.err == nil && x.quiet:
		level = slog.LevelDebug
	case x.err == nil:
	case ctx.Err() != nil || errors.Is(x.err, errLeft):
		outcome = errLeft.Error()
	default:
		outcome = e.Reason
		for _, f := range e.Fields {
			attrs = append(attrs, slog.String("field", f.Name+" "+f.Reason))
		}
		if e.Kind == auth.Internal {
			level = slog.LevelError
		}
		if e.Kind == auth.Internal || e.Kind == auth.Busy {
			attrs = append(attrs, slog.String("cause", cause(e)))
		}
	}
	h.log.LogAttrs(ctx, level, "operator", append(attrs, slog.String("outcome", outcome))...)
}

func cause(e *auth.Error) string {
	if e.Cause == nil {
		return ""
	}
	return e.Cause.Error()
}
