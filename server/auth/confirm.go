package auth

import (
	"context"
	"errors"

	"kunci/db"
	"kunci/mail"
	"kunci/server/token"
)

// Confirmed says what a link has confirmed.
type Confirmed struct {
	Provider string // the provider that was linked; "" where it was the address alone
}

// What a link that opens the confirm page is for.
const (
	ForAddress = db.PurposeConfirm
	ForLinking = db.PurposeLinking
)

// LinkPurpose says what a token from a mail was made for, "" for none of
// ours. It asks no store and proves nothing but that we made it.
func (s *Service) LinkPurpose(tok string) db.Purpose {
	for _, p := range []db.Purpose{db.PurposeConfirm, db.PurposeLinking, db.PurposeReset} {
		if _, ok := s.Ring.OpenLink(string(p), tok); ok {
			return p
		}
	}
	return ""
}

// Confirm uses the link of a sign-up or of a linking.
func (s *Service) Confirm(ctx context.Context, c Caller, tok string) (done Confirmed, err error) {
	defer s.tell(ActConfirm, &c, &err)
	s.attempt(&c, eventConfirm, "")
	done, err = s.confirm(ctx, &c, tok)
	return done, s.attempted(&c, s.countFailure(&c, err))
}

func (s *Service) confirm(ctx context.Context, c *Caller, tok string) (Confirmed, error) {
	if err := s.limits.address(c.Addr, s.limits.failureRules(), s.Now(), false); err != nil {
		return Confirmed{}, err
	}
	if id, ok := s.Ring.OpenLink(string(db.PurposeConfirm), tok); ok {
		return Confirmed{}, s.confirmAddress(ctx, c, id)
	}
	if id, ok := s.Ring.OpenLink(string(db.PurposeLinking), tok); ok {
		return Confirmed{Provider: providerGoogle}, s.confirmLinking(ctx, c, id)
	}
	return Confirmed{}, badLink("no token of ours")
}

// confirmAddress is the confirmation of one's own sign-up: it leaves the
// password that the sign-up set, and ends sessions, links and social ids, none
// of which was proved (CONTRACT 2).
func (s *Service) confirmAddress(ctx context.Context, c *Caller, id db.ID) error {
	return s.update(ctx, func(tx db.Tx) error {
		l, a, err := s.link(tx.View, db.PurposeConfirm, id)
		if err != nil {
			return err
		}
		if err := s.record(tx, c, a.UUID); err != nil {
			return err
		}
		if !proveEmail(a) {
			return tx.UseLink(l.ID)
		}
		a.Epoch++
		a.Updated = s.now()
		tx.ForgetKnownRanges(a.ID)
		if err := tx.DropLinks(a.ID); err != nil {
			return err
		}
		return tx.PutAccount(a)
	})
}

// confirmLinking binds the Google id that the link names. Where it is the
// first proof of the address, it ends the password as well: whoever set it had
// not proved the address.
func (s *Service) confirmLinking(ctx context.Context, c *Caller, id db.ID) error {
	notice := db.ID(token.NewID())
	err := s.update(ctx, func(tx db.Tx) error {
		l, a, err := s.link(tx.View, db.PurposeLinking, id)
		if err != nil {
			return err
		}
		if other, err := tx.AccountByGoogle(l.Google); err == nil && other.ID != a.ID {
			return badLink("another account holds the id by now")
		}
		if err := errors.Join(tx.UseLink(l.ID), s.record(tx, c, a.UUID)); err != nil {
			return err
		}
		return s.linkGoogle(tx, c, a, l.Google, notice)
	})
	if err == nil {
		s.MailQueued()
	}
	return err
}

// linkGoogle binds a proved Google id to an account whose address was proved
// along with it, and mails a notice.
func (s *Service) linkGoogle(tx db.Tx, c *Caller, a *db.Account, id db.SocialID, notice db.ID) error {
	if proveEmail(a) {
		a.PasswordHash, a.WeakPassword = "", false
		a.Epoch++
		tx.ForgetKnownRanges(a.ID)
		if err := tx.DropLinks(a.ID); err != nil {
			return err
		}
	}
	a.Google = id
	a.Updated = s.now()
	if err := tx.PutAccount(a); err != nil {
		return err
	}
	if err := s.recordAs(tx, c, eventLink, a.UUID, outcomeOK, "google"); err != nil {
		return err
	}
	return s.mailNotice(tx, c.Lang, a, notice, mail.Linked, providerGoogle)
}
