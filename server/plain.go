package server

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kunci/server/auth"
)

// Plain is what a server that speaks HTTPS answers to plain HTTP beside it.
type Plain struct {
	Hosts      []string     // the names it answers to, in lower case
	Challenges http.Handler // what is below /.well-known/acme-challenge/ (RFC 8555 8.3)
}

// challenges is where an ACME server asks.
const challenges = "/.well-known/acme-challenge/"

// useHTTPS is what everybody else is told, who may have sent a password.
const useHTTPS = "use https: what is sent to this address without it can be read on the way, and was not looked at"

// ServePlain answers plain HTTP on a listener of its own until ctx ends. A
// browser that opens a page is sent to the same page by https. Nothing else is
// sent anywhere: a client that follows would send its password, or token, a
// second time, and go on beginning in clear without anybody noticing.
func (s *Server) ServePlain(ctx context.Context, l net.Listener, p Plain) error {
	return s.serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := s.begin(w, r)
		defer s.finish(x)
		s.plainly(x, r, &p)
	}), nil)
}

func (s *Server) plainly(x *exchange, r *http.Request, p *Plain) {
	x.route = "plain"
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	host = strings.ToLower(host)
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !slices.Contains(p.Hosts, host):
		x.failure = &auth.Error{Kind: auth.NotAdmitted, Reason: "foreign_host"}
		writeError(x, http.StatusMisdirectedRequest, "this server does not answer to that name")
	case read && strings.HasPrefix(r.URL.Path, challenges):
		x.route = challenges
		r.Host = host // without port
		p.Challenges.ServeHTTP(x, r)
	case read && s.isPage(r.URL.Path) && r.URL.RawPath == "":
		to := url.URL{Scheme: "https", Host: host + s.httpsPort(), Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		x.Header().Set("Location", to.String())
		x.WriteHeader(http.StatusMovedPermanently)
	default:
		x.failure = &auth.Error{Kind: auth.NotAdmitted, Reason: "not_https"}
		x.Header().Set("Connection", "close")
		writeError(x, http.StatusForbidden, useHTTPS)
	}
}

// isPage says whether people come to a path with a browser, by typing it.
func (s *Server) isPage(path string) bool {
	return path == "/" || path == resetLink.path || path == confirmLink.path
}

// httpsPort is ":" and the public URL's port, "" where that is the usual one.
func (s *Server) httpsPort() string {
	if u, err := url.Parse(s.Auth.PublicURL); err == nil && u.Port() != "" {
		return ":" + u.Port()
	}
	return ""
}
