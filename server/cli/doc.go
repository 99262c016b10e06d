// Package cli is the commands of kunci, and the one place where everything is
// wired together. It owns the settings, the data folder with its lock and its
// first start, and the words in which operators hear what went wrong. It must
// not know how an account is kept, a password judged or a request answered.
//
// The way of a start, in five lines:
//
//	settings   flag, else environment, else default; all checked before anything is touched
//	claim      the data folder is looked at and locked
//	listen     a port in use stops the start before the folder is changed
//	open       or, the first time, make: keys, data file, with --dev demo accounts
//	serve      until a signal: drain, stop the workers, close, release
//
// Every other command that needs the data asks the server that runs on the
// folder, else it locks the folder and asks the same handlers in its own process;
// only what can't be done under a running server always locks.
package cli
