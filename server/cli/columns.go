package cli

import (
	"io"
	"strings"
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
			text = cut(text, widths[i])
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

// inked is a cell of a line in its colour.
func (t *table) inked(line, column int, text string) string {
	if t.head != nil {
		if line == 0 {
			return t.ink.bold(text)
		}
		line--
	}
	if on, ok := t.rows[line][column].(alarm); ok && bool(on) {
		return t.ink.yellow(text)
	}
	return text
}

// widths are those of the columns: as wide as the widest cell, and where that
// is too much for a line, the widest cut first, text before anything else.
// No column gets narrower than its head: beyond that, lines are too long.
func (t *table) widths(lines [][]string) []int {
	var widths []int
	for _, line := range lines {
		for i, text := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells(text))
		}
	}
	least := func(i int) int {
		if i < len(t.head) {
			return max(cells(t.head[i]), 1)
		}
		return 1
	}
	room := t.fit - columnGap*(len(widths)-1)
	for _, floor := range []func(int) int{
		func(i int) int {
			if t.isText(i) {
				return max(leastColumn, least(i))
			}
			return widths[i]
		},
		least,
	} {
		shrink(widths, room, floor)
	}
	return widths
}

// shrink takes from the widest of the columns that are above their floor, until
// all have room or none can give.
func shrink(widths []int, room int, floor func(int) int) {
	total := 0
	for _, w := range widths {
		total += w
	}
	for room > 0 && total > room {
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
		total--
	}
}

// isText says whether a column holds words rather than numbers, states and
// times, of which a part says nothing.
func (t *table) isText(column int) bool {
	for _, row := range t.rows {
		if column < len(row) {
			_, text := row[column].(string)
			return text
		}
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
