// Package bench measures a running server from outside, as its clients see it,
// and beside it the yardsticks of the same machine: a bare router, bare
// hashing, a bare write. It owns the load generator, the scenarios and what is
// concluded from them. It must not know how a server is started, how accounts
// are stored or how a report is printed; whatever it needs of these it is given
// as functions.
//
// The way of a measurement, in five lines:
//
//	source     requests are rendered ahead, or cheaply, so that the client costs little
//	load       raw connections, closed loop (ask, wait, ask) or open loop (asked when due)
//	tally      expected answers make the rate; all else is an error, by its status
//	beside     yardstick, act, yardstick, act …: each act is held to those around it
//	row        medians of the rounds, ratio, latencies, CPU and memory of the process
package bench
