package db_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
)

// likely is an account as most are: e-mail, username, name, phone, hash.
func likely(n int) *db.Account {
	name := fmt.Sprintf("%06x.%d", rand.Uint32N(1<<24), n)
	id := uuid.New()
	return &db.Account{
		UUID: id, CustomerID: id, Email: name + "@example.com", Username: name, Name: "Siti " + name, Phone: "+628128765432",
		PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("s", 22) + "$" + strings.Repeat("t", 43),
		RoleID:       3, EmailVerified: true, SelfRegistered: true, Created: noon, Updated: noon,
	}
}

// peopled opens a store with so many accounts. It is not checked afterwards,
// which would take longer than the benchmark.
func peopled(b *testing.B, accounts int) *db.Store {
	b.Helper()
	path := filepath.Join(b.TempDir(), "kunci.db")
	if err := bolt.Create(path, func(w db.Writer) error { return db.Init(w, db.Info{Instance: uuid.New()}) }); err != nil {
		b.Fatal(err)
	}
	e, err := bolt.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	s, err := db.New(e)
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < accounts; from += 100_000 {
		some := make([]*db.Account, min(100_000, accounts-from))
		for i := range some {
			some[i] = likely(from + i)
		}
		if _, err := s.Load(b.Context(), some, time.Second); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkView reads what a request with a token reads: the session, and its
// account.
func BenchmarkView(b *testing.B) {
	s := peopled(b, 1000)
	update(b, s, func(tx db.Tx) error {
		for n := range 1000 {
			session := fullSession(n, uint64(n+1))
			session.KeyHash = nil
			if err := tx.AddSession(session); err != nil {
				return err
			}
		}
		return nil
	})
	ids := make([]db.ID, 1000)
	for n := range ids {
		ids[n] = id(n)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		err := s.View(func(v db.View) error {
			session, err := v.Session(ids[i%1000])
			if err == nil {
				_, err = v.Account(session.Account)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEndSession ends sessions in no order of theirs, so many callers at
// once.
func BenchmarkEndSession(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			const atOnce = 2000
			accounts := 1 + b.N/20
			s, ids := peopled(b, accounts), make([]db.ID, b.N)
			for from := 0; from < b.N; from += atOnce {
				update(b, s, func(tx db.Tx) error {
					for n := from; n < min(b.N, from+atOnce); n++ {
						session := fullSession(n, uint64(n%accounts+1))
						session.ID, session.KeyHash = db.ID(uuid.New()), nil
						if err := tx.AddSession(session); err != nil {
							return err
						}
						ids[n] = session.ID
					}
					return nil
				})
			}
			var next atomic.Int64
			var all sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				all.Go(func() {
					for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
						if err := s.Update(b.Context(), func(tx db.Tx) error { return tx.EndSession(ids[i]) }); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
		})
	}
}

// BenchmarkAccountOf reads random accounts among few and, where
// TEST_ACCOUNTS says so, among as many as that.
func BenchmarkAccountOf(b *testing.B) {
	sizes := []int{1000}
	var many int
	if _, err := fmt.Sscan(os.Getenv("TEST_ACCOUNTS"), &many); err == nil {
		sizes = append(sizes, many)
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("accounts=%d", size), func(b *testing.B) {
			s := peopled(b, size)
			b.ReportAllocs()
			for b.Loop() {
				err := s.View(func(v db.View) error { _, err := v.Account(1 + rand.Uint64N(uint64(size))); return err })
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode takes records apart that were read.
func BenchmarkDecode(b *testing.B) {
	a := likely(1)
	a.ID = 1
	raw, err := db.Seal("account", be64(1), a)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("account", func(b *testing.B) { decoded[db.Account](b, "account", be64(1), raw) })
	session := fullSession(1, 1)
	if raw, err = db.Seal("session", session.ID[:], session); err != nil {
		b.Fatal(err)
	}
	b.Run("session", func(b *testing.B) { decoded[db.Session](b, "session", session.ID[:], raw) })
}

func decoded[T any](b *testing.B, s db.Space, key, raw []byte) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := db.Unseal(s, key, raw, new(T)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad stores accounts in one import, with random e-mail addresses
// and with sorted ones.
func BenchmarkLoad(b *testing.B) {
	for _, within := range []time.Duration{50 * time.Millisecond, time.Second} {
		for _, order := range []string{"random", "sorted"} {
			b.Run(fmt.Sprintf("%s/within=%v", order, within), func(b *testing.B) {
				s := peopled(b, 0)
				accounts := make([]*db.Account, b.N)
				for i := range accounts {
					if accounts[i] = likely(i); order == "sorted" {
						accounts[i].Username = fmt.Sprintf("%012d", i)
						accounts[i].Email = accounts[i].Username + "@example.com"
					}
				}
				b.ReportAllocs()
				b.ResetTimer()
				if _, err := s.Load(context.Background(), accounts, within); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
