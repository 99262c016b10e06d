package auth

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"kunci/db"
	"kunci/server/token"
)

// Names are slowed down, never locked out: after freeFailures each further
// one doubles the wait, up to longestDelay, and one is forgotten per forget.
const (
	freeFailures = 5
	longestDelay = 900 * time.Second
	forget       = 15 * time.Minute
	// knownPerForget is what a range that has signed in to the account is
	// allowed of its own, so that a stranger can't keep the owner out.
	knownPerForget = 10
	// remembered bounds the memory, in names and in addresses under a rule: the
	// least recently seen go first.
	remembered = 1 << 17
)

// digest stands for a name or an address in memory.
type digest [16]byte

func digestOf(parts ...string) digest {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return digest(h.Sum(nil)[:16])
}

// slope is a level that rises with each failure and falls with time.
type slope struct {
	level float64
	at    time.Time
}

// now lets the level fall at one per every.
func (s *slope) now(t time.Time, every time.Duration) float64 {
	if dt := t.Sub(s.at); dt > 0 {
		s.level = math.Max(0, s.level-dt.Seconds()/every.Seconds())
		s.at = t
	}
	return s.level
}

// wait is how long until one more fits below most.
func (s *slope) wait(t time.Time, every time.Duration, most int) time.Duration {
	over := s.now(t, every) + 1 - float64(most)
	if over <= 0 {
		return 0
	}
	return time.Duration(over * float64(every))
}

// slowed is what is remembered of one name: how many failures, and until when
// the last one closed it. That is settled as it happens, so that what is
// forgotten meanwhile does not cut a wait short that was told to a caller.
type slowed struct {
	failures slope
	until    time.Time
	stored   bool // the store may hold it
}

func (s *slowed) count(t time.Time) {
	s.failures.now(t, forget)
	s.failures.level++
	n := int(math.Ceil(s.failures.level))
	if n < freeFailures {
		return
	}
	delay := longestDelay
	if n-freeFailures < 10 { // 2^10 s is beyond the longest
		delay = min(delay, time.Second<<(n-freeFailures))
	}
	s.until = t.Add(delay)
}

// places are the known ranges from which one name was tried lately. They are
// kept by name, so that a reset can forget them all.
type places map[string]*slope

func (p *places) at(known string, t time.Time) *slope {
	if *p == nil {
		*p = places{}
	}
	maps.DeleteFunc(*p, func(_ string, s *slope) bool { return s.now(t, forget/knownPerForget) == 0 })
	s := (*p)[known]
	if s == nil {
		s = &slope{at: t}
		(*p)[known] = s
	}
	return s
}

// limiter counts tries by name and by address, in bounded memory.
type limiter struct {
	Limits
	mu    sync.Mutex
	names *lru.Cache[digest, *slowed]
	known *lru.Cache[digest, *places]
	addrs *lru.Cache[digest, *slope]
	// inside counts the sign-ins under way by address.
	inside map[string]int
	// named is the digest of a name: keyed, since it is stored.
	named func(name string) digest
	// unsaved are the delays that the store does not hold as they are, saving
	// those on their way there; nil is one to forget.
	unsaved, saving map[digest]*db.Delay
	// hit is told of the rule that has kept somebody from trying.
	hit func(rule string)
}

func newLimiter(l Limits, ring *token.Ring) *limiter {
	names, _ := lru.New[digest, *slowed](remembered) // errors only for a size below 1
	known, _ := lru.New[digest, *places](remembered)
	addrs, _ := lru.New[digest, *slope](2 * remembered)
	return &limiter{Limits: l, names: names, known: known, addrs: addrs, inside: map[string]int{}, unsaved: map[digest]*db.Delay{},
		named: func(name string) digest { return ring.Digest("name", name) }, hit: func(string) {}}
}

func at[V any](c *lru.Cache[digest, *V], key digest) *V {
	if v, ok := c.Get(key); ok {
		return v
	}
	v := new(V)
	c.Add(key, v)
	return v
}

// limitReason begins what the audit log says of a limit; its rule follows.
const limitReason = "limit "

func (l *limiter) tooMany(rule string, wait time.Duration) error {
	l.hit(rule)
	return &Error{
		Kind: TooMany, Reason: "too_many", RetryAfter: wait,
		Cause: fmt.Errorf(limitReason+"%s, %s left", rule, wait.Round(time.Millisecond)),
	}
}

// try counts a try at a name before it is made, and hands out what takes the
// count back when the try succeeds. known is the account's range, "" where the
// address never signed in to it.
func (l *limiter) try(key digest, known string, t time.Time) (giveBack func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known != "" {
		s := at(l.known, key).at(known, t)
		if wait := s.wait(t, forget/knownPerForget, knownPerForget); wait > 0 {
			return nil, l.tooMany(ruleKnownRange, wait)
		}
		s.level++
		return func() { l.lower(s) }, nil
	}
	s := at(l.names, key)
	if wait := s.until.Sub(t); wait > 0 {
		return nil, l.tooMany(ruleIdentifier, wait)
	}
	before := s.until
	s.count(t)
	counted := s.until
	l.changed(key, s)
	return func() {
		l.lower(&s.failures)
		l.mu.Lock()
		defer l.mu.Unlock()
		if s.until.Equal(counted) { // else a later try moved it
			s.until = before
		}
		l.changed(key, s)
		if s.failures.level == 0 && !s.stored {
			l.names.Remove(key) // it must not push out a name that matters
		}
	}, nil
}

func (l *limiter) lower(s *slope) {
	l.mu.Lock()
	s.level = math.Max(0, s.level-1)
	l.mu.Unlock()
}

// clear forgets what was counted against names. What the store holds of it is
// forgotten by who asks; what is on its way there is forgotten after.
func (l *limiter) clear(names ...digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range names {
		_, unsaved := l.unsaved[key]
		_, saving := l.saving[key]
		if s, ok := l.names.Peek(key); unsaved || saving || ok && s.stored {
			l.unsaved[key] = nil
		}
		l.names.Remove(key)
		l.known.Remove(key)
	}
}

// closed is until when a name may not be tried from where it never signed in,
// and after how many failures: as the memory knows it, else as it is stored.
func (l *limiter) closed(key digest, stored *db.Delay, t time.Time) (until time.Time, failures int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.names.Peek(key); ok {
		left := s.failures
		return s.until, int(math.Ceil(left.now(t, forget)))
	}
	if d, unsaved := l.unsaved[key]; unsaved {
		stored = d
	}
	if stored == nil {
		return time.Time{}, 0
	}
	left := slope{min(stored.Level, mostLevel), stored.At.Time()}
	until, failures = stored.Until.Time(), int(math.Ceil(left.now(t, forget)))
	if latest := t.Add(longestDelay); until.After(latest) {
		until = latest
	}
	return until, failures
}

// full says whether a known range of a name has used up its tries.
func (l *limiter) full(key digest, t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.known.Peek(key)
	if !ok {
		return false
	}
	for _, s := range *p {
		if s.wait(t, forget/knownPerForget, knownPerForget) > 0 {
			return true
		}
	}
	return false
}
