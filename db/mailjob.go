package db

import "bytes"

// MailJob is a mail that waits to be sent. It holds no link in clear: Link
// names the record from which the worker makes it.
type MailJob struct {
	ID       ID      `cbor:"1,keyasint"`
	Account  uint64  `cbor:"2,keyasint"`
	Kind     string  `cbor:"3,keyasint"`
	To       string  `cbor:"4,keyasint"` // the address as it stood when the mail was queued
	Lang     string  `cbor:"5,keyasint"`
	Link     ID      `cbor:"6,keyasint,omitzero"`
	Purpose  Purpose `cbor:"7,keyasint,omitempty"`
	Provider string  `cbor:"8,keyasint,omitempty"`
	Created  Time    `cbor:"9,keyasint"`
	Due      Time    `cbor:"10,keyasint"`
	Expires  Time    `cbor:"11,keyasint,omitempty"` // after it the mail is of no use
	Attempts int     `cbor:"12,keyasint,omitempty"`
}

// AddMail queues a mail, in the same act as what it tells of.
func (t Tx) AddMail(j *MailJob) error {
	t.w.Put(spaceMailAccount, accountChild(j.Account, j.ID[:]), nil)
	return t.schedule(j)
}

func (t Tx) schedule(j *MailJob) error {
	t.w.Put(spaceMailDue, dueKey(j.Due, j.ID), nil)
	return put(t.w, spaceMail, j.ID[:], j)
}

// Mail returns a queued mail.
func (v View) Mail(id ID) (*MailJob, error) { return get[MailJob](v.r, spaceMail, id[:]) }

// queue calls fn for the mails due before to, the longest due first, until it
// returns false. A damaged one, or an entry that leads elsewhere, is passed
// over: Check names it.
func (v View) queue(to []byte, fn func(*MailJob) bool) {
	v.r.Scan(spaceMailDue, nil, to, func(key, _ []byte) bool {
		id, ok := tail(key, 8)
		if !ok {
			return true
		}
		j, err := v.Mail(id)
		return err != nil || !bytes.Equal(key, dueKey(j.Due, id)) || fn(j)
	})
}

// DueMails returns up to max mails that are due at now, the longest due first.
func (v View) DueMails(now Time, max int) (jobs []*MailJob) {
	v.queue(dueKey(now+1, ID{}), func(j *MailJob) bool {
		jobs = append(jobs, j)
		return len(jobs) < max
	})
	return jobs
}

// Mails calls fn for every mail that waits, the longest due first.
func (v View) Mails(fn func(*MailJob)) {
	v.queue(nil, func(j *MailJob) bool { fn(j); return true })
}

// RetryMail puts a mail off until due and counts the attempt.
func (t Tx) RetryMail(id ID, due Time) error {
	j, err := t.Mail(id)
	if err != nil {
		return err
	}
	t.w.Delete(spaceMailDue, dueKey(j.Due, id))
	j.Due, j.Attempts = due, j.Attempts+1
	return t.schedule(j)
}

// DropMail removes a mail that was sent or given up; ErrNotFound where it is
// already gone.
func (t Tx) DropMail(id ID) error {
	j, err := t.Mail(id)
	if err != nil {
		return err
	}
	t.w.Delete(spaceMailAccount, accountChild(j.Account, id[:]))
	t.w.Delete(spaceMailDue, dueKey(j.Due, id))
	t.w.Delete(spaceMail, id[:])
	return nil
}

func (t Tx) dropMailOf(key []byte) error {
	id, ok := tail(key, 8)
	if !ok {
		return &DamagedError{Space: spaceMailAccount, Key: key, Why: "length"}
	}
	if err := t.DropMail(id); !isMissing(err) {
		return err
	}
	t.dropUnread(spaceMail, id, spaceMailAccount, spaceMailDue)
	return nil
}
