package social_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"kunci/server/social"
)

const (
	appID     = "138483919580948"
	appSecret = "app-secret-0123456789"
	userToken = "EAAB+user/token="
)

// graph is a stand-in for the Graph API that gives every question the same answer.
type graph struct {
	*httptest.Server
	asked atomic.Int32
}

func newGraph(t *testing.T, answer http.HandlerFunc) *graph {
	t.Helper()
	g := &graph{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func verifyAt(t *testing.T, address, token string) (string, error) {
	t.Helper()
	return social.NewFacebook(social.FacebookConfig{
		GraphURL: address, AppID: appID, AppSecret: appSecret, Now: newClock().now,
	}).Verify(t.Context(), token)
}

func TestFacebookQuestion(t *testing.T) {
	t.Parallel()
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet || r.URL.Path != "/v23.0/debug_token":
			t.Errorf("asked %s %s", r.Method, r.URL.Path)
		case r.URL.RawQuery != "input_token="+url.QueryEscape(userToken):
			t.Errorf("query %q", r.URL.RawQuery)
		case r.Header.Get("Authorization") != "Bearer "+appID+"|"+appSecret:
			t.Error("the app token is not in the Authorization header")
		}
		text(200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"1207059"}}`)(w, r)
	})
	for _, address := range []string{g.URL + "/v23.0", g.URL + "/v23.0/"} {
		if uid, err := verifyAt(t, address, userToken); uid != "1207059" || err != nil {
			t.Errorf("Verify = %q, %v", uid, err)
		}
	}

	var asked string
	_, err := social.NewFacebook(social.FacebookConfig{
		AppID: appID, AppSecret: appSecret,
		HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return nil, &url.Error{Op: "Get", URL: asked, Err: errors.New("echo " + asked)}
		})},
	}).Verify(t.Context(), userToken)
	wantError(t, err, social.ErrUnavailable, userToken, appSecret, "echo")
	if want := "https://graph.facebook.com/v23.0/debug_token?"; !strings.HasPrefix(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestFacebookAnswers(t *testing.T) {
	t.Parallel()
	const future = `1900000100`
	refused, unavailable := social.ErrRefused, social.ErrUnavailable
	for name, c := range map[string]struct {
		status int
		body   string
		uid    string
		kind   error
		says   string
	}{
		"valid": {200, `{"data":{"app_id":"138483919580948","type":"USER","application":"Shoop","data_access_expires_at":1,
			"expires_at":` + future + `,"is_valid":true,"issued_at":1,"scopes":["email"],"user_id":"10215241773831025"}}`, "10215241773831025", nil, ""},
		"valid, ids as numbers":   {200, `{"data":{"app_id":138483919580948,"expires_at":0,"is_valid":true,"user_id":10215241773831025123}}`, "10215241773831025123", nil, ""},
		"not valid":               {200, `{"data":{"error":{"code":190,"message":"secret"},"is_valid":false,"scopes":[]}}`, "", refused, "190"},
		"not valid, full":         {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":false,"user_id":"1"}}`, "", refused, ""},
		"valid with an error":     {200, `{"data":{"app_id":"138483919580948","error":{"code":190},"expires_at":0,"is_valid":true,"user_id":"1"}}`, "", refused, ""},
		"other app":               {200, `{"data":{"app_id":"138483919580949","type":"USER","expires_at":0,"is_valid":true,"user_id":"1"}}`, "", refused, "another app"},
		"no app":                  {200, `{"data":{"type":"USER","expires_at":0,"is_valid":true,"user_id":"1"}}`, "", refused, "another app"},
		"other app, as Graph has": {400, `{"error":{"message":"(#100) The App_id in the input_token did not match the Viewing App","type":"OAuthException","code":100}}`, "", refused, "another app"},
		"a page's token":          {200, `{"data":{"app_id":"138483919580948","type":"PAGE","expires_at":0,"is_valid":true,"user_id":"1"}}`, "", refused, ""},
		"the app's own token":     {200, `{"data":{"app_id":"138483919580948","type":"APP","expires_at":0,"is_valid":true}}`, "", refused, ""},
		"no user":                 {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true}}`, "", refused, "no user"},
		"empty user":              {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":""}}`, "", refused, "no user"},
		"user is no number":       {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"12x"}}`, "", refused, "no user"},
		"user begins with 0":      {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"012"}}`, "", refused, "no user"},
		"user is a float":         {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":1e3}}`, "", refused, "no user"},
		"user is null":            {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":null}}`, "", refused, "no user"},
		"expired":                 {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":1899999999,"is_valid":true,"user_id":"1"}}`, "", refused, "expired"},
		"expires now":             {200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":1900000000,"is_valid":true,"user_id":"1"}}`, "", refused, "expired"},
		"no expiry":               {200, `{"data":{"app_id":"138483919580948","type":"USER","is_valid":true,"user_id":"1"}}`, "", refused, "expires"},
		"app token invalid":       {400, `{"error":{"message":"secret","type":"OAuthException","code":190}}`, "", unavailable, "check the app id and the app secret"},
		"app token not accepted":  {400, `{"error":{"message":"(#100) You must provide an app access token","code":100}}`, "", unavailable, "check the app id"},
		"app token invalid, 200":  {200, `{"error":{"message":"secret","code":190}}`, "", unavailable, "check the app id"},
		"too many questions":      {403, `{"error":{"message":"secret","code":4}}`, "", unavailable, "code 4"},
		"400 without a reason":    {400, `secret`, "", unavailable, "400"},
		"500":                     {500, `secret`, "", unavailable, "500"},
		"503 with a reason":       {503, `{"error":{"code":2}}`, "", unavailable, "503"},
		"valid but 500":           {500, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"1"}}`, "", unavailable, "500"},
		"no JSON":                 {200, `<html>secret`, "", unavailable, ""},
		"empty":                   {200, ``, "", unavailable, ""},
		"null":                    {200, `null`, "", unavailable, ""},
		"no data":                 {200, `{}`, "", unavailable, ""},
		"data is a list":          {200, `{"data":[]}`, "", unavailable, ""},
		"validity missing":        {200, `{"data":{"app_id":"138483919580948","expires_at":0,"user_id":"1"}}`, "", unavailable, ""},
		"validity is a text":      {200, `{"data":{"app_id":"138483919580948","expires_at":0,"is_valid":"true","user_id":"1"}}`, "", unavailable, ""},
		"user twice":              {200, `{"data":{"app_id":"138483919580948","expires_at":0,"is_valid":true,"user_id":"1","user_id":"2"}}`, "", unavailable, ""},
		"huge":                    {200, `{"data":{"app_id":"138483919580948","expires_at":0,"is_valid":true,"user_id":"1"}}` + strings.Repeat(" ", 64<<10), "", unavailable, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uid, err := verifyAt(t, newGraph(t, text(c.status, c.body)).URL, userToken)
			if uid != c.uid {
				t.Errorf("uid %q, want %q", uid, c.uid)
			}
			if c.kind == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.kind, userToken, appSecret, "secret\"", "token is secret", "138483919580949")
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

func TestFacebookTokenShape(t *testing.T) {
	t.Parallel()
	g := newGraph(t, text(500, ""))
	for name, token := range map[string]string{
		"empty": "", "space": "EAAB token", "newline": "EAAB\r\nX: y", "NUL": "EAAB\x00", "DEL": "EAAB\x7f",
		"not ASCII": "EAABé", "too long": strings.Repeat("E", 4<<10+1),
	} {
		_, err := verifyAt(t, g.URL, token)
		if !errors.Is(err, social.ErrRefused) || token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := g.asked.Load(); n != 0 {
		t.Errorf("Graph was asked %d times about tokens that cannot be any", n)
	}
	_, err := verifyAt(t, g.URL, strings.Repeat("E", 4<<10))
	wantError(t, err, social.ErrUnavailable) // the longest is asked about
}

func FuzzFacebookAnswer(f *testing.F) {
	f.Add(200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"1207059"}}`)
	f.Add(200, `{"data":{"app_id":1,"expires_at":9223372036854775807,"is_valid":true,"user_id":-1}}`)
	f.Add(400, `{"error":{"code":100}}`)
	f.Add(200, `{"data":{"user_id":"`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			t.Skip()
		}
		fb := social.NewFacebook(social.FacebookConfig{
			AppID: appID, AppSecret: appSecret,
			HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				return recorded(r, text(status, body)), nil
			})},
		})
		uid, err := fb.Verify(t.Context(), userToken)
		switch {
		case err == nil && (uid == "" || strings.Trim(uid, "0123456789") != "" || status != http.StatusOK || !strings.Contains(body, "user_id")):
			t.Errorf("status %d, body %q: uid %q", status, body, uid)
		case err != nil && (uid != "" || errors.Is(err, social.ErrRefused) == errors.Is(err, social.ErrUnavailable)):
			t.Errorf("status %d, body %q: %q, %v", status, body, uid, err)
		}
	})
}
