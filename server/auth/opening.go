package auth

import (
	"context"
	"reflect"
	"slices"
	"time"

	"kunci/db"
	"kunci/server/token"
)

// opening is what happens in the same act as a new session.
type opening struct {
	gcmID   string
	rehash  func() string                       // makes a new hash of the password, "" for none; nil: as it is
	hash    string                              // what rehash made
	byOwner bool                                // the range becomes a known one
	change  func(tx db.Tx, a *db.Account) error // further changes to the account; may run again
}

// open signs a token or makes a key, and stores the session in one act with
// what comes with it. The account must stand as it was seen.
func (s *Service) open(ctx context.Context, c *Caller, was *seen, o opening) (*Grant, error) {
	if err := s.admitted(c, was.Account, was.profile); err != nil {
		return nil, err
	}
	if o.rehash != nil { // only for who is let in: it costs a hash
		o.hash = o.rehash()
	}
	g, session, err := s.grant(c, was.profile)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx db.Tx) error {
		a, err := tx.Account(was.ID)
		if isNotFound(err) || err == nil && !was.unchanged(a) {
			return fail(Unauthenticated, "wrong_password", errChanged)
		}
		if err != nil {
			return err
		}
		return s.store(tx, c, a, *session, o)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// unchanged says whether what let the caller in still stands.
func (s *seen) unchanged(a *db.Account) bool {
	return !a.Disabled && a.PasswordHash == s.PasswordHash && a.Epoch == s.Epoch && a.UUID == s.UUID
}

// store writes a session and what comes with it. The session is a copy, since
// an act may run again.
func (s *Service) store(tx db.Tx, c *Caller, a *db.Account, session db.Session, o opening) error {
	before := *a
	if o.hash != "" {
		a.PasswordHash = o.hash
	}
	if o.gcmID != "" {
		a.GCMID = o.gcmID
	}
	if o.change != nil {
		if err := o.change(tx, a); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(&before, a) {
		a.Updated = s.now()
		if err := tx.PutAccount(a); err != nil {
			return err
		}
	}
	if o.byOwner {
		if err := tx.MarkKnownRange(a.ID, addressRange(c.Addr), s.now()); err != nil {
			return err
		}
	}
	session.Account = a.ID
	if err := tx.AddSession(&session); err != nil {
		return err
	}
	return s.record(tx, c, a.UUID)
}

// grant prepares a session and what names it; nothing is stored yet.
func (s *Service) grant(c *Caller, p *Profile) (*Grant, *db.Session, error) {
	created := s.Now().UTC() // of two within a second, the older must end first
	now := created.Truncate(time.Second)
	expires := now.Add(s.SessionLifetime)
	session := &db.Session{
		ID: token.NewID(), Audience: c.Audience.Name,
		Created: db.At(created), Expires: db.At(expires), Addr: c.Addr.String(),
	}
	g := &Grant{Profile: *p, Expires: expires}
	if c.Audience.OpaqueKey {
		key, hash := token.NewKey()
		g.Token, session.KeyHash = key, slices.Clone(hash[:])
		return g, session, nil
	}
	tok, err := s.Ring.Sign(token.Claims{
		Issuer: s.PublicURL, Subject: p.UUID, Audience: c.Audience.Name, ID: token.FormatID(session.ID),
		IssuedAt: now, NotBefore: now, Expires: expires, Extra: c.Audience.Claims(p),
	})
	if err != nil {
		return nil, nil, err
	}
	g.Token = tok
	return g, session, nil
}
