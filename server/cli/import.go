package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) importCommand() *urfave.Command {
	return &urfave.Command{
		Name: "import", Usage: "make accounts of another system's list", ArgsUsage: "FILE",
		Description: "FILE is NDJSON or CSV with members or columns named as in user show --json, and password_hash; - is standard input.\n" +
			"Each row stands or falls alone. Cut off, run it again: what stands already is counted, not made twice.\n" +
			"Exit status: 0 all rows stand, 1 some are refused or the file can't be read on, 2 a column is unknown.",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "format", Usage: "`FORMAT`, ndjson or csv (default: by the file's name)", HideDefault: true},
			&urfave.BoolFlag{Name: "dry-run", Usage: "change nothing, and say what would come of it", HideDefault: true},
			&urfave.BoolFlag{Name: "strict", Usage: "write nothing where any row would be refused", HideDefault: true},
		},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			args, err := arguments(cmd, "FILE")
			if err != nil {
				return err
			}
			in, err := p.openList(cmd, args[0])
			if err != nil {
				return err
			}
			defer in.close()
			return p.operate(ctx, cmd, func(c *ctl.Client) error { return p.importList(ctx, cmd, c, in) })
		},
	}
}

// rowList is a file of accounts.
type rowList struct {
	name, format string
	from         io.Reader
	file         *os.File // nil for what can be read only once
	size         int64    // bytes; 0 where that is not known
}

func (l *rowList) close() {
	if l.file != nil {
		_ = l.file.Close() // it was only read
	}
}

// formats are told by the end of a file's name.
var formats = map[string]string{
	".ndjson": auth.ImportNDJSON, ".jsonl": auth.ImportNDJSON, ".csv": auth.ImportCSV,
}

// openList opens a file and sees whether it names anything unknown, before
// anything of it is written.
func (p *program) openList(cmd *urfave.Command, name string) (*rowList, error) {
	l := &rowList{name: name, format: cmd.String("format"), from: p.stdin}
	if l.format == "" {
		l.format = formats[strings.ToLower(filepath.Ext(name))]
	}
	if l.format != auth.ImportNDJSON && l.format != auth.ImportCSV {
		return nil, usage(cmd, "say --format ndjson or --format csv")
	}
	if name == "-" {
		l.name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a folder: name a file", name)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		l.from, l.file = f, f
		if info.Mode().IsRegular() {
			l.size = info.Size()
		}
	}
	if err := l.look(cmd); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// look sees what is in a list that can be read twice.
func (l *rowList) look(cmd *urfave.Command) error {
	switch {
	case l.size > 0:
	case cmd.Bool("strict") && !cmd.Bool("dry-run"):
		return usage(cmd, "--strict reads the list twice: give it as a file that is not empty")
	default:
		return nil
	}
	if err := l.named(auth.CheckImport(l.file, l.format)); err != nil {
		return err
	}
	return l.again()
}

// again goes back to the beginning.
func (l *rowList) again() error {
	_, err := l.file.Seek(0, io.SeekStart)
	return err
}

// named says in which list a fault is. Unknown columns are wrong usage.
func (l *rowList) named(err error) error {
	var e *auth.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Reason == "columns":
		return &usageError{fmt.Sprintf("%s: %v (use those of user show --json, and password_hash)", l.name, e.Cause)}
	case e.Reason == "file":
		return fmt.Errorf("%s: %v: mend it and run this again, which goes on", l.name, e.Cause)
	}
	return err
}

// importList imports a list and reports.
func (p *program) importList(ctx context.Context, cmd *urfave.Command, c *ctl.Client, l *rowList) error {
	dry := cmd.Bool("dry-run")
	if cmd.Bool("strict") && !dry {
		refused := false
		_, err := c.Import(ctx, l.from, auth.Import{Format: l.format, DryRun: true}, func(n *auth.ImportNews) error {
			if refused = len(n.Refused) > 0; refused {
				return errRefused
			}
			return nil
		})
		if err != nil && !refused {
			return l.named(err)
		}
		dry = refused // which tells of all of them
		if err := l.again(); err != nil {
			return err
		}
	}
	out := newImportOutput(p, cmd, l, dry)
	report, err := c.Import(ctx, l.from, auth.Import{Format: l.format, DryRun: dry}, out.news)
	if report != nil && (err == nil || report.Rows > 0) {
		err = errors.Join(err, out.end(report))
	}
	out.bar.end()
	switch {
	case err != nil:
		return l.named(err)
	case report.Refused > 0 && cmd.Bool("strict"):
		return fmt.Errorf("%d of %d rows would be refused, so that nothing is written: correct them, or leave --strict out", report.Refused, report.Rows)
	case report.Refused > 0 && dry:
		return fmt.Errorf("%d of %d rows would be refused: correct them, or import the others all the same", report.Refused, report.Rows)
	case report.Refused > 0:
		return fmt.Errorf("%d of %d rows are refused; the others stand: correct those and run this again", report.Refused, report.Rows)
	}
	return nil
}

// errRefused ends the run that --strict makes first.
var errRefused = errors.New("cli: a row would be refused")
