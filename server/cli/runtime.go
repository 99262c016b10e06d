package cli

import (
	"runtime"
	"runtime/debug"
)

// The collector runs when a quarter of what is in use has come anew, of which
// atRest bytes are never touched and take no memory. A server has 3 MiB in use
// else, and would be collected every 1,000 requests; and a password hash takes
// 19 MiB at once, so with the usual 100 per cent as many hashes would lie about
// uncollected as are running.
const (
	atRest       = 48 << 20
	collectAfter = 25 // per cent
)

// prepareRuntime sets the process up to serve while so many hashes run, and
// returns what has to be kept for as long as it does.
//
// A hash is one long stretch of work without a pause. With as many threads as
// CPUs, whoever asks for something else would wait until the runtime takes one
// from a hash, 10 ms later; with one more for each hash, the kernel shares the
// CPUs among all at once.
func prepareRuntime(hashes int) (kept []byte) {
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + hashes)
	debug.SetGCPercent(collectAfter)
	return make([]byte, atRest)
}
