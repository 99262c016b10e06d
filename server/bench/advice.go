package bench

import (
	"fmt"
	"time"
)

// Facts are what advice rests on.
type Facts struct {
	MemoryMiB, Passes int           // of one hash, as measured
	Width             int           // how many run at once
	Hash              time.Duration // one, while so many run; 0: not measured
	HashesPerS        float64
	Load              float64 // of the machine before, in processes that wanted to run
	CPUs              int
	Rows              []Row
}

// The least that OWASP recommends for argon2id, below which nothing is advised,
// and the most that is: RFC 9106's second recommendation has as much memory.
const (
	floorMiB, floorPasses = 19, 2
	mostMiB               = 64
	// A sign-in may well take this long for a person, and an attacker pays the same.
	worthwhile = 100 * time.Millisecond
)

// Advise says in plain sentences what a measurement means for whoever runs a
// server on this machine.
func Advise(f Facts) (advice []string) {
	if f.Load > float64(f.CPUs)/2 {
		advice = append(advice, fmt.Sprintf("This machine was busy with something else before (load %.1f, %d CPUs): measure again when it is quiet.", f.Load, f.CPUs))
	}
	if f.Hash > 0 {
		advice = append(advice, fmt.Sprintf("One password hash (m=%d MiB, t=%d) takes %s here; %d at once make %.0f a second.",
			f.MemoryMiB, f.Passes, short(f.Hash), f.Width, f.HashesPerS), hashing(&f))
	}
	if perS, measured := signInRate(&f); perS > 0 {
		from := "as measured"
		if !measured {
			from = "from the cost of a hash; run the scenario login to see"
		}
		advice = append(advice, fmt.Sprintf("Expect %.0f sign-ins a second (%s): about %.0f people within one minute at nine o'clock. When more come at once, the rest are told to try again in a second or two.",
			perS, from, 60*perS))
	}
	if r := find(f.Rows, "me", ""); r != nil && r.RatePerS != nil {
		advice = append(advice, me(r))
	}
	if r := find(f.Rows, "logout", "1 client"); r != nil && r.YardstickMS != nil {
		advice = append(advice, fmt.Sprintf("A write is safe on this disk after %.1f ms; those that come together share the wait.", *r.YardstickMS))
	}
	return advice
}

// hashing advises parameters: the floor, or as much more memory as a sign-in
// of worthwhile length pays for.
func hashing(f *Facts) string {
	measured := float64(f.MemoryMiB * f.Passes)
	factor := float64(worthwhile) / float64(f.Hash) * measured / (floorMiB * floorPasses)
	fits := min(mostMiB, int(floorMiB*factor))
	floor := "OWASP's minimum, m=19 MiB t=2,"
	switch {
	case fits >= floorMiB*3/2:
		fits -= fits % 8 // such figures are kept in mind
		return fmt.Sprintf("This machine can afford more than %s which are the defaults: --argon2-memory %d --argon2-time 2 keeps a hash under %s, makes each guess %.1f times as dear, and takes %d MiB while %d run.",
			floor, fits, short(worthwhile), float64(fits)/floorMiB, fits*f.Width, f.Width)
	case factor >= 0.5:
		return fmt.Sprintf("%s suits this machine: leave --argon2-memory and --argon2-time at their defaults.", "The default, "+floor)
	}
	return fmt.Sprintf("Hashing is slow here: stay at %s which are the defaults, and never go below; more CPUs are what helps.", floor)
}

// signInRate is what login measured, else what hashing allows.
func signInRate(f *Facts) (perS float64, measured bool) {
	if r := find(f.Rows, "login", ""); r != nil && r.RatePerS != nil {
		return *r.RatePerS, true
	}
	return f.HashesPerS, false
}

func me(r *Row) string {
	text := fmt.Sprintf("It says who a token stands for %.0f times a second", *r.RatePerS)
	if r.Ratio != nil {
		text += fmt.Sprintf(", %.2f of what a bare router does that asks nobody", *r.Ratio)
	}
	if r.CPURatio != nil {
		text += fmt.Sprintf(", at %.1f times its CPU", *r.CPURatio)
	}
	return text + "."
}

// find is the first row of a scenario that measures kunci at its usual work, or
// the one called what.
func find(rows []Row, scenario, what string) *Row {
	for i, r := range rows {
		if r.Scenario == scenario && (what == r.What || what == "" && r.What != helloWorld && r.What != firstUse) {
			return &rows[i]
		}
	}
	return nil
}

// short is a duration for people: two or three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
