package social

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	defaultTimeout = 5 * time.Second
	maxHeaderBytes = 64 << 10
	maxConns       = 32 // to one server: what an outage there can hold open here
)

// asker sends GET requests to servers that are trusted to answer, but not to behave.
type asker struct {
	transport http.RoundTripper
	timeout   time.Duration
	maxBody   int64 // bytes
}

// newAsker takes only the transport of client: a client follows redirects and keeps cookies, a transport
// does neither.
func newAsker(client *http.Client, timeout time.Duration, maxBody int64) *asker {
	a := &asker{timeout: timeout, maxBody: maxBody}
	if a.timeout <= 0 {
		a.timeout = defaultTimeout
	}
	if client != nil {
		a.transport = client.Transport
	}
	if a.transport == nil {
		a.transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			MaxConnsPerHost:        maxConns,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    defaultTimeout,
			MaxResponseHeaderBytes: maxHeaderBytes,
		}
	}
	return a
}

// get returns the answer's status and whole body. Every error is a cause.
func (a *asker) get(ctx context.Context, address *url.URL, bearer string) (int, []byte, error) {
	if !safeAddress(address) {
		return 0, nil, cause("the address to ask is not https")
	}
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()

	req := (&http.Request{
		Method: http.MethodGet,
		URL:    address,
		Host:   address.Host,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {"kunci"}},
	}).WithContext(ctx)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := a.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, networkCause(err)
	}
	defer resp.Body.Close()

	body, err := io.ReadAll(io.LimitReader(resp.Body, a.maxBody+1))
	if err != nil {
		return 0, nil, networkCause(err)
	}
	if int64(len(body)) > a.maxBody {
		return 0, nil, cause(fmt.Sprintf("answer is longer than %d bytes", a.maxBody))
	}
	return resp.StatusCode, body, nil
}

// safeAddress allows plain http only where the traffic cannot leave this machine.
func safeAddress(u *url.URL) bool {
	if u == nil || u.Host == "" || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "https":
		return true
	case "http":
		ip, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	}
	return false
}

func statusCause(status int) cause {
	return cause(fmt.Sprintf("answered with status %d", status))
}
