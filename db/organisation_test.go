package db_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
)

// company and the rest of what memberships name, by number.
func company(n int, name string) *db.Company {
	return &db.Company{UUID: someUUID(1000 + n), Name: name, Created: noon}
}

func division(n, company int, name string) *db.Division {
	return &db.Division{UUID: someUUID(2000 + n), Company: someUUID(1000 + company), Name: name, Created: noon}
}

func role(n int, name string) *db.Role {
	return &db.Role{UUID: someUUID(3000 + n), Name: name, Created: noon}
}

func member(account uint64, company, division, role int) *db.Membership {
	return &db.Membership{
		Account: account, Company: someUUID(1000 + company), Division: someUUID(2000 + division), Role: someUUID(3000 + role), Internal: true,
	}
}

// organisation is two companies with a division each, and two roles.
func organisation(tx db.Tx) error {
	return first(
		tx.AddCompany(company(1, "PT Company")), tx.AddCompany(company(2, "PT Other")),
		tx.AddDivision(division(1, 1, "Marcom")), tx.AddDivision(division(2, 2, "Marcom")),
		tx.AddRole(role(1, "Operator")), tx.AddRole(role(2, "Viewer")),
	)
}

func TestOrganisationRoundTrip(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	update(t, s, organisation)
	c, d, r := company(1, "PT Company"), division(2, 2, "Marcom"), role(1, "Operator")
	whole(t, c)
	whole(t, d)
	whole(t, r)
	view(t, s, func(v db.View) error {
		for name, got := range map[string]any{
			"company": one(v.Company(c.UUID)), "company by name": one(v.CompanyByName("  pt  COMPANY ")),
		} {
			if diff := cmp.Diff(any(c), got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for name, got := range map[string]any{
			"division": one(v.Division(d.UUID)), "division by name": one(v.DivisionByName(d.Company, "MARCOM")),
		} {
			if diff := cmp.Diff(any(d), got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for name, got := range map[string]any{"role": one(v.Role(r.UUID)), "role by name": one(v.RoleByName("operator"))} {
			if diff := cmp.Diff(any(r), got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		for name, err := range map[string]error{
			"company": second(v.Company(someUUID(1))), "company by name": second(v.CompanyByName("PT")),
			"division": second(v.Division(someUUID(1))), "division of none": second(v.DivisionByName(someUUID(1), "Marcom")),
			"role": second(v.Role(someUUID(1))), "role by name": second(v.RoleByName("")),
		} {
			if !errors.Is(err, db.ErrNotFound) {
				t.Errorf("a strange %s: %v", name, err)
			}
		}
		companies, divisions, roles := 0, 0, 0
		v.Companies(func(_ *db.Company, err error) bool { companies++; return err == nil })
		v.Divisions(func(_ *db.Division, err error) bool { divisions++; return err == nil })
		v.Roles(func(_ *db.Role, err error) bool { roles++; return err == nil && roles < 1 })
		if companies != 2 || divisions != 2 || roles != 1 {
			t.Errorf("%d companies, %d divisions, %d role of which one was wanted", companies, divisions, roles)
		}
		return nil
	})
}

func one[T any](record T, err error) any {
	if err != nil {
		return err
	}
	return record
}

func TestOrganisationIsUnique(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	update(t, s, organisation)
	tests := []struct {
		name  string
		add   func(db.Tx) error
		field string
	}{
		{"company, name", func(tx db.Tx) error { return tx.AddCompany(company(3, "pt company")) }, "name"},
		{"company, uuid", func(tx db.Tx) error { return tx.AddCompany(company(1, "New")) }, "uuid"},
		{"the company of those without", func(tx db.Tx) error { return tx.AddCompany(&db.Company{UUID: db.NoCompany, Name: "None"}) }, "uuid"},
		{"division, name", func(tx db.Tx) error { return tx.AddDivision(division(3, 1, "MARCOM")) }, "name"},
		{"division, uuid", func(tx db.Tx) error { return tx.AddDivision(division(1, 2, "New")) }, "uuid"},
		{"role, name", func(tx db.Tx) error { return tx.AddRole(role(3, "OPERATOR")) }, "name"},
		{"role, uuid", func(tx db.Tx) error { return tx.AddRole(role(1, "New")) }, "uuid"},
	}
	for _, test := range tests {
		if err := s.Update(t.Context(), test.add); taken(err) != test.field {
			t.Errorf("%s: %v, want %q taken", test.name, err, test.field)
		}
	}
	err := s.Update(t.Context(), func(tx db.Tx) error { return tx.AddDivision(division(3, 9, "New")) })
	if !errors.Is(err, db.ErrNotFound) {
		t.Errorf("a division of no company: %v", err)
	}
}

func TestMembership(t *testing.T) {
	t.Parallel()
	s := store(t, 2)
	update(t, s, organisation)
	want := member(1, 1, 1, 1)
	whole(t, want)
	update(t, s, func(tx db.Tx) error {
		return first(tx.PutMembership(member(1, 1, 1, 1)), tx.PutMembership(member(2, 1, 1, 2)))
	})
	members := func(what string, id uuid.UUID, want int) {
		t.Helper()
		view(t, s, func(v db.View) error {
			if got := v.Members(id); got != want {
				t.Errorf("%s has %d members, want %d", what, got, want)
			}
			return nil
		})
	}
	view(t, s, func(v db.View) error {
		got, err := v.Membership(1)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		return nil
	})
	members("the company", want.Company, 2)
	members("the division", want.Division, 2)
	members("the role", want.Role, 1)

	// A new one takes the place of the old.
	update(t, s, func(tx db.Tx) error { return tx.PutMembership(member(1, 2, 2, 1)) })
	members("the old company", want.Company, 1)
	members("the new company", someUUID(1002), 1)
	members("the same role", want.Role, 1)

	for name, m := range map[string]*db.Membership{
		"account": member(9, 1, 1, 1), "company": member(1, 9, 1, 1), "division": member(1, 1, 9, 1), "role": member(1, 1, 1, 9),
	} {
		if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.PutMembership(m) }); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("no such %s: %v", name, err)
		}
	}
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.PutMembership(member(1, 1, 2, 1)) }); err == nil {
		t.Error("a division of another company was accepted")
	}
	members("the new company, after all that", someUUID(1002), 1)

	update(t, s, func(tx db.Tx) error { return tx.DeleteMembership(1) })
	members("the role", want.Role, 0)
	if err := s.Update(t.Context(), func(tx db.Tx) error { return tx.DeleteMembership(1) }); !errors.Is(err, db.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}
