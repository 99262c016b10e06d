package cli

import (
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// table prints rows under a head, in columns.
type table struct {
	head []string
	rows [][]any
	fit  int // what a line has room for, in cells of a terminal; 0 is any length
	ink  ink
}

const (
	columnGap   = 2
	leastColumn = 10 // to which a column of text is cut before those of other things are
	ellipsis    = "…"
)

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

// print writes the head, where there is one, and the rows. The last column is
// not filled up.
func (t *table) print(w io.Writer) error {
	lines := make([][]string, 0, len(t.rows)+1)
	if t.head != nil {
		lines = append(lines, t.head)
	}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = shown(cell)
		}
		lines = append(lines, cells)
	}
	widths := t.widths(lines)
	var b strings.Builder
	for n, line := range lines {
		for i, text := range line {
			text = t.fitted(n, i, text, widths[i])
			gap := strings.Repeat(" ", widths[i]-cells(text)+columnGap)
			b.WriteString(t.inked(n, i, text))
			if i < len(line)-1 {
				b.WriteString(gap)
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell is what stands in a column of a line; nil is the head.
func (t *table) cell(line, column int) any {
	if t.head != nil {
		if line--; line < 0 {
			return nil
		}
	}
	return t.rows[line][column]
}

// fitted is a cell of a line within a width.
func (t *table) fitted(line, column int, text string, room int) string {
	if at, ok := t.cell(line, column).(time.Time); ok && cells(text) > room {
		return shortened(at, room)
	}
	return cut(text, room)
}

// inked is a cell of a line in its colour.
func (t *table) inked(line, column int, text string) string {
	switch on := t.cell(line, column).(type) {
	case nil:
		return t.ink.bold(text)
	case alarm:
		if on {
			return t.ink.yellow(text)
		}
	}
	return text
}

// widths are those of the columns: as wide as the widest cell, and where that
// is too much for a line, the first way of giving that makes the line fit. What
// has a meaning as a whole alone, such as an id or an outcome, is never cut:
// beyond what the others can give, lines are too long.
func (t *table) widths(lines [][]string) (widths []int) {
	var natural []int
	for _, line := range lines {
		for i, text := range line {
			if i == len(natural) {
				natural = append(natural, 0)
			}
			natural[i] = max(natural[i], cells(text))
		}
	}
	for _, way := range []giving{
		{clock: len(longTime)}, {clock: len(midTime)}, {clock: len(midTime), text: true}, {clock: len(shortTime), text: true},
	} {
		widths = slices.Clone(natural)
		if t.give(widths, way) {
			break
		}
	}
	return widths
}

// giving is how far columns give way.
type giving struct {
	clock int  // times take this much at most
	text  bool // text is cut to the width of its head, else to leastColumn
}

// give makes columns narrower, notes before other text and the widest first,
// and says whether they fit a line then.
func (t *table) give(widths []int, way giving) bool {
	room := t.fit - columnGap*(len(widths)-1)
	if t.fit == 0 || sum(widths) <= room {
		return true
	}
	for i := range widths {
		if _, ok := t.sample(i).(time.Time); ok {
			widths[i] = min(widths[i], max(way.clock, t.headed(i)))
		}
	}
	shrink(widths, room, func(i int) int {
		if _, ok := t.sample(i).(note); ok {
			return max(leastColumn, t.headed(i))
		}
		return widths[i]
	})
	shrink(widths, room, func(i int) int {
		switch {
		case !t.isText(i):
			return widths[i]
		case way.text:
			return t.headed(i)
		}
		return max(leastColumn, t.headed(i))
	})
	return sum(widths) <= room
}

func sum(widths []int) (total int) {
	for _, w := range widths {
		total += w
	}
	return total
}

// headed is the width of a column's head.
func (t *table) headed(column int) int {
	if column < len(t.head) {
		return max(cells(t.head[column]), 1)
	}
	return 1
}

// shrink takes from the widest of the columns that are above their floor, until
// all have room or none can give.
func shrink(widths []int, room int, floor func(int) int) {
	for total := sum(widths); total > room; total-- {
		widest := -1
		for i, w := range widths {
			if w > floor(i) && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// sample is the first cell of a column, which says of what kind all are.
func (t *table) sample(column int) any {
	for _, row := range t.rows {
		if column < len(row) {
			return row[column]
		}
	}
	return nil
}

// isText says whether a column holds words rather than numbers, states, times
// and ids, of which a part says nothing.
func (t *table) isText(column int) bool {
	switch t.sample(column).(type) {
	case string, note:
		return true
	}
	return false
}

// cells is how many cells of a terminal a text takes: two for each wide
// character of East Asia (UAX #11), none for one that goes on another.
func cells(s string) (n int) {
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// cut makes a text fit into so many cells; … stands for what is cut off.
func cut(s string, room int) string {
	if cells(s) <= room {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeCells(r); n > room-1 {
			return s[:i] + ellipsis
		}
	}
	return s
}
