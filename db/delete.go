package db

import (
	"bytes"
	"errors"
)

// DeleteAccount removes an account, its indexes, membership and mail quota.
// What else belongs to it goes before, by DeleteBelongings.
func (t Tx) DeleteAccount(id uint64) error {
	a, err := t.Account(id)
	if err != nil {
		return err
	}
	keys, err := a.uniqueKeys()
	if err != nil {
		return err
	}
	if err := t.DeleteMembership(id); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := t.countKinds(a.PasswordHash, ""); err != nil {
		return err
	}
	t.dropKeys(accountKey(id), keys)
	t.w.Delete(spaceMailQuota, accountKey(id))
	t.w.Delete(spaceAccount, accountKey(id))
	return nil
}

// DeleteBelongings removes up to max sessions, links, mails and known ranges
// of an account and says whether some are left.
func (t Tx) DeleteBelongings(id uint64, max int) (more bool, err error) {
	for _, kind := range []struct {
		space Space
		drop  func(Tx, []byte) error
	}{
		{spaceSessionAccount, func(t Tx, k []byte) error { return t.endSessionOf(k) }},
		{spaceLinkAccount, func(t Tx, k []byte) error { return t.dropLinkOf(k) }},
		{spaceMailAccount, func(t Tx, k []byte) error { return t.dropMailOf(k) }},
		{spaceKnownRange, func(t Tx, k []byte) error { t.w.Delete(spaceKnownRange, k); return nil }},
	} {
		for _, key := range t.children(kind.space, id, max+1) {
			if max--; max < 0 {
				return true, nil
			}
			if err := kind.drop(t, key); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// isMissing says that what an index leads to is gone or can't be read.
func isMissing(err error) bool {
	var damaged *DamagedError
	return errors.Is(err, ErrNotFound) || errors.As(err, &damaged)
}

// dropUnread removes a record that is gone or can't be read, and what leads to
// it. Only the record could tell where that stands, so all of the indexes are
// looked through.
func (t Tx) dropUnread(records Space, id ID, indexes ...Space) {
	t.w.Delete(records, id[:])
	for _, index := range indexes {
		var leading [][]byte
		t.r.Scan(index, nil, nil, func(key, value []byte) bool {
			if bytes.HasSuffix(key, id[:]) || bytes.Equal(value, id[:]) {
				leading = append(leading, bytes.Clone(key))
			}
			return true
		})
		for _, key := range leading {
			t.w.Delete(index, key)
		}
	}
}

// children are the keys in an index that belong to an account, up to max.
func (v View) children(s Space, id uint64, max int) (keys [][]byte) {
	prefix := accountKey(id)
	v.r.Scan(s, prefix, after(prefix), func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return len(keys) < max
	})
	return keys
}
