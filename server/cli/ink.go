package cli

import (
	"bytes"
	"io"

	urfave "github.com/urfave/cli/v3"
	"golang.org/x/term"
)

// screen is where commands print: what is known of the terminal, if it is one.
type screen struct {
	io.Writer
	ink  ink
	line int // cells in a line; 0 where it is no terminal, or does not say
}

func (p *program) screen() *screen {
	s := &screen{Writer: p.stdout, ink: p.ink(p.stdout)}
	if tty := terminal(p.stdout); tty != nil {
		s.line, _, _ = term.GetSize(int(tty.Fd())) // 0 with an error
	}
	return s
}

// screenOf is where a command of tree prints.
func screenOf(cmd *urfave.Command) *screen { return cmd.Root().Writer.(*screen) }

// ink colours what a person reads on a terminal; what goes anywhere else stays
// as it is. The zero value colours nothing.
type ink struct{ on bool }

// ECMA-48 8.3.117, SGR.
const (
	inkBold   = "\x1b[1m"
	inkRed    = "\x1b[31m"
	inkYellow = "\x1b[33m"
	inkEnd    = "\x1b[0m"
)

// ink is that of a stream: none where it is no terminal, where the terminal
// says that it is dumb, or where NO_COLOR is there and not empty
// (no-color.org).
func (p *program) ink(stream any) ink {
	return ink{on: terminal(stream) != nil && p.env["NO_COLOR"] == "" && p.env["TERM"] != "dumb"}
}

func (i ink) bold(s string) string   { return i.in(inkBold, s) }
func (i ink) red(s string) string    { return i.in(inkRed, s) }
func (i ink) yellow(s string) string { return i.in(inkYellow, s) }

func (i ink) in(colour, s string) string {
	if !i.on {
		return s
	}
	return colour + s + inkEnd
}

// inkedLog colours the levels of a text log that ask to be seen.
type inkedLog struct {
	to  io.Writer
	ink ink
}

// Write takes one line of the log, in which the level stands before anything
// that somebody else wrote.
func (l *inkedLog) Write(line []byte) (int, error) {
	for _, level := range []struct {
		text   string
		colour func(string) string
	}{{"level=WARN", l.ink.yellow}, {"level=ERROR", l.ink.red}} {
		if before, after, ok := bytes.Cut(line, []byte(" "+level.text+" ")); ok && !bytes.Contains(before, []byte("level=")) {
			inked := append(append(bytes.Clone(before), " "+level.colour(level.text)+" "...), after...)
			if _, err := l.to.Write(inked); err != nil {
				return 0, err
			}
			return len(line), nil
		}
	}
	return l.to.Write(line)
}
