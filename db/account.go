package db

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"
)

// SocialID is an account's name at Google or Facebook. Claimed ids were taken
// on trust (CONTRACT 5, trust) and never count where claims are verified.
type SocialID struct {
	Subject string `cbor:"1,keyasint,omitempty"`
	Claimed bool   `cbor:"2,keyasint,omitempty"`
}

// Account is one person (CONTRACT 2).
type Account struct {
	ID           uint64    `cbor:"1,keyasint"`
	UUID         uuid.UUID `cbor:"2,keyasint"`
	CustomerID   uuid.UUID `cbor:"3,keyasint"`
	Email        string    `cbor:"4,keyasint"` // as first written
	Username     string    `cbor:"5,keyasint,omitempty"`
	Name         string    `cbor:"6,keyasint,omitempty"`
	Phone        string    `cbor:"7,keyasint,omitempty"`
	PasswordHash string    `cbor:"8,keyasint,omitempty"` // PHC or crypt string; "" where there is no password

	CreditBalance int64  `cbor:"9,keyasint,omitempty"`
	RoleID        int64  `cbor:"10,keyasint,omitempty"`
	IDLocation    string `cbor:"11,keyasint,omitempty"`
	Longitude     string `cbor:"12,keyasint,omitempty"`
	Latitude      string `cbor:"13,keyasint,omitempty"`
	Avatar        string `cbor:"14,keyasint,omitempty"`
	GCMID         string `cbor:"15,keyasint,omitempty"`

	Google   SocialID `cbor:"16,keyasint,omitzero"`
	Facebook SocialID `cbor:"17,keyasint,omitzero"`
	// FBToken is the SHA-256 of an fb_token taken on trust, until the first
	// login with it names the Facebook id.
	FBToken []byte `cbor:"18,keyasint,omitempty"`

	EmailVerified  bool `cbor:"19,keyasint,omitempty"`
	SelfRegistered bool `cbor:"20,keyasint,omitempty"` // by sign-up, not by an operator
	Disabled       bool `cbor:"21,keyasint,omitempty"`
	WeakPassword   bool `cbor:"22,keyasint,omitempty"`

	// Epoch ends sessions all at once: one made under an earlier epoch no
	// longer stands.
	Epoch   uint32 `cbor:"23,keyasint,omitempty"`
	Created Time   `cbor:"24,keyasint"`
	Updated Time   `cbor:"25,keyasint"`
}

// uniqueKey is one index entry that leads to an account.
type uniqueKey struct {
	field string
	space Space
	key   []byte
}

// uniqueKeys are the index entries an account holds; fields without a value
// have none.
func (a *Account) uniqueKeys() ([]uniqueKey, error) {
	keys := []uniqueKey{
		{"uuid", spaceAccountUUID, a.UUID[:]},
		{"email", spaceAccountEmail, []byte(FoldEmail(a.Email))},
	}
	if a.Username != "" {
		folded, ok := FoldUsername(a.Username)
		if !ok {
			return nil, errors.New("db: a username that can't be compared")
		}
		keys = append(keys, uniqueKey{"username", spaceAccountUsername, []byte(folded)})
	}
	if a.Google.Subject != "" {
		keys = append(keys, uniqueKey{"google_id", spaceAccountGoogle, socialKey(a.Google)})
	}
	if a.Facebook.Subject != "" {
		keys = append(keys, uniqueKey{"fb_uid", spaceAccountFacebook, socialKey(a.Facebook)})
	}
	if len(a.FBToken) > 0 {
		keys = append(keys, uniqueKey{"fb_token", spaceAccountFBToken, a.FBToken})
	}
	return keys, nil
}

// Account returns the account with this id.
func (v View) Account(id uint64) (*Account, error) {
	return get[Account](v.r, spaceAccount, accountKey(id))
}

// AccountByUUID returns the account that tokens name in `sub`.
func (v View) AccountByUUID(id uuid.UUID) (*Account, error) {
	return v.accountBy(spaceAccountUUID, id[:])
}

// AccountByEmail returns the account with this address, whatever its case.
func (v View) AccountByEmail(email string) (*Account, error) {
	return v.accountBy(spaceAccountEmail, []byte(FoldEmail(email)))
}

// AccountByUsername returns the account with this username, whatever its case.
func (v View) AccountByUsername(name string) (*Account, error) {
	folded, ok := FoldUsername(name)
	if !ok {
		return nil, ErrNotFound
	}
	return v.accountBy(spaceAccountUsername, []byte(folded))
}

// AccountByGoogle returns the account bound to this Google id.
func (v View) AccountByGoogle(id SocialID) (*Account, error) {
	return v.accountBy(spaceAccountGoogle, socialKey(id))
}

// AccountByFacebook returns the account bound to this Facebook id.
func (v View) AccountByFacebook(id SocialID) (*Account, error) {
	return v.accountBy(spaceAccountFacebook, socialKey(id))
}

// AccountByFBToken returns the account that registered with the fb_token of
// this SHA-256.
func (v View) AccountByFBToken(hash []byte) (*Account, error) {
	return v.accountBy(spaceAccountFBToken, hash)
}

func (v View) accountBy(s Space, key []byte) (*Account, error) {
	raw := v.r.Get(s, key)
	if raw == nil {
		return nil, ErrNotFound
	}
	damaged := &DamagedError{Space: s, Why: "leads to no account that holds it"}
	if len(raw) != 8 {
		return nil, damaged
	}
	a, err := v.Account(binary.BigEndian.Uint64(raw))
	if errors.Is(err, ErrNotFound) {
		return nil, damaged
	}
	if err != nil {
		return nil, err
	}
	keys, err := a.uniqueKeys()
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.space == s && bytes.Equal(k.key, key) {
			return a, nil
		}
	}
	return nil, damaged
}

// Accounts calls fn for every account from an id on, in the order of ids,
// until it returns false.
func (v View) Accounts(from uint64, fn func(*Account, error) bool) {
	each(v.r, spaceAccount, accountKey(from), nil, func(_ []byte, a *Account, err error) bool { return fn(a, err) })
}

// AddAccount stores a new account. ID 0 asks for the next one. A value that
// another account holds is a *TakenError.
func (t Tx) AddAccount(a *Account) error {
	id, err := t.claimAccountID(a.ID)
	if err != nil {
		return err
	}
	if t.r.Get(spaceAccount, accountKey(id)) != nil {
		return &TakenError{Field: "id"}
	}
	given := a.ID
	a.ID = id
	if err := t.writeAccount(a, nil, ""); err != nil {
		a.ID = given // the id goes to another
		return err
	}
	return nil
}

// PutAccount stores what changed in an account and moves its indexes along.
func (t Tx) PutAccount(a *Account) error {
	was, err := t.Account(a.ID)
	if err != nil {
		return err
	}
	old, err := was.uniqueKeys()
	if err != nil {
		return err
	}
	return t.writeAccount(a, old, was.PasswordHash)
}

func (t Tx) writeAccount(a *Account, old []uniqueKey, oldHash string) error {
	keys, err := a.uniqueKeys()
	if err != nil {
		return err
	}
	own := accountKey(a.ID)
	for _, k := range keys {
		if holder := t.r.Get(k.space, k.key); holder != nil && !bytes.Equal(holder, own) {
			return &TakenError{Field: k.field}
		}
	}
	t.dropKeys(own, old)
	for _, k := range keys {
		t.w.Put(k.space, k.key, own)
	}
	if err := t.countKinds(oldHash, a.PasswordHash); err != nil {
		return err
	}
	return put(t.w, spaceAccount, own, a)
}

func (t Tx) dropKeys(own []byte, keys []uniqueKey) {
	for _, k := range keys {
		if bytes.Equal(t.r.Get(k.space, k.key), own) {
			t.w.Delete(k.space, k.key)
		}
	}
}
