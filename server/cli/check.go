package cli

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/ctl"
)

func (p *program) checkCommand() *urfave.Command {
	return &urfave.Command{
		Name: "check", Usage: "look for damage in the data; prints ok or the faults, exit status 0 or 1",
		Description: "With --upgrade a copy of the data, in the data folder, is brought to this kunci's schema and checked, while\n" +
			"the kunci of before may serve. The copy is removed; nothing else changes.",
		Flags: []urfave.Flag{&urfave.BoolFlag{Name: "upgrade", Usage: "try out on a copy how serve would upgrade the data", HideDefault: true}},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if cmd.Bool("upgrade") {
				return p.rehearse(ctx, cmd)
			}
			return p.check(ctx, cmd)
		},
	}
}

// check looks for damage, where the data is.
func (p *program) check(ctx context.Context, cmd *urfave.Command) error {
	return p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
		bar := p.newBar("check", 0)
		faults, err := c.Check(ctx, bar.checked)
		bar.end()
		if err != nil {
			return err
		}
		if len(faults) == 0 {
			return tell(cmd, checked{OK: true, Faults: []string{}}, "ok")
		}
		if err := tellFaults(cmd, checked{Faults: faults}, faults); err != nil {
			return err
		}
		return fmt.Errorf("%d faults: restore the data from a backup", len(faults))
	})(ctx, cmd)
}

// checked is what a check found, for programs.
type checked struct {
	OK     bool     `json:"ok"`
	Faults []string `json:"faults"`
}

// tellFaults says what a check found: one fault a line, or the whole report for
// programs.
func tellFaults(cmd *urfave.Command, report any, faults []string) error {
	if cmd.Bool("json") {
		return printJSON(cmd.Root().Writer, report)
	}
	for _, fault := range faults {
		if err := say(cmd, "%s", fault); err != nil {
			return err
		}
	}
	return nil
}
