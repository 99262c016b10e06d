package dialect

import (
	"maps"
	"net/http"

	"kunci/server/auth"
)

// All are the dialects, by name.
var All = []*Dialect{dashboard, pwa, shoop, smart, snapotp}

// Names are the dialects' names, sorted.
func Names() (names []string) {
	for _, d := range All {
		names = append(names, d.Name)
	}
	return names
}

// Memberships are the dialects that admit only accounts with a membership.
func Memberships() (names []string) {
	for _, d := range All {
		if d.Audience.Membership {
			names = append(names, d.Name)
		}
	}
	return names
}

// Registers are the dialects whose documents have a sign-up.
func Registers() []string { return []string{shoop.Name, snapotp.Name} }

// Route is one line of the route table.
type Route struct {
	Method, Path string
	Body         bool // the route reads a body
	endpoint     Endpoint
	// member chooses other where the body has a member of this name, since two
	// documents share the path.
	member string
	other  Endpoint
}

// Default is the endpoint that answers what fails before the body is read.
func (r *Route) Default() *Endpoint { return &r.endpoint }

// Endpoint is the one that the body chooses.
func (r *Route) Endpoint(q *Request) *Endpoint {
	if r.member != "" && q.fields.Has(r.member) {
		return &r.other
	}
	return &r.endpoint
}

// Settings are what differs between deployments.
type Settings struct {
	ShoopStatus int // the status of Shoop's errors; 0: the contract's
}

// Routes are the routes of every dialect (CONTRACT 4).
func Routes(s Settings) []Route {
	shoop := shoop.withStatus(s.ShoopStatus)
	const get, post = http.MethodGet, http.MethodPost
	return []Route{
		{post, "/api/v1/auth/login", true,
			endpoint(smart, op(readEmailPassword, (*auth.Service).SignIn, writeSmartLogin)), "username",
			endpoint(dashboard, op(readDashboardLogin, (*auth.Service).SignIn, writeDashboardLogin))},
		route(post, "/api/v1/auth/logout", smart, op(bearer, (*auth.Service).SignOut, writeSmartLogout)).withoutBody(),

		route(post, "/api/auth/register", snapotp, op(readSnapotpRegister, (*auth.Service).SignUp, writeSnapotpLogin)),
		route(post, "/api/auth/login", snapotp, op(readSnapotpLogin, (*auth.Service).SignIn, writeSnapotpLogin)),
		route(post, "/api/auth/google", snapotp, op(readSnapotpGoogle, (*auth.Service).SignInGoogle, writeSnapotpLogin)),
		route(post, "/api/auth/forgot-password", snapotp, op(readForgot, (*auth.Service).Forgot, writeSnapotpDone("forgot_sent"))),
		route(post, "/api/auth/reset-password", snapotp, op(readReset, (*auth.Service).Reset, writeSnapotpDone("password_reset"))),
		route(get, "/api/auth/me", snapotp, op(bearer, (*auth.Service).WhoAmI, writeSnapotpMe)).withoutBody(),

		route(post, "/api/v2/auth/login", shoop, op(readShoopLogin, shoopSignIn, writeShoopKey)),
		route(post, "/api/v2/auth/register", shoop, op(readShoopRegister, (*auth.Service).SignUp, writeShoopKey)),
		route(post, "/api/v2/auth/forgot_password", shoop, op(readShoopForgot, (*auth.Service).Forgot, writeShoopForgot)),

		route(post, "/api/v1/login", pwa, op(readEmailPassword, (*auth.Service).SignIn, writePWALogin)),
	}
}

func route(method, path string, d *Dialect, h handler) Route {
	return Route{Method: method, Path: path, Body: true, endpoint: endpoint(d, h)}
}

func endpoint(d *Dialect, h handler) Endpoint { return Endpoint{Dialect: d, handle: h} }

// withoutBody is a route that reads no body and needs no content type. Those
// there are say the same to everybody when they succeed.
func (r Route) withoutBody() Route {
	r.Body, r.endpoint.wordless = false, true
	return r
}

// withStatus is the dialect with one status for all its errors.
func (d *Dialect) withStatus(status int) *Dialect {
	if status == 0 {
		return d
	}
	own := *d
	own.statuses = maps.Clone(statuses)
	for kind := range own.statuses {
		own.statuses[kind] = status
	}
	return &own
}
