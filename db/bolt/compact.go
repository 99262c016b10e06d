package bolt

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"

	"kunci/db"
)

// compactBytes are copied in one transaction: few enough for the memory,
// enough that hardly a page is written twice.
const compactBytes = 16 << 20

// Compact writes what the engine holds to a new file without free pages, in
// which what was deleted has left no trace, and says the sizes of both in
// bytes. The copy is synced, and compared with the original key by key, before
// Compact returns nil; after an error there is none. One that stands is never
// touched (os.ErrExist). Its name is not yet durable: whoever renames it syncs
// the folder. Nobody may write meanwhile.
func (e *Engine) Compact(to string) (before, after int64, err error) {
	was, err := e.file.Stat()
	if err != nil {
		return 0, 0, err
	}
	made := false
	defer func() {
		if err != nil && made {
			err = errors.Join(err, os.Remove(to))
		}
	}()
	copied, err := bbolt.Open(to, 0o600, &bbolt.Options{
		FreelistType:    bbolt.FreelistMapType,
		NoStatistics:    true,
		InitialMmapSize: mapped(was.Size()),
		Timeout:         time.Second,
		OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(path, flag|os.O_EXCL, mode)
			made = err == nil
			return f, err
		},
	})
	if err != nil {
		return 0, 0, err
	}
	copied.AllocSize = 0 // the file grows by what is needed
	if err := errors.Join(e.compact(copied), copied.Sync(), copied.Close()); err != nil {
		return 0, 0, err
	}
	if _, err := inspect(to); err != nil {
		return 0, 0, err
	}
	is, err := os.Stat(to)
	if err != nil {
		return 0, 0, err
	}
	return was.Size(), is.Size(), nil
}

func (e *Engine) compact(to *bbolt.DB) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", db.ErrEngineDamaged, p)
		}
	}()
	if err := bbolt.Compact(to, e.bolt, compactBytes); err != nil {
		return err
	}
	return e.bolt.View(func(want *bbolt.Tx) error {
		return to.View(func(got *bbolt.Tx) error { return same(want, got) })
	})
}
