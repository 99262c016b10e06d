package password

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// street is a gate of one slot that is taken, and whoever comes to it.
type street struct {
	*testing.T
	h      *Hasher
	served chan string
	busy   chan string
}

func newStreet(t *testing.T) (s *street, open func()) {
	s = &street{t, newSmall(1), make(chan string, 500), make(chan string, 500)}
	return s, occupy(t.Context(), s.h)
}

// come has an address ask for a hash. It is served or told to come back later.
func (s *street) come(addrs ...string) {
	for _, addr := range addrs {
		go func() {
			_, err := run(s.Context(), s.h.gate, networksOf(netip.MustParseAddr(addr)), func() bool { s.served <- addr; return true })
			if err != nil {
				wantBusy(s.T, err)
				s.busy <- addr
			}
		}()
		synctest.Wait()
	}
}

func (s *street) want(called string, from chan string, want ...string) {
	s.Helper()
	var got []string
	for len(from) > 0 {
		got = append(got, <-from)
	}
	if !slices.Equal(got, want) {
		s.Errorf("%s: %q, want %q", called, got, want)
	}
}

// Who had least is served first, whatever the width of the network that tells
// them apart, and who had as much in the order of coming.
func TestSlotsAreSharedAmongNetworks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ came, served []string }{
		"of providers": {
			[]string{"192.0.2.1", "192.0.2.2", "192.0.77.3", "198.51.100.1"},
			[]string{"192.0.2.1", "198.51.100.1", "192.0.77.3", "192.0.2.2"},
		},
		"of customers": {
			[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.70"},
			[]string{"192.0.2.1", "192.0.2.70", "192.0.2.2", "192.0.2.3"},
		},
		"of hosts": {
			[]string{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
			[]string{"192.0.2.1", "192.0.2.2", "192.0.2.1"},
		},
		"of one host": {
			[]string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"},
			[]string{"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"},
		},
		"of IPv6": {
			[]string{"2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:2::1", "2001:db8:2::1", "2001:db9::1"},
			[]string{"2001:db8:1:1::1", "2001:db9::1", "2001:db8:2::1", "2001:db8:1:2::1", "2001:db8:1:1::2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, open := newStreet(t)
				s.come(c.came...)
				open()
				s.want("served", s.served, c.served...)
			})
		})
	}
}

// Where too many wait, those who take the most give way; they can't push out
// anybody else, and among their own the last to come goes.
func TestWhoWantsMostGivesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, open := newStreet(t)
		for i := range 40 {
			s.come(fmt.Sprint("192.0.2.", i+1))
		}
		for i := range 24 {
			s.come(fmt.Sprint("203.0.113.", i+1))
		}
		wantLoad(t, s.h, 1, 64)
		s.come("198.51.100.7", "192.0.2.60", "198.51.100.8")
		s.want("told to come back", s.busy, "192.0.2.40", "192.0.2.60", "192.0.2.39")
		wantLoad(t, s.h, 1, 64)
		open()
		if first := []string{<-s.served, <-s.served, <-s.served}; !slices.Equal(first, []string{"192.0.2.1", "203.0.113.1", "198.51.100.7"}) {
			t.Errorf("served first: %q", first)
		}
	})
}

// Many networks full of callers who come again at once do not keep out one who
// comes now and then; and what a network had is forgotten.
func TestPastHashesCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, open := newStreet(t)
		open()
		for range 20 {
			s.come("192.0.2.1", "203.0.113.1")
		}
		s.want("unhindered", s.served, slices.Repeat([]string{"192.0.2.1", "203.0.113.1"}, 20)...)
		open = occupy(t.Context(), s.h)
		s.come("192.0.2.1", "203.0.113.1", "192.0.2.9", "203.0.113.9", "198.51.100.7")
		open()
		s.want("with a newcomer", s.served, "198.51.100.7", "192.0.2.9", "203.0.113.9", "192.0.2.1", "203.0.113.1")

		time.Sleep(20 * halfLife)
		open = occupy(t.Context(), s.h)
		s.come("203.0.113.5", "192.0.2.1", "198.51.100.8")
		open()
		s.want("when it is forgotten", s.served, "203.0.113.5", "192.0.2.1", "198.51.100.8")
	})
}

// What counts is how long the slots were held, not how often.
func TestDearHashesCountForMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, open := newStreet(t)
		open()
		took := func(addr string, d time.Duration) {
			_, err := run(t.Context(), s.h.gate, networksOf(netip.MustParseAddr(addr)), func() bool { time.Sleep(d); return true })
			if err != nil {
				t.Error(err)
			}
		}
		for range 20 {
			took("198.51.100.7", 10*time.Millisecond)
		}
		took("192.0.2.1", 300*time.Millisecond)
		open = occupy(t.Context(), s.h)
		s.come("192.0.2.1", "198.51.100.7")
		open()
		s.want("served", s.served, "198.51.100.7", "192.0.2.1")
	})
}

// Where many come now and then, each from somewhere else, who comes from a
// network that had a little more waits little longer; a network that asks without
// pause still waits for all of them.
func TestWaitingCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, open := newStreet(t)
		open()
		ask := func(addr string) {
			go func() {
				_, _ = run(t.Context(), s.h.gate, networksOf(netip.MustParseAddr(addr)), func() bool {
					time.Sleep(25 * time.Millisecond)
					s.served <- addr
					return true
				})
			}()
			synctest.Wait()
		}
		for range 300 {
			ask("203.0.113.1")
			time.Sleep(25 * time.Millisecond)
		}
		for range 3 {
			ask("192.0.2.1")
			time.Sleep(26 * time.Millisecond)
		}
		for len(s.served) > 0 {
			<-s.served
		}
		fresh := 0
		newcomers := func(n int) {
			for range n {
				fresh++
				ask(fmt.Sprintf("10.%d.0.1", fresh))
			}
		}
		newcomers(1) // takes the slot
		for range 3 {
			ask("203.0.113.1")
		}
		ask("192.0.2.1")
		newcomers(12)
		for range 80 { // as many wait all the time
			time.Sleep(25 * time.Millisecond)
			newcomers(1)
		}
		var order []string
		for len(s.served) > 0 {
			order = append(order, <-s.served)
		}
		if at := slices.Index(order, "192.0.2.1"); at < 12 || at > 40 {
			t.Errorf("who had three hashes of late is served as number %d", at)
		}
		if at := slices.Index(order, "203.0.113.1"); at >= 0 {
			t.Errorf("who asks without pause is served as number %d", at)
		}
		time.Sleep(2 * maxPatience) // until all are gone
	})
}

func TestSharesTakeLittleMemory(t *testing.T) {
	t.Parallel()
	all, now := shares{of: map[netip.Prefix]share{}}, time.Now()
	for i := range 100_000 {
		now = now.Add(10 * time.Millisecond) // a hundred hashes a second
		all.count(networksOf(netip.AddrFrom4([4]byte{byte(i), byte(i >> 8), byte(i >> 16), 1})), 1, now)
	}
	if len(all.of) > 15_000 {
		t.Errorf("%d shares are kept", len(all.of))
	}
}
