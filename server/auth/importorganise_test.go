package auth_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
	"kunci/server/auth"
)

// Each batch finds anew what it names: what was renamed since is another
// company, and what was deleted is made again.
func TestImportWhileOthersOrganise(t *testing.T) {
	t.Parallel()
	const (
		member = `,"company":"PT Maju","division":"Gudang","role":"Kepala"}` + "\n"
		batch  = 200 // of fast hashes
	)
	for name, test := range map[string]struct {
		between                       func(*house)
		companies, divisions, roles   int64
		company, division, role, last string
	}{
		"nothing": {func(*house) {}, 1, 1, 1, "PT Maju", "Gudang", "Kepala", "PT Maju"},
		"company": {func(h *house) {
			must[*auth.Organised](h.t)(h.op.RenameCompany(h.t.Context(), "PT Maju", "PT Lama"))
		}, 2, 2, 1, "PT Lama", "Gudang", "Kepala", "PT Maju"},
		"division": {func(h *house) {
			must[*auth.Organised](h.t)(h.op.RenameDivision(h.t.Context(), "PT Maju", "Gudang", "Toko"))
		}, 1, 2, 1, "PT Maju", "Toko", "Kepala", "PT Maju"},
		"role": {func(h *house) {
			must[*auth.Organised](h.t)(h.op.RenameRole(h.t.Context(), "Kepala", "Staf"))
		}, 1, 1, 2, "PT Maju", "Gudang", "Staf", "PT Maju"},
		"all are deleted": {func(h *house) {
			ctx := h.t.Context()
			must[*auth.User](h.t)(h.op.SetUser(ctx, "u0@example.com", auth.Edit{NoMembership: true}))
			must[*auth.Organised](h.t)(h.op.DeleteDivision(ctx, "PT Maju", "Gudang"))
			must[*auth.Organised](h.t)(h.op.DeleteCompany(ctx, "PT Maju"))
			must[*auth.Organised](h.t)(h.op.DeleteRole(ctx, "Kepala"))
		}, 2, 2, 2, "", "", "", "PT Maju"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			var text strings.Builder
			text.WriteString(`{"email":"u0@example.com"` + member)
			for i := range batch {
				_, _ = fmt.Fprintf(&text, `{"email":"u%d@example.com","password_hash":"7416928a0d9c1d93926f389fc1d26b06"}`+"\n", i+1)
			}
			text.WriteString(`{"email":"last@example.com"` + member)
			batches := 0
			report, err := h.op.Import(t.Context(), strings.NewReader(text.String()), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error {
				if batches++; batches == 1 {
					test.between(h)
				}
				return nil
			})
			if err != nil || report.Imported != batch+2 || batches != 2 ||
				report.Companies != test.companies || report.Divisions != test.divisions || report.Roles != test.roles {
				t.Fatalf("%+v in %d batches, %v", report, batches, err)
			}
			if u := must[*auth.User](t)(h.op.User("u0@example.com")); u.Company != test.company || u.Division != test.division || u.Role != test.role {
				t.Errorf("the first is %s of %s, %s", u.Role, u.Company, u.Division)
			}
			if u := must[*auth.User](t)(h.op.User("last@example.com")); u.Company != test.last || u.Division != "Gudang" || u.Role != "Kepala" {
				t.Errorf("the last is %s of %s, %s", u.Role, u.Company, u.Division)
			}
		})
	}
}

// late is an engine of which somebody makes use just before the first load.
type late struct {
	db.Engine
	once   *sync.Once
	before func()
}

func (l *late) Load(ctx context.Context, fn func(db.Writer) error) error {
	l.once.Do(l.before)
	return l.Engine.Load(ctx, fn)
}

// What is made or deleted while a batch is on its way neither breaks the import
// off nor leaves a row behind.
func TestImportBesideOrganise(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*house){
		"deleted": func(h *house) { must[*auth.Organised](h.t)(h.op.DeleteRole(h.t.Context(), "Kepala")) },
		"made":    func(h *house) { must[*auth.Organised](h.t)(h.op.AddCompany(h.t.Context(), "PT Baru", "")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine, _ := dbtest.Engine(t)
			l := &late{Engine: engine, once: new(sync.Once)}
			store, err := db.New(l)
			if err != nil {
				t.Fatal(err)
			}
			h := houseOver(t, store)
			h.company()
			l.before = func() { before(h) }
			report, said := h.bring(auth.Import{}, `{"email":"a@example.com","company":"PT Maju","division":"Gudang","role":"Kepala"}
{"email":"b@example.com","company":"PT Baru","division":"Gudang","role":"Kepala"}
{"email":"c@example.com"}`)
			if report.Imported != 3 || report.Refused != 0 || said != nil {
				t.Fatalf("%+v, %q", report, said)
			}
			for email, company := range map[string]string{"a@example.com": "PT Maju", "b@example.com": "PT Baru"} {
				if u := must[*auth.User](t)(h.op.User(email)); u.Company != company || u.Division != "Gudang" || u.Role != "Kepala" {
					t.Errorf("%s is %s of %s, %s", email, u.Role, u.Company, u.Division)
				}
			}
		})
	}
}
