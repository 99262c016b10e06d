package cli

import (
	"context"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

func (p *program) sessionCommand() *urfave.Command {
	return group("session", "who is signed in",
		&urfave.Command{
			Name: "list", Usage: "list the open sessions of a user, the newest first", ArgsUsage: whoArg, Flags: []urfave.Flag{jsonFlag()},
			Action: p.action([]string{whoArg}, func(_ context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
				list, err := o.Sessions(args[0])
				if err != nil {
					return err
				}
				return printList(cmd, list, []string{"ID", "API", "ADDRESS", "CREATED", "EXPIRES"}, func(s auth.OpenSession) []any {
					return []any{s.ID, s.Audience, s.Addr, s.Created, s.Expires}
				})
			}),
		},
		&urfave.Command{
			Name: "revoke", Usage: "end one session, or with --user all of a user", ArgsUsage: "[ID]",
			Flags:  []urfave.Flag{&urfave.StringFlag{Name: "user", Usage: "end every session of this `USER`", HideDefault: true}},
			Action: p.revoke,
		},
	)
}

func (p *program) revoke(ctx context.Context, cmd *urfave.Command) error {
	who := cmd.String("user")
	if who == "" {
		return p.action([]string{"ID"}, func(ctx context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
			if err := o.RevokeSession(ctx, args[0]); err != nil {
				return err
			}
			return say(cmd, "session %s is over", args[0])
		})(ctx, cmd)
	}
	return p.action(nil, func(ctx context.Context, cmd *urfave.Command, o auth.Operator, _ []string) error {
		if err := o.RevokeSessions(ctx, who); err != nil {
			return err
		}
		return say(cmd, "every session of %s is over", who)
	})(ctx, cmd)
}
