package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/token"
)

// Organised is a company, division or role as an operator sees it.
type Organised struct {
	UUID    string    `json:"uuid"`
	Name    string    `json:"name"`
	Company string    `json:"company,omitempty"` // a division's
	Members int       `json:"members"`
	Created time.Time `json:"created"`
}

func notFound(what, name, list string) error {
	return fail(NotFound, "not_found", fmt.Errorf("no %s is called %q (%s shows them)", what, name, list))
}

// find looks a thing up by UUID or by name.
func find[T any](what, ref, list string, byID func(uuid.UUID) (*T, error), byName func(string) (*T, error)) (*T, error) {
	var found *T
	id, err := uuid.Parse(ref)
	if err == nil {
		found, err = byID(id)
	} else {
		found, err = byName(ref)
	}
	if isNotFound(err) {
		return nil, notFound(what, ref, list)
	}
	return found, err
}

func findCompany(v db.View, ref string) (*db.Company, error) {
	return find("company", ref, "company list", v.Company, v.CompanyByName)
}

func findRole(v db.View, ref string) (*db.Role, error) {
	return find("role", ref, "role list", v.Role, v.RoleByName)
}

func findDivision(v db.View, company uuid.UUID, ref string) (*db.Division, error) {
	d, err := find("division of this company", ref, "division list", v.Division, func(name string) (*db.Division, error) {
		return v.DivisionByName(company, name)
	})
	if err == nil && d.Company != company {
		return nil, notFound("division of this company", ref, "division list")
	}
	return d, err
}

// newNamed checks the name and id of a new company, division or role; "" asks
// for a new id.
func newNamed(name, id string) (uuid.UUID, string, error) {
	name = strings.Join(strings.Fields(name), " ")
	var c check
	c.required("name", name, maxName)
	made := uuid.New()
	if id != "" {
		given, err := uuid.Parse(id)
		if err != nil || given == (uuid.UUID{}) {
			c.fault("uuid", "not_uuid", 0)
		}
		made = given
	}
	return made, name, c.err()
}

// AddCompany makes a company.
func (o Operator) AddCompany(ctx context.Context, name, id string) (*Organised, error) {
	made, name, err := newNamed(name, id)
	if err != nil {
		return nil, err
	}
	c := &db.Company{UUID: made, Name: name, Created: o.now()}
	err = o.update(ctx, func(tx db.Tx) error {
		if err := tx.AddCompany(c); err != nil {
			return err
		}
		return o.recordOn(tx, eventCompanyAdd, made.String())
	})
	return &Organised{UUID: made.String(), Name: name, Created: c.Created.Time()}, err
}

// AddDivision makes a division of a company, named by name or UUID.
func (o Operator) AddDivision(ctx context.Context, company, name, id string) (*Organised, error) {
	made, name, err := newNamed(name, id)
	if err != nil {
		return nil, err
	}
	d := &Organised{UUID: made.String(), Name: name, Created: o.now().Time()}
	err = o.update(ctx, func(tx db.Tx) error {
		c, err := findCompany(tx.View, company)
		if err != nil {
			return err
		}
		d.Company = c.Name
		if err := tx.AddDivision(&db.Division{UUID: made, Company: c.UUID, Name: name, Created: db.At(d.Created)}); err != nil {
			return err
		}
		return o.recordOn(tx, eventDivisionAdd, made.String())
	})
	return d, err
}

// AddRole makes a role.
func (o Operator) AddRole(ctx context.Context, name, id string) (*Organised, error) {
	made, name, err := newNamed(name, id)
	if err != nil {
		return nil, err
	}
	r := &db.Role{UUID: made, Name: name, Created: o.now()}
	err = o.update(ctx, func(tx db.Tx) error {
		if err := tx.AddRole(r); err != nil {
			return err
		}
		return o.recordOn(tx, eventRoleAdd, made.String())
	})
	return &Organised{UUID: made.String(), Name: name, Created: r.Created.Time()}, err
}

func byName(list []Organised) []Organised {
	slices.SortFunc(list, func(a, b Organised) int {
		return strings.Compare(a.Company+"\x00"+a.Name, b.Company+"\x00"+b.Name)
	})
	return list
}

// Companies lists the companies by name.
func (o Operator) Companies() (list []Organised, err error) {
	var failed error
	err = o.Store.View(func(v db.View) error {
		v.Companies(func(c *db.Company, err error) bool {
			if failed = err; err != nil {
				return false
			}
			list = append(list, Organised{UUID: c.UUID.String(), Name: c.Name, Members: v.Members(c.UUID), Created: c.Created.Time()})
			return true
		})
		return failed
	})
	return byName(list), err
}

// Divisions lists the divisions by company and name.
func (o Operator) Divisions() (list []Organised, err error) {
	var failed error
	err = o.Store.View(func(v db.View) error {
		v.Divisions(func(d *db.Division, err error) bool {
			var c *db.Company
			if err == nil {
				c, err = v.Company(d.Company)
			}
			if failed = err; err != nil {
				return false
			}
			list = append(list, Organised{UUID: d.UUID.String(), Name: d.Name, Company: c.Name, Members: v.Members(d.UUID), Created: d.Created.Time()})
			return true
		})
		return failed
	})
	return byName(list), err
}

// Roles lists the roles by name.
func (o Operator) Roles() (list []Organised, err error) {
	var failed error
	err = o.Store.View(func(v db.View) error {
		v.Roles(func(r *db.Role, err error) bool {
			if failed = err; err != nil {
				return false
			}
			list = append(list, Organised{UUID: r.UUID.String(), Name: r.Name, Members: v.Members(r.UUID), Created: r.Created.Time()})
			return true
		})
		return failed
	})
	return byName(list), err
}

// OpenSession is a session that stands, as an operator sees it.
type OpenSession struct {
	ID       string    `json:"id"`
	User     string    `json:"user"` // e-mail
	Audience string    `json:"audience"`
	Addr     string    `json:"address"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

// Sessions lists the sessions of one account that stand, newest first.
func (o Operator) Sessions(who string) (list []OpenSession, err error) {
	err = o.Store.View(func(v db.View) error {
		a, err := findUser(v, who)
		if err != nil {
			return err
		}
		sessions, err := v.Sessions(a.ID)
		if err != nil {
			return err
		}
		for _, s := range sessions {
			if s.Epoch == a.Epoch && s.Expires > o.now() && !a.Disabled {
				list = append(list, OpenSession{
					ID: token.FormatID(s.ID), User: a.Email, Audience: s.Audience, Addr: s.Addr,
					Created: s.Created.Time(), Expires: s.Expires.Time(),
				})
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b OpenSession) int { return b.Created.Compare(a.Created) })
	return list, err
}

// RevokeSession ends one session.
func (o Operator) RevokeSession(ctx context.Context, id string) error {
	parsed, ok := token.ParseID(id)
	if !ok {
		return fail(Invalid, "invalid", fmt.Errorf("%q is no session id: see session list USER", id))
	}
	return o.update(ctx, func(tx db.Tx) error {
		e := o.entry(eventSessionRevoke)
		e.Subject = token.FormatID(parsed)
		if session, err := tx.Session(parsed); err == nil {
			if a, err := tx.Account(session.Account); err == nil {
				e.Account = a.UUID
			}
		}
		if err := tx.EndSession(parsed); isNotFound(err) {
			return fail(NotFound, "not_found", fmt.Errorf("no session %s stands (session list USER shows them)", id))
		} else if err != nil {
			return err
		}
		return o.record(tx, e)
	})
}

// RevokeSessions ends every session of an account.
func (o Operator) RevokeSessions(ctx context.Context, who string) error {
	return o.change(ctx, who, eventSessionRevokeAll, "", func(tx db.Tx, a *db.Account) error {
		a.Epoch++
		return tx.PutAccount(a)
	})
}
