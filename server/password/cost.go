package password

import (
	"context"
	"slices"
	"strings"
	"time"
)

// costSamples is how often a cost is measured; the median counts.
const costSamples = 3

// costly is a password of the length at which a hash costs most, where that
// depends on it.
var costly = strings.Repeat("x", longestSHACrypt)

// Cost measures how long a failed check against a stored hash takes, once it
// has left the queue. kind is the hash without its salts and its tag:
// "$argon2id$v=19$m=19456,t=2,p=1" or "$2b$10"; "" is a hash of the current
// parameters. Errors are those of Verify.
func (h *Hasher) Cost(ctx context.Context, kind string) (time.Duration, error) {
	stored := Decoy(kind)
	var took []time.Duration
	for range costSamples {
		r, err := h.Verify(ctx, stored, costly)
		if err != nil {
			return 0, err
		}
		took = append(took, time.Since(r.Began))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
