// Package metrics is the numbers of a running server as Prometheus reads them:
// what is counted, under which names, and the listener that tells. It owns the
// names, the dashboard and the alerts that use them, and who may ask. It must
// not know what any number is of: it is told by functions, and asks by functions.
//
// The way of a number, in five lines:
//
//	start     whoever wires the server takes a function per thing that happens
//	happens   the function adds to a counter; per request that is a few atomics
//	scrape    gauges are asked for, counters read; no name of a person is in any
//	text      HELP and TYPE of every family, then its values
//	answer    to this machine alone, and to no browser
package metrics
