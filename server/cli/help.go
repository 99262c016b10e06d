package cli

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v3"
)

// helpCommand is --help by another name: kunci help user show.
func helpCommand() *urfave.Command {
	return &urfave.Command{
		Name: "help", Usage: "say what a command takes", ArgsUsage: "[COMMAND]",
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			at := cmd.Root()
			for _, name := range cmd.Args().Slice() {
				below := at.Command(name)
				if below == nil {
					return usage(at, fmt.Sprintf("there is no command %q", name))
				}
				at = below
			}
			return showHelp(ctx, at)
		},
	}
}

func showHelp(ctx context.Context, cmd *urfave.Command) error {
	if cmd == cmd.Root() {
		return urfave.ShowRootCommandHelp(cmd)
	}
	return urfave.ShowCommandHelp(ctx, cmd.Lineage()[1], cmd.Name)
}

// helpBeside makes --help of a command that has no others below it help in
// spite of its arguments, which the library takes for names of commands.
func helpBeside(ctx context.Context, cmd *urfave.Command, _ string) {
	_ = showHelp(ctx, cmd) // the library's printer reports nothing
}

// versionFlag is the version command by another name, of kunci alone.
func versionFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "say which kunci this is", Local: true, HideDefault: true}
}
