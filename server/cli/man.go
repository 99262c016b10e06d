package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"
)

func (p *program) manCommand() *urfave.Command {
	return &urfave.Command{
		Name: "man", Usage: "print the manual page: kunci man >kunci.1",
		Action: func(_ context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			m := &manual{out: bufio.NewWriter(cmd.Root().Writer)}
			m.page(cmd.Root())
			return m.out.Flush()
		},
	}
}

// manual writes the commands and settings as a page in the macros of man(7),
// from what their help is made of.
type manual struct{ out *bufio.Writer } // which keeps its error until Flush

// manualWidth is how long a line of the source gets, in characters before they
// are escaped.
const manualWidth = 72

func (m *manual) page(root *urfave.Command) {
	b := build()
	at := b.Time
	if at.IsZero() {
		at = time.Now()
	}
	m.line(".TH KUNCI 1 " + at.UTC().Format(time.DateOnly) + ` "` + roff("kunci "+b.Version) + `"`)
	m.macro("SH", "NAME")
	m.text(root.Name + " - " + root.Usage)
	m.macro("SH", "SYNOPSIS")
	m.line(`.B kunci`)
	m.text("COMMAND [OPTION...] [ARGUMENT...]")
	m.macro("SH", "DESCRIPTION")
	m.paragraphs(root.Description)
	m.flags(root)
	m.macro("SH", "COMMANDS")
	for _, c := range root.Commands {
		m.command(c)
	}
	m.environment()
	m.macro("SH", "EXIT STATUS")
	m.item("0", "fine")
	m.item("1", "failed; what went wrong, and what to do, is one line on standard error")
	m.item("2", "wrong usage")
	m.macro("SH", "FILES")
	m.text("In the data folder:")
	for _, f := range []struct{ name, about string }{
		{dataFile, "accounts, sessions, queued mail"},
		{keysFolder + "/", "the signing keys, and the key of mailed links"},
		{outbox + "/", "mail that went to files"},
		{"admin.sock", "by which commands reach the server that runs"},
	} {
		m.item(f.name, f.about)
	}
}

// command writes a command, or all in a group.
func (m *manual) command(c *urfave.Command) {
	if c.Hidden {
		return
	}
	if len(c.Commands) > 0 && c.Name != "completion" {
		for _, sub := range c.Commands {
			m.command(sub)
		}
		return
	}
	m.macro("SS", strings.TrimSpace(c.FullName()+" "+c.ArgsUsage))
	m.text(c.Usage)
	if c.Description != "" && c.Name != "completion" { // whose own is a list of commands to paste
		m.line(".PP")
		m.paragraphs(c.Description)
	}
	m.flags(c)
}

// flags writes a command's own flags, with what its help says of them.
func (m *manual) flags(c *urfave.Command) {
	for _, f := range c.VisibleFlags() {
		names, about, _ := strings.Cut(f.String(), "\t")
		once, _, _ := strings.Cut(names, " [ ") // what follows says that it may be repeated, as about does
		m.item(once, about)
	}
}

// environment writes by which variables settings are read.
func (m *manual) environment() {
	m.macro("SH", "ENVIRONMENT")
	for _, s := range settings {
		about := "as --" + s.name + " of kunci serve"
		if s.kind == secret {
			about = strings.NewReplacer("`", "").Replace(s.help) + "; " + s.variable() + "_FILE names a file that holds it"
		}
		m.item(s.variable(), about)
	}
	m.item("NO_COLOR", "not empty: no colours on a terminal")
}

// item is a term in bold, and what is said of it.
func (m *manual) item(term, about string) {
	m.line(".TP")
	m.macro("B", term)
	m.text(about)
}

// paragraphs is a text whose lines are sentences or lists of their own.
func (m *manual) paragraphs(text string) { m.text(strings.ReplaceAll(text, "\n", " ")) }

func (m *manual) text(text string) {
	for line := range strings.SplitSeq(wrapped(text, manualWidth), "\n") {
		m.line(roff(strings.TrimSpace(line)))
	}
}

func (m *manual) macro(name string, args ...string) {
	line := "." + name
	for _, arg := range args {
		line += ` "` + strings.TrimPrefix(roff(arg), `\&`) + `"`
	}
	m.line(line)
}

func (m *manual) line(s string) { _, _ = io.WriteString(m.out, s+"\n") }

// roff escapes a line of text: what steers the formatter is shown, hyphens and
// quotes are those of the keyboard, and what is not ASCII is named (groff_char 7).
func roff(s string) string {
	var b strings.Builder
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		b.WriteString(`\&`) // or it would be a request
	}
	for _, r := range s {
		switch known, ok := roffs[r]; {
		case ok:
			b.WriteString(known)
		case r < ' ':
			b.WriteByte(' ')
		case r > '~':
			_, _ = fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

var roffs = map[rune]string{
	'\\': `\e`, '-': `\-`, '\'': `\(aq`, '`': `\(ga`, '"': `\(dq`, '^': `\(ha`, '~': `\(ti`,
}
