package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
)

// A membership stands with its account or not at all.
func TestLoadMembers(t *testing.T) {
	t.Parallel()
	s := dbtest.Open(t)
	company, division := &db.Company{UUID: uuid.New(), Name: "PT Maju"}, &db.Division{UUID: uuid.New(), Name: "Gudang"}
	other, role := &db.Company{UUID: uuid.New(), Name: "PT Lain"}, &db.Role{UUID: uuid.New(), Name: "Kepala"}
	division.Company = company.UUID
	load := func(c []*db.Company) error {
		return s.LoadNames(t.Context(), c, []*db.Division{division}, []*db.Role{role})
	}
	if err := load([]*db.Company{other}); err == nil {
		t.Error("a division without its company stands")
	}
	if err := first(load([]*db.Company{other, company})); err != nil {
		t.Fatal(err)
	}
	if err := s.LoadNames(t.Context(), []*db.Company{{UUID: uuid.New(), Name: "Baru"}, {UUID: uuid.New(), Name: "pt maju"}}, nil, nil); taken(err) != "name" {
		t.Errorf("a name that is taken: %v", err)
	}
	member := func(company uuid.UUID) *db.Membership {
		return &db.Membership{Company: company, Division: division.UUID, Role: role.UUID, Internal: true}
	}
	all := people(1, 5)
	all[3].Email = all[0].Email
	newcomers := []db.Newcomer{
		{Account: all[0], Membership: member(company.UUID)}, {Account: all[1]}, {Account: all[2], Membership: member(other.UUID)},
		{Account: all[3], Membership: member(company.UUID)}, {Account: all[4], Membership: member(uuid.New())},
	}
	refused, err := s.LoadMembers(t.Context(), newcomers, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-", "-", "db: the division belongs to another company", "email", "db: not found"}, outcomes(refused)); diff != "" {
		t.Error(diff)
	}
	view(t, s, func(v db.View) error {
		m, err := v.Membership(all[0].ID)
		if err != nil || m.Company != company.UUID || !m.Internal || newcomers[0].Membership.Account != all[0].ID {
			t.Errorf("%+v, %v", m, err)
		}
		if v.Members(company.UUID) != 1 || v.Members(role.UUID) != 1 || v.Members(other.UUID) != 0 {
			t.Error("members are not counted right")
		}
		if _, err := v.CompanyByName("Baru"); err == nil {
			t.Error("half of what can't stand whole stands")
		}
		if last, err := v.LastAccountID(); last != all[1].ID || err != nil {
			t.Errorf("the last id is %d, %v", last, err)
		}
		return nil
	})
}
