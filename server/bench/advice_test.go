package bench_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kunci/server/bench"
)

func TestAdviceNeverGoesBelowTheMinimum(t *testing.T) {
	t.Parallel()
	advised := regexp.MustCompile(`--argon2-memory (\d+) --argon2-time (\d+)`)
	raised := 0
	for _, mib := range []int{7, 19, 64, 256} {
		for _, passes := range []int{1, 2, 10} {
			for d := time.Microsecond; d < time.Minute; d *= 3 {
				f := bench.Facts{MemoryMiB: mib, Passes: passes, Width: 2, Hash: d, HashesPerS: 2 / d.Seconds(), CPUs: 2}
				text := strings.Join(bench.Advise(f), "\n")
				m := advised.FindStringSubmatch(text)
				if m == nil {
					if !strings.Contains(text, "m=19 MiB t=2") {
						t.Errorf("%+v: no parameters are advised:\n%s", f, text)
					}
					continue
				}
				raised++
				memory, _ := strconv.Atoi(m[1])
				time, _ := strconv.Atoi(m[2])
				if memory <= 19 || memory > 64 || time < 2 {
					t.Errorf("%+v: %s", f, m[0])
				}
				// What is advised may take 100 ms.
				if took := d.Seconds() * float64(memory*time) / float64(mib*passes); took > .1001 {
					t.Errorf("%+v: %s would take %.3f s", f, m[0], took)
				}
			}
		}
	}
	if raised == 0 {
		t.Error("more is never advised")
	}
}

func TestAdviceSaysWhatToExpect(t *testing.T) {
	t.Parallel()
	n := func(v float64) *float64 { return &v }
	f := bench.Facts{
		MemoryMiB: 19, Passes: 2, Width: 4, Hash: 40 * time.Millisecond, HashesPerS: 100, CPUs: 4, Load: 3,
		Rows: []bench.Row{
			{Scenario: "me", What: "hello world", RatePerS: n(1)},
			{Scenario: "me", What: "first use", RatePerS: n(2)},
			{Scenario: "me", What: "64 clients", RatePerS: n(20000), Ratio: n(.5), CPURatio: n(2.5)},
			{Scenario: "login", What: "16 clients", RatePerS: n(90)},
			{Scenario: "logout", What: "1 client", YardstickMS: n(1.5)},
		},
	}
	text := strings.Join(bench.Advise(f), "\n")
	for _, want := range []string{
		"busy with something else", "takes 40 ms here; 4 at once make 100 a second", "90 sign-ins a second (as measured)", "5400 people within one minute",
		"20000 times a second, 0.50 of", "2.5 times its CPU", "after 1.5 ms",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if got := bench.Advise(bench.Facts{CPUs: 4}); len(got) != 0 {
		t.Errorf("nothing was measured, and yet: %q", got)
	}
	f.Rows, f.Load = nil, 0
	if text := strings.Join(bench.Advise(f), "\n"); !strings.Contains(text, "100 sign-ins a second (from the cost of a hash") || strings.Contains(text, "busy") {
		t.Errorf("from hashing alone:\n%s", text)
	}
}
