package db_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/db/dbtest"
)

var rewrite = flag.Bool("update", false, "write the data file of the current schema anew")

const schema1 = "../testdata/store/schema-1.db"

// info1 is what the data file of schema 1 says of itself.
func info1() db.Info {
	return db.Info{Instance: someUUID(1), Dev: true, Created: noon, Schema: 1}
}

// TestSchema1 reads a data file as the first kunci wrote it. With -update it
// writes the file, which only a program of schema 1 may do: afterwards the
// file stays as it is for good.
func TestSchema1(t *testing.T) {
	t.Parallel()
	if *rewrite {
		writeSchema1(t)
	}
	raw, err := os.ReadFile(schema1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s := dbtest.OpenFile(t, path)
	want := info1()
	want.Schema = db.Schema
	if diff := cmp.Diff(want, s.Info()); diff != "" {
		t.Error(diff)
	}
	assertContent(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); db.Schema == 1 && (err != nil || !bytes.Equal(raw, now)) {
		t.Errorf("opening a file of the current schema changed it (%v)", err)
	}
}

func writeSchema1(t *testing.T) {
	t.Helper()
	if db.Schema != 1 {
		t.Fatal("this program no longer writes schema 1")
	}
	path := filepath.Join(t.TempDir(), "kunci.db")
	if err := bolt.Create(path, func(w db.Writer) error { return db.Init(w, info1()) }); err != nil {
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
		err = os.WriteFile(schema1, raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// assertContent sees to it that a store holds exactly what content writes.
func assertContent(t *testing.T, s *db.Store) {
	t.Helper()
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

// sessionOf is a session that content writes.
func sessionOf(n int) *db.Session {
	s := fullSession(n, uint64(n%2+1))
	if s.Account == 1 {
		s.Epoch = fullAccount().Epoch
	}
	return s
}
