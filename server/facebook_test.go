package server_test

import (
	"context"
	"testing"

	"kunci/server/auth"
)

func facebook(token, uid string) request {
	return postForm(shoopLogin, map[string]any{"fb_token": token, "fb_uid": uid})
}

func facebookRegister(email, token string) request {
	return postForm(shoopRegister, map[string]any{"email": email, "password": secret, "name": "Face", "id_location": "1", "fb_token": token})
}

func TestFacebookVerified(t *testing.T) {
	t.Parallel()
	a := start(t, social, withIntrospection)
	people(t, a)
	for name, c := range map[string]struct {
		token, uid string
		want       int
	}{
		"held":                   {"fb-linked", "fb-linked", 200},
		"held by a disabled one": {"fb-gone", "fb-gone", 401},
		"unknown":                {"fb-good", "fb-new", 401},
		"another's uid":          {"fb-good", "fb-linked", 401},
		"forged":                 {"forged", "fb-linked", 401},
		"no answer":              {"outage", "fb-linked", 503},
		"no uid":                 {"fb-linked", "", 400},
	} {
		before := a.dump(t)
		got := a.do(t, facebook(c.token, c.uid))
		if got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if c.want == 200 {
			a.stands(t, got.credential(t), true)
		} else {
			diff(t, name+": what changed", before, a.dump(t))
		}
	}
}

// Registering with a token binds the id that Facebook names; its word never
// verifies an e-mail.
func TestFacebookRegistrationVerified(t *testing.T) {
	t.Parallel()
	a := start(t, social)
	people(t, a)
	a.want(t, 401, facebookRegister("face@example.com", "forged"))
	a.want(t, 503, facebookRegister("face@example.com", "outage"))
	a.want(t, 409, facebookRegister("face@example.com", "fb-linked"))
	a.want(t, 401, facebook("fb-good", "fb-new"))
	a.want(t, 200, facebookRegister("face@example.com", "fb-good"))
	a.want(t, 409, facebookRegister("second@example.com", "fb-good"))
	a.want(t, 200, facebook("fb-good", "fb-new"))
	u, err := a.op.User("face@example.com")
	must(t, err)
	if u.FacebookID != "fb-new" || u.EmailVerified {
		t.Errorf("the account: %+v", u)
	}
}

// On trust the first login with the token of the registration names the id;
// from then on the id opens the account, and no other id does.
func TestFacebookOnTrust(t *testing.T) {
	t.Parallel()
	a := start(t, dev)
	people(t, a)
	a.want(t, 401, facebook("any", "fb-linked")) // proved: a claim does not find it
	a.want(t, 200, facebookRegister("face@example.com", "the-token"))
	a.want(t, 409, facebookRegister("second@example.com", "the-token"))
	a.want(t, 401, facebook("another-token", "fb-1"))
	a.want(t, 200, facebook("the-token", "fb-1"))
	a.want(t, 401, facebook("the-token", "fb-2"))
	a.want(t, 200, facebook("another-token", "fb-1"))
	a.FacebookMode = auth.SocialVerify
	a.Facebook = func(_ context.Context, _ string) (string, error) { return "fb-1", nil }
	a.want(t, 401, facebook("the-token", "fb-1")) // bound on trust, so it does not count
}

// Where Facebook is not set up, the login says so and a registration ignores
// the token.
func TestFacebookOff(t *testing.T) {
	t.Parallel()
	a := start(t)
	a.want(t, 501, facebook("fb-good", "fb-new"))
	a.want(t, 200, facebookRegister("face@example.com", "anything"))
	a.want(t, 200, facebookRegister("second@example.com", "anything"))
	u, err := a.op.User("face@example.com")
	must(t, err)
	diff(t, "the Facebook id", "", u.FacebookID)
}
