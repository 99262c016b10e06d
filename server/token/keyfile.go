package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	fileVersion    = 1
	linksFile      = "links.json"
	linkSecretSize = 32
)

// keyFile is one signing key on disk. It records until when the former key
// verifies, so that a file with a secret is never written a second time.
type keyFile struct {
	Version  int       `json:"version"`
	Instance string    `json:"instance"`
	Created  time.Time `json:"created"`
	Secret   string    `json:"secret"`
	ID       string    `json:"id"`
	Former   *former   `json:"former,omitzero"`
}

// former names the key that signed before this one.
type former struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
}

// linkFile is the secret from which the tokens of mailed links are derived.
type linkFile struct {
	Version  int    `json:"version"`
	Instance string `json:"instance"`
	Secret   string `json:"secret"`
}

// keyFiles lists the names of the files that are keys or claim to be.
func keyFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".json") && name != linksFile {
			names = append(names, name)
		}
	}
	return names, nil
}

// readKeys reads every key in the folder, in the order of the chain.
func readKeys(dir, instance string) ([]*key, error) {
	if err := checkDir(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist", ErrNoKeys, dir)
	} else if err != nil {
		return nil, err
	}
	names, err := keyFiles(dir)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoKeys, dir)
	}
	keys := make([]*key, len(names))
	for i, name := range names {
		if keys[i], err = readKey(filepath.Join(dir, name), instance); err != nil {
			return nil, err
		}
	}
	return chain(keys)
}

// readKey reads one key file and checks that its parts belong together.
func readKey(path, instance string) (*key, error) {
	var f keyFile
	if err := readJSON(path, &f); err != nil {
		return nil, err
	}
	if err := checkHead(path, f.Version, f.Instance, instance); err != nil {
		return nil, err
	}
	secret, ok := parseSecret(f.Secret)
	if !ok {
		return nil, fmt.Errorf("token: %s is damaged: its secret is not a k2.secret: restore it from a backup", path)
	}
	k := &key{path: path, secret: secret, created: f.Created.UTC(), former: f.Former}
	var err error
	if k.id, err = formatID(k.public()); err != nil {
		return nil, err
	}
	if k.id != f.ID || f.Created.IsZero() {
		return nil, fmt.Errorf("token: %s is damaged: its id is not that of its secret, or it has no date: restore it from a backup", path)
	}
	if f.Former != nil && (!strings.HasPrefix(f.Former.ID, idPrefix) || f.Former.Until.IsZero()) {
		return nil, fmt.Errorf("token: %s is damaged: it does not say which key came before, or until when: restore it from a backup", path)
	}
	return k, nil
}

// checkHead tells whether a file is of a version that we know, and of this
// instance.
func checkHead(path string, version int, instance, want string) error {
	if version != fileVersion {
		return fmt.Errorf("token: %s has version %d, this program reads version %d: use the program that wrote it", path, version, fileVersion)
	}
	if instance == "" || instance != want {
		return fmt.Errorf("%w: %s belongs to instance %q, the data file to %q", ErrInstance, path, instance, want)
	}
	return nil
}

// chain orders keys from the one that signs, each followed by the one that it
// took over from. It refuses files that leave open which key signs, or until
// when another verifies; the oldest may name a key that has been pruned.
func chain(keys []*key) ([]*key, error) {
	byID := map[string]*key{}
	successor := map[string]*key{}
	for _, k := range keys {
		if twin := byID[k.id]; twin != nil {
			return nil, fmt.Errorf("token: %s and %s hold the same key: move one away", twin.path, k.path)
		}
		byID[k.id] = k
		if k.former == nil {
			continue
		}
		if other := successor[k.former.ID]; other != nil {
			return nil, fmt.Errorf("token: %s and %s both follow one key: move one away", other.path, k.path)
		}
		successor[k.former.ID] = k
	}
	var signing *key
	for _, k := range keys {
		if successor[k.id] != nil {
			continue
		}
		if signing != nil {
			return nil, fmt.Errorf("token: %s and %s would both sign: move one away, or restore the key between them", signing.path, k.path)
		}
		signing = k
	}
	var ordered []*key
	for k := signing; k != nil; {
		ordered = append(ordered, k)
		if k.former == nil {
			break
		}
		next := byID[k.former.ID]
		if next != nil {
			next.until = k.former.Until.UTC()
		}
		k = next
	}
	if len(ordered) != len(keys) {
		return nil, fmt.Errorf("token: the keys in %s follow each other in a circle: restore them from a backup", filepath.Dir(keys[0].path))
	}
	return ordered, nil
}

// writeLinks makes the link secret of a new ring.
func writeLinks(dir, instance string) error {
	var secret [linkSecretSize]byte
	rand.Read(secret[:]) // never fails, as in NewKey
	return writeJSON(filepath.Join(dir, linksFile),
		linkFile{Version: fileVersion, Instance: instance, Secret: encode64(secret[:])})
}

// readLinks reads the link secret. Keys without it are not a whole ring.
func readLinks(dir, instance string) (*[linkSecretSize]byte, error) {
	path := filepath.Join(dir, linksFile)
	var f linkFile
	if err := readJSON(path, &f); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("token: %s is missing: restore it from a backup", path)
	} else if err != nil {
		return nil, err
	}
	if err := checkHead(path, f.Version, f.Instance, instance); err != nil {
		return nil, err
	}
	b, ok := decode64(f.Secret)
	if !ok || len(b) != linkSecretSize {
		return nil, fmt.Errorf("token: %s is damaged: its secret is not 32 bytes in base64url: restore it from a backup", path)
	}
	return (*[linkSecretSize]byte)(b), nil
}

// readJSON reads a secret file into v. Its errors never quote the file.
func readJSON(path string, v any) error {
	b, err := readSecret(path)
	if err != nil {
		return err
	}
	if json.Unmarshal(b, v, json.RejectUnknownMembers(true)) != nil {
		return fmt.Errorf("token: %s is not a key file of ours, or damaged: move it away, or restore it from a backup", path)
	}
	return nil
}

// writeJSON writes v as a new secret file.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("token: write %s: %w", path, err)
	}
	return writeSecret(path, append(b, '\n'))
}
