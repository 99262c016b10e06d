package mail

import "time"

// Job is a message that waits to be sent.
type Job struct {
	ID       string    // of the job: for the queue and the log
	Attempts int       // how many have failed so far
	Expires  time.Time // after that it need not be sent any more; zero: never
	Message  Message   // without an ID of its own it has the job's
}

// Queue is where jobs wait. It is written by whoever has something to tell, and lives in a store that
// outlasts a crash; the [Worker] alone empties it. Each method is called by several goroutines at once.
type Queue interface {
	// Due returns at most limit jobs whose time has come, those that have waited longest first. A job
	// stays due, and is returned again, until one of the other methods has been called for it.
	Due(now time.Time, limit int) ([]Job, error)
	// Done removes a job that has been sent.
	Done(j Job) error
	// Retry keeps j for another attempt at the given time. The worker has counted: j.Attempts is to be
	// stored as it is. The cause is fit for a log.
	Retry(j Job, at time.Time, cause string) error
	// Drop removes a job that will not be sent. The cause is fit for a log.
	Drop(j Job, cause string) error
}
