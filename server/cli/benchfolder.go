package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/bench"
	"kunci/server/password"
	"kunci/server/token"
)

// benchURL is the public URL of the servers we start: `iss` in tokens that are
// signed before the port is known.
const benchURL = "http://127.0.0.1"

// How much there is of everything but accounts.
const (
	benchTokens       = 20_000      // of different people, for scenarios that leave them standing
	benchLogoutsPerS  = 8_000       // sessions to be signed out, at most
	benchLogoutsOfOne = 40          // of one account; db.MaxSessions would end the oldest
	accountsAhead     = 200_000     // in memory at once
	accountsWithin    = time.Second // of one commit: nobody else waits for it
	sessionsPerAct    = 20
	benchWriters      = 256 // acts at once, which share commits
)

// benchFolder is a data folder of a run, and who is in it.
type benchFolder struct {
	path   string
	people *bench.People
	hasher *password.Hasher
}

// fill makes the folder with its accounts, and sessions as scenarios need them.
func (m *measurement) fill(ctx context.Context, f *benchFolder, b *bench.Bench) error {
	m.progress("writing %d accounts", f.people.Count)
	took, size, err := f.make(ctx)
	if err != nil {
		return err
	}
	if m.wants("import") {
		m.add(bench.Imported(f.people.Count, took, size)...)
	}
	return f.open(func(d *data) (err error) {
		if m.wants("me") || m.wants("mixed") {
			if b.Tokens, err = f.sessions(ctx, d, min(benchTokens, f.people.Count)); err != nil {
				return err
			}
		}
		if m.wants("logout") {
			n := min(benchLogoutsOfOne*f.people.Count, max(1000, int(benchLogoutsPerS*m.duration.Seconds())))
			m.progress("opening %d sessions", n)
			b.Sessions, err = f.sessions(ctx, d, n)
		}
		return err
	})
}

func (f *benchFolder) open(use func(*data) error) error {
	d, err := openFiles(f.path, dataFile)
	if err != nil {
		return err
	}
	return errors.Join(use(d), d.closeFiles())
}

// make makes the folder and says how long writing the accounts took, and the
// size of the data file then, in bytes.
func (f *benchFolder) make(ctx context.Context) (took time.Duration, size int64, err error) {
	hash, err := f.hasher.Hash(ctx, f.people.Password)
	if err != nil {
		return 0, 0, err
	}
	uuid.EnableRandPool()
	if err := makeFolder(f.path); err != nil {
		return 0, 0, err
	}
	if err := firstStart(f.path, false, nil); err != nil {
		return 0, 0, err
	}
	err = f.open(func(d *data) error {
		begin := time.Now()
		defer func() { took = time.Since(begin) }()
		return writeAccounts(ctx, d.store, f.people, hash)
	})
	if err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(filepath.Join(f.path, dataFile))
	if err != nil {
		return 0, 0, err
	}
	return took, info.Size(), nil
}

// writeAccounts writes everybody as an import does, with one and the same hash:
// sign-in costs what it costs with a hash for each.
func writeAccounts(ctx context.Context, store *db.Store, people *bench.People, hash string) error {
	now := db.At(time.Now())
	for from := 0; from < people.Count; from += accountsAhead {
		accounts := make([]*db.Account, 0, min(accountsAhead, people.Count-from))
		for i := from; i < min(from+accountsAhead, people.Count); i++ {
			who, id := people.Person(i), uuid.New()
			accounts = append(accounts, &db.Account{
				UUID: id, CustomerID: id, Email: who.Email, Username: who.Username, Name: who.Name, Phone: who.Phone,
				PasswordHash: hash, RoleID: 3, EmailVerified: true, SelfRegistered: true, Created: now, Updated: now,
			})
		}
		refused, err := store.Load(ctx, accounts, accountsWithin)
		if err := errors.Join(append(refused, err)...); err != nil {
			return err
		}
	}
	return nil
}

// inActs writes things 0 to n-1, so many in an act, many acts at once. It ends
// at the first that fails.
func inActs(ctx context.Context, store *db.Store, n, perAct int, write func(tx db.Tx, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var writers sync.WaitGroup
	for range benchWriters {
		writers.Go(func() {
			for ctx.Err() == nil {
				from := int(next.Add(int64(perAct))) - perAct
				if from >= n {
					return
				}
				err := store.Update(ctx, func(tx db.Tx) error {
					for i := from; i < min(n, from+perAct); i++ {
						if err := write(tx, i); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	writers.Wait()
	return context.Cause(ctx)
}

// sessions opens n sessions of people spread over all, and signs their tokens.
func (f *benchFolder) sessions(ctx context.Context, d *data, n int) ([]string, error) {
	now := time.Now().UTC().Truncate(time.Second)
	expires := now.Add(24 * time.Hour)
	tokens := make([]string, n)
	opened := make([]db.Session, n)
	var next atomic.Int64
	var signers sync.WaitGroup
	failures := make([]error, benchWriters)
	for w := range failures {
		signers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil && failures[w] == nil; i = int(next.Add(1)) - 1 {
				who := f.people.Person(i * max(1, f.people.Count/n) % f.people.Count)
				tokens[i], opened[i], failures[w] = session(d, who.Username, now, expires)
			}
		})
	}
	signers.Wait()
	if err := errors.Join(append(failures, ctx.Err())...); err != nil {
		return nil, err
	}
	err := inActs(ctx, d.store, n, sessionsPerAct, func(tx db.Tx, i int) error {
		s := opened[i]
		return tx.AddSession(&s)
	})
	return slices.Clip(tokens), err
}

// bareSessions opens n sessions without tokens: account ids begin at 1.
func (f *benchFolder) bareSessions(ctx context.Context, d *data, n int) ([]db.ID, error) {
	now := time.Now()
	ids := make([]db.ID, n)
	for i := range ids {
		ids[i] = token.NewID()
	}
	return ids, inActs(ctx, d.store, n, sessionsPerAct, func(tx db.Tx, i int) error {
		return tx.AddSession(&db.Session{
			ID: ids[i], Account: 1 + uint64(i%f.people.Count), Audience: "snapotp",
			Created: db.At(now), Expires: db.At(now.Add(24 * time.Hour)), Addr: "192.0.2.1",
		})
	})
}

// session is a session that is yet to be stored, and its token.
func session(d *data, username string, now, expires time.Time) (signed string, s db.Session, err error) {
	var a *db.Account
	if err := d.store.View(func(v db.View) (err error) { a, err = v.AccountByUsername(username); return err }); err != nil {
		return "", s, err
	}
	s = db.Session{
		ID: token.NewID(), Account: a.ID, Audience: "snapotp",
		Created: db.At(now), Expires: db.At(expires), Addr: "192.0.2.1",
	}
	signed, err = d.ring.Sign(token.Claims{
		Issuer: benchURL, Subject: a.UUID.String(), Audience: s.Audience, ID: token.FormatID(s.ID),
		IssuedAt: now, NotBefore: now, Expires: expires, Extra: map[string]any{"userName": a.Name},
	})
	return signed, s, err
}
