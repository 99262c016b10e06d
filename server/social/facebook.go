package social

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	facebook     = "facebook" // as named in errors
	defaultGraph = "https://graph.facebook.com/v23.0"

	maxAccessToken = 4 << 10  // bytes
	maxGraphBody   = 64 << 10 // bytes
)

// FacebookConfig configures NewFacebook.
type FacebookConfig struct {
	GraphURL  string // default https://graph.facebook.com/v23.0
	AppID     string
	AppSecret string
	HTTP      *http.Client     // optional; only its Transport is used
	Timeout   time.Duration    // of one Verify, default 5 s
	Now       func() time.Time // default time.Now
}

// Facebook verifies Facebook user access tokens. It may be used by several goroutines.
type Facebook struct {
	endpoint *url.URL // nil: the configured one cannot be parsed
	appID    string
	secret   string
	now      func() time.Time
	asker    *asker
}

// NewFacebook asks nobody anything: a setting that does not work shows at the first Verify.
func NewFacebook(cfg FacebookConfig) *Facebook {
	if cfg.GraphURL == "" {
		cfg.GraphURL = defaultGraph
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Facebook{
		appID:  cfg.AppID,
		secret: cfg.AppSecret,
		now:    cfg.Now,
		asker:  newAsker(cfg.HTTP, cfg.Timeout, maxGraphBody),
	}
	if endpoint, err := url.Parse(strings.TrimSuffix(cfg.GraphURL, "/") + "/debug_token"); err == nil {
		f.endpoint = endpoint
	}
	return f
}

// Verify asks the Graph API's debug_token about an access token and returns the id of the user, digits, who
// gave it to our app (CONTRACT 5). Errors wrap ErrRefused or ErrUnavailable.
func (f *Facebook) Verify(ctx context.Context, accessToken string) (uid string, err error) {
	if len(accessToken) > maxAccessToken || !isPrintable(accessToken) {
		return "", refused(facebook, "not an access token, or longer than 4 KiB")
	}
	if f.endpoint == nil || f.appID == "" || f.secret == "" {
		return "", unavailable(facebook, cause("graph address, app id or app secret is not set"))
	}
	address := *f.endpoint
	address.RawQuery = url.Values{"input_token": {accessToken}}.Encode()
	// The app token goes where neither our log nor a proxy's shows it; Graph would take it in the URL too.
	status, body, err := f.asker.get(ctx, &address, f.appID+"|"+f.secret)
	if err != nil {
		return "", unavailable(facebook, err)
	}
	return f.judge(status, body)
}
