package db

import (
	"bytes"
	"errors"
)

// MailQuota remembers the reset mails of one account's last day, so that
// nobody can flood it (CONTRACT 4).
type MailQuota struct {
	Sent []MailSent `cbor:"1,keyasint,omitempty"`
}

// MailSent is one mail that was asked for from an address range.
type MailSent struct {
	At    Time   `cbor:"1,keyasint"`
	Range string `cbor:"2,keyasint"`
}

// MailQuota returns what was sent for an account; empty where nothing was.
func (v View) MailQuota(account uint64) (*MailQuota, error) {
	q, err := get[MailQuota](v.r, spaceMailQuota, accountKey(account))
	if errors.Is(err, ErrNotFound) {
		return &MailQuota{}, nil
	}
	return q, err
}

// PutMailQuota stores what was sent for an account that stands.
func (t Tx) PutMailQuota(account uint64, q *MailQuota) error {
	return put(t.w, spaceMailQuota, accountKey(account), q)
}

// KnownRange is an address range that signed in to an account.
type KnownRange struct {
	Seen Time `cbor:"1,keyasint"`
}

// KnownRange says when a range last signed in to an account; ErrNotFound for
// one that never did.
func (v View) KnownRange(account uint64, addrRange string) (*KnownRange, error) {
	return get[KnownRange](v.r, spaceKnownRange, accountChild(account, []byte(addrRange)))
}

// maxKnownRanges are kept for one account; a new one drives out another.
const maxKnownRanges = 32

// MarkKnownRange notes that a range signed in to an account. To spare the
// disk, a mark that is younger than a day stays as it is. The one seen longest
// ago makes room.
func (t Tx) MarkKnownRange(account uint64, addrRange string, now Time) error {
	key := accountChild(account, []byte(addrRange))
	const day = 24 * 3600_000
	switch known, err := get[KnownRange](t.r, spaceKnownRange, key); {
	case err == nil && now-known.Seen < day:
		return nil
	case errors.Is(err, ErrNotFound):
		t.makeRoomForRange(account)
	}
	return put(t.w, spaceKnownRange, key, &KnownRange{Seen: now})
}

// ForgetKnownRanges makes every range a stranger to an account again.
func (t Tx) ForgetKnownRanges(account uint64) {
	for _, key := range t.children(spaceKnownRange, account, maxKnownRanges) {
		t.w.Delete(spaceKnownRange, key)
	}
}

// makeRoomForRange forgets the range seen longest ago where there are as many
// as may be.
func (t Tx) makeRoomForRange(account uint64) {
	prefix := accountKey(account)
	var oldest []byte
	var oldestSeen Time
	n := 0
	each(t.r, spaceKnownRange, prefix, after(prefix), func(key []byte, k *KnownRange, err error) bool {
		n++
		if err != nil {
			k = &KnownRange{} // damaged: the first to go
		}
		if oldest == nil || k.Seen < oldestSeen {
			oldest, oldestSeen = bytes.Clone(key), k.Seen
		}
		return true
	})
	if n >= maxKnownRanges {
		t.w.Delete(spaceKnownRange, oldest)
	}
}

// KnownRanges calls fn for the ranges that signed in to an account until it
// returns false. One that can't be read is passed over.
func (v View) KnownRanges(account uint64, fn func(*KnownRange) bool) {
	prefix := accountKey(account)
	each(v.r, spaceKnownRange, prefix, after(prefix), func(_ []byte, k *KnownRange, err error) bool { return err != nil || fn(k) })
}
