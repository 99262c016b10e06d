package cli_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// readyWithin is how soon a killed server must serve again, on a machine that
// has nothing else to do.
const readyWithin = 2 * time.Second

// TestCrashKill kills the binary again and again under load of every kind of
// write, and holds what comes back to all that was acknowledged.
func TestCrashKill(t *testing.T) {
	kills, clients := 5, 4
	if crashLong() {
		kills = 200
	}
	binary, data := builtBinary(t), filepath.Join(t.TempDir(), "data")
	box := crashNewOutbox(data)
	s := crashStart(t, binary, data, nil)
	dashboard := &crashDashboard{}
	counts := map[string]int{}
	var settled []*crashPerson // their every act was acknowledged
	var starts []time.Duration
	losses := 0
	for n := 0; n < kills || n < 8*kills && lacking(counts) != ""; n++ { // a busy machine gets little done between two kills
		people := crashLoad(s, box, clients, dashboard, time.Duration(100+rand.IntN(500))*time.Millisecond)
		crashCheck(t, binary, data)
		s = crashStart(t, binary, data, nil)
		starts = append(starts, s.took)
		for _, p := range people {
			if p.odd != "" {
				t.Errorf("%s: %s", p.email, p.odd)
			}
			for _, a := range p.acts {
				if a.acked {
					counts[a.kind]++
				} else {
					counts["unanswered"]++
				}
			}
			n := p.acknowledged()
			losses += report(t, p.verify(s, box, n))
			if n == len(p.acts) {
				settled = append(settled, p)
			}
		}
		for range min(len(settled), 10) { // what was safe once stays so
			i := rand.IntN(len(settled))
			losses += report(t, settled[i].verify(s, box, len(settled[i].acts)))
			settled = slices.Delete(settled, i, i+1)
		}
		losses += report(t, dashboard.verify(s))
		counts[actDashboard] = dashboard.acked
	}
	if kind := lacking(counts); kind != "" {
		t.Errorf("no act of kind %q was acknowledged: the load is too small", kind)
	}
	s.stop()
	crashCheck(t, binary, data)
	// The slowest says more of what else the machine was doing.
	if half := percentile(starts, 50); half > readyWithin {
		t.Errorf("half of the starts took more than %v", half)
	}
	t.Logf("%d kills, %d losses, ready again within %v", len(starts), losses, percentile(starts, 100).Round(time.Millisecond))
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%6d %s", counts[kind], kind)
	}
}

// lacking is a kind of act that was never acknowledged.
func lacking(counts map[string]int) string {
	for _, kind := range []string{actSignUp, actShoop, actGoogle, actSignIn, actSignOut, actForgot, actReset, actConfirm, actDashboard} {
		if counts[kind] == 0 {
			return kind
		}
	}
	return ""
}

func report(t *testing.T, losses []string) int {
	t.Helper()
	for _, loss := range losses {
		t.Error(loss)
	}
	return len(losses)
}

// crashLoad lets clients do what people do, and kills the server meanwhile.
func crashLoad(s *crashServer, box *crashOutbox, clients int, d *crashDashboard, lasts time.Duration) (people []*crashPerson) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for more := true; more; {
				p := crashNewPerson()
				more = p.live(s, box)
				mu.Lock()
				people = append(people, p)
				mu.Unlock()
			}
		})
	}
	all.Go(func() {
		for d.signIn(s) {
		}
	})
	time.Sleep(lasts) // the load lasts that long
	s.kill()
	all.Wait()
	return people
}

// crashDashboard signs in to the one API that asks for a membership, as the
// demo account that has one.
type crashDashboard struct {
	tokens []string // "" for a sign-in that was not answered, and may have happened
	acked  int
}

func (d *crashDashboard) signIn(s *crashServer) bool {
	a := s.json("/api/v1/auth/login", map[string]string{"username": "User-dashboard@mail.com", "password": "Tes12345!"})
	if a.acked() {
		d.acked++
	}
	d.tokens = append(d.tokens, a.credential())
	return a.status != 0
}

// verify looks at the newest sessions: 50 stand for one account.
func (d *crashDashboard) verify(s *crashServer) (losses []string) {
	d.tokens = d.tokens[max(0, len(d.tokens)-50):]
	for _, tok := range d.tokens {
		if tok == "" {
			continue
		}
		if got := s.me(tok); got != http.StatusOK {
			losses = append(losses, fmt.Sprintf("a session of the dashboard is lost: %d", got))
		}
	}
	return losses
}
