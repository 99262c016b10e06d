package token_test

import (
	"testing"

	"kunci/server/token"
)

func BenchmarkSign(b *testing.B) {
	r, _ := newRing(b)
	c := claims()
	c.Extra = map[string]any{"userName": token.Name("John Doe"), "isInternal": false}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Sign(c); err != nil {
			b.Fatal(err)
		}
	}
}

// cached is a token that comes again, uncached one that was never seen.
func BenchmarkVerify(b *testing.B) {
	r, dir := newRing(b)
	tok := sign(b, r, claims())
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := verify(r, tok, at()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("uncached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			fresh, err := token.Open(dir, instance)
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if err := verify(fresh, tok, at()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("refused", func(b *testing.B) {
		other := tok[:40] + "AAAA" + tok[44:]
		b.ReportAllocs()
		for b.Loop() {
			if verify(r, other, at()) == nil {
				b.Fatal("an altered token was accepted")
			}
		}
	})
}
