package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) exportCommand() *urfave.Command {
	return &urfave.Command{
		Name: "export", Usage: "write every account as import reads it", ArgsUsage: "[FILE]",
		Description: "It is NDJSON, one account a line with its membership; without FILE, or with -, it goes to standard output.",
		Flags: []urfave.Flag{
			&urfave.BoolFlag{Name: "with-hashes", Usage: "with password hashes: whoever reads them can try passwords", HideDefault: true},
			&urfave.BoolFlag{Name: "force", Usage: "replace FILE where it is there already", HideDefault: true},
		},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			return p.exportList(ctx, cmd, exportable{
				to: func(c *ctl.Client, w io.Writer) (int, error) { return exportTo(ctx, cmd, c, w) },
				tell: func(n int, path string) error {
					with := "without password hashes (--with-hashes)"
					if cmd.Bool("with-hashes") {
						with = "with password hashes"
					}
					return tell(cmd, exported{path, n, cmd.Bool("with-hashes")}, "%d accounts written to %s, %s", n, path, with)
				},
			})
		},
	}
}

// exported is what came of an export to a file, for programs.
type exported struct {
	File     string `json:"file"`
	Accounts int    `json:"accounts"`
	Hashes   bool   `json:"with_hashes"`
}

// exportable is a list that goes to standard output or a file.
type exportable struct {
	to   func(*ctl.Client, io.Writer) (n int, err error)
	tell func(n int, path string) error
}

// exportList writes a list to the file that was named, if any.
func (p *program) exportList(ctx context.Context, cmd *urfave.Command, list exportable) error {
	if !cmd.Args().Present() || cmd.NArg() == 1 && cmd.Args().First() == "-" {
		return p.operate(ctx, cmd, func(c *ctl.Client) error {
			_, err := list.to(c, p.stdout)
			return err
		})
	}
	args, err := arguments(cmd, "FILE")
	if err != nil {
		return err
	}
	if err := mayReplace(args[0], cmd.Bool("force")); err != nil {
		return err
	}
	return p.operate(ctx, cmd, func(c *ctl.Client) error { return exportFile(cmd, c, args[0], list) })
}

// mayReplace refuses a path where something stands already, but a file that is
// to be replaced.
func mayReplace(path string, force bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file: name another", path)
	case !force:
		return fmt.Errorf("%s is there already: name another, or say --force to replace it", path)
	}
	return nil
}

// exportFile writes a file, which takes its name once it is whole and on the
// disk.
func exportFile(cmd *urfave.Command, c *ctl.Client, path string, list exportable) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".kunci-export-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name()) // gone, where it has its name
		}
	}()
	n, damaged := list.to(c, f)
	if damaged != nil && !errors.Is(damaged, errUnreadable) {
		return damaged
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := mayReplace(path, cmd.Bool("force")); err != nil { // it may have come meanwhile
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return errors.Join(damaged, list.tell(n, path))
}

// errUnreadable says that something is missing since it is damaged.
var errUnreadable = errors.New("can't be read and are left out: see kunci check")

func exportTo(ctx context.Context, cmd *urfave.Command, c *ctl.Client, w io.Writer) (n int, err error) {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	unreadable, err := c.Export(ctx, cmd.Bool("with-hashes"), func(e *auth.Exported) error {
		n++
		return lines.Encode(e)
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return n, err
	}
	if unreadable > 0 {
		return n, fmt.Errorf("%d accounts %w", unreadable, errUnreadable)
	}
	return n, nil
}
