package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows on a terminal how far something is that reads many bytes.
type bar struct {
	to          io.Writer // nil: there is no terminal
	what        string
	done, total int64 // bytes; total 0 where that is not known
	drawn       time.Time
	stands      bool
}

const (
	barEvery = 100 * time.Millisecond
	barWidth = 30
)

// newBar makes a bar on standard error, for about so many bytes.
func (p *program) newBar(what string, total int64) *bar {
	b := &bar{what: what, total: total}
	if tty := terminal(p.stderr); tty != nil {
		b.to = tty
	}
	return b
}

// add is told of more bytes.
func (b *bar) add(n int) { b.reach(b.done+int64(n), "") }

// reach is told how many bytes were read so far, and what to say beside.
func (b *bar) reach(done int64, beside string) {
	b.done = done
	if b.to == nil || time.Since(b.drawn) < barEvery {
		return
	}
	b.drawn, b.stands = time.Now(), true
	text := b.what
	if b.total > 0 {
		part := min(b.done, b.total)
		filled := int(barWidth * part / b.total)
		text += fmt.Sprintf(" [%s%s] %3d %%", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), 100*part/b.total)
	}
	_, _ = fmt.Fprint(b.to, toLineStart+text+" "+beside) // it only informs
}

// end takes the bar away, so that other lines can stand there.
func (b *bar) end() {
	if b.stands {
		_, _ = fmt.Fprint(b.to, toLineStart)
		b.stands = false
	}
}

// toLineStart goes back to the beginning of a terminal's line and empties it.
const toLineStart = "\r\x1b[K"
