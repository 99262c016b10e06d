package social

import (
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
)

// googleClaims are the claims that go-oidc leaves to us. They are read by exact name, and a payload that
// names one twice is refused: two readers could take two different values from it.
type googleClaims struct {
	Subject         string `json:"sub"`
	AuthorizedParty string `json:"azp"`
	Email           string `json:"email"`
	EmailVerified   truth  `json:"email_verified"`
	HostedDomain    string `json:"hd"`
}

// truth is a boolean that an issuer may also write as a string, as Google's tokeninfo does.
type truth bool

// UnmarshalJSON refuses everything but the four spellings and null.
func (t *truth) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `true`, `"true"`:
		*t = true
	case `false`, `"false"`, `null`:
		*t = false
	default:
		return cause("not a boolean")
	}
	return nil
}

// judge checks what is left when the signature, the issuer, exp and nbf are in order.
func (g *Google) judge(token *oidc.IDToken, payload []byte) (GoogleIdentity, error) {
	var claims googleClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return GoogleIdentity{}, refused(google, "claims are malformed")
	}
	now := g.now()
	switch {
	case !now.Before(token.Expiry): // RFC 7519 4.1.4: on exp it is over; go-oidc grants that second
		return GoogleIdentity{}, refused(google, "token has expired")
	case token.IssuedAt.IsZero():
		return GoogleIdentity{}, refused(google, "token does not say when it was issued")
	case token.IssuedAt.After(now.Add(clockSkew)):
		return GoogleIdentity{}, refused(google, "token is issued in the future: check this machine's clock")
	case !token.IssuedAt.Before(token.Expiry):
		return GoogleIdentity{}, refused(google, "token expired before it was issued")
	case !g.isOurs(token.Audience, claims.AuthorizedParty):
		return GoogleIdentity{}, refused(google, "token is meant for another client id")
	case !isSubject(claims.Subject):
		return GoogleIdentity{}, refused(google, "token names no subject")
	}
	return GoogleIdentity{
		Subject:       claims.Subject,
		Email:         claims.Email,
		EmailVerified: bool(claims.EmailVerified) && claims.Email != "",
		HostedDomain:  claims.HostedDomain,
	}, nil
}

// isOurs wants every audience to be a client id of ours: one that is not may have got the token from its
// user and be replaying it (OpenID Connect Core 1.0, 3.1.3.7, 3 to 5). With a single audience azp is left
// alone: in Google's tokens it is the app on the phone, which need not be known here.
func (g *Google) isOurs(audience []string, authorizedParty string) bool {
	for _, aud := range audience {
		if !g.isClientID(aud) {
			return false
		}
	}
	return len(audience) == 1 || len(audience) > 1 && g.isClientID(authorizedParty)
}

func (g *Google) isClientID(s string) bool {
	return s != "" && slices.Contains(g.clientIDs, s)
}

// isSubject holds to OpenID Connect Core 1.0, section 2: at most 255 ASCII characters.
func isSubject(s string) bool {
	return len(s) <= 255 && isPrintable(s)
}

// isPrintable is true for one or more ASCII characters without spaces and controls.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
