package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progressBar shows on a terminal how far an import is.
type progressBar struct {
	w     io.Writer // nil: nobody sees it
	size  int64     // bytes in all; 0 where that is not known
	begun time.Time
	shown bool
}

const importBarWidth = 30

func newProgressBar(w io.Writer, size int64) *progressBar {
	if terminal(w) == nil {
		w = nil
	}
	return &progressBar{w: w, size: size, begun: time.Now()}
}

func (b *progressBar) show(rows, bytes int64) {
	if b.w == nil {
		return
	}
	text := ""
	if b.size > 0 {
		part := min(1, float64(bytes)/float64(b.size))
		done := int(part * importBarWidth)
		text = fmt.Sprintf("[%s%s] %3.0f%%  ", strings.Repeat("=", done), strings.Repeat(" ", importBarWidth-done), part*100)
	}
	rate := float64(rows) / time.Since(b.begun).Seconds()
	_, _ = fmt.Fprintf(b.w, "\r\x1b[K%s%d rows, %.0f a second", text, rows, rate) // a bar that can't be shown is none
	b.shown = true
}

// clear makes room for other lines.
func (b *progressBar) clear() {
	if b.shown {
		_, _ = fmt.Fprint(b.w, "\r\x1b[K")
		b.shown = false
	}
}
