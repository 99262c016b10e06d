package cli

import (
	"slices"

	urfave "github.com/urfave/cli/v3"
)

// mute are the commands whose output is no answer: a log, or a text of one form.
var mute = []string{"serve", "man", "dashboard", "alerts", helloName}

// answersPrograms gives a command --json, as every command has that says
// something about data. What it prints then is one JSON value; what went wrong
// is a line on stderr, with or without.
func answersPrograms(cmd *urfave.Command) {
	has := slices.ContainsFunc(cmd.Flags, func(f urfave.Flag) bool { return slices.Contains(f.Names(), "json") })
	if has || slices.Contains(mute, cmd.Name) {
		return
	}
	cmd.Flags = append(cmd.Flags, jsonFlag())
}

// jsonFlag is --json.
func jsonFlag() urfave.Flag {
	return &urfave.BoolFlag{Name: "json", Usage: "print JSON, for programs", HideDefault: true}
}

// tell says what came of an act: with --json the value, else a line for people.
func tell(cmd *urfave.Command, v any, format string, args ...any) error {
	if cmd.Bool("json") {
		return printJSON(cmd.Root().Writer, v)
	}
	return say(cmd, format, args...)
}
