package dialect

import (
	"net/http"

	"kunci/server/auth"
)

// snapotp answers {"success", "data"} or {"success": false, "message"}
// (CONTRACT 4, snapotp).
var snapotp = &Dialect{
	Name:     "snapotp",
	Audience: &auth.Audience{Name: "snapotp", Claims: userNameClaim},
	media:    []string{mediaJSON},
	language: Indonesian,
	names:    map[string]string{"identifier": "username"},
	envelope: func(f failure) any {
		body := snapotpBody{Message: f.message}
		if f.Kind == auth.Invalid {
			body.Errors = f.errors
		}
		return body
	},
}

type snapotpBody struct {
	Success bool              `json:"success"`
	Message string            `json:"message,omitempty"`
	Data    any               `json:"data,omitempty"`
	Errors  map[string]string `json:"errors,omitempty"`
}

type snapotpUser struct {
	ID            uint64 `json:"id"`
	Username      string `json:"username"`
	Name          string `json:"name"`
	Email         string `json:"email"`
	CreditBalance int64  `json:"credit_balance"`
	RoleID        int64  `json:"role_id"`
}

type snapotpLogin struct {
	Token string      `json:"token"`
	User  snapotpUser `json:"user"`
}

func snapotpUserOf(p *auth.Profile) snapotpUser {
	return snapotpUser{
		ID: p.ID, Username: p.Username, Name: p.Name, Email: p.Email,
		CreditBalance: p.CreditBalance, RoleID: p.RoleID,
	}
}

func readSnapotpLogin(r *reader) auth.SignIn {
	return auth.SignIn{Username: r.need("username"), Password: r.need("password")}
}

func readSnapotpRegister(r *reader) auth.SignUp {
	return auth.SignUp{
		Username: r.need("username"), Email: r.need("email"),
		Password: r.need("password"), Name: r.need("name"),
	}
}

func readSnapotpGoogle(r *reader) auth.SignInGoogle {
	return auth.SignInGoogle{
		GoogleID: r.need("google_id"), Email: r.need("email"),
		Name: r.need("name"), IDToken: r.may("id_token"),
	}
}

func readForgot(r *reader) auth.Forgot { return auth.Forgot{Email: r.need("email")} }

func readReset(r *reader) auth.Reset {
	return auth.Reset{Token: r.need("token"), Password: r.need("password")}
}

func writeSnapotpLogin(_ *Request, g *auth.Grant) Answer {
	status := http.StatusOK
	if g.Created {
		status = http.StatusCreated
	}
	return Answer{Status: status, Body: snapotpBody{Success: true, Data: snapotpLogin{Token: g.Token, User: snapotpUserOf(&g.Profile)}}}
}

func writeSnapotpMe(_ *Request, p *auth.Profile) Answer {
	return Answer{Status: http.StatusOK, Body: snapotpBody{Success: true, Data: snapotpUserOf(p)}}
}

// writeSnapotpDone says that something was done, in the caller's language.
func writeSnapotpDone(reason string) func(*Request, auth.Done) Answer {
	return func(r *Request, done auth.Done) Answer {
		body := snapotpBody{Success: true, Message: Text(reason, r.Caller.Lang)}
		return Answer{Status: http.StatusOK, Body: body, Note: done.Note}
	}
}
