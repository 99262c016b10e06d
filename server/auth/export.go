package auth

import (
	"context"
	"time"

	"kunci/db"
)

// Exported is an account as Import reads it; what is left out is what Import
// takes for it.
type Exported struct {
	ID              uint64    `json:"id"`
	UUID            string    `json:"uuid"`
	CustomerID      string    `json:"customer_id"`
	Email           string    `json:"email"`
	Username        string    `json:"username,omitzero"`
	Name            string    `json:"name,omitzero"`
	Phone           string    `json:"phone,omitzero"`
	PasswordHash    string    `json:"password_hash,omitzero"`
	CreditBalance   int64     `json:"credit_balance,omitzero"`
	RoleID          int64     `json:"role_id"`
	IDLocation      string    `json:"id_location,omitzero"`
	Longitude       string    `json:"longitude,omitzero"`
	Latitude        string    `json:"latitude,omitzero"`
	Avatar          string    `json:"avatar,omitzero"`
	GCMID           string    `json:"gcm_id,omitzero"`
	GoogleID        string    `json:"google_id,omitzero"`
	GoogleClaimed   bool      `json:"google_claimed,omitzero"`
	FacebookID      string    `json:"facebook_id,omitzero"`
	FacebookClaimed bool      `json:"facebook_claimed,omitzero"`
	EmailVerified   bool      `json:"email_verified,omitzero"`
	SelfRegistered  bool      `json:"self_registered,omitzero"`
	Disabled        bool      `json:"disabled,omitzero"`
	WeakPassword    bool      `json:"weak_password,omitzero"`
	Company         string    `json:"company,omitzero"`
	CompanyUUID     string    `json:"company_uuid,omitzero"`
	Division        string    `json:"division,omitzero"`
	DivisionUUID    string    `json:"division_uuid,omitzero"`
	Role            string    `json:"role,omitzero"`
	RoleUUID        string    `json:"role_uuid,omitzero"`
	Internal        bool      `json:"internal,omitzero"`
	Created         time.Time `json:"created"`
	Updated         time.Time `json:"updated,omitzero"`
}

// exportAtOnce is how many accounts are read in one view of the store. None is
// open while they are written, which may take as long as it likes.
const exportAtOnce = 500

// Export calls fn for every account in the order of ids until it returns an
// error. What changes meanwhile may be in it or not. unreadable counts the
// accounts that are damaged and left out.
func (o Operator) Export(ctx context.Context, hashes bool, fn func(*Exported) error) (unreadable int, err error) {
	e := o.entry(eventExport)
	if hashes {
		e.Reason = "with password hashes"
	}
	if err := o.begin(ctx, e); err != nil {
		return 0, err
	}
	for from, more := uint64(0), true; more; {
		if err := ctx.Err(); err != nil {
			return unreadable, err
		}
		var page []*Exported
		err := o.Store.View(func(v db.View) error {
			v.Accounts(from, func(a *db.Account, err error) bool {
				var e *Exported
				if err == nil {
					from = a.ID + 1
					e, err = exported(v, a, hashes)
				}
				if err != nil {
					unreadable++
					return true
				}
				page = append(page, e)
				return len(page) < exportAtOnce
			})
			return nil
		})
		if err != nil {
			return unreadable, err
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return unreadable, err
			}
		}
		more = len(page) == exportAtOnce && from != 0 // the highest id there can be has none after it
	}
	return unreadable, nil
}

func exported(v db.View, a *db.Account, hashes bool) (*Exported, error) {
	p, err := profileOf(v, a)
	if err != nil {
		return nil, err
	}
	e := &Exported{
		ID: a.ID, UUID: p.UUID, CustomerID: p.CustomerID, Email: a.Email, Username: a.Username, Name: a.Name, Phone: a.Phone,
		CreditBalance: a.CreditBalance, RoleID: a.RoleID, IDLocation: a.IDLocation, Longitude: a.Longitude, Latitude: a.Latitude,
		Avatar: a.Avatar, GCMID: a.GCMID, GoogleID: a.Google.Subject, GoogleClaimed: a.Google.Claimed,
		FacebookID: a.Facebook.Subject, FacebookClaimed: a.Facebook.Claimed,
		EmailVerified: a.EmailVerified, SelfRegistered: a.SelfRegistered, Disabled: a.Disabled,
		Created: a.Created.Time(), Updated: a.Updated.Time(),
	}
	if hashes {
		e.PasswordHash, e.WeakPassword = a.PasswordHash, a.WeakPassword
	}
	if p.Member {
		e.Company, e.CompanyUUID = p.Company.Name, p.Company.ID
		e.Division, e.DivisionUUID = p.Division.Name, p.Division.ID
		e.Role, e.RoleUUID, e.Internal = p.Role.Name, p.Role.ID, p.Internal
	}
	return e, nil
}
