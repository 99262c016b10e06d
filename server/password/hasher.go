package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
)

// Params is what one argon2id hash costs (RFC 9106 3.1).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes
}

// Default is OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
var Default = Params{Memory: 19 * 1024, Time: 2, Threads: 1}

// minMemory, in KiB, is the smallest memory OWASP lists for argon2id.
const minMemory = 7 * 1024

// errParams is the cause of every refused Params.
var errParams = errors.New("password: argon2id parameters out of bounds")

// Validate says whether p may be chosen for new hashes: within the bounds that
// Verify keeps (memory up to 256 MiB, 1–10 passes, together up to 768 MiB, 1–16
// lanes) and with at least
// 7 MiB of memory. Hash enforces the bounds alone, so that tests can be cheap.
func (p Params) Validate() error {
	if p.Memory < minMemory {
		return fmt.Errorf("%w: memory %d KiB is under %d KiB", errParams, p.Memory, minMemory)
	}
	return p.bounds()
}

// bounds keeps a hash affordable and computable: RFC 9106 3.1 wants 8 KiB a lane.
func (p Params) bounds() error {
	switch {
	case p.Threads < 1 || p.Threads > maxThreads:
		return fmt.Errorf("%w: %d threads, not 1–%d", errParams, p.Threads, maxThreads)
	case p.Time < 1 || p.Time > maxTime:
		return fmt.Errorf("%w: time %d, not 1–%d", errParams, p.Time, maxTime)
	case p.Memory*p.Time > maxWork && p.Memory <= maxMemory:
		return fmt.Errorf("%w: memory %d KiB times %d passes is over %d", errParams, p.Memory, p.Time, maxWork)
	case p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory:
		return fmt.Errorf("%w: memory %d KiB, not 8 a thread to %d", errParams, p.Memory, maxMemory)
	}
	return nil
}

// Hasher hashes and verifies, a bounded number at once. It is safe for concurrent use.
type Hasher struct {
	params Params
	gate   *gate
	crew   *crew // nil: this process does the work
	from   networks
}

// New makes a Hasher whose new hashes cost p and which runs at most width hashes at
// once (0: one per CPU). A p out of bounds shows as an error of Hash, not as a panic.
func New(p Params, width int) *Hasher {
	if width <= 0 {
		width = runtime.GOMAXPROCS(0)
	}
	return &Hasher{params: p, gate: newGate(width)}
}

// For is h for hashes that an address asks for. The networks of those who ask
// share the slots; what h itself is asked for counts as this machine's.
func (h *Hasher) For(addr netip.Addr) *Hasher {
	mine := *h
	mine.from = networksOf(addr)
	return &mine
}

// Load tells how many hashes are running and how many callers wait for a slot.
func (h *Hasher) Load() (running, waiting int) {
	return h.gate.load()
}

// Hash returns the PHC string of a fresh argon2id hash of the password's NFC form
// (CONTRACT 2). It does not judge the password; Rule.New does. Errors: *BusyError
// when the gate is full, the context's when the caller left.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	o, err := h.do(ctx, task{Act: actHash, Password: []byte(password)})
	return o.Stored, err
}

// do has a task done in a slot of the gate.
func (h *Hasher) do(ctx context.Context, t task) (outcome, error) {
	t.Params = h.params
	if err := t.check(); err != nil {
		return outcome{}, err
	}
	o, err := run(ctx, h.gate, h.from, func() (o outcome) {
		o.began = time.Now()
		o.answer, o.err = h.crew.do(t)
		return o
	})
	if errors.Is(o.err, errEnded) {
		return o, h.gate.busy()
	}
	return o, cmp.Or(err, o.err)
}

// Result is the outcome of a check that could be made.
type Result struct {
	OK    bool      // the password is the one that was hashed
	Stale bool      // OK, but the hash should be replaced by a new one of the same password
	Began time.Time // when the check left the queue
	Forms int       // how many forms of the password a failed check tries: one, or two where it is not in NFC
}

// Verify checks a password against a stored hash. Its NFC form is tried first, then,
// where that differs, the form as typed: other systems hashed what they were sent. For
// bcrypt only the first 72 bytes count, as they did where such a hash was made.
//
// With stored "" nothing matches, at the cost of a current hash. Errors: ErrStored,
// before any work, when stored is unknown, out of bounds, or fast and not wrapped (the
// same cost can then be had by a check against ""); *BusyError when the gate is full;
// the context's when the caller left.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (Result, error) {
	o, err := h.do(ctx, task{Act: actVerify, Stored: []byte(stored), Password: []byte(password)})
	return Result{OK: o.OK, Stale: o.Stale, Began: o.began, Forms: o.Forms}, err
}
