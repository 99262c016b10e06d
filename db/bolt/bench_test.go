package bolt_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"kunci/db"
	"kunci/db/bolt"
)

// share runs b.N acts from so many goroutines.
func share(b *testing.B, writers int, act func(n uint64) error) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Uint64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for {
				n := next.Add(1)
				if n > uint64(b.N) {
					return
				}
				if err := act(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

var writers = []int{1, 8, 64}

// A sign-in writes about four keys; so does each act here.
func BenchmarkUpdate(b *testing.B) {
	for _, writers := range writers {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			e, _ := create(b)
			value := make([]byte, 150)
			share(b, writers, func(n uint64) error {
				return e.Update(context.Background(), func(w db.Writer) error {
					for _, s := range []db.Space{"a", "b", "c", "d"} {
						w.Put(s, binary.BigEndian.AppendUint64(nil, n), value)
					}
					return nil
				})
			})
		})
	}
}

// BenchmarkBareUpdate is what BenchmarkUpdate would be with a commit of its own
// for each act.
func BenchmarkBareUpdate(b *testing.B) {
	for _, writers := range writers {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			bare, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = bare.Close() })
			value := make([]byte, 150)
			share(b, writers, func(n uint64) error {
				return bare.Update(func(tx *bbolt.Tx) error {
					for _, s := range []string{"a", "b", "c", "d"} {
						bucket, err := tx.CreateBucketIfNotExists([]byte(s))
						if err != nil {
							return err
						}
						if err := bucket.Put(binary.BigEndian.AppendUint64(nil, n), value); err != nil {
							return err
						}
					}
					return nil
				})
			})
		})
	}
}

// BenchmarkView reads what a request with a token reads: two records by key.
func BenchmarkView(b *testing.B) {
	e, _ := create(b)
	update(b, e, fill)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			err := e.View(func(r db.Reader) error {
				if r.Get("big", fmt.Appendf(nil, "key-%05d", i%1000)) == nil || r.Get("middle", fmt.Appendf(nil, "key-%05d", i%300)) == nil {
					return fmt.Errorf("key %d is not there", i)
				}
				return nil
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkOpen opens a file of so many records, as a start does.
func BenchmarkOpen(b *testing.B) {
	for _, records := range []int{1000, 200_000} {
		b.Run(fmt.Sprintf("records=%d", records), func(b *testing.B) {
			e, path := create(b)
			load(b, e, func(w db.Writer) error {
				for i := range records {
					w.Put(space, binary.BigEndian.AppendUint64(nil, uint64(i)), make([]byte, 300))
				}
				return nil
			})
			closed(b, e)
			b.ReportAllocs()
			for b.Loop() {
				e, err := bolt.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				closed(b, e)
			}
		})
	}
}
