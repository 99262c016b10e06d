package auth

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"kunci/db"
)

// Why is all on which it rests whether somebody can sign in.
type Why struct {
	Verdict        string     `json:"verdict"` // in words, with what to do
	User           *User      `json:"user"`    // nil: no account has this name
	Admitted       []string   `json:"admitted"`
	Delays         []WhyDelay `json:"delays"`
	KnownRanges    int        `json:"known_ranges"`     // from which none of the delays counts
	KnownRangeFull bool       `json:"known_range_full"` // one of them has used up its tries
	Sessions       int        `json:"sessions"`
	Links          []WhyLink  `json:"links"`
	Attempts       []*Audited `json:"attempts"` // the last, the newest last
}

// WhyDelay is how long a name may not be tried from where it never signed in.
type WhyDelay struct {
	Name     string    `json:"name"`         // as typed, or the account's
	Failures int       `json:"failures"`     // wrong passwords that count; one is forgotten per quarter of an hour
	Rest     int64     `json:"rest_seconds"` // at least 1
	Until    time.Time `json:"until"`
}

// WhyLink is a mailed link that can still be used.
type WhyLink struct {
	Purpose string    `json:"purpose"`
	Expires time.Time `json:"expires"`
}

// whyAttempts are how many of the last attempts are told.
const whyAttempts = 10

// Why says why somebody can't sign in. It changes nothing, and knows names of
// which there is no account as well.
func (o Operator) Why(ctx context.Context, who string) (*Why, error) {
	w := &Why{Admitted: []string{}, Delays: []WhyDelay{}, Links: []WhyLink{}}
	err := o.Store.View(func(v db.View) error {
		a, err := findUser(v, who)
		var none *Error
		if errors.As(err, &none) && none.Kind == NotFound {
			return o.delays(v, w, who)
		}
		if err != nil {
			return err
		}
		return o.whyAccount(v, w, a)
	})
	if err != nil {
		return nil, err
	}
	page, err := o.Audit(ctx, AuditQuery{User: who, Limit: whyAttempts, only: isAttempt})
	if err != nil {
		return nil, err
	}
	w.Attempts = page.Entries
	if w.User != nil {
		list, err := o.Sessions(who)
		if err != nil {
			return nil, err
		}
		w.Sessions = len(list)
	}
	w.Verdict = w.verdict(who)
	return w, nil
}

// isAttempt says whether an entry tells of somebody who tried to get in.
func isAttempt(e *db.AuditEntry) bool {
	return slices.Contains([]string{eventSignIn, eventSignUp, eventReset, eventConfirm}, e.Event)
}

func (o Operator) whyAccount(v db.View, w *Why, a *db.Account) (err error) {
	if w.User, err = userOf(v, a); err != nil {
		return err
	}
	for _, name := range o.Audiences {
		closed := a.SelfRegistered && !slices.Contains(o.Admit, name) || w.User.Company == "" && slices.Contains(o.Memberships, name)
		if !closed {
			w.Admitted = append(w.Admitted, name)
		}
	}
	slices.Sort(w.Admitted)
	v.KnownRanges(a.ID, func(k *db.KnownRange) bool {
		if o.now()-k.Seen < db.Time(knownFor.Milliseconds()) {
			w.KnownRanges++
		}
		return true
	})
	links, err := v.Links(a.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Expires > o.now() {
			w.Links = append(w.Links, WhyLink{Purpose: string(l.Purpose), Expires: l.Expires.Time()})
		}
	}
	slices.SortFunc(w.Links, func(a, b WhyLink) int { return a.Expires.Compare(b.Expires) })
	names := []string{a.Email}
	if a.Username != "" {
		names = append(names, a.Username)
	}
	return o.delays(v, w, names...)
}

// delays are those in force, in this process's memory or the store.
func (o Operator) delays(v db.View, w *Why, names ...string) error {
	for _, name := range names {
		key := o.limits.named(nameKey(name))
		stored, err := v.Delay(key[:])
		if err != nil {
			stored = nil // none, or one that can't be read, which stops nobody
		}
		if until, failures := o.limits.closed(key, stored, o.Now()); until.After(o.Now()) {
			rest := int64(math.Ceil(until.Sub(o.Now()).Seconds()))
			w.Delays = append(w.Delays, WhyDelay{Name: name, Failures: failures, Rest: rest, Until: until.UTC()})
		}
		w.KnownRangeFull = w.KnownRangeFull || o.limits.full(key, o.Now())
	}
	return nil
}
