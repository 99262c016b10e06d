package cli_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/db/bolt"
	"kunci/server/auth"
	"kunci/server/password"
	"kunci/server/token"
)

// A few of what the data file holds, and whom it belongs to.
type value struct {
	space    db.Space
	key, raw []byte
	at       int // where raw lies in the file
	owner    string
}

// town is a closed data file with some people in it, and the keys beside it.
type town struct {
	raw    []byte
	ring   *token.Ring
	people []string // e-mail addresses
	values []value
}

const (
	rightPassword = "Tr0ub4dor&Zebra"
	wrongPassword = "Tr0ub4dor&Okapi"
)

var (
	tokens = &auth.Audience{Name: "snapotp", Claims: func(*auth.Profile) auth.Claims { return nil }}
	keys   = &auth.Audience{Name: "shoop", OpaqueKey: true, ShortOK: true}
)

func from(a *auth.Audience, n int) auth.Caller {
	return auth.Caller{Audience: a, Addr: netip.AddrFrom4([4]byte{192, 0, byte(n), 7}), Lang: "en"}
}

func core(s *db.Store, ring *token.Ring) *auth.Service {
	return auth.New(auth.Config{
		Store: s, Ring: ring, Hasher: password.New(password.Params{Memory: 64, Time: 1, Threads: 1}, 2),
		PublicURL: publicURL, SessionLifetime: 720 * time.Hour, Audiences: []string{"snapotp", "shoop"},
		Admit: []string{"snapotp", "shoop"}, Registers: []string{"snapotp", "shoop"},
	})
}

// settle makes a town in which everybody has something in every space that a
// sign-in reads or writes.
func settle(t *testing.T) *town {
	t.Helper()
	dir := t.TempDir()
	path, instance := filepath.Join(dir, "kunci.db"), uuid.New()
	ring, err := token.Create(filepath.Join(dir, "keys"), instance.String(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	err = bolt.Create(path, func(w db.Writer) error {
		return db.Init(w, db.Info{Instance: instance, Created: db.At(time.Now())})
	})
	if err != nil {
		t.Fatal(err)
	}
	small, w := filepath.Join(dir, "small.db"), &town{ring: ring}
	within(t, dir, func(e *bolt.Engine, s *db.Store) error {
		w.move(t, core(s, ring))
		_, _, err := e.Compact(small) // every value lies in it once
		return err
	})
	if w.raw, err = os.ReadFile(small); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(small, path); err != nil {
		t.Fatal(err)
	}
	within(t, dir, func(e *bolt.Engine, s *db.Store) error { w.survey(t, e, s); return nil })
	return w
}

// move lets the people in.
func (w *town) move(t *testing.T, s *auth.Service) {
	t.Helper()
	ctx, o := t.Context(), auth.Operator{Service: s}
	_, err1 := o.AddCompany(ctx, "PT Company", "")
	_, err2 := o.AddDivision(ctx, "PT Company", "Marcom", "")
	_, err3 := o.AddRole(ctx, "Viewer", uuid.NewString())
	errs := []error{err1, err2, err3}
	for n := range 5 {
		email, username, name := fmt.Sprintf("person%d@example.com", n), fmt.Sprintf("person.%d", n), fmt.Sprintf("Person %d", n)
		a, err := tokens, error(nil)
		switch n {
		case 0, 1:
			_, err = s.SignUp(ctx, from(a, n), auth.SignUp{Email: email, Username: username, Name: name, Password: rightPassword})
		case 2, 3:
			a = keys
			_, err = s.SignUp(ctx, from(a, n), auth.SignUp{Email: email, Name: name, IDLocation: "7", Password: rightPassword})
		default:
			company, division, role := "PT Company", "Marcom", "Viewer"
			_, err = o.AddUser(ctx, auth.NewUser{Password: rightPassword, Edit: auth.Edit{
				Email: &email, Username: &username, Name: &name, Company: &company, Division: &division, Role: &role,
			}})
		}
		errs = append(errs, err)
		for range 3 {
			_, err := s.SignIn(ctx, from(a, n), auth.SignIn{Email: email, Password: rightPassword})
			errs = append(errs, err)
		}
		_, err = s.Forgot(ctx, from(a, n), auth.Forgot{Email: email})
		w.people, errs = append(w.people, email), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// survey notes where every value lies and whose it is.
func (w *town) survey(t *testing.T, e *bolt.Engine, s *db.Store) {
	t.Helper()
	owners := map[string]string{} // who an id is of, the account's or that of something it has
	err := s.View(func(v db.View) error {
		v.Accounts(0, func(a *db.Account, _ error) bool {
			owners[string(binary.BigEndian.AppendUint64(nil, a.ID))] = a.Email
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	scan := func(r db.Reader, space db.Space, fn func(key, raw []byte)) {
		r.Scan(space, nil, nil, func(key, raw []byte) bool { fn(bytes.Clone(key), bytes.Clone(raw)); return true })
	}
	err = e.View(func(r db.Reader) error {
		for _, index := range []db.Space{"session_account", "link_account", "mail_account"} {
			scan(r, index, func(key, _ []byte) { owners[string(key[8:])] = owners[string(key[:8])] })
		}
		for _, space := range []db.Space{
			"account", "account_uuid", "account_email", "account_username", "session", "session_key", "link", "mail", "mail_quota",
			"known_range", "membership", "company", "company_name", "division", "division_name", "role", "role_name", "hash_kind",
		} {
			before := len(w.values)
			scan(r, space, func(key, raw []byte) {
				both := append(bytes.Clone(key), raw...)
				if bytes.Count(w.raw, both) != 1 {
					t.Errorf("%s: a value lies in the file %d times", space, bytes.Count(w.raw, both))
				}
				v := value{space: space, key: key, raw: raw, at: bytes.Index(w.raw, both) + len(key)}
				switch {
				case strings.HasPrefix(string(space), "account_"), space == "session_key":
					v.owner = owners[string(raw)]
				case strings.HasPrefix(string(space), "company"), strings.HasPrefix(string(space), "division"), strings.HasPrefix(string(space), "role"):
					v.owner = w.people[4] // the one member
				case space == "hash_kind": // nobody's
				case space == "known_range":
					v.owner = owners[string(key[:8])]
				default:
					v.owner = owners[string(key)]
				}
				if v.owner == "" && space != "hash_kind" {
					t.Errorf("a value in %s belongs to nobody", space)
				}
				w.values = append(w.values, v)
			})
			if len(w.values) == before {
				t.Errorf("%s holds nothing", space)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A bit that turned over in a record is found by check and harms the account
// it belongs to, and no other: everybody else signs in, and nobody ever does
// with a wrong password.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	w := settle(t)
	rnd := rand.New(rand.NewPCG(7, uint64(time.Now().UnixNano())))
	kept, harmed := map[db.Space]int{}, map[db.Space]int{}
	for range times(200, 5000) {
		v := w.values[rnd.IntN(len(w.values))]
		bit := rnd.IntN(8 * len(v.raw))
		if w.flipped(t, v, bit) {
			harmed[v.space]++
		} else {
			kept[v.space]++
		}
		if t.Failed() {
			t.Fatalf("bit %d of %x in %s at %x, of %s", bit, v.raw, v.space, v.key, v.owner)
		}
	}
	t.Logf("flips that kept their owner out: %v; that did not: %v", harmed, kept)
	for space := range maps.Keys(harmed) {
		switch space {
		case "session", "session_key", "link", "mail", "mail_quota", "known_range", "hash_kind":
			t.Errorf("damage in %s kept its owner out", space)
		}
	}
	if harmed["account"] == 0 {
		t.Error("damaged accounts sign in")
	}
}

// signIn signs somebody in, again where the machine's disk is too busy.
func signIn(t *testing.T, s *auth.Service, n int, who string) (err error) {
	t.Helper()
	for range 10 {
		_, err = s.SignIn(t.Context(), from(tokens, n), auth.SignIn{Email: who, Password: rightPassword})
		if err == nil || auth.AsError(err).Kind != auth.Busy {
			break
		}
	}
	return err
}

// flipped turns one bit over, and says whether it keeps its owner out.
func (w *town) flipped(t *testing.T, v value, bit int) (out bool) {
	t.Helper()
	dir := t.TempDir()
	raw := bytes.Clone(w.raw)
	raw[v.at+bit/8] ^= 1 << (bit % 8)
	if err := os.WriteFile(filepath.Join(dir, "kunci.db"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, dir, func(_ *bolt.Engine, s *db.Store) error {
		faults, err := s.Check()
		if err != nil || len(faults) == 0 {
			t.Errorf("check finds %q, %v", faults, err)
		}
		if v.space == "account" && !strings.Contains(strings.Join(faults, "\n"), fmt.Sprintf("account %x", v.key)) {
			t.Errorf("check does not name it: %q", faults)
		}
		service := core(s, w.ring)
		for n, who := range w.people {
			err := signIn(t, service, n, who)
			if err != nil && who != v.owner {
				t.Errorf("%s can't sign in: %v", who, err)
			}
			out = out || err != nil
			if _, err := service.SignIn(t.Context(), from(tokens, 100+n), auth.SignIn{Email: who, Password: wrongPassword}); err == nil {
				t.Errorf("%s signs in with a wrong password", who)
			}
		}
		return nil
	})
	return out
}
