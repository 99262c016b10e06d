package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"kunci/db"
	"kunci/server/password"
	"kunci/server/token"
)

// GoogleIdentity is what Google says of whoever holds an ID token.
type GoogleIdentity struct {
	Subject, Email string
	EmailVerified  bool
	HostedDomain   string // `hd`: Google is the authority for the address
}

// Google checks an ID token. Its error wraps ErrClaimRefused when the claim is
// not to be believed; any other means that it can't be checked now.
type Google func(ctx context.Context, idToken string) (GoogleIdentity, error)

// Facebook checks an access token and returns the user id it was given to.
// Errors are as Google's.
type Facebook func(ctx context.Context, accessToken string) (userID string, err error)

// ErrClaimRefused says that a social claim is not to be believed.
var ErrClaimRefused = errors.New("the social claim was refused")

// SocialMode says what counts as a social claim (CONTRACT 5).
type SocialMode uint8

// The modes.
const (
	SocialOff SocialMode = iota
	SocialVerify
	SocialTrust
)

// Config is what a Service is made of.
type Config struct {
	Store  *db.Store
	Hasher *password.Hasher
	Ring   *token.Ring

	PublicURL       string // `iss` in tokens, and where mailed links lead
	SessionLifetime time.Duration
	Audiences       []string // every dialect's name
	Memberships     []string // the dialects that admit only accounts with a membership
	Admit           []string // where self-registered accounts may sign in
	Registers       []string // --sign-up: which dialects register accounts
	AllowCommon     bool     // --dev: the most common passwords are allowed
	Limits          Limits

	AuditMost int           // entries that the audit log keeps; 0: none is written
	AuditKeep time.Duration // how long it keeps them

	GoogleMode   SocialMode
	Google       Google // for SocialVerify
	FacebookMode SocialMode
	Facebook     Facebook // for SocialVerify

	Now        func() time.Time // nil: time.Now
	MailQueued func()           // called after an act that queued a mail; nil: nobody waits
	Observer   Observer
}

// Service does what callers ask. It is safe for concurrent use.
type Service struct {
	Config
	limits *limiter
	ended  endedSessions
	floor  floor

	mailCauses *lru.Cache[db.ID, string] // why the last attempt to send a mail failed
	audits     auditQueue
}

// New makes a Service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MailQueued == nil {
		c.MailQueued = func() {}
	}
	causes, _ := lru.New[db.ID, string](rememberedCauses) // errors only for a size below 1
	s := &Service{Config: c, limits: newLimiter(c.Limits, c.Ring), mailCauses: causes}
	if c.Observer.Limited != nil {
		s.limits.hit = c.Observer.Limited
	}
	return s
}

// writeWithin bounds how long an act may wait for the disk before it answers
// that there is no capacity.
const writeWithin = 5 * time.Second

// update does one act on the store. It goes on when the client leaves, since
// half of the act may be done by then, but not for ever.
func (s *Service) update(ctx context.Context, fn func(db.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	return s.Store.Update(ctx, fn)
}

func (s *Service) now() db.Time { return db.At(s.Now()) }

// admitted says whether an account may sign in to an audience: one that an
// operator made everywhere, one that registered itself where --admit says; and
// where a membership is asked for, only with one.
func (s *Service) admitted(c *Caller, a *db.Account, p *Profile) error {
	switch {
	case a.SelfRegistered && !slices.Contains(s.Admit, c.Audience.Name):
		return fail(NotAdmitted, "not_admitted", errors.New("self-registered accounts are not admitted here"))
	case c.Audience.Membership && !p.Member:
		return fail(NotAdmitted, "no_membership", errors.New("the account has no membership"))
	}
	return nil
}

func isNotFound(err error) bool { return errors.Is(err, db.ErrNotFound) }
