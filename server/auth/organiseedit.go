package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"kunci/db"
)

// standing is a company, division or role that was found, and what can be done
// to it.
type standing struct {
	Organised
	id     uuid.UUID
	rename func(db.Tx, uuid.UUID, string) error
	remove func(db.Tx, uuid.UUID) error

	renamed, removed string // what the audit log calls it
}

func standingCompany(v db.View, ref string) (*standing, error) {
	c, err := findCompany(v, ref)
	if err != nil {
		return nil, err
	}
	return &standing{
		Organised{UUID: c.UUID.String(), Name: c.Name, Members: v.Members(c.UUID), Created: c.Created.Time()},
		c.UUID, db.Tx.RenameCompany, db.Tx.DeleteCompany, eventCompanySet, eventCompanyDelete,
	}, nil
}

func standingDivision(v db.View, company, ref string) (*standing, error) {
	c, err := findCompany(v, company)
	if err != nil {
		return nil, err
	}
	d, err := findDivision(v, c.UUID, ref)
	if err != nil {
		return nil, err
	}
	return &standing{
		Organised{UUID: d.UUID.String(), Name: d.Name, Company: c.Name, Members: v.Members(d.UUID), Created: d.Created.Time()},
		d.UUID, db.Tx.RenameDivision, db.Tx.DeleteDivision, eventDivisionSet, eventDivisionDelete,
	}, nil
}

func standingRole(v db.View, ref string) (*standing, error) {
	r, err := findRole(v, ref)
	if err != nil {
		return nil, err
	}
	return &standing{
		Organised{UUID: r.UUID.String(), Name: r.Name, Members: v.Members(r.UUID), Created: r.Created.Time()},
		r.UUID, db.Tx.RenameRole, db.Tx.DeleteRole, eventRoleSet, eventRoleDelete,
	}, nil
}

// rename gives what find finds another name, and says what it is then. Tokens
// issued before carry the name of before.
func (o Operator) rename(ctx context.Context, name string, find func(db.View) (*standing, error)) (*Organised, error) {
	_, name, err := newNamed(name, "")
	if err != nil {
		return nil, err
	}
	var is Organised
	err = o.update(ctx, func(tx db.Tx) error {
		s, err := find(tx.View)
		if err != nil {
			return err
		}
		is = s.Organised
		is.Name = name
		if err := s.rename(tx, s.id, name); err != nil {
			return err
		}
		return o.recordOn(tx, s.renamed, s.UUID)
	})
	return &is, err
}

// remove deletes what find finds, which nothing may belong to, and says what
// it was.
func (o Operator) remove(ctx context.Context, kind string, find func(db.View) (*standing, error)) (*Organised, error) {
	var was Organised
	err := o.update(ctx, func(tx db.Tx) error {
		s, err := find(tx.View)
		if err != nil {
			return err
		}
		was = s.Organised
		if err := s.remove(tx, s.id); errors.Is(err, db.ErrInUse) {
			return fail(Conflict, "in_use", inUse(kind, &was, tx.DivisionsOf(s.id)))
		} else if err != nil {
			return err
		}
		return o.recordOn(tx, s.removed, s.UUID)
	})
	return &was, err
}

// inUse says what keeps a company, division or role from being deleted.
func inUse(kind string, is *Organised, divisions int) error {
	var has []string
	for _, x := range []struct {
		n    int
		what string
	}{{is.Members, "member"}, {divisions, "division"}} {
		switch {
		case x.n == 1:
			has = append(has, "1 "+x.what)
		case x.n > 1:
			has = append(has, fmt.Sprintf("%d %ss", x.n, x.what))
		}
	}
	way := "give its members another one (user set --" + kind + "), or none (user set --no-membership)"
	switch {
	case is.Members == 0:
		way = "delete its divisions first (division list shows them)"
	case divisions > 0:
		way += ", and delete its divisions"
	}
	return fmt.Errorf("%s %s has %s: %s", kind, is.Name, strings.Join(has, " and "), way)
}

// RenameCompany gives a company, named by name or UUID, another name.
func (o Operator) RenameCompany(ctx context.Context, ref, name string) (*Organised, error) {
	return o.rename(ctx, name, func(v db.View) (*standing, error) { return standingCompany(v, ref) })
}

// RenameDivision gives a division of a company another name.
func (o Operator) RenameDivision(ctx context.Context, company, ref, name string) (*Organised, error) {
	return o.rename(ctx, name, func(v db.View) (*standing, error) { return standingDivision(v, company, ref) })
}

// RenameRole gives a role another name.
func (o Operator) RenameRole(ctx context.Context, ref, name string) (*Organised, error) {
	return o.rename(ctx, name, func(v db.View) (*standing, error) { return standingRole(v, ref) })
}

// DeleteCompany removes a company that has neither members nor divisions.
func (o Operator) DeleteCompany(ctx context.Context, ref string) (*Organised, error) {
	return o.remove(ctx, "company", func(v db.View) (*standing, error) { return standingCompany(v, ref) })
}

// DeleteDivision removes a division that has no members.
func (o Operator) DeleteDivision(ctx context.Context, company, ref string) (*Organised, error) {
	return o.remove(ctx, "division", func(v db.View) (*standing, error) { return standingDivision(v, company, ref) })
}

// DeleteRole removes a role that nobody has.
func (o Operator) DeleteRole(ctx context.Context, ref string) (*Organised, error) {
	return o.remove(ctx, "role", func(v db.View) (*standing, error) { return standingRole(v, ref) })
}
