package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// Yardstick is a bare bbolt file that holds something like sessions, for
// measuring what the same acts cost without an Engine: each in a transaction,
// and so with syncs, of its own. It is no data file and holds nothing of worth.
type Yardstick struct {
	bolt *bbolt.DB
	path string
}

// What a session takes: its record under a random id, and two index entries.
const sessionValue = 110

func sessionKeys(n int) (id, ofAccount, ofHour []byte) {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(n))
	sum := sha256.Sum256(number[:])
	id = sum[:16]
	return id, append(sum[24:32:32], id...), append([]byte{0, 0, 0, sum[20] & 3}, id...)
}

var sessionBuckets = [][]byte{[]byte("session"), []byte("session_account"), []byte("session_expiry")}

// NewYardstick makes the file, which must not stand yet, with so many sessions.
func NewYardstick(path string, sessions int) (_ *Yardstick, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, os.ErrExist
	}
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	y := &Yardstick{bolt: b, path: path}
	b.NoSync = true
	for from := 0; from < sessions && err == nil; from += sessionsPerFill {
		err = b.Update(func(tx *bbolt.Tx) error { return addSessions(tx, from, min(sessions, from+sessionsPerFill)) })
	}
	b.NoSync = false
	if err = errors.Join(err, b.Sync()); err != nil {
		return nil, errors.Join(err, y.Remove())
	}
	return y, nil
}

// sessionsPerFill is how many sessions a new file gets at once: bbolt splits
// pages only when it commits, and until then one that grew long is slow.
const sessionsPerFill = 1000

func addSessions(tx *bbolt.Tx, from, to int) error {
	for n := from; n < to; n++ {
		id, ofAccount, ofHour := sessionKeys(n)
		for i, key := range [][]byte{id, ofAccount, ofHour} {
			bucket, err := tx.CreateBucketIfNotExists(sessionBuckets[i])
			if err != nil {
				return err
			}
			var value []byte
			if i == 0 {
				value = make([]byte, sessionValue)
			}
			if err := bucket.Put(key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// End removes the n-th session, from 0, in a transaction of its own.
func (y *Yardstick) End(n int) error {
	id, ofAccount, ofHour := sessionKeys(n)
	return y.bolt.Update(func(tx *bbolt.Tx) error {
		for i, key := range [][]byte{id, ofAccount, ofHour} {
			if err := tx.Bucket(sessionBuckets[i]).Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Remove closes the file and takes it away.
func (y *Yardstick) Remove() error { return errors.Join(y.bolt.Close(), os.Remove(y.path)) }
