package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pruneGrace is how long a key's file outlives its last token, in case the
// clock was wrong.
const pruneGrace = 24 * time.Hour

var (
	// ErrNoKeys says that the folder is missing or holds no key.
	ErrNoKeys = errors.New("token: no keys")
	// ErrHasKeys says that the folder holds keys already, which a new ring
	// would make worthless.
	ErrHasKeys = errors.New("token: there are keys already")
	// ErrInstance says that keys belong to another instance's data file.
	ErrInstance = errors.New("token: keys of another instance")
)

// Ring is the keys of one instance: one that signs, older ones that only
// verify, and the secret from which mailed links are derived. It is safe for
// concurrent use; readers never wait for a rotation. One process at a time may
// rotate or prune a folder.
type Ring struct {
	dir      string
	instance string

	// Behind pointers, so that printing a Ring shows addresses, not secrets.
	links *[linkSecretSize]byte
	state atomic.Pointer[[]*key] // never changed once stored, signing key first

	verified *verified

	writing sync.Mutex // held while the folder and state change
}

// Key is what may be known about a signing key: all but its secret.
type Key struct {
	ID      string    // PASERK k2.pid, the kid in a token's footer
	Public  string    // PASERK k2.public
	Created time.Time // UTC, whole seconds
	Until   time.Time // verifies before this time; zero for the signing key
	Signing bool
}

// key is one key of the ring. Its until comes from the file of the key that
// followed it; zero while none has.
type key struct {
	path    string
	id      string
	secret  ed25519.PrivateKey
	created time.Time
	until   time.Time
	former  *former
}

func (k *key) public() ed25519.PublicKey { return k.secret.Public().(ed25519.PublicKey) }

func (k *key) verifies(now time.Time) bool { return k.until.IsZero() || now.Before(k.until) }

func (k *key) describe() Key {
	return Key{ID: k.id, Public: formatPublic(k.public()), Created: k.created,
		Until: k.until, Signing: k.until.IsZero()}
}

// Create makes the folder, mode 0700, and in it the link secret and the first
// key of the instance. It refuses a folder that holds keys (ErrHasKeys).
func Create(dir, instance string, now time.Time) (*Ring, error) {
	if instance == "" {
		return nil, errors.New("token: create: an instance needs an id")
	}
	if has, err := Exists(dir); err != nil {
		return nil, err
	} else if has {
		return nil, fmt.Errorf("%w in %s", ErrHasKeys, dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("token: create: %w", err)
	}
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	// The key comes last and makes the ring: a link secret without any key is
	// left from a Create that was cut off, and no link was mailed with it.
	if err := os.Remove(filepath.Join(dir, linksFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("token: create: %w", err)
	}
	if err := writeLinks(dir, instance); err != nil {
		return nil, err
	}
	if _, err := writeNewKey(dir, instance, now, nil); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	return Open(dir, instance)
}

// Open reads the ring of an instance. It is ErrNoKeys when the folder is
// missing or holds none, ErrInstance when they are another's; and an error that
// names the file when one can be reached by others, is a link, is damaged, or
// when the files do not make one chain from the signing key back.
func Open(dir, instance string) (*Ring, error) {
	keys, err := readKeys(dir, instance)
	if err != nil {
		return nil, err
	}
	links, err := readLinks(dir, instance)
	if err != nil {
		return nil, err
	}
	r := &Ring{dir: dir, instance: instance, links: links, verified: newVerified()}
	r.state.Store(&keys)
	return r, nil
}

// Exists tells whether the folder holds any key file, readable or not.
func Exists(dir string) (bool, error) {
	names, err := keyFiles(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return len(names) > 0, err
}

func (r *Ring) keys() []*key { return *r.state.Load() }

// Keys lists the keys that verify at now: the signing key, then the others
// from the newest to the oldest.
func (r *Ring) Keys(now time.Time) []Key {
	var list []Key
	for _, k := range r.keys() {
		if k.verifies(now) {
			list = append(list, k.describe())
		}
	}
	return list
}

// Rotate makes a new signing key. The former one verifies until oldUntil,
// which is when the last token that it signed expires; a time that has passed
// retires it at once. The older keys keep their times. After an error the
// former key goes on signing.
func (r *Ring) Rotate(now, oldUntil time.Time) (Key, error) {
	if oldUntil.IsZero() {
		return Key{}, errors.New("token: rotate: no time until which the former key verifies")
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	keys := r.keys()
	// A second key after the same one would leave two that sign, which Open refuses.
	onDisk, err := readKeys(r.dir, r.instance)
	if err != nil {
		return Key{}, err
	}
	if onDisk[0].id != keys[0].id {
		return Key{}, fmt.Errorf("token: rotate: the keys in %s were changed by another process: restart this one", r.dir)
	}
	fresh, err := writeNewKey(r.dir, r.instance, now, &former{ID: keys[0].id, Until: oldUntil.Round(0).UTC()})
	if err != nil {
		return Key{}, err
	}
	retired := *keys[0]
	retired.until = fresh.former.Until
	next := append([]*key{fresh, &retired}, keys[1:]...)
	r.state.Store(&next)
	return fresh.describe(), nil
}

// Prune deletes the files of keys that have not verified for a day, and gives
// their number; never the signing key. A key's file also holds the time of
// the key before it, so they go from the oldest on, and one that was retired
// early waits for those before it. What a crash left half written goes too.
func (r *Ring) Prune(now time.Time) (int, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	keys := r.keys()
	kept := len(keys)
	var err error
	for kept > 1 && err == nil && !keys[kept-1].verifies(now.Add(-pruneGrace)) {
		// One by one to the disk: none may outlast a crash that took a newer one.
		if err = removeSynced(keys[kept-1].path); err == nil {
			kept--
		}
	}
	rest := keys[:kept:kept]
	r.state.Store(&rest)
	if err == nil {
		err = removeLeftovers(r.dir)
	}
	return len(keys) - kept, err
}

// writeNewKey makes a key and its file. The name sorts by time and shows the
// begin of the id.
func writeNewKey(dir, instance string, now time.Time, former *former) (*key, error) {
	pub, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("token: new key: %w", err)
	}
	id, err := formatID(pub)
	if err != nil {
		return nil, err
	}
	created := now.UTC().Truncate(time.Second)
	short := strings.TrimPrefix(id, idPrefix)[:8]
	path := filepath.Join(dir, fmt.Sprintf("%d-%s.json", created.Unix(), short))
	err = writeJSON(path, keyFile{Version: fileVersion, Instance: instance, Created: created,
		Secret: formatSecret(secret), ID: id, Former: former})
	if err != nil {
		return nil, err
	}
	return &key{path: path, id: id, secret: secret, created: created, former: former}, nil
}
