package password

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// apart is a Hasher whose hands are goroutines at the other end of a pipe. Each
// does what works tells of, by its number, or Work.
type apart struct {
	*Hasher
	works []func(net.Conn)
	kills bool // what ends was killed

	mu      sync.Mutex
	started int
	here    int // hands that have not ended
	trouble []string
}

var errNoHands = errors.New("no hands")

func newApart(width int, works ...func(net.Conn)) *apart {
	a := &apart{Hasher: newSmall(width), works: works}
	tell := func(err error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.trouble = append(a.trouble, err.Error())
	}
	a.Apart(a.start, Trouble{Here: tell, Ended: tell})
	return a
}

func (a *apart) start() (io.ReadWriteCloser, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	work := func(c net.Conn) { _ = Work(c, c) }
	if a.started < len(a.works) {
		work = a.works[a.started]
	}
	a.started++
	if work == nil {
		return nil, errNoHands
	}
	a.here++
	ours, theirs := net.Pipe()
	go func() {
		work(theirs)
		_ = theirs.Close()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.here--
	}()
	if a.kills {
		return killed{ours}, nil
	}
	return ours, nil
}

// killed is the end of a hand that the system has killed.
type killed struct{ net.Conn }

func (k killed) Close() error { return errors.Join(ErrKilled, k.Conn.Close()) }

func (a *apart) want(t *testing.T, started, here int, trouble ...string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started != started || a.here != here {
		t.Errorf("%d hands started, %d are here, want %d, %d", a.started, a.here, started, here)
	}
	for i, part := range trouble {
		if i >= len(a.trouble) || !strings.Contains(a.trouble[i], part) {
			t.Errorf("trouble %q, want %q as number %d", a.trouble, part, i)
		}
	}
	if len(a.trouble) != len(trouble) {
		t.Errorf("trouble %q, want %d", a.trouble, len(trouble))
	}
}

// dies takes some tasks, does all but the last, and is gone.
func dies(tasks int) func(net.Conn) {
	return func(c net.Conn) {
		in, out := cbor.NewDecoder(c), cbor.NewEncoder(c)
		_ = out.Encode(greeting)
		for range tasks {
			var t task
			if tasks--; in.Decode(&t) == nil && tasks > 0 {
				_ = out.Encode(replied(t.do))
			}
		}
	}
}

const somePassword = "rahasia-baru"

// Apart, everything comes out as it does in this process.
func TestApartAnswersAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, here := newApart(2), newSmall(2)
		for _, pw := range []string{somePassword, "cafe\u0301 panas", "not \xff UTF-8", "", strings.Repeat("long ", 200)} {
			hash, err := a.Hash(t.Context(), pw)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := here.Hash(t.Context(), pw+"?")
			if err != nil {
				t.Fatal(err)
			}
			other, err := New(Params{Memory: 128, Time: 1, Threads: 1}, 1).Hash(t.Context(), pw)
			if err != nil {
				t.Fatal(err)
			}
			for _, stored := range []string{hash, decoded, other, "", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"} {
				got, err := a.Verify(t.Context(), stored, pw)
				want, wantErr := here.Verify(t.Context(), stored, pw)
				got.Began, want.Began = time.Time{}, time.Time{}
				if err != nil || wantErr != nil || got != want || got.OK != (stored == hash || stored == other) || got.Stale != (stored == other) {
					t.Errorf("%q against %q: %+v, %v; here %+v, %v", pw, stored, got, err, want, wantErr)
				}
			}
		}
		wrapped, err := a.Wrap(t.Context(), "88a434c88cca4e900f7874cd98123f43")
		if r, verifyErr := here.Verify(t.Context(), wrapped, "l\u00e8tmein"); err != nil || verifyErr != nil || !r.OK {
			t.Errorf("wrapped as %q: %v, %+v, %v", wrapped, err, r, verifyErr)
		}
		odd := "sha1$\xff\xfesalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8"
		if wrapped, err := a.Import(t.Context(), odd); err != nil || Check(wrapped) != nil {
			t.Errorf("a salt that is not UTF-8: %q, %v", wrapped, err)
		}
		for name, err := range map[string]error{
			"an unknown hash":   second(a.Verify(t.Context(), "$9$nothing", somePassword)),
			"a slow one":        second(a.Wrap(t.Context(), hashOf(t, here))),
			"an unknown import": second(a.Import(t.Context(), "$9$nothing")),
		} {
			if !errors.Is(err, ErrStored) {
				t.Errorf("%s: %v", name, err)
			}
		}
		a.want(t, 1, 1) // one was enough for all
		a.Close()
		synctest.Wait()
		a.want(t, 1, 0)
	})
}

func second[T any](_ T, err error) error { return err }

func hashOf(t *testing.T, h *Hasher) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), somePassword)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// There are as many hands as hashes run at once, and none where there is no work
// for a while.
func TestHandsComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApart(3, slow, slow, slow, slow)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { hashOf(t, a.Hasher) })
		}
		all.Wait()
		a.want(t, 3, 3)
		time.Sleep(restsFor / 2)
		hashOf(t, a.Hasher)
		a.want(t, 3, 3)
		time.Sleep(restsFor - time.Second/2)
		a.want(t, 3, 1)
		time.Sleep(time.Second)
		a.want(t, 3, 0)
		hashOf(t, a.Hasher)
		a.want(t, 4, 1)
		a.Close()
		time.Sleep(time.Second)
		a.want(t, 4, 0)
	})
}

// slow is Work that takes a while.
func slow(c net.Conn) { _ = Work(slowReader{c}, c) }

// slowReader takes a tenth of a second for each read.
type slowReader struct{ io.Reader }

func (r slowReader) Read(b []byte) (int, error) {
	time.Sleep(time.Second / 10)
	return r.Reader.Read(b)
}

// What ends while it rests, or amid a task, costs nobody a hash, as long as a new
// one does it.
func TestHandsThatEndAreReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApart(1, dies(2), dies(1))
		hashOf(t, a.Hasher)
		hashOf(t, a.Hasher) // during which the first two end
		a.want(t, 3, 1, "a process for hashes ended: EOF", "a process for hashes ended: EOF")
		wantLoad(t, a.Hasher, 0, 0)
		a.Close()
	})
}

// Where new ones end amid their work, nobody hashes here, since it might end this
// process too. Who is refused is counted like all who are.
func TestHandsThatAlwaysEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApart(1, dies(1), dies(1), dies(1), dies(2), dies(1), dies(1))
		refused := 0
		a.Observe(Observer{Refused: func() { refused++ }})
		_, err := a.Hash(t.Context(), somePassword)
		wantBusy(t, err)
		hashOf(t, a.Hasher)
		_, err = a.Verify(t.Context(), "", somePassword)
		wantBusy(t, err)
		if refused != 2 || !a.Refused().Equal(time.Now()) {
			t.Errorf("%d refused, the last at %v", refused, a.Refused())
		}
		wantLoad(t, a.Hasher, 0, 0)
		hashOf(t, a.Hasher)
		ends := slices.Repeat([]string{"a process for hashes ended"}, 6)
		a.want(t, 7, 1, ends...)
		a.Close()
	})
}

// Nor does anybody where they are killed before they greet, and the next hash has
// one started again.
func TestHandsThatAreKilledAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mute := func(net.Conn) {}
		a := newApart(1, mute, mute)
		a.kills = true
		_, err := a.Hash(t.Context(), somePassword)
		wantBusy(t, err)
		a.want(t, 2, 0, "a process for hashes ended", "a process for hashes ended")
		hashOf(t, a.Hasher)
		a.want(t, 3, 1, "ended", "ended")
		a.Close()
	})
}

// Without hands, this process hashes: none can be started, one ends before it
// says a word or says none, or it is something else. None is started for a while
// then.
func TestWithoutHands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stays := func(say string) func(net.Conn) {
			return func(c net.Conn) {
				_, _ = io.WriteString(c, say)
				_, _ = io.Copy(io.Discard, c)
			}
		}
		other, err := cbor.Marshal("usage: something else")
		if err != nil {
			t.Fatal(err)
		}
		a := newApart(1, nil, func(net.Conn) {}, stays(string(other)), stays("\xff\xffusage"), stays(""))
		for n := range 5 {
			for range 3 {
				hash := hashOf(t, a.Hasher)
				if r, err := newSmall(1).Verify(t.Context(), hash, somePassword); err != nil || !r.OK {
					t.Errorf("%+v, %v", r, err)
				}
			}
			synctest.Wait()
			if a.started != n+1 {
				t.Errorf("%d hands started", a.started)
			}
			time.Sleep(startsIn)
		}
		a.want(t, 5, 0, errNoHands.Error(), "no process for hashes", "another program", "no process", "closed pipe")
		hashOf(t, a.Hasher)
		a.Close()
		hashOf(t, a.Hasher) // by who is late
		synctest.Wait()
		if a.started != 6 || a.here != 0 {
			t.Errorf("%d hands started, %d here after the end", a.started, a.here)
		}
	})
}

// A hand that hangs is ended, one in steady use is not, and one that was at work
// when all was closed goes home after it.
func TestHandsThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hangs := func(c net.Conn) {
			_ = cbor.NewEncoder(c).Encode(greeting)
			_, _ = io.Copy(io.Discard, c)
		}
		a := newApart(1, hangs, slow)
		began := time.Now()
		hashOf(t, a.Hasher)
		if took := time.Since(began); took < handTakes || took > handTakes+time.Second {
			t.Errorf("it took %v", took)
		}
		for range 3 * handTakes / restsFor {
			hashOf(t, a.Hasher)
			time.Sleep(restsFor / 2)
		}
		var all sync.WaitGroup
		all.Go(func() { hashOf(t, a.Hasher) })
		synctest.Wait()
		a.Close()
		all.Wait()
		time.Sleep(time.Second)
		a.want(t, 2, 0, "a process for hashes ended")
	})
}

// A hand that can't do a task says why, and goes on.
func TestHandsThatRefuse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refuses := func(c net.Conn) {
			in, out := cbor.NewDecoder(c), cbor.NewEncoder(c)
			_ = out.Encode(greeting)
			for t := new(task); in.Decode(t) == nil; {
				_ = out.Encode(reply{Err: "password: hashing panicked"})
			}
		}
		a := newApart(1, refuses)
		if r, err := a.Verify(t.Context(), "", somePassword); err == nil || err.Error() != "password: hashing panicked" || r.OK {
			t.Errorf("%+v, %v", r, err)
		}
		if hash, err := a.Hash(t.Context(), somePassword); err == nil || hash != "" {
			t.Errorf("%q, %v", hash, err)
		}
		a.want(t, 1, 1)
		a.Close()
	})
}
