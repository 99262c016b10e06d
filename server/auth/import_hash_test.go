package auth_test

import (
	"strings"
	"testing"
	"time"

	"kunci/db"
	"kunci/server/auth"
	"kunci/server/password"
)

// foreign are hashes of one password as other systems write them, made with
// Go's bcrypt, openssl passwd, and Python's hashlib.
var foreign = []struct{ family, hash string }{
	{"bcrypt", "$2a$04$/nDQAW.pG3excz0D44dgtO.ws1wrkhAn2OaaRdnUi5QDKpUEpnCFG"},
	{"sha512-crypt", "$6$rounds=20000$garamasin$6kjGA5G96WUIeaQpOvGidNIpRUlFpci/3HHlM882Tev4JA5oIU.sY/Jw5eseZAd668ojTgD1FJHyticXYQJxk1"},
	{"argon2id(sha512-crypt)", "$6$garamasin$obXeotupgXNMpenEywlUCa3.ZzLPrk3.uv9aJFqwj9YYt0IIfuV3rMqwBOEiltiR2QKdoBRrccnjJDQGpiy/U0"},
	{"argon2id(phpass)", "$P$6garamasi0795k8r8QABFbLNGNt1/q."},
	{"argon2id(md5)", "7416928a0d9c1d93926f389fc1d26b06"},
	{"argon2id(sha1)", "{SSHA}t/VVRn5kOPEEX5IXPwiObMb8Dt9nYXJhbQ=="},
	{"argon2id(md5-crypt)", "$1$garam$1hsa4UkIzqeADu.RiQ.Mo."},
	{"pbkdf2-sha256", "pbkdf2_sha256$30000$garam123$zUUajWeHhmmzDgvPM1CHqUhSNbvjiBZai+IWYcCoAFM="},
}

// Whoever was moved in signs in with the old password, and the hash becomes
// argon2id then. No fast hash is stored as it was.
func TestImportedPasswords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rows, want := "", map[string]int64{}
	for _, f := range foreign {
		rows += `{"email":"` + emailOf(f.family) + `","password_hash":"` + f.hash + `"}` + "\n"
		want[f.family]++
	}
	dry, _ := h.bring(auth.Import{DryRun: true}, rows)
	report, said := h.bring(auth.Import{}, rows)
	if len(report.Hashes) != len(foreign) || report.Wrapped != 5 || dry.Wrapped != 5 || said != nil {
		t.Fatalf("%+v %q", report, said)
	}
	for _, f := range foreign {
		if report.Hashes[f.family] != 1 || dry.Hashes[f.family] != 1 {
			t.Errorf("%s is not counted", f.family)
		}
		stored := h.account(emailOf(f.family)).PasswordHash
		if wrapped := strings.HasPrefix(f.family, "argon2id("); wrapped != strings.HasPrefix(stored, "$kunci-wrap$") || password.Family(stored) != f.family {
			t.Errorf("%s is stored as %s", f.family, password.Family(stored))
		}
		if _, err := h.login(snapotp, emailOf(f.family), "kopi susu sore", home); err == nil {
			t.Errorf("%s: another password signs in", f.family)
		}
		if _, err := h.login(snapotp, emailOf(f.family), "kopi susu pagi", home); err != nil {
			t.Errorf("%s: %v", f.family, err)
		}
		if u := must[*auth.User](t)(h.op.User(emailOf(f.family))); u.PasswordFamily != "argon2id" {
			t.Errorf("%s: the hash is %s after the sign-in", f.family, u.PasswordFamily)
		}
	}
}

func emailOf(family string) string {
	return strings.NewReplacer("(", ".", ")", "").Replace(family) + "@example.com"
}

// A server that holds refusals back knows what a new kind of hash costs before
// the first account that has it stands.
func TestImportForeseesTheFloor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.check(h.MeasureFloor(t.Context()))
	before := h.Floor()
	// The cost of a check is far above that of the house's own hashes.
	row := `{"email":"a@example.com","password_hash":"` + foreign[1].hash + `"}`
	var then time.Duration
	_, err := h.op.Import(t.Context(), strings.NewReader(row), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error {
		then = h.Floor() // what is measured at the end was not yet
		return nil
	})
	h.check(err)
	cost := must[time.Duration](t)(h.Hasher.Cost(t.Context(), db.HashKind(foreign[1].hash)))
	for when, floor := range map[string]time.Duration{"while it goes on": then, "after it": h.Floor()} {
		if floor < cost || floor <= before {
			t.Errorf("%s: the floor is %v, was %v; a check costs %v", when, floor, before, cost)
		}
	}
}

// An import of fast hashes leaves the gate to sign-ins, and is done all the
// same.
func TestImportGivesWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *auth.Config) {
		c.Hasher = password.New(password.Params{Memory: 1024, Time: 1, Threads: 1}, 1)
	})
	h.add("siti@example.com", auth.Edit{})
	rows := ""
	for i := range 60 {
		rows += `{"email":"u` + strings.Repeat("x", i) + `@example.com","password_hash":"` + foreign[4].hash + `"}` + "\n"
	}
	done := make(chan *auth.ImportReport)
	go func() {
		report, _ := h.op.Import(t.Context(), strings.NewReader(rows), auth.Import{Format: auth.ImportNDJSON}, func(auth.ImportNews) error { return nil })
		done <- report
	}()
	for {
		select {
		case report := <-done:
			if report.Imported != 60 {
				t.Errorf("%+v", report)
			}
			return
		default:
			h.in(snapotp, "siti@example.com")
			if _, waiting := h.Hasher.Load(); waiting > 8 {
				t.Fatalf("%d wait for the gate", waiting)
			}
		}
	}
}
