package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"kunci/db"
)

// AuditQuery says which entries are asked for; what is left out is not asked.
type AuditQuery struct {
	User    string    `json:"user"`    // as anywhere, a deleted account's UUID, or what was typed
	Event   string    `json:"event"`   // one of AuditEvents
	Outcome string    `json:"outcome"` // or "failed": any but ok and begun
	Dialect string    `json:"dialect"` // or one of AuditSources
	Address string    `json:"address"` // an address, or a network such as 10.0.0.0/8
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	After   uint64    `json:"after"` // only entries after the one of this number
	Limit   int       `json:"limit"` // the last so many, MostAudited at most, which is what 0 says

	only func(*db.AuditEntry) bool // nil: any
}

// MostAudited is how many entries are listed at most: they are held in memory.
const MostAudited = 10_000

// asked is a query that was checked.
type asked struct {
	*AuditQuery
	from, until db.Time // 0: not asked
	network     netip.Prefix
	account     uuid.UUID
	names       []digest
}

func (o Operator) asked(q *AuditQuery) (a *asked, err error) {
	a = &asked{AuditQuery: q, from: db.At(q.Since), until: db.At(q.Until)}
	if q.Limit < 0 || q.Limit > MostAudited {
		return nil, fail(Invalid, "invalid", fmt.Errorf("a limit of %d is not from 1 to %d (kunci audit export writes all)", q.Limit, MostAudited))
	}
	if q.Event != "" && !slices.Contains(AuditEvents, q.Event) {
		return nil, fail(Invalid, "invalid", fmt.Errorf("%q is no event (kunci audit list --help shows them)", q.Event))
	}
	if q.Dialect != "" && !slices.Contains(o.Audiences, q.Dialect) && !slices.Contains(AuditSources, q.Dialect) {
		return nil, fail(Invalid, "invalid", fmt.Errorf("%q is no API, nor %s, %s or %s (kunci audit list --help shows them)", q.Dialect, byOperator, byServer, byPage))
	}
	if q.Address != "" {
		if a.network, err = network(q.Address); err != nil {
			return nil, fail(Invalid, "invalid", fmt.Errorf("%q is neither an address nor a network: say 203.0.113.7, or 10.0.0.0/8", q.Address))
		}
	}
	if q.User == "" {
		return a, nil
	}
	a.names = []digest{o.limits.named(nameKey(q.User))}
	err = o.Store.View(func(v db.View) error {
		found, err := findUser(v, q.User)
		var none *Error
		switch {
		case errors.As(err, &none) && none.Kind == NotFound:
			a.account, _ = uuid.Parse(q.User) // perhaps of one that was deleted
			return nil
		case err != nil:
			return err
		}
		a.account, a.names = found.UUID, append(a.names, o.namesOf(found)...)
		return nil
	})
	return a, err
}

func network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// by says whether an entry was asked for.
func (a *asked) by(e *db.AuditEntry) bool {
	switch {
	case a.only != nil && !a.only(e):
		return false
	case a.Event != "" && e.Event != a.Event, a.Dialect != "" && e.Dialect != a.Dialect:
		return false
	case a.Outcome == "failed" && (e.Outcome == outcomeOK || e.Outcome == outcomeBegun), a.Outcome != "" && a.Outcome != "failed" && e.Outcome != a.Outcome:
		return false
	case a.from != 0 && e.At < a.from, a.until != 0 && e.At >= a.until:
		return false
	case a.User != "" && !a.byUser(e):
		return false
	}
	if a.network.IsValid() {
		addr, err := netip.ParseAddr(e.Addr)
		return err == nil && a.network.Contains(addr)
	}
	return true
}

func (a *asked) byUser(e *db.AuditEntry) bool {
	if a.account != (uuid.UUID{}) && e.Account == a.account {
		return true
	}
	return len(e.Name) == len(digest{}) && slices.Contains(a.names, digest(e.Name))
}
