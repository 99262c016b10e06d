package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// wrapPrefix begins the one text form that is our own; doc.go describes it.
const wrapPrefix = "$kunci-wrap$"

// wrappedHash is an argon2id hash of a fast hash's tag: whoever steals it has to pay
// argon2id for every guess, and nobody had to be asked for a password.
type wrappedHash struct {
	inner recipe
	outer argon2Hash
}

func (w wrappedHash) family() string { return w.outer.family() + "(" + w.inner.name + ")" }

func (wrappedHash) bare() bool { return true }

// stale: the next sign-in tells the password, which is better hashed alone.
func (wrappedHash) stale(Params) bool { return true }

func (w wrappedHash) matches(password string) bool {
	tag, may := w.inner.tag(password)
	return subtle.ConstantTimeCompare(w.outer.derive(tag, len(w.outer.tag)), w.outer.tag) == 1 && may
}

func (w wrappedHash) String() string {
	return wrapPrefix + w.inner.kind() + "$" + base64.RawStdEncoding.EncodeToString(w.inner.salt) + w.outer.String()
}

// inners read the settings of what can be wrapped.
var inners = map[string]func(setting string, salt []byte) (recipe, error){
	"md5":           readInnerDigest("md5"),
	"sha1":          readInnerDigest("sha1"),
	"sha256":        readInnerDigest("sha256"),
	"sha512":        readInnerDigest("sha512"),
	"md5-crypt":     md5CryptRecipe,
	"phpass":        readInnerPHPass,
	"pbkdf2-sha1":   pbkdf2SHA1.readInner,
	"pbkdf2-sha256": pbkdf2SHA256.readInner,
	"pbkdf2-sha512": pbkdf2SHA512.readInner,
	"scrypt":        readInnerScrypt,
	"sha256-crypt":  sha256Crypt.readInner,
	"sha512-crypt":  sha512Crypt.readInner,
}

// readInner reads the kind and the salt of what is wrapped.
func readInner(kind string, salt []byte) (recipe, error) {
	name, setting, _ := strings.Cut(kind, ",")
	read, known := inners[name]
	if !known {
		return recipe{}, refused("wrap of an unknown kind")
	}
	return read(setting, salt)
}

// readWrapped reads what String writes, and nothing else.
func readWrapped(rest string) (record, error) {
	part := strings.SplitN(rest, "$", 3)
	if len(part) != 3 || !strings.HasPrefix("$"+part[2], argon2idPrefix) {
		return nil, refused("wrap without a kind, a salt and argon2id")
	}
	salt, ok := unbase64(part[1], 0, maxSaltLen)
	if !ok {
		return nil, refused("wrap's salt not canonical base64 of up to 64 bytes")
	}
	inner, err := readInner(part[0], salt)
	if err != nil {
		return nil, err
	}
	outer, err := readArgon2id(strings.TrimPrefix("$"+part[2], argon2idPrefix))
	if err != nil {
		return nil, err
	}
	w := wrappedHash{inner, outer.(argon2Hash)}
	if !inner.fast || w.String() != wrapPrefix+rest {
		return nil, refused("wrap of what is never wrapped, or in another spelling")
	}
	return w, nil
}

// Wrap makes the stored form of a fast hash of another system: an argon2id hash, of the
// current parameters, of its tag. Errors: ErrStored, before any work, when foreign is
// unknown, out of bounds, or of a kind that is stored as it is; those of Hash.
func (h *Hasher) Wrap(ctx context.Context, foreign string) (string, error) {
	o, err := h.do(ctx, task{Act: actWrap, Stored: []byte(foreign)})
	return o.Stored, err
}

// readFast reads what Wrap takes.
func readFast(foreign string) (madeHash, error) {
	r, err := read(foreign)
	if err != nil {
		return madeHash{}, err
	}
	m, ok := r.(madeHash)
	if !ok || !m.fast {
		return madeHash{}, refused("of a kind that is not wrapped")
	}
	return m, nil
}

// Import makes the stored form of any hash that the package knows, in the one spelling
// that each has: fast ones are wrapped, at the cost of one hash; the others stay what
// they are, at none. "" (no password) stays "". Errors are those of Wrap; none quotes
// the hash.
func (h *Hasher) Import(ctx context.Context, foreign string) (string, error) {
	if foreign == "" {
		return "", nil
	}
	r, err := read(foreign)
	if err != nil {
		return "", err
	}
	if r.bare() {
		return r.String(), nil
	}
	return h.Wrap(ctx, foreign)
}
