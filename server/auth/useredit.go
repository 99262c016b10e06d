package auth

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/mail"
	"kunci/server/password"
	"kunci/server/token"
)

// Edit is what an operator gives an account; nil leaves a field as it is.
type Edit struct {
	Email, Username, Name, Phone  *string
	CreditBalance, RoleID         *int64
	IDLocation                    *string
	Longitude, Latitude           *string
	Avatar, GCMID                 *string
	GoogleID, FacebookID          *string // counted as proved
	GoogleClaimed                 bool    // the demo's: counted as claimed
	EmailVerified, SelfRegistered *bool

	Company, Division, Role *string // name or UUID
	Internal                *bool
	NoMembership            bool
}

func (e *Edit) membership() bool {
	return e.Company != nil || e.Division != nil || e.Role != nil || e.Internal != nil
}

func (e *Edit) empty() bool { return *e == (Edit{}) }

// given are the names of what is changed; values may name a person.
func (e *Edit) given() (names []string) {
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names = append(names, v.Type().Field(i).Name)
		}
	}
	return names
}

// check holds the values that are given to CONTRACT 2.
func (e *Edit) check() error {
	var c check
	if e.Email != nil {
		c.email("email", *e.Email)
	}
	if e.Username != nil && *e.Username != "" {
		c.username("username", *e.Username)
	}
	if e.Name != nil {
		c.required("name", *e.Name, maxName)
	}
	for _, t := range []struct {
		name  string
		value *string
		max   int
	}{
		{"phone", e.Phone, maxPhone}, {"id_location", e.IDLocation, maxLocation}, {"avatar", e.Avatar, maxAvatar},
		{"gcm_id", e.GCMID, maxGCM}, {"google_id", e.GoogleID, maxSocialID}, {"facebook_id", e.FacebookID, maxSocialID},
	} {
		if t.value != nil {
			c.text(t.name, *t.value, t.max)
		}
	}
	if e.Longitude != nil {
		c.degrees("longitude", *e.Longitude, 180)
	}
	if e.Latitude != nil {
		c.degrees("latitude", *e.Latitude, 90)
	}
	return c.err()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// end ends what must not outlive a change to an account: sessions, whose tokens
// say what was, and links, which went to the address that was.
func end(tx db.Tx, a *db.Account) error {
	a.Epoch++
	return tx.DropLinks(a.ID)
}

func (e *Edit) apply(tx db.Tx, a *db.Account) error {
	ends := false
	if e.Email != nil && *e.Email != a.Email && a.Email != "" {
		a.EmailVerified = false // nobody has proved the new one
		ends = true
	}
	if e.EmailVerified != nil && *e.EmailVerified && a.SelfRegistered && proveEmail(a) {
		tx.ForgetKnownRanges(a.ID) // of whoever signed up; the password is the operator's to judge
		ends = true
	}
	if e.SelfRegistered != nil && *e.SelfRegistered && !a.SelfRegistered && a.ID != 0 {
		ends = true // it may no longer be admitted where it is signed in
	}
	if ends {
		if err := end(tx, a); err != nil {
			return err
		}
	}
	set(&a.Email, e.Email)
	set(&a.Username, e.Username)
	set(&a.Name, e.Name)
	set(&a.Phone, e.Phone)
	set(&a.CreditBalance, e.CreditBalance)
	set(&a.RoleID, e.RoleID)
	set(&a.IDLocation, e.IDLocation)
	set(&a.Longitude, e.Longitude)
	set(&a.Latitude, e.Latitude)
	set(&a.Avatar, e.Avatar)
	set(&a.GCMID, e.GCMID)
	set(&a.EmailVerified, e.EmailVerified)
	set(&a.SelfRegistered, e.SelfRegistered)
	if e.GoogleID != nil {
		a.Google = db.SocialID{Subject: *e.GoogleID, Claimed: e.GoogleClaimed && *e.GoogleID != ""}
	}
	if e.FacebookID != nil {
		a.Facebook = db.SocialID{Subject: *e.FacebookID}
	}
	return nil
}

// NewUser is an account that an operator makes. An account with a membership
// has its password held to the dashboard's rule.
type NewUser struct {
	Edit
	Password string // "" makes an account that can't sign in by password
	ShortOK  bool   // 7 characters will do, and the account is marked weak
}

// AddUser makes an account.
func (o Operator) AddUser(ctx context.Context, in NewUser) (u *User, err error) {
	blank := ""
	for _, need := range []**string{&in.Email, &in.Name} {
		if *need == nil {
			*need = &blank // check says that it is required
		}
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	now, id := o.now(), uuid.New()
	a := &db.Account{UUID: id, CustomerID: id, RoleID: newAccountRole, Created: now, Updated: now}
	if in.Password != "" {
		if a.PasswordHash, err = o.newHash(ctx, &in); err != nil {
			return nil, err
		}
		a.WeakPassword = password.Standard.Shape(in.Password) != nil
	}
	err = o.update(ctx, func(tx db.Tx) error {
		made := *a
		made.Email, made.Name = *in.Email, *in.Name
		if err := in.apply(tx, &made); err != nil {
			return err
		}
		if err := tx.AddAccount(&made); err != nil {
			return err
		}
		if err := o.setMembership(tx, &made, &in.Edit); err != nil {
			return err
		}
		if u, err = userOf(tx.View, &made); err != nil {
			return err
		}
		return o.recordFor(tx, eventUserAdd, made.UUID, "")
	})
	return u, err
}

func (o Operator) newHash(ctx context.Context, in *NewUser) (string, error) {
	rule := password.Standard
	switch {
	case in.membership():
		rule = password.Dashboard
	case in.ShortOK:
		rule = password.Shoop
	}
	username := ""
	set(&username, in.Username)
	var c check
	c.newPassword("password", in.Password, rule, o.AllowCommon, *in.Email, username, *in.Name)
	if err := c.err(); err != nil {
		return "", err
	}
	return o.Hasher.Hash(ctx, in.Password)
}

// SetUser changes an account.
func (o Operator) SetUser(ctx context.Context, who string, e Edit) (u *User, err error) {
	if e.empty() {
		return nil, fail(Invalid, "invalid", errors.New("name at least one thing to change"))
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	err = o.change(ctx, who, eventUserSet, strings.Join(e.given(), ", "), func(tx db.Tx, a *db.Account) error {
		if err := e.apply(tx, a); err != nil {
			return err
		}
		a.Updated = o.now()
		if err := tx.PutAccount(a); err != nil {
			return err
		}
		if err := o.setMembership(tx, a, &e); err != nil {
			return err
		}
		u, err = userOf(tx.View, a)
		return err
	})
	return u, err
}

func (o Operator) setPasswordHash(ctx context.Context, who, hash, lang string) error {
	notice := db.ID(token.NewID())
	var names []digest
	err := o.change(ctx, who, eventUserPasswd, "", func(tx db.Tx, a *db.Account) (err error) {
		if err := o.setPassword(tx, a, hash, false); err != nil {
			return err
		}
		if names, err = o.forgetDelays(tx, a); err != nil { // the operator knows the owner
			return err
		}
		return o.mailNotice(tx, lang, a, notice, mail.PasswordChanged, "")
	})
	if err == nil {
		o.limits.clear(names...)
		o.MailQueued()
	}
	return err
}
