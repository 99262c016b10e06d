package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// longestLine is beyond any password that the rules allow, in bytes.
const longestLine = 8 << 10

// terminal is the file behind a stream, nil where that is no terminal.
func terminal(stream any) *os.File {
	if f, ok := stream.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// newPassword asks for a new password: twice on a terminal, where it is not
// shown, else one line of stdin. It is never an argument, which every user of
// the machine could read in the list of processes.
func (p *program) newPassword(ctx context.Context) (string, error) {
	tty := terminal(p.stdin)
	if tty == nil {
		pw, err := p.onlyLine(ctx)
		if err == nil && pw == "" {
			err = errors.New("the password on standard input is empty: give it as one line")
		}
		return pw, err
	}
	first, err := p.hidden(ctx, tty, "New password: ")
	if err != nil {
		return "", err
	}
	second, err := p.hidden(ctx, tty, "Once more: ")
	switch {
	case err != nil:
		return "", err
	case first != second:
		return "", errors.New("the two passwords differ: try again")
	case first == "":
		return "", errors.New("the password is empty: try again")
	}
	return first, nil
}

// hidden reads a line from a terminal without showing it. An interrupt leaves
// the terminal as it was.
func (p *program) hidden(ctx context.Context, tty *os.File, prompt string) (string, error) {
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return "", fmt.Errorf("terminal: %w: give the password on standard input", err)
	}
	_, _ = fmt.Fprint(p.stderr, prompt)
	pw, err := patiently(ctx, func() (string, error) {
		b, err := term.ReadPassword(int(tty.Fd()))
		return string(b), err
	})
	_, _ = fmt.Fprintln(p.stderr)
	if err != nil {
		_ = term.Restore(int(tty.Fd()), before)
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("no password was given: try again")
	}
	return pw, err
}

// line reads one line of stdin. Only its end is cut off: spaces are part of
// a password.
func (p *program) line(ctx context.Context) (string, error) {
	return patiently(ctx, func() (string, error) {
		return readLine(bufio.NewReader(io.LimitReader(p.stdin, longestLine)))
	})
}

// onlyLine reads the one line that stdin is to hold, to its end: with a second
// one it is not known which of them was meant.
func (p *program) onlyLine(ctx context.Context) (string, error) {
	return patiently(ctx, func() (string, error) {
		in := bufio.NewReader(io.LimitReader(p.stdin, longestLine))
		text, err := readLine(in)
		if err != nil {
			return "", err
		}
		switch _, err := in.ReadByte(); {
		case err == nil:
			return "", errors.New("there is more than one line on standard input: give the password alone")
		case !errors.Is(err, io.EOF):
			return "", fmt.Errorf("standard input: %w: give one line on it", err)
		}
		return text, nil
	})
}

func readLine(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	switch {
	case errors.Is(err, io.EOF) && text == "":
		return "", errors.New("no more input: give a line on standard input")
	case err != nil && !errors.Is(err, io.EOF):
		return "", fmt.Errorf("standard input: %w: give one line on it", err)
	case len(text) == longestLine:
		return "", errors.New("the line on standard input is too long: give a shorter one")
	}
	if cut, ok := strings.CutSuffix(text, "\n"); ok {
		text = strings.TrimSuffix(cut, "\r")
	}
	return text, nil
}

// confirm asks whether to go on. Where nobody can be asked, only the flag
// --yes says so.
func (p *program) confirm(ctx context.Context, question string) error {
	if terminal(p.stdin) == nil {
		return &usageError{"there is no terminal to ask on: say --yes"}
	}
	_, _ = fmt.Fprint(p.stderr, neutral(question)+" [y/N] ")
	answer, err := p.line(ctx)
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done: answer y, or say --yes")
	}
	return nil
}

// patiently waits for a person, or for ctx. What is still read then goes with
// the process.
func patiently(ctx context.Context, read func() (string, error)) (string, error) {
	type outcome struct {
		text string
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		text, err := read()
		done <- outcome{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case o := <-done:
		return o.text, o.err
	}
}
