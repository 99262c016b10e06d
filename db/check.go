package db

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Check looks for everything that must hold in a data file and does not: the
// engine's own structure, every record, every index in both directions. It
// returns one line per fault, none with a name or an e-mail address in it.
// The error is about a check that could not be made.
func (s *Store) Check() (faults []string, err error) {
	faults, audit, err := s.CheckApart(new(Progress))
	return append(faults, audit...), err
}

// CheckApart is Check with the faults of the audit log apart: damage there keeps
// nobody out, and must not keep anybody from a copy of the data. It notes how
// far it has come.
func (s *Store) CheckApart(p *Progress) (faults, audit []string, err error) {
	if err := s.engine.Check(p); err != nil {
		faults = append(faults, err.Error())
	}
	err = s.engine.View(func(r Reader) error {
		c := &checker{View: View{paced{r, p}}}
		c.accounts()
		c.hashKinds()
		c.delays()
		c.sessions()
		c.links()
		c.organisation()
		c.mails()
		c.indexes()
		faults = append(faults, c.faults...)
		audit = c.VerifyAudit(nil).Faults
		return nil
	})
	if errors.Is(err, ErrEngineDamaged) {
		return append(faults, err.Error()), audit, nil
	}
	return faults, audit, err
}

type checker struct {
	View
	faults []string
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// leads sees to it that an index entry exists and holds what it must.
func (c *checker) leads(s Space, key, want []byte, of string) {
	got := c.r.Get(s, key)
	if got == nil || !bytes.Equal(got, want) {
		c.fault("%s: its entry in %s is missing or leads elsewhere", of, s)
	}
}

func (c *checker) stands(account uint64, of string) {
	if c.r.Get(spaceAccount, accountKey(account)) == nil {
		c.fault("%s: its account %d does not stand", of, account)
	}
}

func (c *checker) accounts() {
	last, err := c.LastAccountID()
	if err != nil {
		c.fault("the counter of accounts: %v", err)
	}
	each(c.r, spaceAccount, nil, nil, func(key []byte, a *Account, err error) bool {
		if err != nil {
			c.fault("account %x: %v", key, err)
			return true
		}
		of := fmt.Sprintf("account %d", a.ID)
		if !bytes.Equal(key, accountKey(a.ID)) || a.ID > last {
			c.fault("%s: stands at %x, the counter at %d", of, key, last)
		}
		keys, err := a.uniqueKeys()
		if err != nil {
			c.fault("%s: %v", of, err)
		}
		for _, k := range keys {
			c.leads(k.space, k.key, accountKey(a.ID), of)
		}
		return true
	})
}

func (c *checker) sessions() {
	each(c.r, spaceSession, nil, nil, func(key []byte, s *Session, err error) bool {
		if err != nil {
			c.fault("session %x: %v", key, err)
			return true
		}
		of := fmt.Sprintf("session %x", s.ID)
		c.stands(s.Account, of)
		c.leads(spaceSessionAccount, accountChild(s.Account, s.ID[:]), []byte{}, of)
		c.leads(spaceSessionExpiry, hourKey(s.Expires, s.ID), []byte{}, of)
		if len(s.KeyHash) > 0 {
			c.leads(spaceSessionKey, s.KeyHash, s.ID[:], of)
		}
		return true
	})
}

func (c *checker) links() {
	each(c.r, spaceLink, nil, nil, func(key []byte, l *Link, err error) bool {
		if err != nil {
			c.fault("link %x: %v", key, err)
			return true
		}
		of := fmt.Sprintf("link %x", l.ID)
		c.stands(l.Account, of)
		c.leads(spaceLinkAccount, accountChild(l.Account, l.ID[:]), []byte{}, of)
		c.leads(spaceLinkExpiry, hourKey(l.Expires, l.ID), []byte{}, of)
		return true
	})
}

func (c *checker) organisation() {
	name := func(of string, s Space, key []byte, id uuid.UUID) { c.leads(s, key, id[:], of) }
	c.Companies(func(o *Company, err error) bool {
		if err != nil {
			c.fault("%v", err)
			return true
		}
		name("company "+o.UUID.String(), spaceCompanyName, companyName(o), o.UUID)
		return true
	})
	c.Divisions(func(o *Division, err error) bool {
		if err != nil {
			c.fault("%v", err)
			return true
		}
		of := "division " + o.UUID.String()
		name(of, spaceDivisionName, divisionName(o), o.UUID)
		if c.r.Get(spaceCompany, o.Company[:]) == nil {
			c.fault("%s: its company does not stand", of)
		}
		return true
	})
	c.Roles(func(o *Role, err error) bool {
		if err != nil {
			c.fault("%v", err)
			return true
		}
		name("role "+o.UUID.String(), spaceRoleName, roleName(o), o.UUID)
		return true
	})
	each(c.r, spaceMembership, nil, nil, func(key []byte, m *Membership, err error) bool {
		if err != nil {
			c.fault("membership %x: %v", key, err)
			return true
		}
		of := fmt.Sprintf("membership of account %d", m.Account)
		c.stands(m.Account, of)
		for _, lookup := range m.lookups() {
			c.leads(spaceMembershipLookup, lookup, []byte{}, of)
		}
		d, err := c.Division(m.Division)
		if err != nil || d.Company != m.Company || c.r.Get(spaceRole, m.Role[:]) == nil {
			c.fault("%s: its company, division or role does not stand", of)
		}
		return true
	})
}

func (c *checker) mails() {
	each(c.r, spaceMail, nil, nil, func(key []byte, j *MailJob, err error) bool {
		if err != nil {
			c.fault("mail %x: %v", key, err)
			return true
		}
		of := fmt.Sprintf("mail %x", j.ID)
		c.stands(j.Account, of)
		c.leads(spaceMailAccount, accountChild(j.Account, j.ID[:]), []byte{}, of)
		c.leads(spaceMailDue, dueKey(j.Due, j.ID), []byte{}, of)
		return true
	})
	each(c.r, spaceMailQuota, nil, nil, func(key []byte, _ *MailQuota, err error) bool {
		c.ofAccount(key, 8, "mail quota", err)
		return true
	})
	each(c.r, spaceKnownRange, nil, nil, func(key []byte, _ *KnownRange, err error) bool {
		c.ofAccount(key, 9, "known range", err)
		return true
	})
}

func (c *checker) ofAccount(key []byte, atLeast int, what string, err error) {
	if err != nil || len(key) < atLeast {
		c.fault("%s %x: damaged", what, key)
		return
	}
	c.stands(binary.BigEndian.Uint64(key), fmt.Sprintf("%s %x", what, key))
}

// indexes walks every index back to its record: an entry whose record is
// gone, or holds another value, is a fault.
func (c *checker) indexes() {
	for _, s := range accountIndexes {
		c.r.Scan(s, nil, nil, func(key, _ []byte) bool {
			if _, err := c.accountBy(s, key); err != nil {
				c.fault("an entry in %s leads to no account that holds it", s)
			}
			return true
		})
	}
	c.back(spaceSessionAccount, 8, spaceSession)
	c.back(spaceSessionExpiry, 4, spaceSession)
	c.back(spaceLinkAccount, 8, spaceLink)
	c.back(spaceLinkExpiry, 4, spaceLink)
	c.back(spaceMailAccount, 8, spaceMail)
	c.back(spaceMailDue, 8, spaceMail)
	c.back(spaceMembershipLookup, 16, spaceMembership)
	c.r.Scan(spaceSessionKey, nil, nil, func(key, _ []byte) bool {
		if _, err := c.SessionByKey(bytes.Clone(key)); err != nil {
			c.fault("an entry in %s leads to no session that holds it", spaceSessionKey)
		}
		return true
	})
	backNamed(c, spaceCompanyName, spaceCompany, companyName)
	backNamed(c, spaceDivisionName, spaceDivision, divisionName)
	backNamed(c, spaceRoleName, spaceRole, roleName)
}

func backNamed[T any](c *checker, index, records Space, held func(*T) []byte) {
	c.r.Scan(index, nil, nil, func(key, _ []byte) bool {
		if _, err := named(c.View, records, index, key, held); err != nil {
			c.fault("an entry in %s leads to none in %s that holds it", index, records)
		}
		return true
	})
}

// back sees to it that every index key ends in the key of a record that
// stands, and that there are as many of the one as of the other.
func (c *checker) back(index Space, head int, records Space) {
	entries, stand := 0, 0
	c.r.Scan(index, nil, nil, func(key, _ []byte) bool {
		entries++
		if len(key) <= head || c.r.Get(records, bytes.Clone(key[head:])) == nil {
			c.fault("an entry in %s leads to none in %s", index, records)
		}
		return true
	})
	c.r.Scan(records, nil, nil, func(_, _ []byte) bool { stand++; return true })
	if index == spaceMembershipLookup {
		stand *= 3 // company, division, role
	}
	if entries != stand {
		c.fault("%s has %d entries for %d records in %s", index, entries, stand, records)
	}
}
