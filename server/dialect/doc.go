// Package dialect holds the five login APIs: how each reads a request and
// writes an answer, nothing more. It knows no database and no sockets; what
// can be done is the core's, what is sent is the server's.
//
// A route is one line that joins read, a use case of the core, and write:
//
//	Request   the server has read the body once and parsed it into Fields
//	read      Fields → what the use case asks for; what is missing stops here
//	use       the core does it
//	write     what came of it → the dialect's envelope
//	Fail      or an *auth.Error → status, message, the dialect's envelope
//
// A sixth dialect is one file, one name in the table of table.go, its tables
// in CONTRACT 4, and one folder of exchanges in testdata.
package dialect
