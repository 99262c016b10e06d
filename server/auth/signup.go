package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/password"
	"kunci/server/token"
)

// newAccountRole is the role_id of an account that nobody gave another.
const newAccountRole = 3

// SignUp asks for an account. What the audience's document requires is
// required by its reader; here every value is held to CONTRACT 2.
type SignUp struct {
	Email, Password, Name string
	Username              string
	Phone                 string
	IDLocation            string
	Longitude, Latitude   string
	Avatar, GCMID         string
	FBToken               string
}

func (in *SignUp) check(s *Service, a *Audience) error {
	var c check
	c.email("email", in.Email)
	if in.Username != "" {
		c.username("username", in.Username)
	}
	c.newPassword("password", in.Password, a.newPassword(), s.AllowCommon, in.Email, in.Username, in.Name)
	c.required("name", in.Name, maxName)
	c.text("phone", in.Phone, maxPhone)
	c.text("id_location", in.IDLocation, maxLocation)
	c.degrees("longitude", in.Longitude, 180)
	c.degrees("latitude", in.Latitude, 90)
	c.text("avatar", in.Avatar, maxAvatar)
	c.text("gcm_id", in.GCMID, maxGCM)
	c.text("fb_token", in.FBToken, maxFBToken)
	return c.err()
}

func (in *SignUp) account(s *Service) *db.Account {
	now := s.now()
	id := uuid.New()
	return &db.Account{
		UUID: id, CustomerID: id, Email: in.Email, Username: in.Username, Name: in.Name, Phone: in.Phone,
		RoleID: newAccountRole, IDLocation: in.IDLocation, Longitude: in.Longitude, Latitude: in.Latitude,
		Avatar: in.Avatar, GCMID: in.GCMID,
		SelfRegistered: true, WeakPassword: password.Standard.Shape(in.Password) != nil,
		Created: now, Updated: now,
	}
}

// SignUp makes an account, mails a link that confirms its address, and signs
// it in.
func (s *Service) SignUp(ctx context.Context, c Caller, in SignUp) (g *Grant, err error) {
	defer s.tell(ActSignUp, &c, &err)
	s.attempt(&c, eventSignUp, in.Email)
	g, err = s.signUp(ctx, &c, &in)
	return g, s.attempted(&c, err)
}

func (s *Service) signUp(ctx context.Context, c *Caller, in *SignUp) (*Grant, error) {
	if err := s.signUpOpen(c); err != nil {
		return nil, err
	}
	if err := in.check(s, c.Audience); err != nil {
		return nil, err
	}
	if err := s.limits.address(c.Addr, s.limits.signUpRules(), s.Now(), true); err != nil {
		return nil, err
	}
	a := in.account(s)
	if err := s.bindFacebook(ctx, c, a, in.FBToken); err != nil {
		return nil, err
	}
	if err := s.Store.View(func(v db.View) error { return free(v, a) }); err != nil {
		return nil, err
	}
	hash, err := s.Hasher.For(c.Addr).Hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	a.PasswordHash = hash
	g, err := s.enrol(ctx, c, a, true)
	if err != nil {
		return nil, err
	}
	s.MailQueued()
	return g, nil
}

// signUpOpen says whether the dialect registers accounts: it must let them in
// as well, since a sign-up signs in.
func (s *Service) signUpOpen(c *Caller) error {
	if name := c.Audience.Name; !slices.Contains(s.Registers, name) || !slices.Contains(s.Admit, name) {
		return fail(NotAdmitted, "sign_up_closed", errors.New("this dialect does not register accounts"))
	}
	return nil
}

// bindFacebook gives a new account the id that its fb_token proves, or, on
// trust, a hash of the token by which the first login can name the id.
func (s *Service) bindFacebook(ctx context.Context, c *Caller, a *db.Account, fbToken string) error {
	if fbToken == "" || s.FacebookMode == SocialOff {
		return nil
	}
	if s.FacebookMode == SocialTrust {
		hash := sha256.Sum256([]byte(fbToken))
		a.FBToken = hash[:]
		return nil
	}
	id, err := s.Facebook(ctx, fbToken)
	if err != nil {
		return s.countFailure(c, socialError(err))
	}
	a.Facebook = db.SocialID{Subject: id}
	return nil
}

// free names every value that another account holds already, before a hash is
// spent on it. The act itself looks again.
func free(v db.View, a *db.Account) error {
	var fields []Field
	look := func(name string, found *db.Account, err error) error {
		if err == nil && found.ID != a.ID {
			fields = append(fields, Field{Name: name, Reason: "taken"})
		}
		if isNotFound(err) {
			return nil
		}
		return err
	}
	found, err := v.AccountByEmail(a.Email)
	errs := look("email", found, err)
	if a.Username != "" {
		found, err = v.AccountByUsername(a.Username)
		errs = errors.Join(errs, look("username", found, err))
	}
	if a.Facebook.Subject != "" {
		found, err = v.AccountByFacebook(a.Facebook)
		errs = errors.Join(errs, look("fb_token", found, err))
	}
	if len(a.FBToken) > 0 {
		found, err = v.AccountByFBToken(a.FBToken)
		errs = errors.Join(errs, look("fb_token", found, err))
	}
	if errs != nil {
		return errs
	}
	if fields != nil {
		return &Error{Kind: Taken, Reason: "taken", Fields: fields}
	}
	return nil
}

// enrol stores a new account and its first session in one act, with the mail
// that confirms its address where confirm is set.
func (s *Service) enrol(ctx context.Context, c *Caller, a *db.Account, confirm bool) (*Grant, error) {
	p := &Profile{}
	err := s.Store.View(func(v db.View) (err error) { p, err = profileOf(v, a); return err })
	if err != nil {
		return nil, err
	}
	g, session, err := s.grant(c, p)
	if err != nil {
		return nil, err
	}
	mailID, linkID := db.ID(token.NewID()), db.ID(token.NewID())
	err = s.update(ctx, func(tx db.Tx) error {
		made := *a
		if err := tx.AddAccount(&made); err != nil {
			return err
		}
		g.ID = made.ID
		if confirm {
			if err := s.mailLink(tx, c, &made, mailedLink{mail: mailID, link: linkID, kind: mail.Confirm, purpose: db.PurposeConfirm, lasts: confirmLasts}); err != nil {
				return err
			}
		}
		return s.store(tx, c, &made, *session, opening{byOwner: true})
	})
	if err != nil {
		return nil, err
	}
	g.Created = true
	return g, nil
}

// How long mailed links are good for (CONTRACT 2, 4, 5).
const (
	confirmLasts = 24 * time.Hour
	resetLasts   = 30 * time.Minute
	linkingLasts = 24 * time.Hour
)
