package social_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kunci/server/social"
)

func TestFacebookOutage(t *testing.T) {
	t.Parallel()
	closed := newGraph(t, text(200, ""))
	closed.Close()
	target := newGraph(t, text(200, `{"data":{"app_id":"138483919580948","type":"USER","expires_at":0,"is_valid":true,"user_id":"1"}}`))
	moved := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL+"/debug_token?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	})
	hangUp := newGraph(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	short := newGraph(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"data":{`))
	})
	untrusted := httptest.NewUnstartedServer(text(200, ""))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of our hanging up
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, address := range map[string]string{
		"untrusted certificate": untrusted.URL,
		"closed port":           closed.URL, "redirect": moved.URL, "hangs up": hangUp.URL, "cut short": short.URL,
		"plain http": "http://graph.example", "no address": "::", "no host": "https:///v23.0",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verifyAt(t, address, userToken)
			wantError(t, err, social.ErrUnavailable, userToken, url.QueryEscape(userToken), appSecret)
		})
	}
	if target.asked.Load() != 0 {
		t.Error("the redirect was followed, token and all")
	}
	for _, cfg := range []social.FacebookConfig{
		{GraphURL: target.URL, AppSecret: appSecret}, {GraphURL: target.URL, AppID: appID},
	} {
		_, err := social.NewFacebook(cfg).Verify(t.Context(), userToken)
		wantError(t, err, social.ErrUnavailable, userToken, appSecret)
	}
}

// endless is an answer's body that counts what is taken of it.
type endless struct{ taken int }

func (e *endless) Read(p []byte) (int, error) { e.taken += len(p); return len(p), nil }

func TestFacebookEndlessAnswer(t *testing.T) {
	t.Parallel()
	body := &endless{}
	_, err := social.NewFacebook(social.FacebookConfig{
		AppID: appID, AppSecret: appSecret, Timeout: time.Second,
		HTTP: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			if body.taken > 0 {
				t.Error("asked twice")
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.LimitReader(body, 1<<24))}, nil
		})},
	}).Verify(t.Context(), userToken)
	wantError(t, err, social.ErrUnavailable)
	if body.taken > 64<<10+1 {
		t.Errorf("took %d bytes of the answer", body.taken)
	}
}

func TestFacebookSlow(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 2)
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // the header in time, the body never
		asked <- struct{}{}
		<-r.Context().Done()
	})
	f := social.NewFacebook(social.FacebookConfig{
		GraphURL: g.URL, AppID: appID, AppSecret: appSecret, Timeout: 100 * time.Millisecond,
	})
	_, err := f.Verify(t.Context(), userToken)
	wantError(t, err, social.ErrUnavailable, userToken, appSecret)
	if !strings.Contains(err.Error(), "timed out") {
		t.Fatalf("error %q does not say that it timed out", err)
	}

	f = social.NewFacebook(social.FacebookConfig{GraphURL: g.URL, AppID: appID, AppSecret: appSecret})
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err = f.Verify(ctx, userToken)
	wantError(t, err, social.ErrUnavailable, userToken, appSecret)
}
