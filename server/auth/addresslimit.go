package auth

import (
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// Limits are how many tries an address has, and an account that is signed in
// to without a password. A zero rate is no limit.
type Limits struct {
	FailuresPerMinute, FailuresPerHour int
	SignUpsPerHour                     int
	ForgotsPerTenMinutes               int
	SocialPerMinute                    int // sign-ins with Google or Facebook, of an address
	SocialOfAccountPerMinute           int
	ExemptLoopback                     bool // --dev
}

// DefaultLimits are those of a deployment.
var DefaultLimits = Limits{FailuresPerMinute: 10, FailuresPerHour: 50, SignUpsPerHour: 10, ForgotsPerTenMinutes: 5, SocialPerMinute: 600, SocialOfAccountPerMinute: 10}

// atOnce is how many sign-ins an address may have under way, atOnceAround how
// many the network around it: until a password is judged or Facebook has
// answered, nothing counts against them.
const (
	atOnce       = 32
	atOnceAround = 40
)

// enter takes a place for a sign-in; leave gives it back.
func (l *limiter) enter(addr netip.Addr) (leave func(), err error) {
	one, around := networks(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inside[one] >= atOnce || l.inside[around] >= atOnceAround {
		l.hit(ruleAtOnce)
		return nil, &Error{Kind: Busy, Reason: "busy", RetryAfter: time.Second, Cause: errors.New("one address asks for too much at once")}
	}
	for _, net := range []string{one, around} {
		l.inside[net]++
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, net := range []string{one, around} {
			if l.inside[net]--; l.inside[net] == 0 {
				delete(l.inside, net)
			}
		}
	}, nil
}

// aroundFactor is how much more the network around an address is allowed.
const aroundFactor = 3

// rule is one limit of an address: most at once, refilled over a span.
type rule struct {
	name string
	most int
	over time.Duration
}

func (l *limiter) failureRules() []rule {
	return []rule{
		{ruleFailuresPerMinute, l.FailuresPerMinute, time.Minute},
		{ruleFailuresPerHour, l.FailuresPerHour, time.Hour},
	}
}

func (l *limiter) signUpRules() []rule {
	return []rule{{ruleSignUps, l.SignUpsPerHour, time.Hour}}
}

func (l *limiter) forgotRules() []rule {
	return []rule{{ruleForgots, l.ForgotsPerTenMinutes, 10 * time.Minute}}
}

// socialRules are those of sign-ins that cost no hash, but a write each.
func (l *limiter) socialRules() []rule {
	return []rule{{ruleSocial, l.SocialPerMinute, time.Minute}}
}

// account counts a sign-in that costs no hash against the account, whose owner
// was proved.
func (l *limiter) account(id uuid.UUID, t time.Time) error {
	if l.SocialOfAccountPerMinute == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := at(l.addrs, digestOf(ruleSocialOfAccount, id.String()))
	if wait := s.wait(t, time.Minute/time.Duration(l.SocialOfAccountPerMinute), l.SocialOfAccountPerMinute); wait > 0 {
		return l.tooMany(ruleSocialOfAccount, wait)
	}
	s.level++
	return nil
}

// address sees whether an address and the network around it have a try left
// under the rules, and where count is set takes it.
func (l *limiter) address(addr netip.Addr, rules []rule, t time.Time, count bool) error {
	if l.ExemptLoopback && addr.IsLoopback() {
		return nil
	}
	one, around := networks(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []*slope
	for _, r := range rules {
		if r.most == 0 {
			continue
		}
		for _, scope := range []struct {
			net  string
			most int
		}{{one, r.most}, {around, aroundFactor * r.most}} {
			s := at(l.addrs, digestOf(r.name, scope.net))
			if wait := s.wait(t, r.over/time.Duration(scope.most), scope.most); wait > 0 {
				return l.tooMany(r.name, wait)
			}
			taken = append(taken, s)
		}
	}
	if count {
		for _, s := range taken {
			s.level++
		}
	}
	return nil
}

// failed counts a failure that has happened, whether or not there is room
// for it.
func (l *limiter) failed(addr netip.Addr, t time.Time) {
	if l.ExemptLoopback && addr.IsLoopback() {
		return
	}
	one, around := networks(addr)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.failureRules() {
		if r.most == 0 {
			continue
		}
		for net, most := range map[string]int{one: r.most, around: aroundFactor * r.most} {
			s := at(l.addrs, digestOf(r.name, net))
			s.now(t, r.over/time.Duration(most))
			s.level++
		}
	}
}

// networks are what an address is limited by: itself (an IPv6 host has a /64),
// and the /26 or /48 around it.
func networks(addr netip.Addr) (one, around string) {
	if addr = addr.Unmap(); addr.Is4() {
		return masked(addr, 32), masked(addr, 26)
	}
	return masked(addr, 64), masked(addr, 48)
}

// addressRange is what counts as the same place: IPv4 /24, IPv6 /56.
func addressRange(addr netip.Addr) string {
	if addr = addr.Unmap(); addr.Is4() {
		return masked(addr, 24)
	}
	return masked(addr, 56)
}

func masked(addr netip.Addr, bits int) string {
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// countFailure counts err against the address when it is a wrong guess, and
// returns it.
func (s *Service) countFailure(c *Caller, err error) error {
	var e *Error
	if errors.As(err, &e) {
		switch e.Kind {
		case Unauthenticated, Refused, BadLink, Conflict:
			s.limits.failed(c.Addr, s.Now())
		}
	}
	return err
}
