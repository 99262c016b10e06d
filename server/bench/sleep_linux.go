package bench

import (
	"syscall"
	"time"
)

// sleepUntil sleeps in the system: the runtime's own timers round up to whole
// milliseconds, which would count as the server's latency.
func sleepUntil(t time.Time) {
	for d := time.Until(t); d > 0; d = time.Until(t) {
		ts := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&ts, nil) // cut short by a signal, it is called again
	}
}
