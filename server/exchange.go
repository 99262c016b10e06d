package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"kunci/server/auth"
)

// exchange is one request on its way to one answer. It is the ResponseWriter
// that handlers get, so that what the log needs is at hand without travelling
// in a context.
type exchange struct {
	http.ResponseWriter
	request *http.Request
	id      string
	addr    netip.Addr
	start   time.Time

	route   string // the pattern that matched
	dialect string
	status  int
	failure *auth.Error
	note    string                               // what the log is told beyond the outcome
	told    func(status int, took time.Duration) // nil: nobody counts
}

// WriteHeader notes the status on its way.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write notes an implied 200.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// caller is who asks, for use cases that belong to no dialect.
func (x *exchange) caller(lang string) auth.Caller {
	return auth.Caller{Addr: x.addr, Lang: lang, RequestID: x.id}
}

// begin makes an exchange of a request.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{ResponseWriter: w, request: r, id: uuid.NewString(), start: time.Now(), told: s.astray}
	x.addr = s.clientAddr(r)
	h := w.Header()
	h.Set("X-Request-Id", x.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	return x
}

// strict keeps browsers to HTTPS for 30 days (RFC 6797 6.1), each time anew: long
// enough for whoever comes back, and not for ever should an operator give it up.
const strict = "max-age=2592000"

// ServeHTTP is the chain around every request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin(w, r)
	defer s.finish(x)
	if s.TLS != nil && !s.Dev { // localhost is not kunci's alone
		w.Header().Set("Strict-Transport-Security", strict)
	}
	if r.URL.RawPath != "" {
		// A path that says %2F or %61 is none of ours: whoever filters paths
		// in front of us would read it differently.
		s.notFound(x, r)
		return
	}
	if s.Dev && !s.isOwnHost(r.Host) {
		x.failure = &auth.Error{Kind: auth.NotAdmitted, Reason: "foreign_host"}
		writeError(x, http.StatusMisdirectedRequest, "with --dev this server answers only to its public URL and to loopback names: set --public-url")
		return
	}
	s.router.ServeHTTP(x, r)
}

// finish turns a panic into a 500, has the request counted, and writes its one
// log line.
func (s *Server) finish(x *exchange) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		x.failure = &auth.Error{Kind: auth.Internal, Reason: "internal", Cause: fmt.Errorf("panic: %T", p)}
		s.Log.Error("panic", "request", x.id, "route", x.route, "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		if x.status == 0 {
			writeError(x, http.StatusInternalServerError, "internal error")
		}
	}
	end := time.Now()
	if x.told != nil {
		x.told(x.status, end.Sub(x.start))
	}
	s.log(x, end)
}

func (s *Server) log(x *exchange, end time.Time) {
	level, outcome := slog.LevelInfo, "ok"
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("request", x.id), slog.String("method", method(x.request)), slog.String("route", x.route),
		slog.Int("status", x.status), slog.Duration("took", end.Sub(x.start)), slog.String("address", x.addr.String()))
	if x.dialect != "" {
		attrs = append(attrs, slog.String("dialect", x.dialect))
	}
	switch f := x.failure; {
	case f != nil:
		outcome = f.Reason
		if f.Kind == auth.Internal {
			level = slog.LevelError
		}
		for _, field := range f.Fields {
			attrs = append(attrs, slog.String("field", field.Name+" "+field.Reason))
		}
		if f.RetryAfter > 0 {
			attrs = append(attrs, slog.Duration("retry_after", f.RetryAfter))
		}
		if f.Cause != nil {
			attrs = append(attrs, slog.String("cause", f.Cause.Error()))
		}
	case x.status >= http.StatusBadRequest:
		outcome = http.StatusText(x.status)
	}
	if x.note != "" {
		attrs = append(attrs, slog.String("note", x.note))
	}
	attrs = append(attrs, slog.String("outcome", outcome))
	// Past the Logger, which would look up who called it.
	ctx, h := x.request.Context(), s.Log.Handler()
	if h.Enabled(ctx, level) {
		line := slog.NewRecord(end, level, "request", 0)
		line.AddAttrs(attrs...)
		_ = h.Handle(ctx, line) // there is no other place to tell it
	}
}

// method is the request's method, or that it is none that anybody uses: what
// a client makes up stays out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return r.Method
	}
	return "other"
}
