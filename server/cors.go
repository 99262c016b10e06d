package server

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
)

// allowOrigin lets a browser hand the answer to a page of a listed origin.
// Any other origin gets none of these headers.
func (s *Server) allowOrigin(x *exchange, r *http.Request) bool {
	if !s.api[r.URL.Path] {
		return false
	}
	h := x.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !s.listed(origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	return true
}

func (s *Server) listed(origin string) bool {
	return slices.Contains(s.CORSOrigins, origin) || s.Dev && isLoopbackOrigin(origin)
}

// foreignForm says whether a page of a site that is not listed sent a form to
// a dialect. A browser sends forms anywhere without asking first, so any page
// could spend its visitors' tries and sign them up. JSON needs a preflight,
// and apps without a site of their own (file://, say) are let in.
func (s *Server) foreignForm(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if s.listed(origin) || origin == s.Auth.PublicURL {
		return false
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil:
		return true
	case u.Scheme == "http" || u.Scheme == "https":
		return u.Host != r.Host
	case origin == "" || origin == "null":
		return r.Header.Get("Sec-Fetch-Site") == "cross-site"
	}
	return false
}

func isLoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// preflight answers OPTIONS (Fetch, CORS preflight). The router has set Allow.
func (s *Server) preflight(x *exchange, r *http.Request) {
	h := x.Header()
	if s.allowOrigin(x, r) {
		h.Set("Access-Control-Allow-Methods", h.Get("Allow"))
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
		h.Set("Access-Control-Max-Age", "600")
		h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	}
	x.WriteHeader(http.StatusNoContent)
}
