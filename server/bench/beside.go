package bench

import (
	"context"
	"time"
)

// How often an act and its yardstick take turns: odd, so that a median is one
// of them, and less often where an act waits in a queue that has to fill first.
const (
	rounds     = 5
	hashRounds = 3
)

// timed is a load, or a yardstick, that runs for a while.
type timed func(context.Context, time.Duration) *Tally

// pair is an act and its yardstick over all rounds: a yardstick before the
// first act and after each.
type pair struct{ acts, yards []*Tally }

// beside lets an act and its yardstick take turns, since what else the machine
// does comes and goes. Each gets about d in all. Without a yardstick the act
// runs alone.
func beside(ctx context.Context, rounds int, d time.Duration, act, yard timed) (p pair) {
	slice := d / time.Duration(rounds)
	measure := func(list *[]*Tally, f timed) {
		if f != nil && ctx.Err() == nil {
			*list = append(*list, f(ctx, slice))
		}
	}
	measure(&p.yards, yard)
	for range rounds {
		measure(&p.acts, act)
		measure(&p.yards, yard)
	}
	return p
}

// by are the medians of a measure and of its ratio to the yardsticks around
// it; ratio is nil where there is no yardstick. A round without answers says
// nothing.
func (p *pair) by(measure func(*Tally) float64) (act, yard float64, ratio *float64) {
	var acts, yards, ratios []float64
	for i, t := range p.acts {
		if t.Answers == 0 {
			continue
		}
		acts = append(acts, measure(t))
		if i+1 < len(p.yards) && p.yards[i].Answers > 0 && p.yards[i+1].Answers > 0 {
			ratios = append(ratios, acts[len(acts)-1]/((measure(p.yards[i])+measure(p.yards[i+1]))/2))
		}
	}
	for _, t := range p.yards {
		if t.Answers > 0 {
			yards = append(yards, measure(t))
		}
	}
	if len(ratios) > 0 {
		ratio = number(median(ratios))
	}
	return median(acts), median(yards), ratio
}

// byRate is the row of an act whose yardstick is a rate.
func (p *pair) byRate(scenario, what, yardstick string) Row {
	r := row(scenario, what, together(p.acts))
	act, yard, ratio := p.by((*Tally).Rate)
	if r.Answers > 0 {
		r.RatePerS = number(act)
	}
	if ratio != nil {
		r.Yardstick, r.YardstickPerS, r.Ratio = yardstick, number(yard), ratio
	}
	return r
}

func middleMS(t *Tally) float64 { return float64(t.Latency.Quantile(.5)) / float64(time.Millisecond) }
