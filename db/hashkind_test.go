package db_test

import (
	"maps"
	"strings"
	"testing"

	"kunci/db"
	"kunci/db/dbtest"
)

// Accounts are counted by what their hashes cost to check: salts and tags don't
// tell kinds apart, everything else does.
func TestHashKinds(t *testing.T) {
	t.Parallel()
	const wrap, outer = "$kunci-wrap$", "$argon2id$v=19$m=19456,t=2,p=1"
	kinds := map[string][2]string{ // two hashes of each
		"":                                  {"", "no hash at all"},
		outer:                               {outer + "$salt$tag", outer + "$other$tag"},
		"$argon2i$v=19$m=64,t=2,p=1":        {"$argon2i$v=19$m=64,t=2,p=1$a$b", "$argon2i$v=19$m=64,t=2,p=1$c$d"},
		"$2b$10":                            {"$2b$10$" + strings.Repeat("a", 53), "$2b$10$" + strings.Repeat("b", 53)},
		"bcrypt_sha256$$2b$12":              {"bcrypt_sha256$$2b$12$aa", "bcrypt_sha256$$2b$12$bb"},
		"bcrypt$$2b$12":                     {"bcrypt$$2b$12$aa", "bcrypt$$2b$12$bb"},
		"$wp$2y$10":                         {"$wp$2y$10$aa", "$wp$2y$10$bb"},
		"$scrypt$ln=15,r=8,p=1":             {"$scrypt$ln=15,r=8,p=1$a$b", "$scrypt$ln=15,r=8,p=1$c$d"},
		"scrypt$16384$8$5":                  {"scrypt$16384$a$8$5$b", "scrypt$16384$c$8$5$d"},
		"$pbkdf2-sha256$i=29000":            {"$pbkdf2-sha256$i=29000$a$b", "$pbkdf2-sha256$i=29000$c$d"},
		"pbkdf2_sha256$260000":              {"pbkdf2_sha256$260000$a$b=", "pbkdf2_sha256$260000$c$d="},
		"$6":                                {"$6$a$b", "$6$c$d"},
		"$6$rounds=656000":                  {"$6$rounds=656000$a$b", "$6$rounds=656000$c$d"},
		"$5$rounds=656000":                  {"$5$rounds=656000$a$b", "$5$rounds=656000$$d"},
		wrap + "md5" + outer:                {wrap + "md5$" + outer + "$a$b", wrap + "md5$" + outer + "$c$d"},
		wrap + "md5,salt=before" + outer:    {wrap + "md5,salt=before$a" + outer + "$b$c", wrap + "md5,salt=before$d" + outer + "$e$f"},
		wrap + "phpass,ln=13" + outer:       {wrap + "phpass,ln=13$a" + outer + "$b$c", wrap + "phpass,ln=13$d" + outer + "$e$f"},
		wrap + "phpass,ln=13" + outer + "0": {wrap + "phpass,ln=13$a" + outer + "0$b$c", wrap + "phpass,ln=13$d" + outer + "0$e$f"},
	}
	want := map[string]int64{}
	s, n := dbtest.Open(t), 0
	for kind, hashes := range kinds {
		if kind != "" {
			want[kind] = 2
		}
		for _, hash := range hashes {
			n++
			a := person(n)
			a.PasswordHash = hash
			update(t, s, func(tx db.Tx) error { return tx.AddAccount(a) })
		}
	}
	wantKinds(t, s, want)

	for id := range uint64(n) { // all of them get a new password
		update(t, s, func(tx db.Tx) error {
			a, err := tx.Account(id + 1)
			if err != nil {
				return err
			}
			a.PasswordHash = outer + "$new$hash"
			return tx.PutAccount(a)
		})
	}
	wantKinds(t, s, map[string]int64{outer: int64(n)})
}

func wantKinds(t *testing.T, s *db.Store, want map[string]int64) {
	t.Helper()
	view(t, s, func(v db.View) error {
		if got := v.HashKinds(); !maps.Equal(got, want) {
			t.Errorf("kinds %v, want %v", got, want)
		}
		return nil
	})
}
