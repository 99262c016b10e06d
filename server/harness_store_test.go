package server_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/mail"
	"kunci/server/auth"
)

// engine is the real one, until a test tells it to fail.
type engine struct {
	*bolt.Engine
	full   atomic.Bool // takes no writes
	broken atomic.Bool // fails at everything, in a way that nobody foresaw
}

// faultDetail is what only the log may tell.
const faultDetail = "the fault that a test has made"

var errBroken = errors.New(faultDetail)

// View implements db.Engine.
func (e *engine) View(fn func(db.Reader) error) error {
	if e.broken.Load() {
		return errBroken
	}
	return e.Engine.View(fn)
}

// Update implements db.Engine.
func (e *engine) Update(ctx context.Context, fn func(db.Writer) error) error {
	switch {
	case e.broken.Load():
		return errBroken
	case e.full.Load():
		return fmt.Errorf("%w: a test says so", db.ErrUnavailable)
	}
	return e.Engine.Update(ctx, fn)
}

// dump is every account with its membership and sessions.
func (a *app) dump(t *testing.T) (all []string) {
	t.Helper()
	store, err := db.New(a.engine.Engine) // past what a test has made fail
	must(t, err)
	must(t, store.View(func(v db.View) error {
		v.Accounts(0, func(account *db.Account, err error) bool {
			must(t, err)
			sessions, err := v.Sessions(account.ID)
			must(t, err)
			all = append(all, fmt.Sprintf("%+v", *account))
			for _, s := range sessions {
				all = append(all, fmt.Sprintf("%+v", *s))
			}
			if m, err := v.Membership(account.ID); err == nil {
				all = append(all, fmt.Sprintf("%+v", *m))
			}
			return true
		})
		return nil
	}))
	return all
}

// user is an account for a test.
type user struct {
	email, username, password string
	self                      bool // registered itself
	member                    bool // of PT Company
	google, facebook          string
	unverified                bool
}

// add makes an account as an operator does. Its password must not be logged.
func (a *app) add(t *testing.T, u user) {
	t.Helper()
	verified, name := !u.unverified, "Somebody Else"
	in := auth.NewUser{Password: u.password}
	in.Email, in.Username, in.Name, in.SelfRegistered, in.EmailVerified = &u.email, &u.username, &name, &u.self, &verified
	in.GoogleID, in.FacebookID = &u.google, &u.facebook
	if u.member {
		company, division, role := a.company(t)
		in.Company, in.Division, in.Role = &company, &division, &role
	}
	if u.password != "" {
		a.log.secret(u.password)
	}
	_, err := a.op.AddUser(t.Context(), in)
	must(t, err)
}

func (a *app) company(t *testing.T) (company, division, role string) {
	t.Helper()
	company, division, role = "PT Company", "Marcom", "Operator"
	if known, err := a.op.Companies(); err != nil || len(known) > 0 {
		must(t, err)
		return company, division, role
	}
	_, err := a.op.AddCompany(t.Context(), company, "")
	must(t, err)
	_, err = a.op.AddDivision(t.Context(), company, division, "")
	must(t, err)
	_, err = a.op.AddRole(t.Context(), role, "")
	must(t, err)
	return company, division, role
}

// link is the token of the newest link of a purpose that was mailed to an
// account, "" where there is none.
func (a *app) link(t *testing.T, email string, purpose db.Purpose) (tok string) {
	t.Helper()
	must(t, a.Store.View(func(v db.View) error {
		account, err := v.AccountByEmail(email)
		if err != nil {
			return err
		}
		links, err := v.Links(account.ID)
		for _, l := range links {
			if l.Purpose == purpose {
				tok = a.Ring.Link(string(purpose), l.ID)
			}
		}
		return err
	}))
	if tok != "" {
		a.log.secret(tok)
	}
	return tok
}

// queued are the kinds of the mails that wait for an address.
func (a *app) queued(t *testing.T, email string) (kinds []mail.Kind) {
	t.Helper()
	must(t, a.Store.View(func(v db.View) error {
		for _, j := range v.DueMails(db.At(a.clock.Now()), 100) {
			if j.To == email {
				kinds = append(kinds, mail.Kind(j.Kind))
			}
		}
		return nil
	}))
	return kinds
}
