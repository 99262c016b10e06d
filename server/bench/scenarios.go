package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Rows of Me that are not kunci's usual work.
const (
	helloWorld = "hello world" // the yardstick
	firstUse   = "first use"
)

// meRequests are rendered ahead: rendering would cost the client as much as the
// rest.
func (b *Bench) meRequests() [][]byte {
	requests := make([][]byte, len(b.Tokens))
	for i, token := range b.Tokens {
		requests[i] = get(b.Server.Target, pathMe, token, address(uint64(i)))
	}
	return requests
}

// Me asks who a token stands for, with the tokens of many accounts: once each,
// which is when signatures are checked, then without pause, which it holds to a
// bare router that answers as many bytes.
func (b *Bench) Me(ctx context.Context) []Row {
	requests := b.meRequests()
	me := b.asks(ctx, b.Clients, http.StatusOK, func(client, n int) []byte {
		return requests[(client*len(requests)/b.Clients+n)%len(requests)]
	})
	first := b.asks(ctx, b.Clients, http.StatusOK, each(requests))(ctx, usedWithin)
	p := beside(ctx, rounds, b.Duration, me, b.hello())
	r := p.byRate("me", fmt.Sprintf("%d clients", b.Clients), helloWorld)
	b.overIdle(&r)
	once := row("me", firstUse, first)
	if b.Hello == nil {
		return []Row{once, r}
	}
	all, hello := together(p.acts), together(p.yards)
	if all.CPU > 0 && hello.CPU > 0 && all.Answers > 0 && hello.Answers > 0 {
		r.CPURatio = number(perAnswer(all) / perAnswer(hello))
	}
	yard := row("me", helloWorld, hello)
	yard.RatePerS = r.YardstickPerS
	return []Row{yard, once, r}
}

// hello is the bare router's load, with the clients and headers that me has.
func (b *Bench) hello() timed {
	if b.Hello == nil {
		return nil
	}
	token := ""
	if len(b.Tokens) > 0 {
		token = b.Tokens[0]
	}
	request := get(b.Hello.Target, HelloPath, token, address(0))
	return func(ctx context.Context, d time.Duration) *Tally {
		l := Load{Target: b.Hello.Target, Clients: b.Clients, Duration: d, Expect: http.StatusOK, Next: func(int, int) []byte { return request }}
		return watched(b.Hello.PID, func() *Tally { return l.Closed(ctx) })
	}
}

func (b *Bench) overIdle(r *Row) {
	if r.MemoryMiB != nil && b.Idle > 0 {
		r.OverIdleMiB = number(max(0, *r.MemoryMiB-*mib(b.Idle)))
	}
}

// signIns are sign-ins of one person after the other.
func (b *Bench) signIns(clients int) func(client, n int) []byte {
	var next atomic.Int64
	first := int64(scatter(uint64(clients)) % uint64(b.People.Count)) // scenarios begin at different people
	return func(int, int) []byte {
		return b.People.login(b.Server.Target, int((first+next.Add(1))%int64(b.People.Count)))
	}
}

// burstClients sign in at the same moment; a burst of more than burstPerName at
// one account would be slowed down as guessing is.
const (
	burstClients = 256
	burstPerName = 4
)

// Login signs in without pause and holds it to bare hashing; then everybody
// comes at once.
func (b *Bench) Login(ctx context.Context) []Row {
	next := b.signIns(signInClients)
	p := beside(ctx, hashRounds, b.Duration, b.asks(ctx, signInClients, http.StatusOK, next), b.bareHash())
	r := p.byRate("login", fmt.Sprintf("%d clients", signInClients), "bare hashing")
	b.overIdle(&r)

	clients := min(burstClients, burstPerName*b.People.Count)
	t := b.asks(ctx, clients, http.StatusOK, func(client, n int) []byte {
		if n > 0 {
			return nil
		}
		return next(client, n)
	})(ctx, answerWithin) // each asks once, however long it takes to begin
	burst := row("login", fmt.Sprintf("%d at once", clients), t)
	// A full gate says so at once, which is what bounds the memory.
	const full = "503"
	if n := burst.Errors[full]; n > 0 {
		burst.Refused[full] = n
		delete(burst.Errors, full)
	}
	b.overIdle(&burst)
	return []Row{r, burst}
}

// Register signs up without pause and holds it to bare hashing.
func (b *Bench) Register(ctx context.Context) []Row {
	fresh := &People{Password: b.People.Password, Run: b.People.Run + "-n"}
	var next atomic.Int64
	p := beside(ctx, hashRounds, b.Duration, b.asks(ctx, b.Clients, http.StatusCreated, func(int, int) []byte {
		i := int(next.Add(1))
		return fresh.register(b.Server.Target, fresh.Person(i), address(scatter(uint64(i))))
	}), b.bareHash())
	r := p.byRate("register", fmt.Sprintf("%d clients", b.Clients), "bare hashing")
	b.overIdle(&r)
	return []Row{r}
}

// Mixed asks who tokens stand for in an open loop, first alone, then while
// others sign in without pause.
func (b *Bench) Mixed(ctx context.Context) []Row {
	requests := b.meRequests()
	open := Load{
		Target: b.Server.Target, Clients: b.Clients, Duration: b.Duration, Expect: http.StatusOK,
		Next: func(_, n int) []byte { return requests[n%len(requests)] },
	}
	ask := func() *Tally { return open.Open(ctx, b.Rate) }
	before := b.hashRate(ctx)
	alone := watched(b.Server.PID, ask)

	signedIn := make(chan *Tally, 1)
	closed := Load{Target: b.Server.Target, Clients: signInClients, Duration: b.Duration, Expect: http.StatusOK, Next: b.signIns(signInClients + 1)}
	crowded := watched(b.Server.PID, func() *Tally {
		go func() { signedIn <- closed.Closed(ctx) }()
		return ask()
	})
	signIns := <-signedIn
	after := b.hashRate(ctx)

	quiet := row("mixed", "me, open loop", alone)
	busy := row("mixed", "me + sign-ins", crowded)
	busy.CPUPerRequestUS = nil // most of it is the sign-ins'
	b.overIdle(&quiet)
	b.overIdle(&busy)
	if quiet.P99MS != nil && busy.P99MS != nil && *quiet.P99MS > 0 {
		busy.Yardstick, busy.YardstickMS, busy.Ratio = "p99 without sign-ins", quiet.P99MS, number(*busy.P99MS / *quiet.P99MS)
	}
	login := row("mixed", "sign-ins", signIns)
	if bare := (before + after) / 2; bare > 0 && login.RatePerS != nil {
		login.Yardstick, login.YardstickPerS, login.Ratio = "bare hashing", number(bare), number(*login.RatePerS/bare)
	}
	return []Row{quiet, busy, login}
}

func (b *Bench) hashRate(ctx context.Context) float64 {
	yard := b.bareHash()
	if yard == nil || ctx.Err() != nil {
		return 0
	}
	return yard(ctx, b.Duration/2).Rate()
}

// Starts is the row of a server's starts, in time until the first answer. base
// are those of the folder that it is held to, nil where there is none.
func Starts(accounts, baseAccounts int, times, base []time.Duration) []Row {
	show := func(n int, times []time.Duration) Row {
		t := &Tally{Answers: len(times)}
		for _, d := range times {
			t.Latency.Add(d)
		}
		r := row("start", fmt.Sprintf("%d accounts", n), t)
		r.RatePerS, r.P99MS, r.P999MS = nil, nil, nil // of five, they would be the worst one
		return r
	}
	r := show(accounts, times)
	if base == nil {
		return []Row{r}
	}
	small := show(baseAccounts, base)
	if r.P50MS != nil && small.P50MS != nil && *small.P50MS > 0 {
		r.Yardstick, r.YardstickMS, r.Ratio = fmt.Sprintf("start with %d accounts", baseAccounts), small.P50MS, number(*r.P50MS / *small.P50MS)
	}
	return []Row{small, r}
}

// Imported is the row of accounts that were written into the store.
func Imported(accounts int, took time.Duration, bytes int64) []Row {
	r := row("import", "accounts", &Tally{Answers: accounts, Elapsed: took})
	r.P50MS, r.P99MS, r.P999MS = nil, nil, nil
	r.BytesPerAccount = number(float64(bytes) / float64(accounts))
	return []Row{r}
}
