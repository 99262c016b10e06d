package cert

import (
	"crypto/x509"
	"testing"
	"time"
)

// A certificate counts as ending for a day, or for the last tenth of a life that
// is shorter than ten days, and once it has ended.
func TestEnding(t *testing.T) {
	t.Parallel()
	now := time.Now()
	const day = 24 * time.Hour
	for _, test := range []struct {
		life, left time.Duration
		want       bool
	}{
		{90 * day, 60 * day, false}, {90 * day, day + time.Minute, false}, {90 * day, day - time.Minute, true}, {90 * day, -day, true},
		{day, 3 * time.Hour, false}, {day, 2 * time.Hour, true}, {day, -time.Second, true},
		{time.Minute, 7 * time.Second, false}, {time.Minute, 5 * time.Second, true},
	} {
		ends := now.Add(test.left)
		if got := ending(&x509.Certificate{NotBefore: ends.Add(-test.life), NotAfter: ends}, now); got != test.want {
			t.Errorf("%v of %v left: %v", test.left, test.life, got)
		}
	}
}
