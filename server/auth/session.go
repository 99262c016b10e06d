package auth

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/token"
)

// bearer is what a token or key says of itself, before the store is asked.
type bearer struct {
	keyHash  []byte // of a key; else
	id       db.ID
	subject  uuid.UUID
	audience string
}

func noSession(cause string) *Error { return fail(NoSession, "no_session", errors.New(cause)) }

// read checks all of a token that can be checked without the store.
func (s *Service) read(credential string) (bearer, error) {
	if credential == "" {
		return bearer{}, noSession("no token")
	}
	if hash, ok := token.KeyHash(credential); ok {
		return bearer{keyHash: hash[:]}, nil
	}
	claims, err := s.Ring.Verify(credential, s.PublicURL, s.Audiences, s.Now())
	if err != nil {
		return bearer{}, noSession(err.Error())
	}
	id, ok := token.ParseID(claims.ID)
	if !ok {
		return bearer{}, noSession("jti")
	}
	subject, err := uuid.Parse(claims.Subject)
	if err != nil {
		return bearer{}, noSession("sub")
	}
	return bearer{id: id, subject: subject, audience: claims.Audience}, nil
}

// stand finds the session and account that a token or key names. One that
// verifies but whose session is gone is refused like a forged one.
func (s *Service) stand(v db.View, b bearer) (*db.Session, *db.Account, error) {
	session, a, err := s.find(v, b)
	if err == nil && s.ended.has(session.ID) {
		return nil, nil, noSession("the session was ended, which is not stored yet")
	}
	return session, a, err
}

// find is stand by the store alone.
func (s *Service) find(v db.View, b bearer) (*db.Session, *db.Account, error) {
	var session *db.Session
	var err error
	if b.keyHash != nil {
		session, err = v.SessionByKey(b.keyHash)
	} else {
		session, err = v.Session(b.id)
	}
	if isNotFound(err) {
		return nil, nil, noSession("the session is gone")
	}
	if err != nil {
		return nil, nil, err
	}
	a, err := v.Account(session.Account)
	if isNotFound(err) {
		return nil, nil, noSession("its account is gone")
	}
	if err != nil {
		return nil, nil, err
	}
	switch {
	case b.keyHash == nil && (session.Audience != b.audience || len(session.KeyHash) > 0 || a.UUID != b.subject):
		return nil, nil, noSession("the token names another session")
	case session.Epoch != a.Epoch:
		return nil, nil, noSession("the session was ended")
	case session.Expires <= s.now():
		return nil, nil, noSession("the session has expired")
	case a.Disabled:
		return nil, nil, noSession("the account is disabled")
	}
	return session, a, nil
}

// holder is who holds a token or key, and the session that it names.
type holder struct {
	session *db.Session
	profile *Profile
}

func (s *Service) holder(credential string) (*holder, error) {
	b, err := s.read(credential)
	if err != nil {
		return nil, err
	}
	h := new(holder)
	err = s.Store.View(func(v db.View) error {
		session, a, err := s.stand(v, b)
		if err != nil {
			return err
		}
		h.session = session
		h.profile, err = profileOf(v, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// WhoAmI says whose token or key it is.
func (s *Service) WhoAmI(_ context.Context, _ Caller, credential string) (*Profile, error) {
	h, err := s.holder(credential)
	if err != nil {
		return nil, err
	}
	return h.profile, nil
}

// SignOut ends the session that a token or key names. It has ended for good
// when SignOut returns nil; where that can't be stored now, it is refused all
// the same while this process runs, and its end is stored as soon as it can be.
func (s *Service) SignOut(ctx context.Context, c Caller, credential string) (_ Done, err error) {
	defer s.tell(ActSignOut, &c, &err)
	b, err := s.read(credential)
	if err != nil {
		return Done{}, err
	}
	var id db.ID
	s.attempt(&c, eventSignOut, "")
	err = s.Store.View(func(v db.View) error {
		session, a, err := s.find(v, b)
		if err == nil {
			id = session.ID
			c.about(a)
		}
		return err
	})
	if err != nil {
		return Done{}, err
	}
	// Acts are done one after the other, so what can be seen before is: whatever
	// changes meanwhile only ends the session too.
	err = s.update(ctx, func(tx db.Tx) error {
		err := tx.EndSession(id)
		if isNotFound(err) {
			return noSession("the session is gone")
		}
		if err != nil || c.entry == nil {
			return err
		}
		return s.record(tx, &c, c.entry.Account)
	})
	if err != nil && AsError(err).Kind == Busy {
		s.ended.add(id, c.entry)
	}
	return Done{}, err
}

// Introspection is what the services behind us may know of a token or key
// (RFC 7662 2.2).
type Introspection struct {
	Profile
	Audience, Issuer, ID string
	IssuedAt, Expires    int64 // seconds since 1970
}

// Introspect says what a token or key stands for, nil where it stands for
// nothing, whatever the reason.
func (s *Service) Introspect(_ context.Context, credential string) (*Introspection, error) {
	h, err := s.holder(credential)
	var e *Error
	if errors.As(err, &e) && e.Kind == NoSession {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Introspection{
		Profile: *h.profile, Audience: h.session.Audience, Issuer: s.PublicURL, ID: token.FormatID(h.session.ID),
		IssuedAt: h.session.Created.Time().Unix(), Expires: h.session.Expires.Time().Unix(),
	}, nil
}
