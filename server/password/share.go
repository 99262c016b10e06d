package password

import (
	"maps"
	"math"
	"net/netip"
	"slices"
	"time"
)

// networks is where a caller comes from, the widest network first: about what
// one provider has, what one customer has, and one host. Callers share the
// gate's slots among the widest, those of one widest among its parts, and so
// on. The zero value is this machine itself.
type networks [3]netip.Prefix

func networksOf(addr netip.Addr) (n networks) {
	addr = addr.Unmap().WithZone("")
	bits := [3]int{32, 48, 64}
	if addr.Is4() {
		bits = [3]int{16, 26, 32}
	}
	for i, b := range bits {
		n[i], _ = addr.Prefix(b) // no address is in no network
	}
	return n
}

// share is how many hashes a network had, each counting half as much after
// halfLife.
type share struct {
	hashes float64
	at     time.Time
}

const halfLife = 10 * time.Second

// now is 0 for what no longer tells one network from another.
func (s share) now(t time.Time) float64 {
	if left := s.hashes * math.Exp2(-t.Sub(s.at).Seconds()/halfLife.Seconds()); left > 0.1 {
		return left
	}
	return 0
}

// shares are what networks of every width had of late: no more of them than can
// have had hashes within a minute or so.
type shares struct {
	of    map[netip.Prefix]share
	swept time.Time
}

func (s *shares) count(n networks, hashes float64, t time.Time) {
	if t.Sub(s.swept) > halfLife {
		maps.DeleteFunc(s.of, func(_ netip.Prefix, one share) bool { return one.now(t) == 0 })
		s.swept = t
	}
	for _, net := range n {
		s.of[net] = share{s.of[net].now(t) + hashes, t}
	}
}

// first finds who of the queue is served next: of the widest networks the one
// that had the least of late, and so on inside it; then who came first. A second
// of waiting makes up for some hashes: else of those who ask now and then, some
// would wait for as long as others come from networks that had one hash less.
func (s *shares) first(queue []*waiter, t time.Time, perSecond float64) *waiter {
	return choose(queue, func(net netip.Prefix, w wanting) float64 {
		return t.Sub(w.since).Seconds()*perSecond - s.of[net].now(t)
	})
}

// last finds who gives way where too many wait: one of those that had and want
// the most; of them, who came last.
func (s *shares) last(queue []*waiter, t time.Time) *waiter {
	latest := slices.Clone(queue)
	slices.Reverse(latest)
	return choose(latest, func(net netip.Prefix, w wanting) float64 { return s.of[net].now(t) + float64(w.callers) })
}

// wanting is what a network has in the queue.
type wanting struct {
	callers int
	since   time.Time // when the first of them came, in the order that is looked at
}

// choose narrows the queue down to the network of the greatest weight, the
// widest networks first, and then to the first that is left.
func choose(queue []*waiter, weight func(netip.Prefix, wanting) float64) *waiter {
	for level := range len(queue[0].nets) {
		wants := make(map[netip.Prefix]wanting, len(queue))
		for _, w := range queue {
			one := wants[w.nets[level]]
			if one.callers++; one.callers == 1 {
				one.since = w.since
			}
			wants[w.nets[level]] = one
		}
		var chosen netip.Prefix
		most := math.Inf(-1)
		for _, w := range queue {
			if x := weight(w.nets[level], wants[w.nets[level]]); x > most {
				chosen, most = w.nets[level], x
			}
		}
		var left []*waiter
		for _, w := range queue {
			if w.nets[level] == chosen {
				left = append(left, w)
			}
		}
		queue = left
	}
	return queue[0]
}
