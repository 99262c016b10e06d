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
// away; nothing until then, and nothing more after ctx has ended.
func watch(ctx context.Context, e *bolt.Engine) <-chan error {
	moved := make(chan error, 1)
	go func() {
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
	}()
	return moved
}
