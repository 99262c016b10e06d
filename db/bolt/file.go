package bolt

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// Create makes a new data file holding what init writes. The file is made
// under another name, synced and renamed, so that a file of this name is
// always whole; one that stands is never touched.
func Create(path string, init func(db.Writer) error) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s: %w", path, os.ErrExist)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*.db")
	if err != nil {
		return err
	}
	tmp := f.Name()
	defer func() { _ = os.Remove(tmp) }() // whether init fails or panics
	if err := f.Close(); err != nil {
		return err
	}
	if err := fill(tmp, init); err != nil {
		return err
	}
	// Link, unlike rename, refuses a file that has come to stand meanwhile.
	if err := os.Link(tmp, path); err != nil {
		return err
	}
	if err := os.Remove(tmp); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func fill(path string, init func(db.Writer) error) error {
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = b.Update(func(tx *bbolt.Tx) error {
		o := &overlay{reader: reader{tx}}
		if err := init(o); err != nil {
			return err
		}
		if err := o.valid(); err != nil {
			return err
		}
		return o.apply(tx)
	})
	return errors.Join(err, b.Sync(), b.Close())
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// The first two pages of a bbolt file are its meta pages: a 16-byte page
// header, then these fields, then an FNV-1a sum over them.
const (
	pageHeader  = 16
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
)

type meta struct {
	pageSize, root, freelist, pages, txid uint64
}

// inspect refuses a file that bbolt would write over (an empty one), that
// would fault under the map (a shorter one than its meta page says), or whose
// pages lead it astray. It says the size in bytes of one that is whole.
func inspect(path string) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	if err := hold(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	switch {
	case !info.Mode().IsRegular():
		return 0, errors.New("it is no regular file")
	case info.Size() == 0:
		return 0, errors.New("it is empty")
	}
	best, ok := meta{}, false
	for _, m := range metas(f) {
		if !ok || m.txid > best.txid {
			best, ok = m, true
		}
	}
	if !ok {
		return 0, errors.New("it is no kunci database, or its first pages are damaged")
	}
	if best.pages > uint64(info.Size())/best.pageSize {
		return 0, fmt.Errorf("it is cut short: %d bytes, where %d pages of %d should be", info.Size(), best.pages, best.pageSize)
	}
	if err := walk(f, best, nil); err != nil {
		return 0, fmt.Errorf("%w: %v", db.ErrEngineDamaged, err)
	}
	return info.Size(), nil
}

// hold takes the lock that bbolt will take, so that nobody writes while the
// file is looked at; it goes when f is closed.
func hold(f *os.File) error {
	const patience, pause = 500 * time.Millisecond, 20 * time.Millisecond
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return err
		case time.Now().After(end):
			return ErrHeld
		}
	}
}

// metas are the meta pages of a file that are whole.
func metas(r io.ReaderAt) (whole []meta) {
	for _, at := range metaOffsets(r) {
		if m, ok := readMeta(r, at); ok {
			whole = append(whole, m)
		}
	}
	return whole
}

// metaOffsets are the two places of a meta page: the second stands one page
// on, whose size only the first (or a guess, where it is damaged) can tell.
func metaOffsets(r io.ReaderAt) []int64 {
	if m, ok := readMeta(r, 0); ok {
		return []int64{0, int64(m.pageSize)}
	}
	var offsets []int64
	for size := int64(1024); size <= 64<<10; size <<= 1 {
		offsets = append(offsets, size)
	}
	return offsets
}

func readMeta(r io.ReaderAt, at int64) (m meta, ok bool) {
	raw := make([]byte, metaSize)
	if _, err := r.ReadAt(raw, at+pageHeader); err != nil {
		return m, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(raw[:metaSize-8])
	m = meta{
		pageSize: uint64(u32(raw[8:])), root: u64(raw[16:]), freelist: u64(raw[32:]),
		pages: u64(raw[40:]), txid: u64(raw[48:]),
	}
	ok = u32(raw) == metaMagic && u32(raw[4:]) == metaVersion &&
		u64(raw[56:]) == sum.Sum64() && m.pageSize >= 512 && m.pageSize <= 64<<10
	return m, ok
}
