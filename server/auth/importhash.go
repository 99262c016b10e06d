package auth

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"kunci/server/password"
)

const (
	// importYields is how often an import looks whether sign-ins still wait for
	// the gate, and importYield how long after it asks all the same: the gate
	// serves who had the least of late, which an import is not.
	importYields = 5 * time.Millisecond
	importYield  = time.Second
)

// wrap makes the stored form of the fast hashes of a batch, as many at once as
// there are CPUs: more would only fill the gate's queue.
func (im *importer) wrap(ctx context.Context, rows []*importRow) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(rows)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				r := rows[i]
				if !r.wrap {
					continue
				}
				stored, err := patient(ctx, im.Hasher, func() (string, error) { return im.Hasher.Import(ctx, r.account.PasswordHash) })
				if err != nil {
					stop(err)
					return
				}
				r.account.PasswordHash = stored
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// patient has something hashed once the gate has a slot that nobody else waits
// for.
func patient[T any](ctx context.Context, h *password.Hasher, do func() (T, error)) (T, error) {
	for {
		if err := yield(ctx, h); err != nil {
			var none T
			return none, err
		}
		done, err := do()
		busy, refused := errors.AsType[*password.BusyError](err)
		if !refused {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(busy.RetryAfter):
		}
	}
}

func yield(ctx context.Context, h *password.Hasher) error {
	for end := time.Now().Add(importYield); time.Now().Before(end); {
		if _, waiting := h.Load(); waiting == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(importYields):
		}
	}
	return ctx.Err()
}
