package db

import (
	"errors"
	"slices"
	"strings"
)

// HashKind is what a stored password hash costs to check: the string without
// its salts and tag, "$argon2id$v=19$m=19456,t=2,p=1" or "$2b$10", "" for none.
// Most end in "$salt$tag". What is written otherwise:
//
//	…$2b$10$salt and tag in one                            bcrypt
//	scrypt$N$salt$r$p$tag                                  Django
//	$kunci-wrap$kind$salt$argon2id$v=19$m=…,t=…,p=…$salt$tag
func HashKind(hash string) string {
	part := strings.Split(hash, "$")
	n := len(part)
	switch {
	case n == 1:
		return ""
	case n == 6 && part[0] == "scrypt":
		part = slices.Delete(part[:n-1], 2, 3)
	case n > 5 && part[1] == "kunci-wrap":
		part = slices.Delete(part[:n-2], 3, 4)
	case n > 3 && isBcrypt(part[n-3], part[n-2]):
		part = part[:n-1]
	default:
		part = part[:max(n-2, 1)]
	}
	return strings.Join(part, "$")
}

// isBcrypt tells bcrypt's version and cost from what others write before a tag.
func isBcrypt(version, cost string) bool {
	return len(version) == 2 && version[0] == '2' && len(cost) == 2
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
	from, to := HashKind(was), HashKind(is)
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
		if err == nil && HashKind(a.PasswordHash) != "" {
			counted[HashKind(a.PasswordHash)]++
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
