package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// copyBar shows on a terminal how far something is that reads many bytes.
type copyBar struct {
	to          io.Writer // nil: there is no terminal
	what        string
	done, total int64
	shown       time.Time
	width       int // of what stands there
}

const (
	copyBarEvery = 100 * time.Millisecond
	copyBarWidth = 30
)

// newCopyBar makes a bar on standard error, for about so many bytes.
func (p *program) newCopyBar(what string, total int64) *copyBar {
	b := &copyBar{what: what, total: max(total, 1)}
	if tty := terminal(p.stderr); tty != nil {
		b.to = tty
	}
	return b
}

func (b *copyBar) add(n int) {
	if b.done += int64(n); b.to == nil || time.Since(b.shown) < copyBarEvery {
		return
	}
	b.shown = time.Now()
	part := min(b.done, b.total)
	filled := int(copyBarWidth * part / b.total)
	b.show(fmt.Sprintf("%s [%s%s] %3d %%", b.what, strings.Repeat("#", filled), strings.Repeat(".", copyBarWidth-filled), 100*part/b.total))
}

// end takes the bar away.
func (b *copyBar) end() {
	if b.width > 0 {
		b.show("")
		_, _ = fmt.Fprint(b.to, "\r")
		b.width = 0
	}
}

func (b *copyBar) show(text string) {
	_, _ = fmt.Fprintf(b.to, "\r%-*s", b.width, text) // it only informs
	b.width = len(text)
}
