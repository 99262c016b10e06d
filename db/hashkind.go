package db

import (
	"errors"
	"strings"
)

// hashKind is what a stored password hash costs to check: the string without
// its salt and tag, "$argon2id$v=19$m=19456,t=2,p=1" or "$2b$10", "" for none.
func hashKind(hash string) string {
	kind, _, found := cutLast(hash)
	if !found {
		return ""
	}
	if strings.HasPrefix(hash, "$2") { // bcrypt writes salt and tag in one
		return kind
	}
	kind, _, _ = cutLast(kind)
	return kind
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '$')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// kindCount is how many accounts have a password hash of one kind.
type kindCount struct {
	Accounts int64 `cbor:"1,keyasint"`
}

// HashKinds are the kinds of password hashes that accounts have, each as the
// beginning of such a hash, and how many accounts have it.
func (v View) HashKinds() map[string]int64 {
	kinds := map[string]int64{}
	each(v.r, spaceHashKind, nil, nil, func(key []byte, c *kindCount, err error) bool {
		switch {
		case err != nil:
			kinds[string(key)] = 1 // how many is damaged, not that there are any
		case c.Accounts > 0:
			kinds[string(key)] = c.Accounts
		}
		return true
	})
	return kinds
}

// countKinds moves an account from the kind of one hash to that of another.
func (t Tx) countKinds(was, is string) error {
	from, to := hashKind(was), hashKind(is)
	if from == to {
		return nil
	}
	return errors.Join(t.countKind(from, -1), t.countKind(to, 1))
}

func (t Tx) countKind(kind string, by int64) error {
	if kind == "" {
		return nil
	}
	c, err := get[kindCount](t.r, spaceHashKind, []byte(kind))
	if err != nil {
		c = &kindCount{} // none yet, or damaged, which must keep nobody out
	}
	if c.Accounts += by; c.Accounts <= 0 {
		t.w.Delete(spaceHashKind, []byte(kind))
		return nil
	}
	return put(t.w, spaceHashKind, []byte(kind), c)
}

// hashKinds compares the counts with the accounts.
func (c *checker) hashKinds() {
	counted := map[string]int64{}
	c.Accounts(0, func(a *Account, err error) bool {
		if err == nil && hashKind(a.PasswordHash) != "" {
			counted[hashKind(a.PasswordHash)]++
		}
		return true
	})
	each(c.r, spaceHashKind, nil, nil, func(key []byte, k *kindCount, err error) bool {
		if err != nil || k.Accounts != counted[string(key)] {
			c.fault("the count of password hashes of kind %q is wrong", key)
		}
		delete(counted, string(key))
		return true
	})
	for kind := range counted {
		c.fault("password hashes of kind %q are not counted", kind)
	}
}
