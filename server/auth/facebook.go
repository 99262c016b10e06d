package auth

import (
	"context"
	"crypto/sha256"
	"errors"

	"kunci/db"
)

// SignInFacebook asks for a session by what Facebook says.
type SignInFacebook struct{ Token, UserID, GCMID string }

func (in *SignInFacebook) check() error {
	var c check
	c.required("fb_token", in.Token, maxFBToken)
	c.required("fb_uid", in.UserID, maxSocialID)
	c.text("gcm_id", in.GCMID, maxGCM)
	return c.err()
}

// SignInFacebook opens a session for the account that holds the Facebook id.
// It never makes an account (CONTRACT 5).
func (s *Service) SignInFacebook(ctx context.Context, c Caller, in SignInFacebook) (g *Grant, err error) {
	defer s.tell(ActSignIn, &c, &err)
	s.attempt(&c, eventSignIn, "")
	c.by("facebook")
	g, err = s.signInFacebookWithin(ctx, &c, &in)
	return g, s.attempted(&c, err)
}

// signInFacebookWithin is a sign-in within the limits of its address.
func (s *Service) signInFacebookWithin(ctx context.Context, c *Caller, in *SignInFacebook) (*Grant, error) {
	if s.FacebookMode == SocialOff {
		return nil, fail(NotSetUp, "facebook_off", nil)
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.failureRules(), s.Now(), false); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.socialRules(), s.Now(), true); err != nil {
		return nil, err
	}
	leave, err := s.limits.enter(c.Addr) // each asks Facebook
	if err != nil {
		return nil, err
	}
	defer leave()
	g, err := s.signInFacebook(ctx, c, in)
	return g, s.countFailure(c, err)
}

func (s *Service) signInFacebook(ctx context.Context, c *Caller, in *SignInFacebook) (*Grant, error) {
	id := db.SocialID{Subject: in.UserID, Claimed: s.FacebookMode == SocialTrust}
	if s.FacebookMode == SocialVerify {
		proved, err := s.Facebook(ctx, in.Token)
		if err != nil {
			return nil, socialError(err)
		}
		if proved != in.UserID {
			return nil, fail(Refused, "social_refused", errors.New("the token was given to another fb_uid"))
		}
	}
	a, first, err := s.lookFacebook(id, in.Token)
	if err == nil && a != nil {
		c.about(a.Account)
	}
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, fail(Refused, "social_refused", errors.New("no account holds this fb_uid"))
	case a.Disabled:
		return nil, wrongPassword("the account is disabled")
	}
	if err := s.limits.account(a.UUID, s.Now()); err != nil {
		return nil, err
	}
	return s.open(ctx, c, a, opening{gcmID: in.GCMID, byOwner: true, change: func(tx db.Tx, a *db.Account) error {
		bound := first && a.Facebook.Subject == ""
		if bound {
			a.Facebook = id
		}
		if a.Facebook != id {
			return fail(Refused, "social_refused", errors.New("the id was unbound meanwhile"))
		}
		if !bound {
			return nil
		}
		return s.recordAs(tx, c, eventLink, a.UUID, outcomeOK, "facebook")
	}})
}

// lookFacebook finds the account that holds the id, or, on trust, the one
// that registered with this very token and has not yet named its id.
func (s *Service) lookFacebook(id db.SocialID, fbToken string) (a *seen, first bool, err error) {
	err = s.Store.View(func(v db.View) (err error) {
		if a, err = found(v, v.AccountByFacebook, id); err != nil || a != nil || !id.Claimed {
			return err
		}
		hash := sha256.Sum256([]byte(fbToken))
		if a, err = found(v, v.AccountByFBToken, hash[:]); a != nil && a.Facebook.Subject != "" {
			a = nil
		}
		first = true
		return err
	})
	return a, first, err
}
