package db

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// Newcomer is a new account and what ties it to a company.
type Newcomer struct {
	*Account
	Membership *Membership // nil: none; whose it is, is for the store to say
}

// judgeMembers refuses the accounts that can stand nowhere, or whose membership
// names what does not stand.
func (c *chunk) judgeMembers(t Tx) {
	known := map[[3]uuid.UUID]error{} // what memberships name
	for i := range c.items {
		it := &c.items[i]
		it.refused = it.invalid
		if m := it.member; it.refused == nil && m != nil {
			names := [3]uuid.UUID{m.Company, m.Division, m.Role}
			err, seen := known[names]
			if !seen {
				err = t.canName(m)
				known[names] = err
			}
			it.refused = err
		}
	}
}

// canName says why a membership can't name what it does, whosever it is.
func (v View) canName(m *Membership) error {
	if _, err := v.Company(m.Company); err != nil {
		return err
	}
	if _, err := v.Role(m.Role); err != nil {
		return err
	}
	d, err := v.Division(m.Division)
	if err != nil {
		return err
	}
	if d.Company != m.Company {
		return errors.New("db: the division belongs to another company")
	}
	return nil
}

// join writes the memberships of those that stand.
func (c *chunk) join(t Tx) error {
	var lookups [][]byte
	for i := range c.items {
		it := &c.items[i]
		if it.refused != nil || it.member == nil {
			continue
		}
		m := *it.member
		m.Account = it.account.ID
		if err := put(t.w, spaceMembership, accountKey(m.Account), &m); err != nil {
			return err
		}
		for _, key := range m.lookups() {
			lookups = append(lookups, key)
		}
	}
	slices.SortFunc(lookups, bytes.Compare)
	for _, key := range lookups {
		t.w.Put(spaceMembershipLookup, key, nil)
	}
	return nil
}

// LoadNames stores new companies, divisions and roles, any number of them, in a
// commit of its own: all, or none where one can't stand.
func (s *Store) LoadNames(ctx context.Context, companies []*Company, divisions []*Division, roles []*Role) error {
	return s.engine.Load(ctx, func(w Writer) error {
		t := Tx{View{w}, w, s.info.Schema}
		return errors.Join(addAll(companies, t.AddCompany), addAll(divisions, t.AddDivision), addAll(roles, t.AddRole))
	})
}

func addAll[T any](records []*T, add func(*T) error) error {
	for _, r := range records {
		if err := add(r); err != nil {
			return err
		}
	}
	return nil
}
