// Package cert says which certificate answers a TLS handshake: one that an ACME
// server issues (RFC 8555), or a pair of files. It owns the folder of issued
// certificates, and when the next one is asked for. It must not know what is
// served behind the handshake.
//
// An issued certificate's way, in five lines:
//
//	listed   a name that is not listed is refused before anything is looked up
//	asked    by one loop per name, from the start on: no handshake can cause an order
//	proved   by tls-alpn-01 on the HTTPS port, else by http-01 on the other
//	kept     in a file, synced, and taken from there at the next start
//	renewed  by autocert; what is late to be renewed is told in the log
package cert
