package db

import (
	"bytes"
	"errors"

	"github.com/google/uuid"
)

// ErrInUse says that something still belongs to a company, division or role.
var ErrInUse = errors.New("db: something still belongs to it")

// renamed stores a record that stands, whose index entry was another before.
func renamed[T any](t Tx, s, names Space, id uuid.UUID, was, is []byte, record *T) error {
	if !bytes.Equal(was, is) {
		if t.r.Get(names, is) != nil {
			return &TakenError{Field: "name"}
		}
		t.w.Delete(names, was)
		t.w.Put(names, is, bytes.Clone(id[:]))
	}
	return put(t.w, s, id[:], record)
}

// RenameCompany gives a company another name.
func (t Tx) RenameCompany(id uuid.UUID, name string) error {
	c, err := t.Company(id)
	if err != nil {
		return err
	}
	was := companyName(c)
	c.Name = name
	return renamed(t, spaceCompany, spaceCompanyName, id, was, companyName(c), c)
}

// RenameDivision gives a division another name.
func (t Tx) RenameDivision(id uuid.UUID, name string) error {
	d, err := t.Division(id)
	if err != nil {
		return err
	}
	was := divisionName(d)
	d.Name = name
	return renamed(t, spaceDivision, spaceDivisionName, id, was, divisionName(d), d)
}

// RenameRole gives a role another name.
func (t Tx) RenameRole(id uuid.UUID, name string) error {
	r, err := t.Role(id)
	if err != nil {
		return err
	}
	was := roleName(r)
	r.Name = name
	return renamed(t, spaceRole, spaceRoleName, id, was, roleName(r), r)
}

// DeleteCompany removes a company without members and divisions; ErrInUse
// where it has some.
func (t Tx) DeleteCompany(id uuid.UUID) error {
	c, err := t.Company(id)
	if err != nil {
		return err
	}
	if t.any(spaceMembershipLookup, id) || t.any(spaceDivisionName, id) {
		return ErrInUse
	}
	t.w.Delete(spaceCompanyName, companyName(c))
	t.w.Delete(spaceCompany, id[:])
	return nil
}

// DeleteDivision removes a division without members; ErrInUse where it has
// some.
func (t Tx) DeleteDivision(id uuid.UUID) error {
	d, err := t.Division(id)
	if err != nil {
		return err
	}
	if t.any(spaceMembershipLookup, id) {
		return ErrInUse
	}
	t.w.Delete(spaceDivisionName, divisionName(d))
	t.w.Delete(spaceDivision, id[:])
	return nil
}

// DeleteRole removes a role without members; ErrInUse where it has some.
func (t Tx) DeleteRole(id uuid.UUID) error {
	r, err := t.Role(id)
	if err != nil {
		return err
	}
	if t.any(spaceMembershipLookup, id) {
		return ErrInUse
	}
	t.w.Delete(spaceRoleName, roleName(r))
	t.w.Delete(spaceRole, id[:])
	return nil
}

// any says whether a space has a key that begins with an id.
func (v View) any(s Space, id uuid.UUID) (has bool) {
	v.r.Scan(s, id[:], after(id[:]), func(_, _ []byte) bool { has = true; return false })
	return has
}

// DivisionsOf counts the divisions of a company.
func (v View) DivisionsOf(company uuid.UUID) (n int) {
	v.r.Scan(spaceDivisionName, company[:], after(company[:]), func(_, _ []byte) bool { n++; return true })
	return n
}
