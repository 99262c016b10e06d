package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/password"
	"kunci/server/token"
)

// Forgot asks for a mail with a link to a new password.
type Forgot struct {
	Email       string
	WithProfile bool // the mail tells the profile's details too
	Confirm     bool // not a reset: another link that confirms the address
}

func (f *Forgot) kinds() (mail.Kind, db.Purpose, time.Duration) {
	switch {
	case f.Confirm:
		return mail.Confirm, db.PurposeConfirm, confirmLasts
	case f.WithProfile:
		return mail.Profile, db.PurposeReset, resetLasts
	}
	return mail.Reset, db.PurposeReset, resetLasts
}

// Forgot queues the mail, to the stored address, if the account exists, is
// enabled and its quota allows. Whatever happens looks the same from outside
// and costs one write.
func (s *Service) Forgot(ctx context.Context, c Caller, in Forgot) (done Done, err error) {
	defer s.tell(ActForgot, &c, &err)
	event := eventResetAsked
	if in.Confirm {
		event = eventConfirmAsked
	}
	s.attempt(&c, event, in.Email)
	done, err = s.forgot(ctx, &c, &in)
	return done, s.attempted(&c, err)
}

func (s *Service) forgot(ctx context.Context, c *Caller, in *Forgot) (done Done, err error) {
	var chk check
	chk.email("email", in.Email)
	if err := chk.err(); err != nil {
		return done, err
	}
	if err := s.limits.address(c.Addr, s.limits.forgotRules(), s.Now(), true); err != nil {
		return done, err
	}
	m := mailedLink{mail: token.NewID(), link: token.NewID()}
	m.kind, m.purpose, m.lasts = in.kinds()
	err = s.update(ctx, func(tx db.Tx) (err error) {
		tx.Touch(s.Now())
		id := uuid.UUID{}
		a, err := tx.AccountByEmail(in.Email)
		if err == nil {
			id = a.UUID
		}
		switch {
		case isNotFound(err):
			done.Note, err = "no mail: no such account", nil
		case err != nil:
		case a.Disabled:
			done.Note = "no mail: the account is disabled"
		case in.Confirm && a.EmailVerified:
			done.Note = "no mail: the address was confirmed before"
		default:
			done.Note, err = s.mailWithinQuota(tx, c, a, m)
		}
		if err != nil {
			return err
		}
		return s.recordMail(tx, c, c.event(), id, done.Note)
	})
	if err == nil {
		s.MailQueued()
	}
	return done, err
}

// recordMail writes that a mail was asked for, and whether it was queued.
func (s *Service) recordMail(tx db.Tx, c *Caller, event string, account uuid.UUID, note string) error {
	outcome := outcomeOK
	if note != "" {
		outcome = outcomeNoMail
	}
	return s.recordAs(tx, c, event, account, outcome, strings.TrimPrefix(note, "no mail: "))
}

// recordUnmailed notes that no mail was queued, which is written later.
func (s *Service) recordUnmailed(c *Caller, event string, account uuid.UUID, note string) {
	if c.entry == nil {
		return
	}
	e := *c.entry
	e.At, e.Event, e.Account, e.Outcome, e.Reason = s.now(), event, account, outcomeNoMail, strings.TrimPrefix(note, "no mail: ")
	s.audits.add(&e, false)
}

// How often links are mailed (CONTRACT 4, how often a reset is mailed).
const (
	mailPause       = 2 * time.Minute // one account, one range
	mailsOfOneRange = 5               // a day
	mailsOfAccount  = 24              // a day, the last of them for a known range
)

// mailWithinQuota queues a mail with a link unless the account has had its
// share; then nothing happens, and only the log is told, by the note.
func (s *Service) mailWithinQuota(tx db.Tx, c *Caller, a *db.Account, m mailedLink) (note string, err error) {
	quota, err := tx.MailQuota(a.ID)
	if err != nil {
		return "", err
	}
	now, from := s.now(), addressRange(c.Addr)
	quota.Sent = slices.DeleteFunc(quota.Sent, func(sent db.MailSent) bool { return now-sent.At >= db.Time((24 * time.Hour).Milliseconds()) })
	most := mailsOfAccount
	if !s.knows(tx.View, a, from) {
		most-- // kept for a range that has signed in
	}
	ofRange := 0
	for _, sent := range quota.Sent {
		if sent.Range != from {
			continue
		}
		if ofRange++; now-sent.At < db.Time(mailPause.Milliseconds()) {
			return "no mail: this account and address range were mailed less than two minutes ago", nil
		}
	}
	if ofRange >= mailsOfOneRange || len(quota.Sent) >= most {
		return "no mail: the mails of a day are used up", nil
	}
	quota.Sent = append(quota.Sent, db.MailSent{At: now, Range: from})
	if err := tx.PutMailQuota(a.ID, quota); err != nil {
		return "", err
	}
	return "", s.mailLink(tx, c, a, m)
}

// Reset sets a new password with the token from a mail.
type Reset struct{ Token, Password string }

// badLink is the one answer to a link that is unknown, used or expired.
func badLink(cause string) *Error { return fail(BadLink, "bad_link", errors.New(cause)) }

// link finds what a token from a mail stands for.
func (s *Service) link(v db.View, p db.Purpose, id db.ID) (*db.Link, *db.Account, error) {
	l, err := v.Link(id)
	if isNotFound(err) {
		return nil, nil, badLink("the link is unknown or was used")
	}
	if err != nil {
		return nil, nil, err
	}
	if l.Purpose != p || l.Expires <= s.now() {
		return nil, nil, badLink("the link has expired")
	}
	a, err := v.Account(l.Account)
	if isNotFound(err) || err == nil && a.Disabled {
		return nil, nil, badLink("its account is gone or disabled")
	}
	return l, a, err
}

// Reset sets the password, proves the address, ends every session and every
// link of the account, clears its delays and mails a notice (CONTRACT 2 and 4).
func (s *Service) Reset(ctx context.Context, c Caller, in Reset) (_ Done, err error) {
	defer s.tell(ActReset, &c, &err)
	s.attempt(&c, eventReset, "")
	return Done{}, s.attempted(&c, s.countFailure(&c, s.reset(ctx, &c, in)))
}

func (s *Service) reset(ctx context.Context, c *Caller, in Reset) error {
	var chk check
	if in.Token == "" {
		chk.fault("token", "required", 0)
	}
	chk.password("password", in.Password, password.Standard)
	if err := chk.err(); err != nil {
		return err
	}
	if err := s.limits.address(c.Addr, s.limits.failureRules(), s.Now(), false); err != nil {
		return err
	}
	id, ok := s.Ring.OpenLink(string(db.PurposeReset), in.Token)
	if !ok {
		return badLink("no token of ours")
	}
	err := s.Store.View(func(v db.View) error {
		_, a, err := s.link(v, db.PurposeReset, id)
		if err != nil {
			return err
		}
		c.about(a)
		return s.passwordFor(v, a, in.Password)
	})
	if err != nil {
		return err
	}
	hash, err := s.Hasher.For(c.Addr).Hash(ctx, in.Password)
	if err != nil {
		return err
	}
	var names []digest
	notice := db.ID(token.NewID())
	err = s.update(ctx, func(tx db.Tx) error {
		_, a, err := s.link(tx.View, db.PurposeReset, id)
		if err != nil {
			return err
		}
		if names, err = s.forgetDelays(tx, a); err != nil {
			return err
		}
		proveEmail(a)
		tx.ForgetKnownRanges(a.ID) // whoever was there before
		if err := s.setPassword(tx, a, hash, false); err != nil {
			return err
		}
		if err := tx.MarkKnownRange(a.ID, addressRange(c.Addr), s.now()); err != nil {
			return err
		}
		if err := s.record(tx, c, a.UUID); err != nil {
			return err
		}
		return s.mailNotice(tx, c.Lang, a, notice, mail.PasswordChanged, "")
	})
	if err != nil {
		return err
	}
	s.limits.clear(names...)
	s.MailQueued()
	return nil
}

// passwordFor holds a new password to the rule of its account: the
// dashboard's where it has a membership.
func (s *Service) passwordFor(v db.View, a *db.Account, pw string) error {
	rule := password.Standard
	if _, err := v.Membership(a.ID); err == nil {
		rule = password.Dashboard
	} else if !isNotFound(err) {
		return err
	}
	var c check
	c.newPassword("password", pw, rule, s.AllowCommon, a.Email, a.Username, a.Name)
	return c.err()
}

// setPassword stores a new password hash; sessions and links end with it.
func (s *Service) setPassword(tx db.Tx, a *db.Account, hash string, weak bool) error {
	a.PasswordHash, a.WeakPassword = hash, weak
	a.Epoch++
	a.Updated = s.now()
	if err := tx.DropLinks(a.ID); err != nil {
		return err
	}
	return tx.PutAccount(a)
}

// proveEmail marks the address as proved. The first proof ends the social ids
// that came before it, since whoever brought them had not proved it; what
// becomes of the password, sessions and links is for each proof to say.
func proveEmail(a *db.Account) (first bool) {
	if a.EmailVerified {
		return false
	}
	a.EmailVerified = true
	a.Google, a.Facebook, a.FBToken = db.SocialID{}, db.SocialID{}, nil
	a.GCMID = "" // the device of whoever brought it
	return true
}
