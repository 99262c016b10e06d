package social

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	// holdAnswer is for how long a good answer is given again without asking. It is also the longest that
	// a new key of the issuer can be unknown here.
	holdAnswer = 10 * time.Second
	// holdFailure is shorter: nothing can be verified until the next try.
	holdFailure = time.Second
)

// memo is an http.RoundTripper that asks for one address at most once per hold, whoever and however many
// want it. go-oidc fetches the key set anew for every token with an unknown key id or a bad signature, and
// tokens come from anybody: without a memo, they would have us flood the issuer.
type memo struct {
	asker  *asker
	now    func() time.Time
	usable func(body []byte) error // refuses a body that must not replace what is known

	mu      sync.Mutex
	answers map[string]*answer // by address
}

// answer is written once, before done is closed, and only read afterwards.
type answer struct {
	done chan struct{}
	at   time.Time
	body []byte
	err  error
}

func newMemo(a *asker, now func() time.Time, usable func([]byte) error) *memo {
	return &memo{asker: a, now: now, usable: usable, answers: map[string]*answer{}}
}

// RoundTrip implements http.RoundTripper for GET. It succeeds only with status 200 and a usable body.
func (m *memo) RoundTrip(req *http.Request) (*http.Response, error) {
	a := m.answerTo(req)
	select {
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case <-a.done:
	}
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{
		StatusCode:    http.StatusOK,
		Status:        "200 OK",
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(a.body)),
		ContentLength: int64(len(a.body)),
		Request:       req,
	}, nil
}

// answerTo returns the answer that is held or under way, or starts to ask.
func (m *memo) answerTo(req *http.Request) *answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.answers, func(_ string, a *answer) bool { return m.stale(a) })
	key := req.URL.String()
	if a := m.answers[key]; a != nil {
		return a
	}
	a := &answer{done: make(chan struct{})}
	m.answers[key] = a
	// Detached: a caller who hangs up must not spoil the answer for all who wait for it.
	go m.ask(context.WithoutCancel(req.Context()), req, a)
	return a
}

func (m *memo) ask(ctx context.Context, req *http.Request, a *answer) {
	defer close(a.done)
	status, body, err := m.asker.get(ctx, req.URL, "")
	if err == nil && status != http.StatusOK {
		err = statusCause(status)
	}
	if err == nil {
		err = m.usable(body)
	}
	a.at, a.body, a.err = m.now(), body, err
}

func (m *memo) stale(a *answer) bool {
	select {
	case <-a.done:
	default:
		return false
	}
	hold := holdAnswer
	if a.err != nil {
		hold = holdFailure
	}
	age := m.now().Sub(a.at)
	return age < 0 || age >= hold // negative: the clock was set back
}
