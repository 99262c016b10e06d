package auth

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/password"
)

// Operator is what whoever runs the server can do, beyond what callers can.
type Operator struct {
	*Service
	RequestID string // a UUID by which the log line of the act is found, "" for none
	Scheduled bool   // the server does it by itself
	Alone     bool   // no server runs: the process ends with the act, after FlushAudit
}

// User is an account as an operator sees it. The member names are those that
// import and export use.
type User struct {
	ID             uint64    `json:"id"`
	UUID           string    `json:"uuid"`
	CustomerID     string    `json:"customer_id"`
	Email          string    `json:"email"`
	Username       string    `json:"username"`
	Name           string    `json:"name"`
	Phone          string    `json:"phone"`
	CreditBalance  int64     `json:"credit_balance"`
	RoleID         int64     `json:"role_id"`
	IDLocation     string    `json:"id_location"`
	Longitude      string    `json:"longitude"`
	Latitude       string    `json:"latitude"`
	Avatar         string    `json:"avatar"`
	GCMID          string    `json:"gcm_id"`
	GoogleID       string    `json:"google_id"`
	FacebookID     string    `json:"facebook_id"`
	EmailVerified  bool      `json:"email_verified"`
	SelfRegistered bool      `json:"self_registered"`
	Disabled       bool      `json:"disabled"`
	WeakPassword   bool      `json:"weak_password"`
	PasswordFamily string    `json:"password_family"` // "" where there is no password
	Company        string    `json:"company"`
	Division       string    `json:"division"`
	Role           string    `json:"role"`
	Internal       bool      `json:"internal"`
	Created        time.Time `json:"created"`
	Updated        time.Time `json:"updated"`
}

func userOf(v db.View, a *db.Account) (*User, error) {
	p, err := profileOf(v, a)
	if err != nil {
		return nil, err
	}
	return &User{
		ID: a.ID, UUID: p.UUID, CustomerID: p.CustomerID, Email: a.Email, Username: a.Username, Name: a.Name,
		Phone: a.Phone, CreditBalance: a.CreditBalance, RoleID: a.RoleID, IDLocation: a.IDLocation,
		Longitude: a.Longitude, Latitude: a.Latitude, Avatar: a.Avatar, GCMID: a.GCMID,
		GoogleID: a.Google.Subject, FacebookID: a.Facebook.Subject,
		EmailVerified: a.EmailVerified, SelfRegistered: a.SelfRegistered, Disabled: a.Disabled,
		WeakPassword: a.WeakPassword, PasswordFamily: password.Family(a.PasswordHash),
		Company: p.Company.Name, Division: p.Division.Name, Role: p.Role.Name, Internal: p.Internal,
		Created: a.Created.Time(), Updated: a.Updated.Time(),
	}, nil
}

func noUser(who string) error {
	return fail(NotFound, "not_found", fmt.Errorf("no account is called %q: name one by e-mail, username, UUID or id (user list shows them)", who))
}

// findUser finds an account by e-mail, UUID, username or id. Anybody may take
// a username that looks like another account's id or UUID: where both stand,
// it refuses to choose.
func findUser(v db.View, who string) (*db.Account, error) {
	if strings.Contains(who, "@") {
		a, err := v.AccountByEmail(who)
		if isNotFound(err) {
			return nil, noUser(who)
		}
		return a, err
	}
	named, err := v.AccountByUsername(who)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	a, err := findByID(v, who)
	switch {
	case isNotFound(err) && named == nil:
		return nil, noUser(who)
	case isNotFound(err):
		return named, nil
	case err == nil && named != nil && named.ID != a.ID:
		return nil, fail(Invalid, "invalid", fmt.Errorf("%q is the id of one account and the username of another: name the account by e-mail", who))
	}
	return a, err
}

func findByID(v db.View, who string) (*db.Account, error) {
	if id, err := uuid.Parse(who); err == nil {
		return v.AccountByUUID(id)
	}
	if id, err := strconv.ParseUint(who, 10, 64); err == nil {
		return v.Account(id)
	}
	return nil, db.ErrNotFound
}

// User returns one account.
func (o Operator) User(who string) (u *User, err error) {
	err = o.Store.View(func(v db.View) error {
		a, err := findUser(v, who)
		if err != nil {
			return err
		}
		u, err = userOf(v, a)
		return err
	})
	return u, err
}

// UUID says which account is meant, even where the rest of it can't be shown.
func (o Operator) UUID(who string) (id string, err error) {
	err = o.Store.View(func(v db.View) error {
		a, err := findUser(v, who)
		if err == nil {
			id = a.UUID.String()
		}
		return err
	})
	return id, err
}

// Users calls fn for every account from an id on, in the order of ids, until it
// returns false. One that can't be read comes as an error.
func (o Operator) Users(from uint64, fn func(*User, error) bool) error {
	return o.Store.View(func(v db.View) error {
		v.Accounts(from, func(a *db.Account, err error) bool {
			if err != nil {
				return fn(nil, err)
			}
			return fn(userOf(v, a))
		})
		return nil
	})
}

// change does one act on one account, which the audit log calls event.
func (o Operator) change(ctx context.Context, who, event, note string, fn func(db.Tx, *db.Account) error) error {
	return o.update(ctx, func(tx db.Tx) error {
		a, err := findUser(tx.View, who)
		if err != nil {
			return err
		}
		if err := fn(tx, a); err != nil {
			return err
		}
		return o.recordFor(tx, event, a.UUID, note)
	})
}

// Disable ends an account's sessions and links and keeps it from signing in.
func (o Operator) Disable(ctx context.Context, who string) error {
	return o.change(ctx, who, eventUserDisable, "", o.disable)
}

func (o Operator) disable(tx db.Tx, a *db.Account) error {
	a.Disabled = true
	a.Epoch++
	a.Updated = o.now()
	if err := tx.DropLinks(a.ID); err != nil {
		return err
	}
	return tx.PutAccount(a)
}

// Enable lets a disabled account sign in again; its old sessions stay ended.
func (o Operator) Enable(ctx context.Context, who string) error {
	return o.change(ctx, who, eventUserEnable, "", func(tx db.Tx, a *db.Account) error {
		a.Disabled, a.Updated = false, o.now()
		return tx.PutAccount(a)
	})
}

// belongingsPerAct keeps one act of a deletion below the store's bound of keys.
const belongingsPerAct = 20

// Delete removes an account and all that belongs to it. It is disabled first,
// so that nothing new comes while the rest goes in small acts; cut off in the
// middle, it is disabled and can be deleted again.
func (o Operator) Delete(ctx context.Context, who string) error {
	var id uint64
	var named uuid.UUID
	err := o.change(ctx, who, eventUserDisable, "to be deleted", func(tx db.Tx, a *db.Account) error {
		id, named = a.ID, a.UUID
		return o.disable(tx, a)
	})
	for more := true; err == nil && more; {
		err = o.update(ctx, func(tx db.Tx) (err error) {
			if more, err = tx.DeleteBelongings(id, belongingsPerAct); err != nil || more {
				return err
			}
			if err := tx.DeleteAccount(id); err != nil {
				return err
			}
			return o.recordFor(tx, eventUserDelete, named, "")
		})
	}
	return err
}

// SetPassword gives an account another password; its sessions and links end,
// and a notice is mailed. No fields but the password are at fault.
func (o Operator) SetPassword(ctx context.Context, who, pw, lang string) error {
	err := o.Store.View(func(v db.View) error {
		a, err := findUser(v, who)
		if err != nil {
			return err
		}
		return o.passwordFor(v, a, pw)
	})
	if err != nil {
		return err
	}
	hash, err := o.Hasher.Hash(ctx, pw)
	if err != nil {
		return err
	}
	return o.setPasswordHash(ctx, who, hash, lang)
}

// Check names what must hold in the store and does not.
// It notes how far it has come.
func (o Operator) Check(p *db.Progress) ([]string, error) {
	faults, audit, err := o.Store.CheckApart(p)
	return append(faults, audit...), err
}

// RotateKey makes a new signing key. The former one verifies until the last
// token signed with it has expired.
func (o Operator) RotateKey(ctx context.Context) (id string, err error) {
	var until time.Time
	err = o.Store.View(func(v db.View) error { until = v.LastExpiry().Time(); return nil })
	if err != nil {
		return "", err
	}
	if now := o.Now(); until.Before(now) {
		until = now
	}
	// A sign-in under way may have signed with the old key and not yet stored
	// its session: it is covered by a session's longest life from now.
	if least := o.Now().Add(o.SessionLifetime); until.Before(least) {
		until = least
	}
	e := o.entry(eventKeyRotate)
	if err := o.begin(ctx, e); err != nil {
		return "", err
	}
	key, err := o.Ring.Rotate(o.Now(), until.Add(time.Second-1).Truncate(time.Second)) // listed in whole seconds
	e = o.came(e, err)
	e.Subject = key.ID
	o.note(ctx, e)
	return key.ID, err
}
