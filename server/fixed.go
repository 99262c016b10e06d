package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net/http"
	"net/url"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// fixed adds the routes that every deployment has besides the dialects'
// (CONTRACT 6).
func (s *Server) fixed() {
	s.handleGet("/healthz", s.healthz)
	s.handleGet("/readyz", s.readyz)
	s.handleGet("/.well-known/paseto-keys", s.publishedKeys)
	if s.IntrospectSecret != "" {
		s.secret = sha256.Sum256([]byte(s.IntrospectSecret))
		s.handle(http.MethodPost, "/introspect", s.introspect)
	}
}

type statusBody struct {
	Status string           `json:"status"`
	Parts  map[string]State `json:"parts,omitempty"`
}

func (s *Server) healthz(x *exchange, _ *http.Request) {
	writeJSON(x, http.StatusOK, statusBody{Status: "ok"})
}

func (s *Server) readyz(x *exchange, _ *http.Request) {
	ready, parts := s.Ready()
	if !ready {
		x.Header().Set("Retry-After", "5")
		writeJSON(x, http.StatusServiceUnavailable, statusBody{"not ready", parts})
		return
	}
	writeJSON(x, http.StatusOK, statusBody{"ready", parts})
}

type keysBody struct {
	Keys []auth.PublishedKey `json:"keys"`
}

// publishedKeys lists every key that still verifies.
func (s *Server) publishedKeys(x *exchange, _ *http.Request) {
	x.Header().Set("Cache-Control", "public, max-age=60")
	writeJSON(x, http.StatusOK, keysBody{s.Auth.PublishedKeys()})
}

type introspectionBody struct {
	Active    bool   `json:"active"`
	Subject   string `json:"sub"`
	Username  string `json:"username"`
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	ID        string `json:"jti"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp"`
	AccountID uint64 `json:"id"`
	Email     string `json:"email"`
	Verified  bool   `json:"email_verified"` // else a stranger may have signed up with it
	CompanyID string `json:"companyId,omitempty"`
	RoleID    string `json:"roleId,omitempty"`
}

type inactiveBody struct {
	Active bool `json:"active"`
}

// introspect tells the services behind us what a token or Shoop key stands
// for (RFC 7662 2; the caller proves itself with the secret as a bearer).
func (s *Server) introspect(x *exchange, r *http.Request) {
	given := sha256.Sum256([]byte(bearer(r)))
	if subtle.ConstantTimeCompare(given[:], s.secret[:]) != 1 {
		writeError(x, http.StatusUnauthorized, "invalid_client")
		return
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/x-www-form-urlencoded" {
		invalidRequest(x, http.StatusUnsupportedMediaType, "The body must be application/x-www-form-urlencoded.")
		return
	}
	body, failure := s.readAll(x, r)
	if failure != nil {
		invalidRequest(x, pageStatus(x, failure), failText(failure, dialect.English))
		return
	}
	form, err := url.ParseQuery(string(body))
	switch n := len(form["token"]); {
	case err != nil:
		invalidRequest(x, http.StatusBadRequest, "The body is not a well-formed form.")
		return
	case n == 0:
		invalidRequest(x, http.StatusBadRequest, "The token is missing.")
		return
	case n > 1:
		invalidRequest(x, http.StatusBadRequest, "The token is there more than once.")
		return
	}
	found, err := s.Auth.Introspect(r.Context(), form.Get("token"))
	if err != nil {
		x.failure = auth.AsError(err)
		status := http.StatusInternalServerError
		if x.failure.Kind == auth.Busy {
			status = http.StatusServiceUnavailable
		}
		retryAfter(x, x.failure)
		writeError(x, status, "server_error")
		return
	}
	if found == nil {
		writeJSON(x, http.StatusOK, inactiveBody{})
		return
	}
	answer := introspectionBody{
		Active: true, Subject: found.UUID, Username: found.Username, Audience: found.Audience, Issuer: found.Issuer,
		ID: found.ID, IssuedAt: found.IssuedAt, Expires: found.Expires, AccountID: found.Profile.ID, Email: found.Email, Verified: found.EmailVerified,
	}
	if found.Member {
		answer.CompanyID, answer.RoleID = found.Company.ID, found.Role.ID
	}
	writeJSON(x, http.StatusOK, answer)
}

// invalidRequest refuses what introspect was sent, and says what is wrong with it.
func invalidRequest(x *exchange, status int, why string) {
	writeJSON(x, status, errorBody{"invalid_request", why})
}
