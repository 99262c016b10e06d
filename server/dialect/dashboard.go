package dialect

import (
	"net/http"

	"kunci/server/auth"
)

// dashboard answers {"requestId", "rc", "message", "data"} (CONTRACT 4,
// dashboard).
var dashboard = &Dialect{
	Name:     "dashboard",
	Audience: &auth.Audience{Name: "dashboard", Membership: true, FieldRules: true, Claims: dashboardClaims},
	media:    []string{mediaJSON},
	language: English,
	statuses: map[auth.Kind]int{auth.Invalid: http.StatusBadRequest},
	names:    map[string]string{"email": "username"},
	envelope: func(f failure) any { return dashboardBody{f.requestID, f.status, f.message, struct{}{}} },
}

type dashboardBody struct {
	RequestID string `json:"requestId"`
	RC        int    `json:"rc"`
	Message   string `json:"message"`
	Data      any    `json:"data"`
}

type dashboardLogin struct {
	Key             string `json:"key"` // the document's, for an integration that is not ours: ""
	Token           string `json:"token"`
	UserID          string `json:"userId"`
	UserName        string `json:"userName"`
	UserEmail       string `json:"userEmail"`
	UserPhoneNumber string `json:"userPhoneNumber"`
	RoleID          string `json:"roleId"`
	RoleName        string `json:"roleName"`
	CompanyID       string `json:"companyId"`
	CompanyName     string `json:"companyName"`
	DivisionID      string `json:"divisionId"`
	DivisionName    string `json:"divisionName"`
	IsInternal      bool   `json:"isInternal"`
}

func dashboardClaims(p *auth.Profile) auth.Claims {
	return auth.Claims{
		"userId": p.UUID, "userName": auth.Name(p.Name),
		"roleId": p.Role.ID, "roleName": auth.Name(p.Role.Name),
		"companyId": p.Company.ID, "companyName": auth.Name(p.Company.Name),
		"divisionId": p.Division.ID, "divisionName": auth.Name(p.Division.Name),
		"isInternal": p.Internal,
	}
}

func readDashboardLogin(r *reader) auth.SignIn {
	return auth.SignIn{Email: r.need("username"), Password: r.need("password")}
}

func writeDashboardLogin(r *Request, g *auth.Grant) Answer {
	return Answer{Status: http.StatusOK, Body: dashboardBody{r.ID, http.StatusOK, "read data successfully", dashboardLogin{
		Token: g.Token, UserID: g.UUID, UserName: g.Name, UserEmail: g.Email, UserPhoneNumber: g.Phone,
		RoleID: g.Role.ID, RoleName: g.Role.Name, CompanyID: g.Company.ID, CompanyName: g.Company.Name,
		DivisionID: g.Division.ID, DivisionName: g.Division.Name, IsInternal: g.Internal,
	}}}
}
