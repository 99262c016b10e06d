package social

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// renewKeys is for how long keys count without being asked for again. go-oidc would keep them until
	// an unknown key id turns up, so a key that the issuer withdrew would go on counting.
	renewKeys = time.Hour

	maxKeysBody = 1 << 20 // bytes; of the discovery document as well
)

// issuerKeys is the issuer's key set, an oidc.KeySet. It needs no network before its first use, and a
// failure is no more than a failure: the next use tries again.
type issuerKeys struct {
	issuer    string
	address   string // of the key set, where it is known without discovery
	discovery *http.Client
	keys      *http.Client
	now       func() time.Time

	mu   sync.Mutex
	set  *oidc.RemoteKeySet
	made time.Time
}

func newIssuerKeys(issuer, address string, a *asker, now func() time.Time) *issuerKeys {
	anything := func([]byte) error { return nil } // go-oidc judges discovery documents
	return &issuerKeys{
		issuer:    issuer,
		address:   address,
		discovery: &http.Client{Transport: newMemo(a, now, anything)},
		keys:      &http.Client{Transport: newMemo(a, now, holdsKeys)},
		now:       now,
	}
}

// holdsKeys refuses what go-oidc would take for an empty key set and put in place of a good one.
func holdsKeys(body []byte) error {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) == 0 {
		return cause("answer is not a key set")
	}
	return nil
}

// VerifySignature implements oidc.KeySet. Errors wrap ErrRefused or ErrUnavailable.
func (k *issuerKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	set, err := k.current(ctx)
	if err != nil {
		return nil, unavailable(google, err)
	}
	payload, err := set.VerifySignature(ctx, jwt)
	switch {
	case err == nil:
		return payload, nil
	case errors.Unwrap(err) != nil: // go-oidc wraps what kept it from the keys; a bad signature wraps nothing
		return nil, unavailable(google, err)
	}
	return nil, refused(google, "signature does not verify with the issuer's keys")
}

// current returns the key set to use. Nothing is locked while the network is asked; when several find the
// set too old at once, their questions share one answer and the first set made is everybody's.
func (k *issuerKeys) current(ctx context.Context) (*oidc.RemoteKeySet, error) {
	if set := k.kept(nil); set != nil {
		return set, nil
	}
	address, err := k.locate(ctx)
	if err != nil {
		return nil, err
	}
	return k.kept(oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), k.keys), address)), nil
}

// kept returns the set in use while it is young enough, else it puts next in its place.
func (k *issuerKeys) kept(next *oidc.RemoteKeySet) *oidc.RemoteKeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if age := now.Sub(k.made); k.set != nil && age >= 0 && age < renewKeys {
		return k.set
	}
	k.set, k.made = next, now
	return next
}

// locate finds where the issuer publishes its keys (OpenID Connect Discovery 1.0, section 4).
func (k *issuerKeys) locate(ctx context.Context) (string, error) {
	if k.address != "" {
		return k.address, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.discovery), k.issuer)
	var other *oidc.IssuerMismatchError
	if errors.As(err, &other) {
		return "", cause("discovery document names another issuer")
	}
	if err != nil {
		return "", err
	}
	var doc struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&doc); err != nil {
		return "", err
	}
	// The asker would refuse it as well, but only after it was kept for an hour.
	if u, err := url.Parse(doc.Keys); err != nil || !safeAddress(u) {
		return "", cause("discovery document names no https address for the keys")
	}
	return doc.Keys, nil
}
