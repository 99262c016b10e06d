package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/password"
)

// importRow is one row on its way to an account.
type importRow struct {
	line    int64
	texts   []string // of its columns as they are written, by place in the table; nil for one with faults
	account db.Account
	ownUUID bool // its UUID is given
	faults  []RowFault

	company, division, role nameRef
	internal                bool
	member                  *db.Membership // of company, division and role, once they are found

	family string // of the hash, as it will be stored
	wrap   bool   // the hash is fast: it is not yet as it will be stored
}

// nameRef is a company, division or role as a row gives it.
type nameRef struct {
	name string
	id   uuid.UUID
}

func (n nameRef) given() bool { return n.name != "" || n.id != uuid.UUID{} }

func (r *importRow) fault(field, reason string, n int64) {
	r.faults = append(r.faults, RowFault{Line: r.line, Field: field, Reason: reason, N: n})
}

// set reads a value. An empty one is as none.
func (r *importRow) set(column int, v value) {
	if v.text == "" {
		return
	}
	if reason := importColumns[column].read(r, v); reason != "" {
		r.fault(importColumns[column].name, reason, 0)
		return
	}
	if r.texts == nil {
		r.texts = make([]string, len(importColumns))
	}
	r.texts[column] = v.text
}

func (r *importRow) given(column string) bool {
	return r.texts != nil && r.texts[columnNamed(column)] != ""
}

// rowMaker makes accounts of rows.
type rowMaker struct {
	instance uuid.UUID
	now      db.Time
	// probe wraps at no cost worth naming, to see what a hash is.
	probe *password.Hasher
}

func newRowMaker(instance uuid.UUID, now db.Time) *rowMaker {
	return &rowMaker{instance, now, password.New(password.Params{Memory: 8, Time: 1, Threads: 1}, runtime.NumCPU())}
}

// finish checks a row whose values were read, and fills in what it does not give.
func (m *rowMaker) finish(ctx context.Context, r *importRow) {
	if !r.faulty("") { // else what was read of it says nothing
		m.hash(ctx, r)
		r.check()
	}
	if r.faults != nil {
		*r = importRow{line: r.line, faults: r.faults} // what it held is of no use
		return
	}
	a := &r.account
	if !r.ownUUID {
		a.UUID = m.derive(r)
	}
	if !r.given("customer_id") {
		a.CustomerID = a.UUID
	}
	if !r.given("role_id") {
		a.RoleID = newAccountRole
	}
	if a.Created == 0 {
		a.Created = m.now
	}
	if a.Updated == 0 {
		a.Updated = a.Created
	}
	a.Google.Claimed = a.Google.Claimed && a.Google.Subject != ""
	a.Facebook.Claimed = a.Facebook.Claimed && a.Facebook.Subject != ""
}

// derive makes the UUID of a row that gives none (RFC 9562 5.8). The hash is
// left out: who stole the file could try passwords on a UUID as fast as on the
// bare hash.
func (m *rowMaker) derive(r *importRow) (id uuid.UUID) {
	h := sha256.New()
	h.Write([]byte("kunci import"))
	h.Write(m.instance[:])
	for i, text := range r.texts {
		if text != "" && importColumns[i].name != hashColumn {
			h.Write([]byte(importColumns[i].name))
			h.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text))))
			h.Write([]byte(text))
		}
	}
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// hash sees what the password's hash is, and puts one that need not be wrapped
// in the spelling in which it is stored.
func (m *rowMaker) hash(ctx context.Context, r *importRow) {
	a := &r.account
	if a.PasswordHash == "" {
		r.family = "none"
		return
	}
	stored, err := m.probe.Import(ctx, a.PasswordHash)
	switch {
	case errors.Is(err, password.ErrStored):
		why := strings.TrimPrefix(err.Error(), password.ErrStored.Error()+": ")
		r.faults = append(r.faults, RowFault{Line: r.line, Field: hashColumn, Reason: "hash_refused", Detail: why})
	case err != nil: // only the end of ctx, which ends all of it
		r.fault(hashColumn, "hash_refused", 0)
	default:
		r.family = password.Family(stored)
		if r.wrap = password.Check(a.PasswordHash) != nil; !r.wrap {
			a.PasswordHash = stored
		}
	}
}

// check holds a row to what any account is held to (CONTRACT 2).
func (r *importRow) check() {
	a := &r.account
	e := Edit{
		Email: &a.Email, Username: &a.Username, Phone: &a.Phone, IDLocation: &a.IDLocation,
		Longitude: &a.Longitude, Latitude: &a.Latitude, Avatar: &a.Avatar, GCMID: &a.GCMID,
		GoogleID: &a.Google.Subject, FacebookID: &a.Facebook.Subject,
	}
	if a.Name != "" {
		e.Name = &a.Name
	}
	var names check
	member := r.company.given() || r.division.given() || r.role.given()
	for _, n := range []struct {
		field string
		ref   *nameRef
	}{{"company", &r.company}, {"division", &r.division}, {"role", &r.role}} {
		n.ref.name = strings.Join(strings.Fields(n.ref.name), " ")
		names.text(n.field, n.ref.name, maxName)
		if member && !n.ref.given() {
			names.fault(n.field, "membership", 0)
		}
	}
	if r.internal && !member {
		names.fault("internal", "membership", 0)
	}
	if r.company.id == db.NoCompany {
		names.fault("company_uuid", "not_uuid", 0)
	}
	for _, err := range []error{e.check(), names.err()} {
		if err == nil {
			continue
		}
		for _, f := range AsError(err).Fields {
			if !r.faulty(f.Name) { // what can't be read is told once
				r.fault(f.Name, f.Reason, int64(f.N))
			}
		}
	}
}

func (r *importRow) faulty(field string) bool {
	for _, f := range r.faults {
		if f.Field == field {
			return true
		}
	}
	return false
}
