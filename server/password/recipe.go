package password

import (
	"crypto/subtle"
	"strings"
)

// fastIterations is how many turns of a hash function are too few to keep a hash bare:
// 20,000 take 6 to 24 ms where argon2id of the least parameters takes 40, and
// hardware made for it runs them thousands of times faster, which argon2id's memory
// prevents. Whatever takes fewer is wrapped.
const fastIterations = 20_000

// recipe is how another system made hashes: all of a hash but its tag.
type recipe struct {
	name    string // as Family shows it: "sha512-crypt"
	setting string // what it costs, as a wrapped hash spells it: "rounds=5000"
	salt    []byte
	fast    bool // far cheaper to try than argon2id, so never stored bare
	longest int  // bytes of a password; a longer one matches nothing
	derive  func(password string) []byte
}

// kind is all of a wrapped hash's inner part but the salt.
func (r recipe) kind() string {
	if r.setting == "" {
		return r.name
	}
	return r.name + "," + r.setting
}

// tag makes the tag of a password, if that may match at all. The work is done in any
// case, for equal time, but on a bounded part: the cost of most recipes grows with the
// length. A NUL byte never matches: C ends a password there, and HMAC takes one with
// a NUL behind it for the same.
func (r recipe) tag(password string) (tag []byte, may bool) {
	may = len(password) <= r.longest && strings.IndexByte(password, 0) < 0
	return r.derive(password[:min(len(password), r.longest)]), may
}

// madeHash is a stored hash that is checked by following its recipe again.
type madeHash struct {
	recipe
	want []byte // the tag
	text string // the hash in its one spelling; "" where it is fast
}

func (m madeHash) family() string { return m.name }
func (m madeHash) String() string { return m.text }
func (m madeHash) bare() bool     { return !m.fast }

// stale: other systems' hashes are only ever read.
func (madeHash) stale(Params) bool { return true }

func (m madeHash) matches(password string) bool {
	tag, may := m.tag(password)
	return subtle.ConstantTimeCompare(tag, m.want) == 1 && may
}
