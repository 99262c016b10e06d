package auth_test

import (
	"strings"
	"testing"

	"kunci/server/auth"
)

// What memberships name gets another name at once, and goes only when nothing
// belongs to it.
func TestOrganiseEdit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	must[*auth.Organised](t)(h.op.AddCompany(ctx, "PT Zeta", ""))
	alfa := must[*auth.Organised](t)(h.op.AddCompany(ctx, "PT Alfa", ""))
	must[*auth.Organised](t)(h.op.AddDivision(ctx, "PT Zeta", "Toko", ""))
	must[*auth.Organised](t)(h.op.AddRole(ctx, "Staf", ""))
	h.add("siti@example.com", auth.Edit{Company: ptr("PT Zeta"), Division: ptr("Toko"), Role: ptr("Staf")})

	if is := must[*auth.Organised](t)(h.op.RenameCompany(ctx, "pt zeta", "  PT  Beta ")); is.Name != "PT Beta" || is.Members != 1 {
		t.Errorf("%+v", is)
	}
	must[*auth.Organised](t)(h.op.RenameDivision(ctx, "PT Beta", "toko", "Gudang"))
	must[*auth.Organised](t)(h.op.RenameRole(ctx, "staf", "Kepala"))
	if u := must[*auth.User](t)(h.op.User("siti@example.com")); u.Company != "PT Beta" || u.Division != "Gudang" || u.Role != "Kepala" {
		t.Errorf("%+v", u)
	}
	for name, test := range map[string]struct {
		do   func() (*auth.Organised, error)
		kind auth.Kind
		says string
	}{
		"a name that is taken": {func() (*auth.Organised, error) { return h.op.RenameCompany(ctx, alfa.UUID, "pt beta") }, auth.Taken, ""},
		"no name":              {func() (*auth.Organised, error) { return h.op.RenameRole(ctx, "Kepala", " ") }, auth.Invalid, ""},
		"nothing":              {func() (*auth.Organised, error) { return h.op.RenameRole(ctx, "Staf", "X") }, auth.NotFound, "role list"},
		"another's division":   {func() (*auth.Organised, error) { return h.op.DeleteDivision(ctx, "PT Alfa", "Gudang") }, auth.NotFound, "division list"},
		"a company in use":     {func() (*auth.Organised, error) { return h.op.DeleteCompany(ctx, "PT Beta") }, auth.Conflict, "company PT Beta has 1 member and 1 division: give its members another one (user set --company), or none (user set --no-membership), and delete its divisions"},
		"a division in use":    {func() (*auth.Organised, error) { return h.op.DeleteDivision(ctx, "PT Beta", "Gudang") }, auth.Conflict, "division Gudang has 1 member: give"},
		"a role in use":        {func() (*auth.Organised, error) { return h.op.DeleteRole(ctx, "Kepala") }, auth.Conflict, "user set --role"},
	} {
		if _, err := test.do(); err == nil || auth.AsError(err).Kind != test.kind || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want kind %d", name, err, test.kind)
		}
	}

	h.check(h.op.Delete(ctx, "siti@example.com"))
	_, err := h.op.DeleteCompany(ctx, "PT Beta")
	if wantKind(t, err, auth.Conflict); !strings.Contains(err.Error(), "has 1 division: delete its divisions first (division list shows them)") {
		t.Error(err)
	}
	must[*auth.Organised](t)(h.op.DeleteDivision(ctx, "PT Beta", "Gudang"))
	must[*auth.Organised](t)(h.op.DeleteCompany(ctx, "PT Beta"))
	if was := must[*auth.Organised](t)(h.op.DeleteRole(ctx, "Kepala")); was.Name != "Kepala" {
		t.Errorf("%+v", was)
	}
	if list := must[[]auth.Organised](t)(h.op.Companies()); len(list) != 1 || list[0].Name != "PT Alfa" {
		t.Errorf("%+v", list)
	}
}
