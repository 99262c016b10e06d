package server_test

import (
	"net/netip"
	"testing"
)

// Who asks is the peer, unless the peer is a proxy that is trusted: then the
// right-most hop that is not.
func TestWhoseAddressCounts(t *testing.T) {
	t.Parallel()
	trusting := start(t, func(s *setup) {
		s.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	})
	plain := start(t)
	const via = "X-Forwarded-For: "
	for _, c := range []struct {
		headers []string
		want    string
	}{
		{nil, "127.0.0.1"},
		{[]string{via + "203.0.113.7"}, "203.0.113.7"},
		{[]string{via + "198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{[]string{via + "198.51.100.1, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"},
		{[]string{via + "198.51.100.1", via + "203.0.113.7,10.1.2.3"}, "203.0.113.7"},
		{[]string{via + "203.0.113.7:4711"}, "203.0.113.7"},
		{[]string{via + "[2001:db8::1]:4711"}, "2001:db8::1"},
		{[]string{via + "2001:db8::1"}, "2001:db8::1"},
		{[]string{via + "::ffff:203.0.113.7"}, "203.0.113.7"},
		{[]string{via + "fe80::1%eth0, fd00::1"}, "fe80::1"},
		{[]string{via + "10.1.2.3"}, "10.1.2.3"},
		{[]string{via + "203.0.113.7, unknown, 10.1.2.3"}, "10.1.2.3"},
		{[]string{via + "nonsense"}, "127.0.0.1"},
		{[]string{via + ""}, "127.0.0.1"},
		{[]string{via + "203.0.113.7,"}, "127.0.0.1"},
		{[]string{"X-Real-Ip: 203.0.113.7", "Forwarded: for=203.0.113.7"}, "127.0.0.1"},
	} {
		for a, want := range map[*app]string{trusting: c.want, plain: "127.0.0.1"} {
			got := a.want(t, 200, get("/healthz").with(c.headers...))
			lines := a.log.lines(got.header.Get("X-Request-Id"))
			if len(lines) != 1 || lines[0]["address"] != want {
				t.Errorf("%q: %v, not %s", c.headers, lines, want)
			}
		}
	}
}
