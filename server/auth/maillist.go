package auth

import (
	"encoding/hex"
	"time"

	"kunci/db"
)

// rememberedCauses bounds of how many mails it is known why they were not sent.
const rememberedCauses = 1000

// QueuedMail is a mail that waits to be sent, as an operator sees it: for which
// account, but not to which address.
type QueuedMail struct {
	ID        string    `json:"id"`
	User      string    `json:"user"`       // UUID, "" where the account is gone
	Account   uint64    `json:"account_id"` // its id, 0 where it is gone
	Kind      string    `json:"kind"`
	Created   time.Time `json:"created"`
	Due       time.Time `json:"due"` // its next attempt
	Expires   time.Time `json:"expires,omitzero"`
	Attempts  int       `json:"attempts"`   // that failed
	LastError string    `json:"last_error"` // of the last one, "" where it is not known since the server started
}

// QueuedMails lists the mails that wait, the longest due first. One that can't
// be read is left out, and named by Check.
func (o Operator) QueuedMails() (list []QueuedMail, err error) {
	err = o.Store.View(func(v db.View) error {
		v.Mails(func(j *db.MailJob) {
			m := QueuedMail{
				ID: hex.EncodeToString(j.ID[:]), Kind: j.Kind, Created: j.Created.Time(), Due: j.Due.Time(), Attempts: j.Attempts,
			}
			if j.Expires != 0 {
				m.Expires = j.Expires.Time()
			}
			if a, err := v.Account(j.Account); err == nil {
				m.User, m.Account = a.UUID.String(), a.ID
			}
			m.LastError, _ = o.mailCauses.Get(j.ID)
			list = append(list, m)
		})
		return nil
	})
	return list, err
}
