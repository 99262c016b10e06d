package server_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/password"
)

// strangers are what a refused sign-in can have behind its name: what each has
// for a hash, and whether it is disabled. Each is tried once in each dialect,
// which is as often as a name is not slowed down; that of nobody is not made.
var strangers = map[string]func(hash map[string]string) (string, bool){
	"nobody":      nil,
	"wrong":       func(hash map[string]string) (string, bool) { return hash["current"], false },
	"disabled":    func(hash map[string]string) (string, bool) { return hash["current"], true },
	"no password": func(hash map[string]string) (string, bool) { return "", false },
	"faster":      func(hash map[string]string) (string, bool) { return hash["faster"], false },
	"slower":      func(hash map[string]string) (string, bool) { return hash["slower"], false },
}

// A refused sign-in takes as long whoever it asks for, in every dialect of the
// built binary.
func TestRefusedSignInsTakeTheSameTime(t *testing.T) {
	rounds := 3
	if long() {
		rounds = 200
	}
	binary, dir := buildChild(t), t.TempDir()
	startChildIn(t, binary, dir).stop() // makes the data folder
	addStrangers(t, filepath.Join(dir, "kunci-data", "kunci.db"), rounds)
	c := startChildIn(t, binary, dir)
	floor := <-c.floor
	for name, signIn := range signIns {
		for what, pw := range map[string]string{"short": "0ther-One", "long": strings.Repeat("0ther-One!", 20)} {
			took := map[string][]time.Duration{}
			for round := range rounds {
				if (what == "long") != (round%2 == 1) {
					continue // each name is tried once in a dialect
				}
				for i, who := range slices.Sorted(maps.Keys(strangers)) {
					r := signIn(stranger(who, round), pw).from(fmt.Sprintf("10.%d.%d.1", round, i))
					took[who] = append(took[who], c.refused(t, r, name+", "+who))
				}
			}
			sameTime(t, name+", "+what, took, floor)
		}
	}
}

func stranger(who string, round int) string {
	return fmt.Sprintf("%s-%d@example.com", strings.ReplaceAll(who, " ", "-"), round)
}

func addStrangers(t *testing.T, path string, rounds int) {
	t.Helper()
	engine, err := bolt.Open(path)
	must(t, err)
	defer func() { must(t, engine.Close()) }()
	store, err := db.New(engine)
	must(t, err)
	hash := map[string]string{}
	hash["current"], err = password.New(password.Default, 1).Hash(t.Context(), secret)
	must(t, err)
	for kind, cost := range map[string]int{"faster": bcrypt.MinCost, "slower": 9} {
		b, err := bcrypt.GenerateFromPassword([]byte(secret), cost)
		must(t, err)
		hash[kind] = string(b)
	}
	for round := range rounds {
		must(t, store.Update(context.Background(), func(tx db.Tx) error {
			for who, is := range strangers {
				if is == nil {
					continue
				}
				a := &db.Account{UUID: uuid.New(), CustomerID: uuid.New(), Email: stranger(who, round), EmailVerified: true}
				a.PasswordHash, a.Disabled = is(hash)
				if err := tx.AddAccount(a); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// refused tells how long a 401 took, from its last byte on.
func (c *child) refused(t *testing.T, r request, what string) time.Duration {
	t.Helper()
	conn := c.allButOne(t, r)
	defer func() { _ = conn.Close() }()
	start := time.Now()
	_, err := io.WriteString(conn, r.body[len(r.body)-1:])
	must(t, err)
	res, body := c.answer(t, conn)
	took := time.Since(start)
	if res == nil || res.StatusCode != 401 {
		t.Fatalf("%s: %v %s", what, res, body)
	}
	return took
}

// sameTime holds medians together, where there are enough to have one, and
// every refusal to the floor.
func sameTime(t *testing.T, what string, took map[string][]time.Duration, floor time.Duration) {
	t.Helper()
	var medians []time.Duration
	for who, all := range took {
		slices.Sort(all)
		if all[0] < floor {
			t.Errorf("%s, %s: refused after %v, before %v", what, who, all[0], floor)
		}
		medians = append(medians, all[len(all)/2])
	}
	slices.Sort(medians)
	spread := medians[len(medians)-1] - medians[0]
	t.Logf("%s: medians %v to %v, %v apart", what, medians[0], medians[len(medians)-1], spread)
	if long() && spread > 5*time.Millisecond {
		t.Errorf("%s: medians are %v apart", what, spread)
	}
}
