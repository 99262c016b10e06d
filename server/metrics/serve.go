package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Bounds of a connection: whoever scrapes is on this machine.
const (
	headerWithin = 2 * time.Second
	writeWithin  = 10 * time.Second
	idleWithin   = 5 * time.Minute // a scrape may come only once in a minute
	stopWithin   = time.Second
	maxHeader    = 8 << 10
)

// Serve answers GET /metrics on a listener until ctx ends.
func (m *Metrics) Serve(ctx context.Context, l net.Listener, log *slog.Logger) error {
	h := &http.Server{
		Handler:                      m,
		ReadHeaderTimeout:            headerWithin,
		ReadTimeout:                  headerWithin,
		WriteTimeout:                 writeWithin,
		IdleTimeout:                  idleWithin,
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if h.Shutdown(within) != nil {
			_ = h.Close() // whoever still reads has had its time
		}
	})
	err := h.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// ServeHTTP implements http.Handler. A page in a browser on this machine can ask
// any port of it, also by a name of its own that leads here: neither gets an
// answer. Who types the address into a browser does.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	switch {
	case fromPage(r):
		http.Error(w, "pages get no answer here", http.StatusForbidden)
	case !loopback(r.Host):
		http.Error(w, "this listener answers to loopback names only", http.StatusMisdirectedRequest)
	case r.URL.Path != "/metrics":
		http.Error(w, "there is only /metrics", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "GET or HEAD", http.StatusMethodNotAllowed)
	default:
		head.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = m.WriteTo(w) // whoever asked may be gone; there is nobody to tell
	}
}

// fromPage says whether a browser asks because a page told it to (Fetch Metadata
// 2.3).
func fromPage(r *http.Request) bool {
	if len(r.Header.Values("Origin")) > 0 {
		return true
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "none" {
			return true
		}
	}
	return false
}

// loopback says whether a Host names this machine by a name that nobody else
// can give out.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
