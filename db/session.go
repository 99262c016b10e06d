package db

import (
	"bytes"
	"errors"
)

// Session is one sign-in of one account through one dialect.
type Session struct {
	ID       ID     `cbor:"1,keyasint"`
	Account  uint64 `cbor:"2,keyasint"`
	Audience string `cbor:"3,keyasint"` // the dialect, `aud` in its token
	Created  Time   `cbor:"4,keyasint"`
	Expires  Time   `cbor:"5,keyasint"`
	Epoch    uint32 `cbor:"6,keyasint,omitempty"`
	KeyHash  []byte `cbor:"7,keyasint,omitempty"` // SHA-256 of the Shoop key that names it
	Addr     string `cbor:"8,keyasint,omitempty"` // the address it was made from
}

// MaxSessions stand for one account; the oldest makes room for one more.
const MaxSessions = 50

// Session returns the session with this id, whether or not it still stands.
func (v View) Session(id ID) (*Session, error) {
	return get[Session](v.r, spaceSession, id[:])
}

// SessionByKey returns the session that a Shoop key of this SHA-256 names.
func (v View) SessionByKey(hash []byte) (*Session, error) {
	raw := v.r.Get(spaceSessionKey, hash)
	if raw == nil {
		return nil, ErrNotFound
	}
	damaged := damagedRecord(spaceSessionKey, hash, "leads to no session that holds it")
	id, ok := tail(raw, 0)
	if !ok {
		return nil, damaged
	}
	s, err := v.Session(id)
	if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(s.KeyHash, hash) {
		return nil, damaged
	}
	return s, err
}

// Sessions returns an account's sessions, in no order, ended ones that were
// not yet swept among them. A damaged one stands for nobody and is passed over,
// or its owner could not sign in again: Check names it.
func (v View) Sessions(account uint64) (sessions []*Session, err error) {
	for _, key := range v.children(spaceSessionAccount, account, 10*MaxSessions) {
		id, ok := tail(key, 8)
		if !ok {
			return nil, &DamagedError{Space: spaceSessionAccount, Key: key, Why: "length"}
		}
		s, err := v.Session(id)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}

// LastExpiry is the hour's end by which every session has expired, 0 where
// there is no session.
func (v View) LastExpiry() Time {
	key, _ := v.r.Last(spaceSessionExpiry)
	if len(key) < 4 {
		return 0
	}
	hour := int64(key[0])<<24 | int64(key[1])<<16 | int64(key[2])<<8 | int64(key[3])
	return Time((hour + 1) * 3600_000)
}

// AddSession stores a new session of an account that stands. Where the
// account has MaxSessions, the oldest ends.
func (t Tx) AddSession(s *Session) error {
	a, err := t.Account(s.Account)
	if err != nil {
		return err
	}
	if err := t.makeRoom(a); err != nil {
		return err
	}
	s.Epoch = a.Epoch
	t.w.Put(spaceSessionAccount, accountChild(s.Account, s.ID[:]), nil)
	t.w.Put(spaceSessionExpiry, hourKey(s.Expires, s.ID), nil)
	if len(s.KeyHash) > 0 {
		t.w.Put(spaceSessionKey, s.KeyHash, s.ID[:])
	}
	return put(t.w, spaceSession, s.ID[:], s)
}

// makeRoom ends what an earlier epoch left behind, a few at a time, and the
// oldest session where MaxSessions stand.
func (t Tx) makeRoom(a *Account) error {
	sessions, err := t.Sessions(a.ID)
	if err != nil {
		return err
	}
	const sweep = 10
	var oldest *Session
	standing, swept := 0, 0
	for _, s := range sessions {
		if s.Epoch != a.Epoch {
			if swept++; swept <= sweep {
				t.dropSession(s)
			}
			continue
		}
		standing++
		if oldest == nil || s.Created < oldest.Created {
			oldest = s
		}
	}
	if standing >= MaxSessions {
		t.dropSession(oldest)
	}
	return nil
}

// EndSession removes a session; ErrNotFound where it is already gone.
func (t Tx) EndSession(id ID) error {
	s, err := t.Session(id)
	if err != nil {
		return err
	}
	t.dropSession(s)
	return nil
}

func (t Tx) endSessionOf(key []byte) error {
	id, ok := tail(key, 8)
	if !ok {
		return &DamagedError{Space: spaceSessionAccount, Key: key, Why: "length"}
	}
	if err := t.EndSession(id); !isMissing(err) {
		return err
	}
	t.dropUnread(spaceSession, id, spaceSessionAccount, spaceSessionExpiry, spaceSessionKey)
	return nil
}

func (t Tx) dropSession(s *Session) {
	t.w.Delete(spaceSessionAccount, accountChild(s.Account, s.ID[:]))
	t.w.Delete(spaceSessionExpiry, hourKey(s.Expires, s.ID))
	if len(s.KeyHash) > 0 {
		t.w.Delete(spaceSessionKey, s.KeyHash)
	}
	t.w.Delete(spaceSession, s.ID[:])
}

// SweepSessions removes up to max sessions that expired before now and says
// how many it removed.
func (t Tx) SweepSessions(now Time, max int) (int, error) {
	return t.sweep(spaceSessionExpiry, now, max, func(id ID) (Time, bool, error) {
		s, err := t.Session(id)
		if errors.Is(err, ErrNotFound) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		return s.Expires, true, nil
	}, t.EndSession)
}

// sweep walks an index of hours for things that have expired. An entry whose
// thing is gone, or stands elsewhere, is dropped alone; a damaged thing is
// passed over: Check names it.
func (t Tx) sweep(index Space, now Time, max int, expires func(ID) (Time, bool, error), drop func(ID) error) (swept int, err error) {
	var keys [][]byte
	var damaged *DamagedError
	t.r.Scan(index, nil, after(hourKey(now, ID{})[:4]), func(key, _ []byte) bool {
		if id, ok := tail(key, 4); ok {
			if _, _, err := expires(id); errors.As(err, &damaged) {
				return true // it would take the place of one that can go
			}
		}
		keys = append(keys, bytes.Clone(key))
		return len(keys) < max
	})
	for _, key := range keys {
		id, ok := tail(key, 4)
		if !ok {
			return swept, &DamagedError{Space: index, Key: key, Why: "length"}
		}
		at, found, err := expires(id)
		switch {
		case err != nil:
			return swept, err
		case !found || !bytes.Equal(key, hourKey(at, id)):
			t.w.Delete(index, key)
		case at > now:
			continue
		default:
			if err := drop(id); err != nil {
				return swept, err
			}
		}
		swept++
	}
	return swept, nil
}
