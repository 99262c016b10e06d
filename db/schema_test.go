package db_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
)

var rewrite = flag.Bool("update", false, "write the data file of the current schema anew")

const folder = "../testdata/store/"

// infoOf is what the data file of a schema says of itself.
func infoOf(schema int) db.Info {
	return db.Info{Instance: someUUID(1), Dev: true, Created: noon, Schema: schema}
}

// TestSchemas reads the data file of every schema, as the first kunci of that
// schema wrote it. With -update it writes the file of the current one; once
// there is another, the file stays as it is for good.
func TestSchemas(t *testing.T) {
	t.Parallel()
	if *rewrite {
		writeSchema(t)
	}
	for schema := 1; schema <= db.Schema; schema++ {
		t.Run(fmt.Sprint(schema), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(fileOf(schema))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "kunci.db")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			s := dbtest.OpenFile(t, path)
			if diff := cmp.Diff(infoOf(db.Schema), s.Info()); diff != "" {
				t.Error(diff)
			}
			assertContent(t, s, schema)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if now, err := os.ReadFile(path); db.Schema == schema && (err != nil || !bytes.Equal(raw, now)) {
				t.Errorf("opening a file of the current schema changed it (%v)", err)
			}
		})
	}
}

func fileOf(schema int) string { return fmt.Sprintf("%sschema-%d.db", folder, schema) }

// TestMigrateAgain goes on where a migration was cut off after its last act.
func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	s, err := db.New(made(t, func(w db.Writer) error {
		if err := db.Init(w, infoOf(1)); err != nil {
			return err
		}
		old := infoOf(1)
		return sealed(&old)(w)
	}))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Migrate(t.Context()); err != nil || s.Info().Schema != db.Schema {
			t.Fatalf("schema %d, %v", s.Info().Schema, err)
		}
	}
	update(t, s, func(tx db.Tx) error { return tx.Audit(fullEntry(1)) })
	if faults, err := s.Check(); len(faults) > 0 || err != nil {
		t.Errorf("%q, %v", faults, err)
	}
}

func writeSchema(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, func(w db.Writer) error { return db.Init(w, infoOf(db.Schema)) }); err != nil {
		t.Fatal(err)
	}
	e, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.New(e)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, content)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(fileOf(db.Schema), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// assertContent sees to it that a store holds exactly what content writes, as
// far as there was room for it in a schema.
func assertContent(t *testing.T, s *db.Store, schema int) {
	t.Helper()
	var audited []*db.AuditEntry
	if schema >= 2 {
		audited = []*db.AuditEntry{fullEntry(1), fullEntry(2), fullEntry(3)}
	}
	full, plain, link, mail := fullAccount(), person(2), fullLink(1, 1), fullMail(1, 1)
	full.ID, plain.ID = 1, 2
	view(t, s, func(v db.View) error {
		for _, test := range []struct {
			what string
			want any
			got  any
		}{
			{"account 1", full, one(v.Account(1))},
			{"account 1 by e-mail", full, one(v.AccountByEmail("siti@example.com"))},
			{"account 1 by username", full, one(v.AccountByUsername("siti.rahayu"))},
			{"account 1 by UUID", full, one(v.AccountByUUID(someUUID(7)))},
			{"account 1 by Google", full, one(v.AccountByGoogle(full.Google))},
			{"account 1 by Facebook", full, one(v.AccountByFacebook(full.Facebook))},
			{"account 1 by fb_token", full, one(v.AccountByFBToken(hash(7)))},
			{"account 2", plain, one(v.Account(2))},
			{"session by key", sessionOf(3), one(v.SessionByKey(hash(3)))},
			{"link", link, one(v.Link(id(1)))},
			{"links", []*db.Link{link}, one(v.Links(1))},
			{"mail", mail, one(v.Mail(id(1)))},
			{"mails due", []*db.MailJob{mail}, v.DueMails(noon+1, 10)},
			{"company", company(1, "PT Company"), one(v.CompanyByName("pt company"))},
			{"division", division(2, 2, "Marcom"), one(v.DivisionByName(someUUID(1002), "marcom"))},
			{"role", role(2, "Viewer"), one(v.RoleByName("viewer"))},
			{"membership", member(1, 1, 1, 1), one(v.Membership(1))},
			{"members", 1, v.Members(someUUID(1001))},
			{"mail quota", &db.MailQuota{Sent: []db.MailSent{{At: noon, Range: "r"}}}, one(v.MailQuota(1))},
			{"known range", &db.KnownRange{Seen: noon}, one(v.KnownRange(1, "203.0.113.0/24"))},
			{"delays", map[string]*db.Delay{"a digest": {Level: 6.5, At: noon, Until: noon + minute}}, delays(v)},
			{"the audit log", audited, entries(v)},
			{"the last expiry", noon + 30*day + hour, v.LastExpiry()},
		} {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("%s, -want +got:\n%s", test.what, diff)
			}
		}
		for n := range fileSessions {
			if diff := cmp.Diff(any(sessionOf(n)), one(v.Session(id(n)))); diff != "" {
				t.Errorf("session %d: %s", n, diff)
			}
		}
		return nil
	})
	// The counter goes on where it stood.
	a := person(3)
	if err := s.Update(t.Context(), func(tx db.Tx) error {
		if err := tx.AddAccount(a); err != nil {
			return err
		}
		return os.ErrProcessDone
	}); err != os.ErrProcessDone || a.ID != 3 {
		t.Errorf("the next account: id %d, %v", a.ID, err)
	}
}

func delays(v db.View) map[string]*db.Delay {
	all := map[string]*db.Delay{}
	v.Delays(func(name []byte, d *db.Delay) bool { all[string(name)] = d; return true })
	return all
}

// entries are those of the audit log, without what ties them together.
func entries(v db.View) (all []*db.AuditEntry) {
	first, next := v.AuditSpan()
	v.AuditEntries(first, next, func(e *db.AuditEntry, err error) bool {
		if err == nil {
			e.Seq, e.Prev = 0, nil
			all = append(all, e)
		}
		return true
	})
	return all
}

// sessionOf is a session that content writes.
func sessionOf(n int) *db.Session {
	s := fullSession(n, uint64(n%2+1))
	if s.Account == 1 {
		s.Epoch = fullAccount().Epoch
	}
	return s
}
