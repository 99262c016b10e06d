package password

import (
	_ "embed" // for common.txt
	"strings"
)

// commonText is a comment, an empty line, then one folded password a line, sorted by
// bytes. It is searched where it lies, in the binary: a map would take up memory for
// as long as the process runs.
//
//go:embed common.txt
var commonText string

// isCommon looks a folded password up.
func isCommon(folded string) bool {
	_, lines, _ := strings.Cut(commonText, "\n\n")
	low, high := 0, len(lines) // both at the start of a line, or the end of the text
	for low < high {
		middle := low + (high-low)/2
		start := strings.LastIndexByte(lines[low:middle], '\n') + 1 + low
		end := start + strings.IndexByte(lines[start:], '\n')
		switch strings.Compare(folded, lines[start:end]) {
		case 0:
			return true
		case -1:
			high = start
		case 1:
			low = end + 1
		}
	}
	return false
}
