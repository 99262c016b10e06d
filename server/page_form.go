package server

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// pageForm is what a form sent, by field.
type pageForm map[string]string

// readForm reads the form that one of our own pages posted. What two readers
// could take for two things is refused, as in the dialects.
func (s *Server) readForm(x *exchange, r *http.Request) (pageForm, *auth.Error) {
	if s.foreign(r) {
		return nil, &auth.Error{Kind: auth.NotAdmitted, Reason: "foreign_form", Cause: errors.New("posted by a page of another site")}
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || len(r.Header.Values("Content-Type")) > 1 || media != "application/x-www-form-urlencoded" {
		return nil, &auth.Error{Kind: auth.MediaType, Reason: "media_type"}
	}
	body, failure := s.readAll(x, r)
	if failure != nil {
		return nil, failure
	}
	form, err := dialect.ParseForm(string(body))
	if err != nil {
		return nil, &auth.Error{Kind: auth.Malformed, Reason: "malformed", Cause: err}
	}
	return form, nil
}

// foreign says whether a page of another site sent a form here, as far as the
// browser tells (Fetch Metadata 2.3; RFC 6454 7). Our own forms come with
// Origin "null", since the pages ask for no referrer; and what is no browser
// sends neither header.
func (s *Server) foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host && origin != s.Auth.PublicURL
}
