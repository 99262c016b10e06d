package dialect

import (
	"net/http"

	"kunci/server/auth"
)

// pwa answers {"requestID", "rc", "message", "data"} (CONTRACT 4, pwa).
var pwa = &Dialect{
	Name:     "pwa",
	Audience: &auth.Audience{Name: "pwa", FieldRules: true, Claims: pwaClaims},
	media:    []string{mediaJSON},
	language: English,
	statuses: map[auth.Kind]int{auth.Invalid: http.StatusBadRequest},
	envelope: func(f failure) any { return pwaBody{f.requestID, f.status, f.message, struct{}{}} },
}

type pwaBody struct {
	RequestID string `json:"requestID"`
	RC        int    `json:"rc"`
	Message   string `json:"message"`
	Data      any    `json:"data"`
}

type pwaLogin struct {
	Token       string `json:"token"`
	UserID      string `json:"userId"`
	UserName    string `json:"userName"`
	Email       string `json:"email"`
	PhoneNumber string `json:"phoneNumber"`
	CustomerID  string `json:"customerId"`
	CompanyID   string `json:"companyId"`
}

func pwaClaims(p *auth.Profile) auth.Claims {
	return auth.Claims{
		"companyId": p.CompanyID(), "customerId": p.CustomerID,
		"userId": p.UUID, "userName": auth.Name(p.Name),
	}
}

func writePWALogin(r *Request, g *auth.Grant) Answer {
	return Answer{Status: http.StatusOK, Body: pwaBody{r.ID, http.StatusOK, "Login Successfully", pwaLogin{
		Token: g.Token, UserID: g.UUID, UserName: g.Name, Email: g.Email, PhoneNumber: g.Phone,
		CustomerID: g.CustomerID, CompanyID: g.CompanyID(),
	}}}
}
