package server

import (
	"mime"
	"net/http"
	"strings"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// dialect answers a route of a dialect.
func (s *Server) dialect(route *dialect.Route) handler {
	return func(x *exchange, r *http.Request) {
		s.allowOrigin(x, r)
		q := &dialect.Request{
			ID: x.id, Bearer: bearer(r), AcceptLanguage: r.Header.Get("Accept-Language"),
			Caller: auth.Caller{Addr: x.addr, RequestID: x.id},
		}
		end := route.Default()
		var answer dialect.Answer
		if route.Body {
			x.failure = s.readBody(x, r, q, end)
		}
		if x.failure != nil {
			answer = end.Dialect.Fail(q, x.failure)
		} else {
			end = route.Endpoint(q)
			answer, x.failure = end.Serve(r.Context(), s.Auth, q)
		}
		x.dialect, x.note = end.Dialect.Name, answer.Note
		if x.failure != nil {
			retryAfter(x, x.failure)
		}
		writeJSON(x, answer.Status, answer.Body)
	}
}

// bearer is what the Authorization header carries (RFC 6750 2.1; the scheme's
// case does not matter). Tokens are never read from the query.
func bearer(r *http.Request) string {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return ""
	}
	scheme, credentials, found := strings.Cut(all[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credentials)
}

// readBody reads a body once and parses it. What can't be read answers before
// anything is done.
func (s *Server) readBody(x *exchange, r *http.Request, q *dialect.Request, end *dialect.Endpoint) *auth.Error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || len(r.Header.Values("Content-Type")) > 1 || !end.Dialect.Reads(media) {
		return &auth.Error{Kind: auth.MediaType, Reason: "media_type"}
	}
	if !strings.EqualFold(media, "application/json") && s.foreignForm(r) {
		return &auth.Error{Kind: auth.NotAdmitted, Reason: "foreign_origin"}
	}
	body, failure := s.readAll(x, r)
	if failure != nil {
		return failure
	}
	return q.Parse(media, params, body)
}
