// Package db keeps kunci's records: accounts, sessions, mailed links,
// companies and memberships, queued mails, the audit log. It owns how a record is written,
// which indexes go with it, and what must hold between them; it knows nothing
// of passwords, tokens or HTTP, and reaches the disk only through an Engine.
//
// The way of a write, in five lines:
//
//	Store.Update(ctx, fn)      one act, all or nothing, durable when it returns
//	fn(tx)                     reads by key, decides, calls tx.PutAccount, …
//	tx.PutAccount              compares with what stands, moves the indexes along
//	encode                     version, CBOR, checksum over space, key and body
//	Engine                     shares one commit among acts that came together
package db
