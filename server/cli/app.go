package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"syscall"

	urfave "github.com/urfave/cli/v3"
)

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// program is what a run of kunci has of its surroundings.
type program struct {
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// Main runs the command that args name (args[0] is the program) and returns
// its exit code: 0 fine, 1 failed, 2 wrong usage. What went wrong is one line
// on stderr. A server drains and ends when ctx does. What is made from then on
// is for this user alone: Main sets the umask of the process to 077.
func Main(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if isHashing(args) {
		return hashing(stdin, stdout)
	}
	syscall.Umask(0o077)
	p := &program{env: environment(env), stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.tree()
	err := noTopic(root, root.Run(ctx, args))
	if err == nil {
		return exitFine
	}
	_, _ = fmt.Fprintln(stderr, p.ink(stderr).red("kunci:")+" "+words(ctx, err))
	if isUsage(err) {
		return exitUsage
	}
	return exitFailed
}

// tree is every command.
func (p *program) tree() *urfave.Command {
	root := &urfave.Command{
		Name:  "kunci",
		Usage: "an authentication server: five login APIs over one set of accounts",
		Description: "kunci serve --dev tries it out; kunci COMMAND --help says what a command takes.\n" +
			"Every setting of serve is also read from the environment: --public-url from KUNCI_PUBLIC_URL.\n" +
			"Exit status: 0 fine, 1 failed, 2 wrong usage.",
		HideHelpCommand: true,
		// The library completes names of commands and flags, for bash, zsh and fish.
		EnableShellCompletion: true,
		ConfigureShellCompletionCommand: func(c *urfave.Command) {
			c.Hidden = false
			c.Usage = "print what makes a shell complete commands: source <(kunci completion bash)"
		},
		HideVersion: true,
		Flags:       append(sharedFlags(), versionFlag()),
		Reader:      p.stdin,
		Writer:      p.screen(),
		ErrWriter:   p.stderr,
		// Main alone prints errors and chooses the exit code.
		ExitErrHandler: func(context.Context, *urfave.Command, error) {},
		Commands: []*urfave.Command{
			p.serveCommand(), p.userCommand(), p.companyCommand(), p.divisionCommand(), p.roleCommand(),
			p.sessionCommand(), p.mailCommand(), p.keyCommand(), p.auditCommand(), p.checkCommand(), p.compactCommand(), p.backupCommand(), p.restoreCommand(), p.importCommand(), p.exportCommand(),
			p.metricsCommand(), p.healthCommand(), p.configCommand(), p.versionCommand(), p.manCommand(), p.benchCommand(), p.helloCommand(), helpCommand(),
		},
	}
	p.strict(root)
	bare := root.Action
	root.Action = func(ctx context.Context, c *urfave.Command) error {
		if c.Bool("version") {
			return c.Command("version").Action(ctx, c)
		}
		return bare(ctx, c)
	}
	root.Before = func(ctx context.Context, c *urfave.Command) (context.Context, error) {
		if c.Bool("version") && c.Args().Present() {
			return ctx, usage(c, "--version stands alone")
		}
		return ctx, nil
	}
	return root
}

// strict makes wrong usage an error of ours in a command and all below it:
// groups of commands refuse a name that none of them has, and the others a
// misspelt setting, which could have named another folder. Help is not refused:
// it says how settings are spelt.
func (p *program) strict(cmd *urfave.Command) {
	cmd.OnUsageError = func(_ context.Context, c *urfave.Command, err error, _ bool) error {
		return usage(c, libraryFault(c, err.Error()))
	}
	act := cmd.Action
	switch {
	case len(cmd.Commands) > 0:
		cmd.Action = func(ctx context.Context, c *urfave.Command) error {
			if name := c.Args().First(); name != "" {
				return usage(c, fmt.Sprintf("there is no command %q", name))
			}
			return showHelp(ctx, c)
		}
		for _, sub := range cmd.Commands {
			p.strict(sub)
		}
		return
	case cmd.Name != "help":
		answersPrograms(cmd)
		cmd.Action = func(ctx context.Context, c *urfave.Command) error {
			if err := checkEnvironment(p.env); err != nil {
				return err
			}
			return helped(act(ctx, c), c.FullName())
		}
	}
	cmd.CommandNotFound = helpBeside
}

// group is a command that only holds others.
func group(name, about string, commands ...*urfave.Command) *urfave.Command {
	return &urfave.Command{Name: name, Usage: about, Commands: commands}
}

// arguments returns exactly as many arguments as there are names.
func arguments(cmd *urfave.Command, names ...string) ([]string, error) {
	got := cmd.Args().Slice()
	switch {
	case len(got) < len(names):
		return nil, usage(cmd, names[len(got)]+" is missing")
	case len(got) > len(names):
		return nil, usage(cmd, fmt.Sprintf("%q is one argument too many", got[len(names)]))
	}
	for i, value := range got {
		if value == "" {
			return nil, usage(cmd, names[i]+" is empty")
		}
	}
	return got, nil
}

// commandName is a command without the program's name, such as "user add".
func commandName(cmd *urfave.Command) string {
	return strings.TrimPrefix(cmd.FullName(), cmd.Root().Name+" ")
}
