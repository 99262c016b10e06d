package auth

import (
	"errors"

	"kunci/db"
)

// setMembership gives, changes or takes away a membership. What is not named
// stays; a first membership names company, division and role.
func (o Operator) setMembership(tx db.Tx, a *db.Account, e *Edit) error {
	if e.NoMembership {
		if err := tx.DeleteMembership(a.ID); isNotFound(err) {
			return nil
		} else if err != nil {
			return err
		}
		return o.endMembership(tx, a)
	}
	if !e.membership() {
		return nil
	}
	m, err := tx.Membership(a.ID)
	first := isNotFound(err)
	if err != nil && !first {
		return err
	}
	if first {
		m = &db.Membership{Account: a.ID}
		if e.Company == nil || e.Division == nil || e.Role == nil {
			return fail(Invalid, "invalid", errors.New("a first membership has all three: name --company, --division and --role"))
		}
	}
	was := *m
	if err := o.fillMembership(tx.View, m, e); err != nil {
		return err
	}
	if err := tx.PutMembership(m); err != nil || first || *m == was {
		return err
	}
	return o.endMembership(tx, a)
}

// endMembership ends the sessions whose tokens name a membership that no
// longer holds. A service that verifies tokens by itself sees it only when
// they expire.
func (o Operator) endMembership(tx db.Tx, a *db.Account) error {
	a.Epoch++
	return tx.PutAccount(a)
}

func (o Operator) fillMembership(v db.View, m *db.Membership, e *Edit) error {
	if e.Company != nil {
		company, err := findCompany(v, *e.Company)
		if err != nil {
			return err
		}
		if company.UUID != m.Company && e.Division == nil {
			return fail(Invalid, "invalid", errors.New("another company has other divisions: name --division as well"))
		}
		m.Company = company.UUID
	}
	if e.Division != nil {
		division, err := findDivision(v, m.Company, *e.Division)
		if err != nil {
			return err
		}
		m.Division = division.UUID
	}
	if e.Role != nil {
		role, err := findRole(v, *e.Role)
		if err != nil {
			return err
		}
		m.Role = role.UUID
	}
	set(&m.Internal, e.Internal)
	return nil
}
