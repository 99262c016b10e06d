// Package mail writes the mails that kunci sends and gets them out of the house.
//
// It owns the texts in Indonesian and English, the form of a letter, the two ways out (SMTP, and
// .eml files in a folder) and the worker that empties the queue. It must not know accounts, the
// store or HTTP: what a mail needs to say arrives in a [Message], where it waits is a [Queue].
//
// The flow:
//
//	a Message is queued by whoever has something to tell, in the transaction that it tells of
//	Worker.Wake, or the next poll: Queue.Due hands out the Jobs whose time has come
//	Compose turns a Message into a Letter: every value checked, made harmless and escaped
//	a Sender, SMTP or Outbox, takes the Letter
//	Queue.Done, Retry (with backoff) or Drop records how it ended, and one line is logged
//
// No address, link or text of a mail is ever in an error or a log line of this package.
package mail
