package server

import (
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// clientAddr is who asks: the socket's peer, or, when that is a proxy we
// trust, the right-most hop in X-Forwarded-For that is not one.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	peer := peerAddr(r)
	forwarded := r.Header.Values("X-Forwarded-For")
	if len(forwarded) == 0 {
		return peer
	}
	if !s.trusted(peer) {
		if peer.IsLoopback() {
			s.hintProxy()
		}
		return peer
	}
	client, rest := peer, strings.Join(forwarded, ",")
	for more := true; more; {
		var last string
		rest, last, more = cutLast(rest)
		hop, err := parseHop(last)
		if err != nil {
			return client // what stands further left can't be believed
		}
		client = hop
		if !s.trusted(hop) {
			return client
		}
	}
	return client
}

// cutLast takes the last hop off a list; more says whether there are others.
func cutLast(hops string) (rest, last string, more bool) {
	i := strings.LastIndexByte(hops, ',')
	return hops[:max(i, 0)], hops[i+1:], i >= 0
}

func peerAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return peer.Addr().Unmap().WithZone("")
}

// parseHop reads one hop; some proxies write the port along with it.
func parseHop(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		var with netip.AddrPort
		if with, err = netip.ParseAddrPort(s); err == nil {
			addr = with.Addr()
		}
	}
	return addr.Unmap().WithZone(""), err
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// hint is when the log last said that a setting seems to be missing.
type hint struct{ last atomic.Int64 }

// hintProxy says, at most once a minute, that a proxy on this machine is not
// trusted: then everybody shares its address, and its limits.
func (s *Server) hintProxy() {
	now := time.Now().Unix()
	last := s.hinted.last.Load()
	if now-last >= 60 && s.hinted.last.CompareAndSwap(last, now) {
		s.Log.Warn("X-Forwarded-For from a loopback peer is ignored: if that is your proxy, start with --trusted-proxies 127.0.0.1,::1")
	}
}
