package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/token"
)

const providerGoogle = "Google"

// SignInGoogle asks for a session by what Google says.
type SignInGoogle struct{ GoogleID, Email, Name, IDToken string }

func (in *SignInGoogle) check(mode SocialMode) error {
	var c check
	c.required("google_id", in.GoogleID, maxSocialID)
	c.email("email", in.Email)
	c.required("name", in.Name, maxName)
	if mode == SocialVerify && in.IDToken == "" {
		c.fault("id_token", "required", 0)
	}
	return c.err()
}

// socialError is a verifier's error as ours: refused, or not to be checked now.
func socialError(err error) error {
	if errors.Is(err, ErrClaimRefused) {
		return fail(Refused, "social_refused", err)
	}
	return &Error{Kind: Busy, Reason: "social_unavailable", RetryAfter: 5 * time.Second, Cause: err}
}

// SignInGoogle opens a session for whoever holds the Google identity, makes
// an account where none has its address, and links one where Google is the
// authority for the address (CONTRACT 5).
func (s *Service) SignInGoogle(ctx context.Context, c Caller, in SignInGoogle) (g *Grant, err error) {
	defer s.tell(ActSignIn, &c, &err)
	s.attempt(&c, eventSignIn, in.Email)
	c.by("google")
	g, err = s.signInGoogleWithin(ctx, &c, &in)
	return g, s.attempted(&c, err)
}

// signInGoogleWithin is a sign-in within the limits of its address.
func (s *Service) signInGoogleWithin(ctx context.Context, c *Caller, in *SignInGoogle) (*Grant, error) {
	if s.GoogleMode == SocialOff {
		return nil, fail(NotSetUp, "google_off", nil)
	}
	if err := in.check(s.GoogleMode); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.failureRules(), s.Now(), false); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.socialRules(), s.Now(), true); err != nil {
		return nil, err
	}
	g, err := s.signInGoogle(ctx, c, in)
	var taken *db.TakenError
	if errors.As(err, &taken) || errors.Is(err, errChanged) {
		// Another first sign-in of the same identity came in between: what it
		// made or linked is there to be found now.
		g, err = s.signInGoogle(ctx, c, in)
	}
	return g, s.countFailure(c, err)
}

func (s *Service) signInGoogle(ctx context.Context, c *Caller, in *SignInGoogle) (*Grant, error) {
	c.becomes(eventSignIn) // also after a sign-up that came second
	who, err := s.googleIdentity(ctx, in)
	if err != nil {
		return nil, err
	}
	byID, byEmail, err := s.lookGoogle(who.id, in.Email)
	for _, a := range []*seen{byEmail, byID} {
		if err == nil && a != nil {
			c.about(a.Account)
		}
	}
	switch {
	case err != nil:
		return nil, err
	case byID != nil && byID.Disabled:
		return nil, wrongPassword("the account is disabled")
	case byID != nil:
		if err := s.limits.account(byID.UUID, s.Now()); err != nil {
			return nil, err
		}
		return s.open(ctx, c, byID, opening{byOwner: true, change: func(_ db.Tx, a *db.Account) error {
			if a.Google != who.id {
				return fail(Refused, "social_refused", errors.New("the id was unbound meanwhile"))
			}
			return nil
		}})
	case byEmail == nil:
		return s.enrolGoogle(ctx, c, in, who)
	case who.authority && holdsNoGoogle(byEmail.Account):
		return s.openLinked(ctx, c, byEmail, who)
	}
	return nil, s.offerLinking(ctx, c, byEmail, who)
}

// holdsNoGoogle says whether an account has no Google id that was proved.
func holdsNoGoogle(a *db.Account) bool { return a.Google.Subject == "" || a.Google.Claimed }

// googleWho is a Google identity as far as it counts here.
type googleWho struct {
	id        db.SocialID
	authority bool // the id is proved, and Google is the authority for the address
}

func (s *Service) googleIdentity(ctx context.Context, in *SignInGoogle) (googleWho, error) {
	if s.GoogleMode == SocialTrust {
		return googleWho{id: db.SocialID{Subject: in.GoogleID, Claimed: true}}, nil
	}
	got, err := s.Google(ctx, in.IDToken)
	if err != nil {
		return googleWho{}, socialError(err)
	}
	refused := func(cause string) (googleWho, error) {
		return googleWho{}, fail(Refused, "social_refused", errors.New(cause))
	}
	switch {
	case got.Subject != in.GoogleID:
		return refused("the token names another google_id")
	case db.FoldEmail(got.Email) != db.FoldEmail(in.Email):
		return refused("the token names another e-mail")
	case !got.EmailVerified:
		return refused("Google has not verified the e-mail")
	}
	gmail := strings.HasSuffix(db.FoldEmail(got.Email), "@gmail.com")
	return googleWho{id: db.SocialID{Subject: got.Subject}, authority: gmail || got.HostedDomain != ""}, nil
}

func (s *Service) lookGoogle(id db.SocialID, email string) (byID, byEmail *seen, err error) {
	err = s.Store.View(func(v db.View) (err error) {
		if byID, err = found(v, v.AccountByGoogle, id); err != nil {
			return err
		}
		byEmail, err = found(v, v.AccountByEmail, email)
		return err
	})
	return byID, byEmail, err
}

// found looks an account up by one of its names; nil where there is none.
func found[K any](v db.View, by func(K) (*db.Account, error), key K) (*seen, error) {
	a, err := by(key)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := profileOf(v, a)
	return &seen{a, p}, err
}

func (s *Service) enrolGoogle(ctx context.Context, c *Caller, in *SignInGoogle, who googleWho) (g *Grant, err error) {
	defer s.tell(ActSignUp, c, &err)
	if err := s.signUpOpen(c); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.signUpRules(), s.Now(), true); err != nil {
		return nil, err
	}
	now, id := s.now(), uuid.New()
	c.becomes(eventSignUp)
	return s.enrol(ctx, c, &db.Account{
		UUID: id, CustomerID: id, Email: in.Email, Name: in.Name, RoleID: newAccountRole,
		Google: who.id, EmailVerified: !who.id.Claimed, SelfRegistered: true, Created: now, Updated: now,
	}, false)
}

// openLinked links the identity and signs it in, in one act.
func (s *Service) openLinked(ctx context.Context, c *Caller, a *seen, who googleWho) (*Grant, error) {
	if a.Disabled {
		return nil, wrongPassword("the account is disabled")
	}
	if err := s.limits.account(a.UUID, s.Now()); err != nil {
		return nil, err
	}
	notice := db.ID(token.NewID())
	g, err := s.open(ctx, c, a, opening{byOwner: true, change: func(tx db.Tx, a *db.Account) error {
		if a.Google == who.id {
			return nil // another sign-in of the same identity was faster
		}
		if !holdsNoGoogle(a) {
			return fail(Conflict, "social_conflict", errors.New("the account was linked to another id meanwhile"))
		}
		return s.linkGoogle(tx, c, a, who.id, notice)
	}})
	if err == nil {
		s.MailQueued()
	}
	return g, err
}

// offerLinking refuses the sign-in, and where the identity was verified mails
// a link by which the address's owner can confirm the linking.
func (s *Service) offerLinking(ctx context.Context, c *Caller, a *seen, who googleWho) error {
	conflict := fail(Conflict, "social_conflict", errors.New("an account with this e-mail stands"))
	if s.GoogleMode != SocialVerify || a.Disabled {
		return conflict
	}
	m := mailedLink{
		mail: token.NewID(), link: token.NewID(), kind: mail.ConfirmLink, purpose: db.PurposeLinking,
		lasts: linkingLasts, google: who.id, provider: providerGoogle,
	}
	var note string
	err := s.update(ctx, func(tx db.Tx) error {
		now, err := tx.Account(a.ID)
		if err != nil {
			return err
		}
		if note, err = s.mailWithinQuota(tx, c, now, m); err != nil || note != "" {
			return err // where nothing is mailed nothing is written: the sign-in may come again and again
		}
		return s.recordMail(tx, c, eventLinkAsked, now.UUID, note)
	})
	switch {
	case isNotFound(err):
	case err != nil:
		return err
	case note != "":
		s.recordUnmailed(c, eventLinkAsked, a.UUID, note)
	default:
		s.MailQueued()
	}
	return conflict
}
