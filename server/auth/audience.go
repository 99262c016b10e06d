package auth

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"kunci/db"
	"kunci/server/password"
	"kunci/server/token"
)

// Audience is what a dialect tells the core of itself: everything in which
// the core's work differs between dialects.
type Audience struct {
	Name       string                // `aud` in tokens, and the name in --admit and --sign-up
	OpaqueKey  bool                  // sessions are named by a key, not a token
	Membership bool                  // only accounts with a membership are admitted
	FieldRules bool                  // e-mail and password are held to the dashboard's rules at sign-in too
	ShortOK    bool                  // a new password may have 7 characters and is then marked weak
	Claims     func(*Profile) Claims // what its token carries besides the registered claims
}

func (a *Audience) newPassword() password.Rule {
	if a.ShortOK {
		return password.Shoop
	}
	return password.Standard
}

// Claims are what a dialect's token carries besides the registered claims:
// strings, booleans, and Names.
type Claims map[string]any

// Name is a claim that may be cut where a token would grow too long.
type Name = token.Name

// Caller is who asks, as far as the core has to know.
type Caller struct {
	Audience *Audience // nil for what belongs to no dialect
	Addr     netip.Addr
	Lang     string // "id" or "en": the language of a mail that this call causes
	// RequestID is a UUID by which the log line of the request is found, "" for none.
	RequestID string

	entry *db.AuditEntry // what the audit log will say; nil where it says nothing
}

// Named is a company, division or role.
type Named struct{ ID, Name string }

// Profile is an account as its owner's client may see it.
type Profile struct {
	ID               uint64
	UUID, CustomerID string
	Email, Username  string
	EmailVerified    bool
	Name, Phone      string
	CreditBalance    int64
	RoleID           int64

	Member                  bool // whether the three below are set
	Company, Division, Role Named
	Internal                bool
}

// CompanyID is the account's company, or the reserved one that no membership
// can name (CONTRACT 2).
func (p *Profile) CompanyID() string {
	if p.Member {
		return p.Company.ID
	}
	return db.NoCompany.String()
}

// Grant is an open session and what names it.
type Grant struct {
	Profile
	Token   string // a PASETO or a Shoop key
	Expires time.Time
	Created bool // the account was made by this act
}

// Done says that an act was done. Note is for the log alone: what the caller
// must not learn, such as that there was nothing to do.
type Done struct{ Note string }

func profileOf(v db.View, a *db.Account) (*Profile, error) {
	p := &Profile{
		ID: a.ID, UUID: a.UUID.String(), CustomerID: a.CustomerID.String(),
		Email: a.Email, Username: a.Username, EmailVerified: a.EmailVerified, Name: a.Name, Phone: a.Phone,
		CreditBalance: a.CreditBalance, RoleID: a.RoleID,
	}
	m, err := v.Membership(a.ID)
	if isNotFound(err) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	company, err := v.Company(m.Company)
	if err != nil {
		return nil, err
	}
	division, err := v.Division(m.Division)
	if err != nil {
		return nil, err
	}
	role, err := v.Role(m.Role)
	if err != nil {
		return nil, err
	}
	p.Member, p.Internal = true, m.Internal
	p.Company = called(company.UUID, company.Name)
	p.Division = called(division.UUID, division.Name)
	p.Role = called(role.UUID, role.Name)
	return p, nil
}

func called(id uuid.UUID, name string) Named { return Named{ID: id.String(), Name: name} }
