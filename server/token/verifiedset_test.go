package token

import (
	"crypto/rand"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// held counts the tokens that are remembered.
func (v *verified) held() (n int) {
	for i := range v.sets {
		n += len(v.sets[i].tokens)
	}
	return n
}

func anyToken() signed {
	s := signed{kid: "k", issuer: "i", audience: "a"}
	rand.Read(s.text[:])
	return s
}

// However many different tokens come, memory is bounded, and those that come
// again stay.
func TestFloodOfTokens(t *testing.T) {
	before := heap()
	v := newVerified()
	var used []signed
	for range 1000 {
		s := anyToken()
		v.put(s)
		v.get(&s.text)
		used = append(used, s)
	}
	for range 4 * verifiedSets * verifiedWays {
		v.put(anyToken())
	}
	if n := v.held(); n != verifiedSets*verifiedWays {
		t.Errorf("%d tokens are remembered", n)
	}
	if took := heap() - before; took > 10<<20 {
		t.Errorf("they take %d KiB", took>>10)
	}
	kept := 0
	for _, s := range used {
		if found, ok := v.get(&s.text); ok && found == s {
			kept++
		}
	}
	// 4 of 8 places in a set are for those; with 1,000 tokens over 4,096 sets
	// five in one are next to never seen.
	if kept < 995 {
		t.Errorf("%d of 1,000 tokens in use were driven out", 1000-kept)
	}
	runtime.KeepAlive(v)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The least recently used of a set goes first.
func TestOrderWithinASet(t *testing.T) {
	t.Parallel()
	v := newVerified()
	var all []signed
	for i := range verifiedWays {
		s := anyToken()
		s.text[0], s.text[1], s.iat = 0, 0, int64(i)
		v.put(s)
		all = append(all, s)
	}
	for i := range all[:verifiedWays-1] { // the last one made stays unused
		if got, ok := v.get(&all[i].text); !ok || got != all[i] {
			t.Fatalf("token %d: %v, %v", i, got, ok)
		}
	}
	next := anyToken()
	next.text[0], next.text[1] = 0, 0
	v.put(next)
	v.put(next)
	if _, ok := v.get(&all[verifiedWays-1].text); ok {
		t.Error("the one that nobody used is still there")
	}
	for i := range all[:verifiedWays-1] {
		if _, ok := v.get(&all[i].text); !ok {
			t.Errorf("token %d is gone", i)
		}
	}
	if _, ok := v.get(&next.text); !ok || v.held() != verifiedWays {
		t.Errorf("the new one: %v; %d are held", ok, v.held())
	}
}

// What was signed or found good is remembered; what is refused takes no place.
func TestWhatIsRemembered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r, err := Create(filepath.Join(t.TempDir(), "keys"), "one", now)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := r.Sign(Claims{Issuer: "https://a.example", Subject: "0b4e6c1e-5a6b-4c1d-8e2f-3a4b5c6d7e8f", Audience: "pwa",
		ID: FormatID(NewID()), IssuedAt: now, NotBefore: now, Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if r.verified.held() != 1 {
		t.Error("the one that was signed is not remembered")
	}
	r.verified = newVerified()
	for name, refused := range map[string]func() error{
		"altered": func() error {
			_, err := r.Verify(tok[:len(tok)-1]+"A", "https://a.example", []string{"pwa"}, now)
			return err
		},
		"cut": func() error { _, err := r.Verify(tok[:300], "https://a.example", []string{"pwa"}, now); return err },
		"expired": func() error {
			_, err := r.Verify(tok, "https://a.example", []string{"pwa"}, now.Add(time.Hour))
			return err
		},
		"other issuer": func() error { _, err := r.Verify(tok, "https://b.example", []string{"pwa"}, now); return err },
		"other aud":    func() error { _, err := r.Verify(tok, "https://a.example", []string{"smart"}, now); return err },
	} {
		if err := refused(); err == nil || r.verified.held() != 0 {
			t.Errorf("%s: %v; %d are remembered", name, err, r.verified.held())
		}
	}
	for range 2 {
		if _, err := r.Verify(tok, "https://a.example", []string{"pwa"}, now); err != nil || r.verified.held() != 1 {
			t.Errorf("%v; %d are remembered", err, r.verified.held())
		}
	}
}
