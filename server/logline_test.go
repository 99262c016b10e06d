package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"kunci/server"

	"github.com/google/go-cmp/cmp"
)

// once counts how often it is written to.
type once struct {
	bytes.Buffer
	writes int
}

// Write implements io.Writer.
func (o *once) Write(b []byte) (int, error) { o.writes++; return o.Buffer.Write(b) }

// line is what a handler writes of a record, which must be one line of JSON
// in one write.
func line(t *testing.T, make func(io.Writer) slog.Handler, r slog.Record) map[string]any {
	t.Helper()
	var to once
	must(t, make(&to).Handle(context.Background(), r))
	if to.writes != 1 || strings.Count(to.String(), "\n") != 1 || !strings.HasSuffix(to.String(), "}\n") {
		t.Errorf("%d writes: %q", to.writes, to.String())
	}
	var object map[string]any
	d := json.NewDecoder(&to)
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		t.Errorf("no JSON: %v", err)
	}
	for name, value := range object { // 1e-06 is 0.000001
		if number, ok := value.(json.Number); ok && strings.ContainsAny(string(number), ".e") {
			object[name], _ = number.Float64()
		}
	}
	return object
}

func ours(w io.Writer) slog.Handler { return server.NewLogHandler(w, slog.LevelInfo) }

// slogs is what ours stands in for.
func slogs(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.Float64Value(a.Value.Duration().Seconds())
		}
		return a
	}})
}

// Whatever is logged, the line says what slog's own handler would say.
func TestLogLinesAreThoseOfSlog(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.FixedZone("WIB", 7*3600))
	for name, attrs := range map[string][]slog.Attr{
		"none":      nil,
		"a request": {slog.String("request", "r"), slog.Int("status", 200), slog.Duration("took", 1234567), slog.String("outcome", "ok")},
		"odd text":  {slog.String("a", "\"\\\n\r\t\x00\x1f<>&\u2028\u2029é😀\ufffd\x7f")},
		"odd key":   {slog.String("a\"\n<b", "x"), slog.Int("", 1), slog.String("", "")},
		"no UTF-8":  {slog.String("a", "x\xff\xc3y"), slog.String("b", "c")},
		"numbers":   {slog.Int64("a", math.MinInt64), slog.Uint64("b", math.MaxUint64), slog.Float64("c", 1.5e300), slog.Float64("d", math.Inf(1))},
		"durations": {slog.Duration("a", 0), slog.Duration("b", 1), slog.Duration("c", -time.Hour), slog.Duration("d", math.MaxInt64), slog.Duration("e", time.Microsecond)},
		"others":    {slog.Bool("a", true), slog.Time("b", at), slog.Any("c", []int{1}), slog.Any("d", errors.New("e")), slog.Any("e", nil)},
		"a group":   {slog.Group("g", slog.String("a", "b"), slog.Duration("c", time.Second)), slog.Group("empty")},
		"other, in the end": {
			slog.String("a", "b"), slog.String("c", "d"), slog.String("e", "f"), slog.String("g", "h"), slog.String("i", "j"), slog.Bool("k", true)},
	} {
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelError, slog.LevelWarn + 1} {
			for _, when := range []time.Time{at, at.UTC(), {}} {
				r := slog.NewRecord(when, level, "what \"happened\"", 0)
				r.AddAttrs(attrs...)
				if d := cmp.Diff(line(t, slogs, r), line(t, ours, r)); d != "" {
					t.Errorf("%s (-slog +ours):\n%s", name, d)
				}
			}
		}
	}
	log := slog.New(ours(io.Discard))
	if log.Enabled(t.Context(), slog.LevelDebug) || !log.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("the level is not kept to")
	}
	var to once
	slog.New(ours(&to)).With("a", 1).WithGroup("g").Info("m", "b", "c")
	if !strings.Contains(to.String(), `"msg":"m","a":1,"g":{"b":"c"}}`) {
		t.Errorf("With and WithGroup: %s", to.String())
	}
}

// Lines of many at once, of both kinds, stay whole.
func TestLogLinesDoNotMix(t *testing.T) {
	t.Parallel()
	var to once
	log := slog.New(ours(&to))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				log.Info("plain", "text", strings.Repeat("x", 700))
				log.Info("other", "bool", true)
			}
		})
	}
	all.Wait()
	n := 0
	for text := range strings.Lines(to.String()) {
		n++
		if !json.Valid([]byte(text)) {
			t.Fatalf("no JSON: %s", text)
		}
	}
	if n != 800 || to.writes != 800 {
		t.Errorf("%d lines, %d writes", n, to.writes)
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add("msg", "key", "text", int64(1))
	f.Add("\xff", "\"", "\u2028</script>", int64(-1))
	f.Fuzz(func(t *testing.T, msg, key, text string, n int64) {
		r := slog.NewRecord(time.Date(2026, 3, 1, 12, 0, 0, 1, time.UTC), slog.LevelInfo, msg, 0)
		r.AddAttrs(slog.String(key, text), slog.Int64("n", n), slog.Duration("took", time.Duration(n)))
		if d := cmp.Diff(line(t, slogs, r), line(t, ours, r)); d != "" {
			t.Errorf("(-slog +ours):\n%s", d)
		}
	})
}

func BenchmarkLogLine(b *testing.B) {
	for name, make := range map[string]func(io.Writer) slog.Handler{"ours": ours, "slogs": slogs} {
		b.Run(name, func(b *testing.B) {
			h, at := make(io.Discard), time.Now()
			b.ReportAllocs()
			for b.Loop() {
				r := slog.NewRecord(at, slog.LevelInfo, "request", 0)
				r.AddAttrs(slog.String("request", "0b4e6c1e-5a6b-4c1d-8e2f-3a4b5c6d7e8f"), slog.String("method", "GET"), slog.String("route", "/api/auth/me"),
					slog.Int("status", 200), slog.Duration("took", 123456), slog.String("address", "127.0.0.1"), slog.String("dialect", "snapotp"), slog.String("outcome", "ok"))
				_ = h.Handle(b.Context(), r)
			}
		})
	}
}
