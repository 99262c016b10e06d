package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"kunci/db"
)

// book knows the companies, divisions and roles that rows of one view of the
// store have named: those that stand, and those that are to be made. The next
// view finds anew what stands, since an operator may have renamed or deleted it.
type book struct {
	ids   map[string]uuid.UUID // by kind, company and name
	names map[string]string    // what ids has, by kind and UUID

	companies []*db.Company
	divisions []*db.Division
	roles     []*db.Role

	made []entry // what a dry run would have made so far, which no view shows
}

// open forgets what another view showed, and what was to be made of it.
func (b *book) open() {
	b.ids, b.names = map[string]uuid.UUID{}, map[string]string{}
	b.companies, b.divisions, b.roles = nil, nil, nil
	for _, e := range b.made {
		b.keep(e)
	}
}

// shelf is where things of one kind stand in the store.
type shelf struct {
	kind    string
	company uuid.UUID // a division's
	byID    func(uuid.UUID) (company uuid.UUID, name string, err error)
	byName  func(string) (uuid.UUID, error)
}

func (s shelf) key(company uuid.UUID, name string) string {
	return s.kind + "\x00" + string(company[:]) + db.FoldName(name)
}

func companies(v db.View) shelf {
	return shelf{
		kind: "company",
		byID: func(id uuid.UUID) (none uuid.UUID, name string, err error) {
			c, err := v.Company(id)
			if err != nil {
				return none, "", err
			}
			return none, c.Name, nil
		},
		byName: func(name string) (id uuid.UUID, err error) {
			c, err := v.CompanyByName(name)
			if err != nil {
				return id, err
			}
			return c.UUID, nil
		},
	}
}

func divisions(v db.View, company uuid.UUID) shelf {
	return shelf{
		kind: "division", company: company,
		byID: func(id uuid.UUID) (of uuid.UUID, name string, err error) {
			d, err := v.Division(id)
			if err != nil {
				return of, "", err
			}
			return d.Company, d.Name, nil
		},
		byName: func(name string) (id uuid.UUID, err error) {
			d, err := v.DivisionByName(company, name)
			if err != nil {
				return id, err
			}
			return d.UUID, nil
		},
	}
}

func roles(v db.View) shelf {
	return shelf{
		kind: "role",
		byID: func(id uuid.UUID) (none uuid.UUID, name string, err error) {
			r, err := v.Role(id)
			if err != nil {
				return none, "", err
			}
			return none, r.Name, nil
		},
		byName: func(name string) (id uuid.UUID, err error) {
			r, err := v.RoleByName(name)
			if err != nil {
				return id, err
			}
			return r.UUID, nil
		},
	}
}

// place gives a row its membership, if it names one, or faults. What is missing
// is made with the batch.
func (b *book) place(v db.View, r *importRow, now db.Time, dry bool) error {
	r.member = nil
	if !r.company.given() {
		return nil
	}
	var m db.Membership
	company, err := b.find(r, companies(v), r.company)
	if err != nil {
		return err
	}
	m.Company, m.Internal = company.id, r.internal
	division, err := b.find(r, divisions(v, m.Company), r.division)
	if err != nil {
		return err
	}
	role, err := b.find(r, roles(v), r.role)
	if err != nil || r.faults != nil {
		return err
	}
	m.Division, m.Role = division.id, role.id
	for _, e := range []entry{company, division, role} {
		b.keep(e)
		if e.fresh && dry {
			b.made = append(b.made, e)
		}
	}
	if company.fresh {
		b.companies = append(b.companies, &db.Company{UUID: m.Company, Name: r.company.name, Created: now})
	}
	if division.fresh {
		b.divisions = append(b.divisions, &db.Division{UUID: m.Division, Company: m.Company, Name: r.division.name, Created: now})
	}
	if role.fresh {
		b.roles = append(b.roles, &db.Role{UUID: m.Role, Name: r.role.name, Created: now})
	}
	r.member = &m
	return nil
}

// entry is one thing of the book.
type entry struct {
	kind, key string
	id        uuid.UUID
	fresh     bool // it does not stand
}

func (b *book) keep(e entry) {
	b.ids[e.key] = e.id
	b.names[e.kind+string(e.id[:])] = e.key
}

// find finds what a row names, or what is to be made of it; what contradicts
// is a fault of the row.
func (b *book) find(r *importRow, s shelf, ref nameRef) (e entry, err error) {
	e = entry{kind: s.kind, key: s.key(s.company, ref.name)}
	if ref.id == (uuid.UUID{}) {
		if e.id, e.fresh, err = b.named(s, e.key, ref.name); e.fresh {
			e.id = uuid.New()
		}
		return e, err
	}
	e.id = ref.id
	key, known := b.names[s.kind+string(ref.id[:])]
	if !known {
		company, name, err := s.byID(ref.id)
		if known = err == nil; known {
			key = s.key(company, name)
		} else if !isNotFound(err) {
			return e, err
		}
	}
	switch {
	case known && ref.name == "" && s.key(s.company, "") == key[:min(len(key), len(e.key))]:
		e.key = key
	case known && key != e.key:
		r.fault(s.kind+"_uuid", "other_name", 0)
	case known:
	case ref.name == "":
		r.fault(s.kind+"_uuid", "no_name", 0)
	default:
		_, free, err := b.named(s, e.key, ref.name)
		if err != nil {
			return e, err
		}
		if e.fresh = free; !free {
			r.fault(s.kind, "other_uuid", 0)
		}
	}
	return e, nil
}

// named finds a thing by its name; free says that there is none.
func (b *book) named(s shelf, key, name string) (id uuid.UUID, free bool, err error) {
	if id, known := b.ids[key]; known {
		return id, false, nil
	}
	id, err = s.byName(name)
	if isNotFound(err) {
		return id, true, nil
	}
	return id, false, err
}

// write makes what the batch names and does not stand.
func (b *book) write(ctx context.Context, store *db.Store) error {
	if len(b.companies)+len(b.divisions)+len(b.roles) == 0 {
		return nil
	}
	if err := store.LoadNames(ctx, b.companies, b.divisions, b.roles); err != nil {
		return fmt.Errorf("the companies, divisions and roles of a batch can't be made: %w", err)
	}
	return nil
}

// settled counts what was made with a batch, or would have been.
func (b *book) settled(p *ImportReport) {
	p.Companies += int64(len(b.companies))
	p.Divisions += int64(len(b.divisions))
	p.Roles += int64(len(b.roles))
}
