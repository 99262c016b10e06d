package bolt

import "math/bits"

// While a read goes on, such as a backup to somebody slow, the map of the file
// can't be replaced by a longer one, and a commit that needs a longer one waits
// with all that come after it. So the map is long from the start: it takes
// addresses, and neither memory nor disk.
const (
	leastMapped = 1 << 30
	growth      = 1 << 20 // a file longer than its pages grows by this at a time
)

// mapped is how long the map of a file of this size is to be, 0 (bbolt's own
// choice, as long as the file) where addresses are scarce.
func mapped(size int64) int {
	if bits.UintSize < 64 {
		return 0
	}
	return int(max(leastMapped, 2*size))
}
