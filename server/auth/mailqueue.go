package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"net/url"
	"time"

	"kunci/db"
	"kunci/mail"
	"kunci/server/token"
)

// mailedLink is a link and the mail that carries it. Their ids are drawn
// before the act, since an act may run again.
type mailedLink struct {
	mail, link db.ID
	kind       mail.Kind
	purpose    db.Purpose
	lasts      time.Duration
	google     db.SocialID
	provider   string
}

// mailLink stores a link and queues the mail that carries it. Neither holds
// the token that the mail will show.
func (s *Service) mailLink(tx db.Tx, c *Caller, a *db.Account, m mailedLink) error {
	now := s.now()
	expires := db.At(s.Now().Add(m.lasts))
	if err := tx.AddLink(&db.Link{ID: m.link, Account: a.ID, Purpose: m.purpose, Created: now, Expires: expires, Google: m.google}); err != nil {
		return err
	}
	return tx.AddMail(&db.MailJob{
		ID: m.mail, Account: a.ID, Kind: string(m.kind), To: a.Email, Lang: c.Lang, Link: m.link, Purpose: m.purpose,
		Provider: m.provider, Created: now, Due: now, Expires: expires,
	})
}

// mailNotice queues a mail without a link.
func (s *Service) mailNotice(tx db.Tx, lang string, a *db.Account, id db.ID, kind mail.Kind, provider string) error {
	now := s.now()
	return tx.AddMail(&db.MailJob{
		ID: id, Account: a.ID, Kind: string(kind), To: a.Email, Lang: lang, Provider: provider, Created: now, Due: now,
	})
}

// pages are where a link of each purpose leads.
var pages = map[db.Purpose]string{
	db.PurposeConfirm: "/confirm",
	db.PurposeLinking: "/confirm",
	db.PurposeReset:   "/reset-password",
}

// linkURL makes the link that a mail shows. Its base is a setting, never a
// request's Host.
func (s *Service) linkURL(p db.Purpose, id db.ID) string {
	return s.PublicURL + pages[p] + "?" + url.Values{"token": {s.Ring.Link(string(p), id)}}.Encode()
}

// Mails is the queue of mails as the mail worker sees it.
type Mails struct{ *Service }

var _ mail.Queue = Mails{}

// Due implements mail.Queue. A mail whose account or link is gone by now, or
// can't be read, is taken out of the queue unsent.
func (q Mails) Due(now time.Time, max int) (jobs []mail.Job, err error) {
	var moot []db.ID
	err = q.Store.View(func(v db.View) error {
		for _, j := range v.DueMails(db.At(now), max) {
			job, err := q.job(v, j)
			if err != nil {
				moot = append(moot, j.ID)
				continue
			}
			jobs = append(jobs, job)
		}
		return nil
	})
	for _, id := range moot {
		err = errors.Join(err, q.drop(id))
	}
	return jobs, err
}

func (q Mails) job(v db.View, j *db.MailJob) (mail.Job, error) {
	a, err := v.Account(j.Account)
	if err != nil {
		return mail.Job{}, err
	}
	m := mail.Message{
		ID: hex.EncodeToString(j.ID[:]), Kind: mail.Kind(j.Kind), Lang: j.Lang, To: j.To, Name: a.Name,
		Provider: j.Provider, Created: j.Created.Time(), Service: q.PublicURL,
	}
	if m.Kind == mail.Confirm {
		m.Name = "" // whoever signed up wrote it, and may be a stranger to the reader
	}
	if j.Purpose != "" {
		if _, err := v.Link(j.Link); err != nil {
			return mail.Job{}, err
		}
		m.Link = q.linkURL(j.Purpose, j.Link)
	}
	if m.Kind == mail.Profile {
		m.Profile = details(a)
	}
	return mail.Job{ID: m.ID, Attempts: j.Attempts, Expires: j.Expires.Time(), Message: m}, nil
}

// details are what Shoop's mail tells of an account; empty ones are left out.
func details(a *db.Account) (d []mail.Detail) {
	for _, x := range []mail.Detail{
		{Label: mail.LabelName, Value: a.Name}, {Label: mail.LabelEmail, Value: a.Email},
		{Label: mail.LabelUsername, Value: a.Username}, {Label: mail.LabelPhone, Value: a.Phone},
		{Label: mail.LabelLocation, Value: a.IDLocation},
	} {
		if x.Value != "" {
			d = append(d, x)
		}
	}
	return d
}

// Done implements mail.Queue.
func (q Mails) Done(j mail.Job) error { return q.dropJob(j) }

// Drop implements mail.Queue.
func (q Mails) Drop(j mail.Job, _ string) error { return q.dropJob(j) }

// Retry implements mail.Queue.
func (q Mails) Retry(j mail.Job, at time.Time, cause string) error {
	id, ok := token.ParseID(j.ID)
	if !ok {
		return errors.New("auth: a mail job without an id")
	}
	q.mailCauses.Add(id, cause)
	return q.update(context.Background(), func(tx db.Tx) error {
		if err := tx.RetryMail(id, db.At(at)); !isNotFound(err) {
			return err
		}
		return nil
	})
}

func (q Mails) dropJob(j mail.Job) error {
	id, ok := token.ParseID(j.ID)
	if !ok {
		return errors.New("auth: a mail job without an id")
	}
	return q.drop(id)
}

func (q Mails) drop(id db.ID) error {
	q.mailCauses.Remove(id)
	return q.update(context.Background(), func(tx db.Tx) error {
		if err := tx.DropMail(id); !isNotFound(err) {
			return err
		}
		return nil
	})
}
