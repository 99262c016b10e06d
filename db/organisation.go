package db

import (
	"bytes"
	"errors"

	"github.com/google/uuid"
)

// NoCompany is the company that the pwa names for an account without one. No
// company may have this id (CONTRACT 2).
var NoCompany = uuid.MustParse("6b756e63-6900-4000-8000-000000000000")

// Company is whom memberships tie accounts to.
type Company struct {
	UUID    uuid.UUID `cbor:"1,keyasint"`
	Name    string    `cbor:"2,keyasint"`
	Created Time      `cbor:"3,keyasint"`
}

// Division is a part of one company.
type Division struct {
	UUID    uuid.UUID `cbor:"1,keyasint"`
	Company uuid.UUID `cbor:"2,keyasint"`
	Name    string    `cbor:"3,keyasint"`
	Created Time      `cbor:"4,keyasint"`
}

// Role is what a member may be called; roles are shared by all companies.
type Role struct {
	UUID    uuid.UUID `cbor:"1,keyasint"`
	Name    string    `cbor:"2,keyasint"`
	Created Time      `cbor:"3,keyasint"`
}

// Membership ties an account to a company (CONTRACT 1).
type Membership struct {
	Account  uint64    `cbor:"1,keyasint"`
	Company  uuid.UUID `cbor:"2,keyasint"`
	Division uuid.UUID `cbor:"3,keyasint"`
	Role     uuid.UUID `cbor:"4,keyasint"`
	Internal bool      `cbor:"5,keyasint,omitempty"`
}

// addNamed stores a company, division or role: each has a UUID, and a
// name that is unique in its space.
func addNamed[T any](t Tx, s, names Space, id uuid.UUID, name []byte, record *T) error {
	if t.r.Get(s, id[:]) != nil {
		return &TakenError{Field: "uuid"}
	}
	if t.r.Get(names, name) != nil {
		return &TakenError{Field: "name"}
	}
	t.w.Put(names, name, bytes.Clone(id[:]))
	return put(t.w, s, id[:], record)
}

// named follows a name to its record, which must hold it.
func named[T any](v View, s, names Space, name []byte, held func(*T) []byte) (*T, error) {
	id := v.r.Get(names, name)
	if id == nil {
		return nil, ErrNotFound
	}
	record, err := get[T](v.r, s, bytes.Clone(id))
	if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(held(record), name) {
		return nil, &DamagedError{Space: names, Why: "leads to none in " + string(s) + " that holds it"}
	}
	return record, err
}

// AddCompany stores a new company.
func (t Tx) AddCompany(c *Company) error {
	if c.UUID == NoCompany {
		return &TakenError{Field: "uuid"}
	}
	return addNamed(t, spaceCompany, spaceCompanyName, c.UUID, companyName(c), c)
}

// Company returns the company with this id.
func (v View) Company(id uuid.UUID) (*Company, error) { return get[Company](v.r, spaceCompany, id[:]) }

// CompanyByName returns the company of this name, whatever its case.
func (v View) CompanyByName(name string) (*Company, error) {
	return named(v, spaceCompany, spaceCompanyName, []byte(FoldName(name)), companyName)
}

// companyName, divisionName and roleName are the index entries of a name.
func companyName(c *Company) []byte   { return []byte(FoldName(c.Name)) }
func divisionName(d *Division) []byte { return append(uuidKey(d.Company), FoldName(d.Name)...) }
func roleName(r *Role) []byte         { return []byte(FoldName(r.Name)) }

// Companies calls fn for every company until it returns false.
func (v View) Companies(fn func(*Company, error) bool) {
	each(v.r, spaceCompany, nil, nil, func(_ []byte, c *Company, err error) bool { return fn(c, err) })
}

// AddDivision stores a new division of a company that stands.
func (t Tx) AddDivision(d *Division) error {
	if _, err := t.Company(d.Company); err != nil {
		return err
	}
	return addNamed(t, spaceDivision, spaceDivisionName, d.UUID, divisionName(d), d)
}

// Division returns the division with this id.
func (v View) Division(id uuid.UUID) (*Division, error) {
	return get[Division](v.r, spaceDivision, id[:])
}

// DivisionByName returns a company's division of this name, whatever its case.
func (v View) DivisionByName(company uuid.UUID, name string) (*Division, error) {
	key := divisionName(&Division{Company: company, Name: name})
	return named(v, spaceDivision, spaceDivisionName, key, divisionName)
}

// Divisions calls fn for every division until it returns false.
func (v View) Divisions(fn func(*Division, error) bool) {
	each(v.r, spaceDivision, nil, nil, func(_ []byte, d *Division, err error) bool { return fn(d, err) })
}

// AddRole stores a new role.
func (t Tx) AddRole(r *Role) error {
	return addNamed(t, spaceRole, spaceRoleName, r.UUID, roleName(r), r)
}

// Role returns the role with this id.
func (v View) Role(id uuid.UUID) (*Role, error) { return get[Role](v.r, spaceRole, id[:]) }

// RoleByName returns the role of this name, whatever its case.
func (v View) RoleByName(name string) (*Role, error) {
	return named(v, spaceRole, spaceRoleName, []byte(FoldName(name)), roleName)
}

// Roles calls fn for every role until it returns false.
func (v View) Roles(fn func(*Role, error) bool) {
	each(v.r, spaceRole, nil, nil, func(_ []byte, r *Role, err error) bool { return fn(r, err) })
}

// Membership returns what ties an account to its company.
func (v View) Membership(account uint64) (*Membership, error) {
	return get[Membership](v.r, spaceMembership, accountKey(account))
}

// lookups are the index entries of a membership: by company, division, role.
func (m *Membership) lookups() [3][]byte {
	own := accountKey(m.Account)
	return [3][]byte{
		append(uuidKey(m.Company), own...), append(uuidKey(m.Division), own...), append(uuidKey(m.Role), own...),
	}
}

// PutMembership gives an account its one membership; company, division and
// role must stand, and the division belong to the company.
func (t Tx) PutMembership(m *Membership) error {
	if _, err := t.Account(m.Account); err != nil {
		return err
	}
	if err := t.canName(m); err != nil {
		return err
	}
	if err := t.DeleteMembership(m.Account); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, key := range m.lookups() {
		t.w.Put(spaceMembershipLookup, key, nil)
	}
	return put(t.w, spaceMembership, accountKey(m.Account), m)
}

// DeleteMembership takes an account's membership away.
func (t Tx) DeleteMembership(account uint64) error {
	m, err := t.Membership(account)
	if err != nil {
		return err
	}
	for _, key := range m.lookups() {
		t.w.Delete(spaceMembershipLookup, key)
	}
	t.w.Delete(spaceMembership, accountKey(account))
	return nil
}

// Members counts the memberships that name a company, division or role.
func (v View) Members(id uuid.UUID) (n int) {
	v.r.Scan(spaceMembershipLookup, id[:], after(id[:]), func(_, _ []byte) bool { n++; return true })
	return n
}
