package cli

import (
	"context"
	"time"

	"kunci/db/bolt"
)

// watchEvery is how often a server looks whether its data file still stands
// where it was opened: often, since what is acknowledged until then is lost.
const watchEvery = 2 * time.Second

// watch sends one error when the data file was removed, replaced or moved
// away, and returns; or when ctx has ended. The file must not be closed before.
func watch(ctx context.Context, e *bolt.Engine, moved chan<- error) {
	every := time.NewTicker(watchEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := e.Moved(); err != nil {
			moved <- err
			return
		}
	}
}
