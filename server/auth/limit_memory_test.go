package auth

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"kunci/server/token"
)

// A million names tried from a million addresses must not fill the memory.
func TestLimitsAreBounded(t *testing.T) {
	ring, err := token.Create(filepath.Join(t.TempDir(), "keys"), "instance", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	l := newLimiter(DefaultLimits, ring)
	now := time.Now()
	names := uint64(remembered + 10_000)
	if os.Getenv("TEST_LONG") != "" {
		names = 1_000_000
	}
	for i := range names {
		var raw [16]byte
		raw[0] = 0x20
		binary.BigEndian.PutUint64(raw[1:], i) // a /48 of its own, and more
		addr := netip.AddrFrom16(raw)
		_ = l.address(addr, l.failureRules(), now, false)
		if _, err := l.try(digestOf("name", addr.String()), "", now); err != nil {
			t.Fatal(err)
		}
		l.failed(addr, now)
	}
	used := heap() - before
	t.Logf("%d MiB", used>>20)
	if used > 64<<20 {
		t.Errorf("%d MiB are held, more than 64", used>>20)
	}
	runtime.KeepAlive(l)
}
