package cli

import (
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"kunci/server/password"
)

// hashingName is what a process that hashes passwords for a server is called;
// it has no arguments. What it hashes it reads from its standard input.
const hashingName = "kunci-hashing"

// collectHashing is after how much new memory the collector runs amid a hash,
// in per cent of the least there is (4 MiB): what one argon2id hash of the usual
// size takes does not make it run, what others strew about does.
const collectHashing = 1000

func isHashing(args []string) bool { return len(args) == 1 && args[0] == hashingName }

// hashing is all that such a process does, until its server is gone. A service
// manager that stops the server may tell both; what is under way is finished.
func hashing(stdin io.Reader, stdout io.Writer) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	runtime.GOMAXPROCS(1) // argon2id goes from goroutine to goroutine, which then stay on one CPU
	debug.SetGCPercent(collectHashing)
	introduce()
	if err := password.Work(stdin, stdout); err != nil {
		return exitFailed
	}
	return exitFine
}

// hashApart has hashes made in processes of their own, where the system can.
func hashApart(h *password.Hasher, log *slog.Logger) {
	if apart {
		keepToOurselves()
		h.Apart(startHashing, password.Trouble{
			Here: func(err error) {
				log.Warn("passwords are hashed in the server itself for a minute, and others wait for that", "cause", err.Error())
			},
			Ended: nowAndThen(func(err error) { log.Warn("a process that hashes passwords ended", "cause", err.Error()) }),
		})
	}
}

// endedEvery is how often at most the log tells that hashing processes end: what
// ends one, short memory, say, ends others.
const endedEvery = time.Minute

// nowAndThen tells the first error, and one a minute.
func nowAndThen(tell func(error)) func(error) {
	var next atomic.Int64 // Unix nanoseconds
	return func(err error) {
		now := time.Now()
		if due := next.Load(); now.UnixNano() >= due && next.CompareAndSwap(due, now.Add(endedEvery).UnixNano()) {
			tell(err)
		}
	}
}
