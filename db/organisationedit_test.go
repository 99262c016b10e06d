package db_test

import (
	"errors"
	"testing"

	"kunci/db"
)

// Companies, divisions and roles get other names, and go when nothing belongs
// to them; indexes and memberships go along, which the check at the end sees.
func TestOrganisationEdit(t *testing.T) {
	t.Parallel()
	s := store(t, 1)
	update(t, s, organisation)
	update(t, s, func(tx db.Tx) error { return tx.PutMembership(member(1, 1, 1, 1)) })
	co, other, div, ro := someUUID(1001), someUUID(1002), someUUID(2001), someUUID(3001)
	var was string
	view(t, s, func(v db.View) error {
		c, err := v.Company(other)
		if err == nil {
			was = c.Name
		}
		return err
	})
	for name, act := range map[string]func(db.Tx) error{
		"company":  func(tx db.Tx) error { return tx.RenameCompany(co, was) },
		"deleting": func(tx db.Tx) error { return first(tx.DeleteCompany(co)) },
		"division": func(tx db.Tx) error { return tx.DeleteDivision(div) },
		"role":     func(tx db.Tx) error { return tx.DeleteRole(ro) },
		"none":     func(tx db.Tx) error { return tx.DeleteRole(co) },
		"no name":  func(tx db.Tx) error { return tx.RenameDivision(ro, "x") },
	} {
		err := s.Update(t.Context(), act)
		var taken *db.TakenError
		if !errors.Is(err, db.ErrInUse) && !errors.Is(err, db.ErrNotFound) && (!errors.As(err, &taken) || taken.Field != "name") {
			t.Errorf("%s: %v", name, err)
		}
	}

	update(t, s, func(tx db.Tx) error {
		return first(tx.RenameCompany(co, "Neu"), tx.RenameCompany(co, "NEU"), tx.RenameDivision(div, "Abteilung"), tx.RenameRole(ro, "Chef"))
	})
	view(t, s, func(v db.View) error {
		c, err := v.CompanyByName("neu")
		if err != nil || c.Name != "NEU" || c.UUID != co || c.Created != noon {
			t.Errorf("company %+v, %v", c, err)
		}
		if d, err := v.DivisionByName(co, "abteilung"); err != nil || d.UUID != div {
			t.Errorf("division %+v, %v", d, err)
		}
		if r, err := v.RoleByName("chef"); err != nil || r.UUID != ro || v.Members(ro) != 1 {
			t.Errorf("role %+v, %v", r, err)
		}
		return nil
	})

	update(t, s, func(tx db.Tx) error { return tx.DeleteMembership(1) })
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.DeleteCompany(co) }); !errors.Is(err, db.ErrInUse) {
		t.Errorf("a company with a division: %v", err)
	}
	update(t, s, func(tx db.Tx) error { return first(tx.DeleteDivision(div), tx.DeleteCompany(co), tx.DeleteRole(ro)) })
	view(t, s, func(v db.View) error {
		if _, err := v.CompanyByName("neu"); !errors.Is(err, db.ErrNotFound) || v.DivisionsOf(co) != 0 || v.DivisionsOf(other) != 1 {
			t.Errorf("company %v, divisions %d and %d", err, v.DivisionsOf(co), v.DivisionsOf(other))
		}
		return nil
	})
}
