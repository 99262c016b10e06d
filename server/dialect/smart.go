package dialect

import (
	"net/http"
	"time"

	"kunci/server/auth"
)

// smart answers {"status", "message", "data"}; data is always an array
// (CONTRACT 4, smart).
var smart = &Dialect{
	Name:     "smart",
	Audience: &auth.Audience{Name: "smart", Claims: userNameClaim},
	media:    []string{mediaJSON},
	language: Indonesian,
	names:    map[string]string{"identifier": "email"},
	envelope: func(f failure) any { return smartBody{Status: "error", Message: f.message, Data: []smartLogin{}} },
}

type smartBody struct {
	Status  string       `json:"status"`
	Message string       `json:"message"`
	Data    []smartLogin `json:"data"`
}

type smartLogin struct {
	APIToken  string `json:"api_token"`
	TokenType string `json:"token_type"`
	ExpiresAt string `json:"expires_at"`
	ID        uint64 `json:"id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Phone     string `json:"phone"`
}

// userNameClaim is what smart's and snapotp's tokens carry of their own.
func userNameClaim(p *auth.Profile) auth.Claims {
	return auth.Claims{"userName": auth.Name(p.Name)}
}

func readEmailPassword(r *reader) auth.SignIn {
	return auth.SignIn{Email: r.need("email"), Password: r.need("password")}
}

func writeSmartLogin(_ *Request, g *auth.Grant) Answer {
	return Answer{Status: http.StatusOK, Body: smartBody{
		Status: "success", Message: "Submit Login berhasil",
		Data: []smartLogin{{
			APIToken: g.Token, TokenType: "Bearer", ExpiresAt: g.Expires.UTC().Format(time.RFC3339),
			ID: g.ID, Email: g.Email, Name: g.Name, Phone: g.Phone,
		}},
	}}
}

func writeSmartLogout(*Request, auth.Done) Answer {
	return Answer{Status: http.StatusOK, Body: smartBody{Status: "success", Message: "Logout berhasil", Data: []smartLogin{}}}
}
