package dialect

import (
	"context"
	"net/http"
	"slices"

	"kunci/server/auth"
)

// shoop reads forms and answers {"status": 1, …} or {"status": 0, "error"}
// (CONTRACT 4, shoop).
var shoop = &Dialect{
	Name:     "shoop",
	Audience: &auth.Audience{Name: "shoop", OpaqueKey: true, ShortOK: true},
	media:    []string{mediaForm, mediaMultipart},
	language: English,
	statuses: map[auth.Kind]int{auth.Invalid: http.StatusBadRequest},
	names:    map[string]string{"identifier": "email"},
	envelope: func(f failure) any { return shoopError{Error: f.message} },
	words:    shoopWords,
}

type shoopError struct {
	Status int    `json:"status"`
	Error  string `json:"error"`
}

type shoopKey struct {
	Status int    `json:"status"`
	Key    string `json:"key"`
}

type shoopMessage struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// shoopWords are the document's own: for the first missing parameter, and for
// a wrong password.
func shoopWords(f failure) string {
	switch {
	case f.Kind == auth.Unauthenticated:
		return "Your password is invalid."
	case f.Kind == auth.Invalid && len(f.Fields) > 0:
		missing := slices.IndexFunc(f.Fields, func(field auth.Field) bool { return field.Reason == "required" })
		if missing >= 0 {
			return "Your parameter is not complete. Missing parameter '" + f.Fields[missing].Name + "'."
		}
	}
	return ""
}

// shoopLogin is one of two pairs: e-mail and password, or Facebook token and
// user id.
type shoopLogin struct {
	password auth.SignIn
	facebook auth.SignInFacebook
	social   bool
}

func readShoopLogin(r *reader) shoopLogin {
	email, password := r.may("email"), r.may("password")
	token, uid, gcm := r.may("fb_token"), r.may("fb_uid"), r.may("gcm_id")
	byPassword, byFacebook := email != "" || password != "", token != "" || uid != ""
	if byPassword && byFacebook {
		r.fault("fb_token", "both")
	} else if byFacebook {
		r.need("fb_token")
		r.need("fb_uid")
	} else {
		r.need("email")
		r.need("password")
	}
	return shoopLogin{
		password: auth.SignIn{Email: email, Password: password, GCMID: gcm},
		facebook: auth.SignInFacebook{Token: token, UserID: uid, GCMID: gcm},
		social:   byFacebook,
	}
}

func shoopSignIn(s *auth.Service, ctx context.Context, c auth.Caller, in shoopLogin) (*auth.Grant, error) {
	if in.social {
		return s.SignInFacebook(ctx, c, in.facebook)
	}
	return s.SignIn(ctx, c, in.password)
}

// readShoopRegister names what is missing in the document's order. show_phone
// and address are deprecated: accepted and dropped.
func readShoopRegister(r *reader) auth.SignUp {
	return auth.SignUp{
		Email: r.need("email"), Password: r.need("password"), Name: r.need("name"), IDLocation: r.need("id_location"),
		Phone: r.may("phone"), GCMID: r.may("gcm_id"), Longitude: r.may("longitude"), Latitude: r.may("latitude"),
		Avatar: r.may("avatar"), FBToken: r.may("fb_token"),
	}
}

func readShoopForgot(r *reader) auth.Forgot {
	return auth.Forgot{Email: r.need("email"), WithProfile: true}
}

func writeShoopKey(_ *Request, g *auth.Grant) Answer {
	return Answer{Status: http.StatusOK, Body: shoopKey{Status: 1, Key: g.Token}}
}

func writeShoopForgot(_ *Request, done auth.Done) Answer {
	return Answer{
		Status: http.StatusOK, Note: done.Note,
		Body: shoopMessage{Status: 1, Message: "Profile detail and reset password has been sent to your email."},
	}
}
