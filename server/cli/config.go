package cli

import (
	"context"
	"net/url"
	"strings"

	urfave "github.com/urfave/cli/v3"
)

// settled is a setting as serve would take it.
type settled struct {
	Name   string `json:"name"`
	Value  string `json:"value"`  // "" where there is none; of a secret only that there is one
	Source string `json:"source"` // flag, environment or default
	From   string `json:"from"`   // the flag or variable, "" for a default
}

// masked stands for a secret's value.
const masked = "********"

func (p *program) configCommand() *urfave.Command {
	return &urfave.Command{
		Name: "config", Usage: "say what serve would be set to, and where each setting comes from",
		Description: "It takes the flags of serve. Secrets are not shown. Exit status 2 where serve would not start so.",
		Flags:       serveFlags(),
		Action: func(_ context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			r := p.reader(cmd)
			var list []settled
			for _, s := range settings {
				list = append(list, r.settled(s))
			}
			if !cmd.Bool("json") {
				if err := say(cmd, "these are the settings that kunci serve would use if started from here, not those of a server that runs"); err != nil {
					return err
				}
			}
			if err := printList(cmd, list, []string{"SETTING", "VALUE", "SOURCE", "FROM"}, func(s settled) []any {
				return []any{s.Name, s.Value, s.Source, s.From}
			}); err != nil {
				return err
			}
			_, err := p.serveConfig(r)
			return err
		},
	}
}

// settled looks a setting up as text, list, yes and secret do.
func (r *reader) settled(s setting) settled {
	one := settled{Name: s.name, Source: "default", Value: r.fallback(s)}
	flag, variable := s.name, s.variable()
	if s.kind == secret {
		flag += "-file"
	}
	switch {
	case r.cmd.IsSet(flag):
		one.Source, one.From, one.Value = "flag", "--"+flag, r.cmd.String(flag)
	case r.env[variable] != "":
		one.Source, one.From, one.Value = "environment", variable, r.env[variable]
	case s.kind == secret && r.env[variable+"_FILE"] != "":
		one.Source, one.From, one.Value = "environment", variable+"_FILE", masked
	}
	switch {
	case s.kind == list:
		one.Value = strings.Join(r.list(s.name), ",")
	case s.kind == yes:
		one.Value = shown(r.yes(s.name))
	case s.kind == secret && one.Source != "default":
		one.Value = masked
	}
	if u, err := url.Parse(one.Value); err == nil && u.User != nil {
		one.Value = u.Redacted() // a password in it is refused, but not repeated
	}
	return one
}
