package server

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"kunci/server/dialect"
)

// handler answers an exchange.
type handler func(*exchange, *http.Request)

// routes fills the router. Both of its redirects are off: they would have a
// client send its password a second time.
func (s *Server) routes() {
	r := s.router
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false
	r.HandleMethodNotAllowed, r.HandleOPTIONS = true, true
	r.NotFound = s.plain("", s.notFound)
	r.MethodNotAllowed = s.plain("", s.methodNotAllowed)
	r.GlobalOPTIONS = s.plain("preflight", s.preflight)

	for _, route := range dialect.Routes(s.Dialects) {
		s.api[route.Path] = true
		s.handle(route.Method, route.Path, s.dialect(&route))
	}
	s.fixed()
	s.pages()
}

// handle adds a route; its pattern is what the log names.
func (s *Server) handle(method, pattern string, h handler) {
	told := s.Observe(pattern)
	s.router.Handle(method, pattern, func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		x := w.(*exchange)
		x.route, x.told = pattern, told
		h(x, r)
	})
}

// handleGet adds a route for GET, and for HEAD, which httprouter does not.
func (s *Server) handleGet(pattern string, h handler) {
	s.handle(http.MethodGet, pattern, h)
	s.handle(http.MethodHead, pattern, h)
}

func (s *Server) plain(route string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := w.(*exchange)
		x.route = route
		h(x, r)
	})
}

func (s *Server) notFound(x *exchange, _ *http.Request) {
	writeError(x, http.StatusNotFound, "no such route")
}

// methodNotAllowed answers what the router refused; it has set Allow.
func (s *Server) methodNotAllowed(x *exchange, r *http.Request) {
	s.allowOrigin(x, r)
	writeError(x, http.StatusMethodNotAllowed, "method not allowed")
}
