// Package ctl is the operator's side: the acts of an operator as HTTP, and both
// ends of it. A running server answers them on a unix socket in its data folder;
// where none runs, a command has the same handlers answer in its own process.
// It owns the socket, who may speak to it, the acts by name and how their
// arguments and errors travel. It must not know how a command is written or
// what it prints, nor what an act does: that is the core's.
//
// The way of an act, in five lines:
//
//	client   a method per act, from Dial (a server) or Local (this process)
//	socket   0600 in a 0700 folder; the peer is the same user or root
//	handler  no browser, the right host, an act that is known, a strict body
//	act      one call of auth.Operator; lists of accounts go out as they are read
//	answer   what came of it, or the error with all that tells errors apart; one log line
package ctl
