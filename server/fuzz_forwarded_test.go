package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"kunci/server"
)

// FuzzForwardedFor lets a trusted proxy and a stranger send any chain of hops.
// The log then names one valid address: a stranger's own whatever it says, and
// behind the proxy never one that stands left of the first hop that nobody
// vouches for.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{
		"", "203.0.113.7", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7:4711", "[2001:db8::1]:4711", "[2001:db8::1]", "::ffff:10.0.0.1",
		"::ffff:203.0.113.7", "fe80::1%eth0", "10.0.0.1,,10.0.0.1", "unknown, 10.0.0.1", "203.0.113.7\n10.0.0.1", "[[::1]]", "1.2.3.4:99999", ",", "\x00",
		"203.0.113.7, 10.0.0.1:0", "fe80::1%\r\n", "0x7f.1", "127.1", "٣.1.1.1",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	trusted := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, chain string, viaProxy bool) {
		log := newRecord(t)
		s := server.New(server.Config{TrustedProxies: []netip.Prefix{trusted}, Log: slog.New(slog.NewJSONHandler(log, nil))})
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		peer := "203.0.113.99"
		if viaProxy {
			peer = "10.9.9.9"
		}
		r.RemoteAddr = peer + ":1"
		r.Header["X-Forwarded-For"] = strings.Split(chain, "\n") // one field a line
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("status %d", w.Code)
		}
		_, _ = io.Copy(io.Discard, w.Body)
		lines := log.lines(w.Header().Get("X-Request-Id"))
		if len(lines) != 1 {
			t.Fatalf("%d lines", len(lines))
		}
		said, _ := lines[0]["address"].(string)
		addr, err := netip.ParseAddr(said)
		switch {
		case err != nil || addr.Zone() != "" || addr.Is4In6():
			t.Errorf("%q: not an address as it is counted: %q", chain, said)
		case !viaProxy && said != peer:
			t.Errorf("%q: a stranger passed for %s", chain, said)
		case viaProxy && said != peer && !believable(chain, addr, trusted):
			t.Errorf("%q: believed to be %s", chain, said)
		}
	})
}

// believable says whether every hop right of the one that was taken is a
// proxy that is trusted.
func believable(chain string, taken netip.Addr, trusted netip.Prefix) bool {
	hops := strings.Split(strings.ReplaceAll(chain, "\n", ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		addr, err := netip.ParseAddr(strings.Trim(hop, "[]"))
		if err != nil {
			with, err := netip.ParseAddrPort(hop)
			if err != nil {
				return false
			}
			addr = with.Addr()
		}
		addr = addr.Unmap().WithZone("")
		if addr == taken {
			return true
		}
		if !trusted.Contains(addr) {
			return false
		}
	}
	return false
}
