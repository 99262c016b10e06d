package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"kunci/db"
	"kunci/server/password"
)

// SignIn asks for a session by password. One of Email and Username is set; a
// Username with an `@` is taken for an e-mail.
type SignIn struct {
	Email, Username string
	Password        string
	GCMID           string // kept when it is not empty
}

func (in *SignIn) identifier() (value string, isEmail bool) {
	if in.Email != "" {
		return in.Email, true
	}
	return in.Username, strings.Contains(in.Username, "@")
}

// nameKey is an identifier as tries at it are counted: over every spelling.
func nameKey(identifier string) string {
	if strings.Contains(identifier, "@") {
		return db.FoldEmail(identifier)
	}
	if folded, ok := db.FoldUsername(identifier); ok {
		return folded
	}
	return strings.ToLower(identifier)
}

func (in *SignIn) check(a *Audience) error {
	var c check
	identifier, _ := in.identifier()
	if a.FieldRules {
		c.email("email", identifier)
		c.password("password", in.Password, password.Dashboard)
	} else {
		if identifier == "" {
			c.fault("identifier", "required", 0)
		}
		if in.Password == "" {
			c.fault("password", "required", 0)
		}
	}
	c.text("gcm_id", in.GCMID, maxGCM)
	return c.err()
}

// SignIn opens a session for whoever knows the password. Unknown, disabled and
// password-less accounts answer as a wrong password does, at the same cost.
func (s *Service) SignIn(ctx context.Context, c Caller, in SignIn) (g *Grant, err error) {
	defer s.tell(ActSignIn, &c, &err)
	identifier, _ := in.identifier()
	s.attempt(&c, eventSignIn, identifier)
	g, err = s.signInWithin(ctx, &c, &in)
	return g, s.attempted(&c, err)
}

// signInWithin is a sign-in within the limits of its address.
func (s *Service) signInWithin(ctx context.Context, c *Caller, in *SignIn) (*Grant, error) {
	if err := in.check(c.Audience); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.failureRules(), s.Now(), false); err != nil {
		return nil, err
	}
	leave, err := s.limits.enter(c.Addr)
	if err != nil {
		return nil, err
	}
	defer leave()
	// A client may close its half of the connection once it has asked, which
	// looks as if it had left. Waiting is bounded by the gate.
	ctx = context.WithoutCancel(ctx)
	g, err := s.signIn(ctx, c, in)
	if errors.Is(err, errChanged) {
		// Such as another sign-in that renewed the hash: the password is judged
		// by what stands now.
		g, err = s.signIn(ctx, c, in)
	}
	return g, err
}

func (s *Service) signIn(ctx context.Context, c *Caller, in *SignIn) (*Grant, error) {
	identifier, isEmail := in.identifier()
	name := s.limits.named(nameKey(identifier))
	seen, known, err := s.look(identifier, isEmail, name, c)
	if err != nil {
		return nil, err
	}
	giveBack, err := s.limits.try(name, known, s.Now())
	if err != nil {
		return nil, err
	}
	result, err := s.verify(ctx, c, seen, name, in.Password)
	if err != nil {
		var busy *password.BusyError
		if errors.As(err, &busy) {
			giveBack() // it came to no hash
		}
		return nil, err
	}
	giveBack()
	return s.open(ctx, c, seen, opening{
		gcmID:   in.GCMID,
		rehash:  func() string { return s.rehash(ctx, c, result, in.Password) },
		byOwner: true,
	})
}

// errChanged says that between looking and writing something about the account
// changed on which the sign-in rests.
var errChanged = errors.New("the account changed meanwhile")

// seen is an account as it stood when it was looked at; nil for none.
type seen struct {
	*db.Account
	profile *Profile
}

// look finds the account, the caller's range if it has signed in to it, and
// recalls the delay of the name.
func (s *Service) look(identifier string, isEmail bool, name digest, c *Caller) (found *seen, known string, err error) {
	err = s.Store.View(func(v db.View) error {
		if d, err := v.Delay(name[:]); err == nil {
			s.limits.recall(name, d, s.Now())
		}
		var a *db.Account
		var err error
		if isEmail {
			a, err = v.AccountByEmail(identifier)
		} else {
			a, err = v.AccountByUsername(identifier)
		}
		if isNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := profileOf(v, a)
		if err != nil {
			return err
		}
		found = &seen{a, p}
		c.about(a)
		if r := addressRange(c.Addr); s.knows(v, a, r) {
			known = r
		}
		return nil
	})
	return found, known, err
}

// knownFor is how long a range that signed in to an account is known there.
const knownFor = 30 * 24 * time.Hour

func (s *Service) knows(v db.View, a *db.Account, addrRange string) bool {
	k, err := v.KnownRange(a.ID, addrRange)
	return err == nil && s.now()-k.Seen < db.Time(knownFor.Milliseconds())
}

// verify checks a password. Whatever is wrong, it costs one hash, and answers no
// sooner than the slowest hash would.
func (s *Service) verify(ctx context.Context, c *Caller, a *seen, name digest, pw string) (password.Result, error) {
	hasher := s.Hasher.For(c.Addr)
	stored, cause := "", "no such account"
	if a != nil {
		stored, cause = a.PasswordHash, "wrong password"
		if stored == "" {
			cause = "the account has no password"
		}
	}
	if stored == "" {
		stored = s.floor.decoy(name)
	}
	result, err := hasher.Verify(ctx, stored, pw)
	if errors.Is(err, password.ErrStored) {
		cause = "the stored hash can't be verified"
		result, err = hasher.Verify(ctx, s.floor.decoy(name), pw)
	}
	switch {
	case err != nil:
		return password.Result{}, err
	case result.OK && !a.Disabled:
		return result, nil
	case result.OK:
		cause = "the account is disabled"
	}
	s.limits.failed(c.Addr, s.Now()) // at once: others of the same address may be on their way
	s.holdBack(result)
	return password.Result{}, wrongPassword(cause)
}

// rehash makes a new hash of a password that was just verified, where the
// stored one is of another family or other parameters. When there is no room
// for it now, it is made at the next sign-in.
func (s *Service) rehash(ctx context.Context, c *Caller, r password.Result, pw string) string {
	if !r.Stale {
		return ""
	}
	hash, err := s.Hasher.For(c.Addr).Hash(ctx, pw)
	if err != nil {
		return ""
	}
	return hash
}
