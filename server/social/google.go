package social

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	google       = "google" // as named in errors
	googleIssuer = "https://accounts.google.com"
	googleKeys   = "https://www.googleapis.com/oauth2/v3/certs"

	maxIDToken = 8 << 10 // bytes
	clockSkew  = 5 * time.Minute
)

// GoogleIdentity is what a verified ID token says about the person.
type GoogleIdentity struct {
	Subject       string // Google's id of the person: 1–255 printable ASCII characters
	Email         string // "" where the token names none
	EmailVerified bool   // never true without Email
	HostedDomain  string // the person's Workspace domain (claim hd), "" for a private account
}

// GoogleConfig configures NewGoogle.
type GoogleConfig struct {
	Issuer    string           // default https://accounts.google.com; any other is asked for its discovery document
	ClientIDs []string         // our client ids (web, Android, iOS); a token must be meant for one of them
	HTTP      *http.Client     // optional; only its Transport is used
	Timeout   time.Duration    // of one Verify, default 5 s
	Now       func() time.Time // default time.Now
}

// Google verifies Google ID tokens. It may be used by several goroutines.
type Google struct {
	issuer    string
	clientIDs []string
	timeout   time.Duration
	now       func() time.Time
	keys      *issuerKeys
}

// NewGoogle asks nobody anything: a setting that does not work shows at the first Verify.
func NewGoogle(cfg GoogleConfig) *Google {
	if cfg.Issuer == "" {
		cfg.Issuer = googleIssuer
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	address := ""
	if cfg.Issuer == googleIssuer {
		address = googleKeys
	}
	a := newAsker(cfg.HTTP, cfg.Timeout, maxKeysBody)
	return &Google{
		issuer:    cfg.Issuer,
		clientIDs: slices.Clone(cfg.ClientIDs),
		timeout:   a.timeout,
		now:       cfg.Now,
		keys:      newIssuerKeys(cfg.Issuer, address, a, cfg.Now),
	}
}

// Verify checks an ID token: signed by the issuer with RS256 or ES256, meant for one of our client ids, of
// this moment (OpenID Connect Core 1.0, 3.1.3.7; CONTRACT 5). The nonce is not checked, since none of our
// APIs carries one. Errors wrap ErrRefused or ErrUnavailable.
func (g *Google) Verify(ctx context.Context, idToken string) (GoogleIdentity, error) {
	if !isCompactJWT(idToken) {
		return GoogleIdentity{}, refused(google, "not an ID token, or longer than 8 KiB")
	}
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()

	sig := &signature{keys: g.keys, err: refused(google, "not signed with RS256 or ES256")}
	token, err := oidc.NewVerifier(g.issuer, sig, &oidc.Config{
		SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256},
		SkipClientIDCheck:    true, // it knows one client id, we may have several: see judge
		Now:                  g.now,
	}).Verify(ctx, idToken)

	var expired *oidc.TokenExpiredError
	switch {
	case sig.err != nil:
		return GoogleIdentity{}, sig.err
	case errors.As(err, &expired):
		return GoogleIdentity{}, refused(google, "token has expired")
	case err != nil:
		return GoogleIdentity{}, refused(google, "token is of another issuer, not valid yet, or malformed")
	}
	return g.judge(token, sig.payload)
}

// signature is the key set as one verification uses it. go-oidc flattens a key set's error to text; here it
// stays what it is. Before go-oidc asks for the signature it checks the algorithm: err begins as that.
type signature struct {
	keys    *issuerKeys
	payload []byte
	err     error
}

// VerifySignature implements oidc.KeySet.
func (s *signature) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	s.payload, s.err = s.keys.VerifySignature(ctx, jwt)
	return s.payload, s.err
}

// isCompactJWT is true for three base64url parts. go-oidc would take JWS's JSON form and white space too.
func isCompactJWT(s string) bool {
	if len(s) > maxIDToken || strings.Count(s, ".") != 2 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
