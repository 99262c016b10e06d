package db_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/dbtest"
)

// noon is when the tests take place.
var noon = db.At(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC))

const (
	minute db.Time = 60_000
	hour           = 60 * minute
	day            = 24 * hour
)

// id, hash and someUUID are made from a number, and look random.
func id(n int) (id db.ID) {
	sum := sha256.Sum256(fmt.Append(nil, "id", n))
	copy(id[:], sum[:])
	return id
}

func hash(n int) []byte {
	sum := sha256.Sum256(fmt.Append(nil, "hash", n))
	return sum[:]
}

func someUUID(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)) }

// person is an account with what none can be without.
func person(n int) *db.Account {
	return &db.Account{
		UUID: someUUID(n), CustomerID: someUUID(n), Email: fmt.Sprintf("person%d@example.com", n), Created: noon, Updated: noon,
	}
}

// fullAccount has every field.
func fullAccount() *db.Account {
	return &db.Account{
		ID: 7, UUID: someUUID(7), CustomerID: someUUID(8), Email: "Siti@Example.com", Username: "Siti.Rahayu", Name: "Siti Rahayu",
		Phone: "+62811", PasswordHash: "$argon2id$v=19$…", CreditBalance: -5000, RoleID: 3, IDLocation: "7", Longitude: "106.8",
		Latitude: "-6.2", Avatar: "/a/b.png", GCMID: "gcm", Google: db.SocialID{Subject: "g-1", Claimed: true},
		Facebook: db.SocialID{Subject: "f-1", Claimed: true}, FBToken: hash(7), EmailVerified: true, SelfRegistered: true,
		Disabled: true, WeakPassword: true, Epoch: 4, Created: noon, Updated: noon + 1,
	}
}

func fullSession(n int, account uint64) *db.Session {
	return &db.Session{
		ID: id(n), Account: account, Audience: "shoop", Created: noon + db.Time(n), Expires: noon + db.Time(n) + 30*day,
		KeyHash: hash(n), Addr: "192.0.2.7",
	}
}

func fullLink(n int, account uint64) *db.Link {
	return &db.Link{
		ID: id(n), Account: account, Purpose: db.PurposeLinking, Created: noon + db.Time(n), Expires: noon + db.Time(n) + 30*minute,
		Google: db.SocialID{Subject: "g-2", Claimed: true},
	}
}

func fullMail(n int, account uint64) *db.MailJob {
	return &db.MailJob{
		ID: id(n), Account: account, Kind: "reset", To: "siti@example.com", Lang: "id", Link: id(n + 1), Purpose: db.PurposeReset,
		Provider: "google", Created: noon, Due: noon + db.Time(n), Expires: noon + hour, Attempts: 2,
	}
}

// whole fails the test where a record has a field without a value: it would
// not show that the field is kept.
func whole(t *testing.T, record any) {
	t.Helper()
	v := reflect.ValueOf(record).Elem()
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s.%s without a value", v.Type(), v.Type().Field(i).Name)
		}
	}
}

func fullEntry(n int) *db.AuditEntry {
	return &db.AuditEntry{
		At: noon + db.Time(n), Event: "sign-in", Outcome: "wrong_password", Account: someUUID(7), Dialect: "shoop", Addr: "192.0.2.7",
		Request: someUUID(100 + n), Name: hash(n)[:16], Reason: "the account is disabled", Subject: "a key", Times: uint64(n),
	}
}

func update(t testing.TB, s *db.Store, fn func(db.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *db.Store, fn func(db.View) error) {
	t.Helper()
	if err := s.View(fn); err != nil {
		t.Fatal(err)
	}
}

// store opens an empty store with so many persons, whose ids begin at 1.
func store(t testing.TB, persons int) *db.Store {
	t.Helper()
	s := dbtest.Open(t)
	update(t, s, func(tx db.Tx) error {
		for n := 1; n <= persons; n++ {
			if err := tx.AddAccount(person(n)); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

// first is the first error of several.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// taken is the field that a TakenError names, "" for any other outcome.
func taken(err error) string {
	var e *db.TakenError
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

type entry struct {
	space      db.Space
	key, value string
}

// dump is everything that lies in the spaces, but for the file's own.
func dump(t testing.TB, e db.Engine) (all []entry) {
	t.Helper()
	err := e.View(func(r db.Reader) error {
		for _, s := range db.Spaces() {
			if s == "meta" {
				continue
			}
			r.Scan(s, nil, nil, func(k, v []byte) bool {
				all = append(all, entry{s, string(k), string(v)})
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
