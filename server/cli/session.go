package cli

import (
	"context"
	"fmt"

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
		ended := toEnd(o, who)
		if err := o.RevokeSessions(ctx, who); err != nil {
			return err
		}
		return say(cmd, "every session of %s is over; %s", who, ended)
	})(ctx, cmd)
}

// toEnd says how many sessions of a user an act is about to end. Sessions that
// can't be read must not keep them from being ended.
func toEnd(o auth.Operator, who string) string {
	list, err := o.Sessions(who)
	switch {
	case err != nil:
		return "how many ended can't be read (see kunci check)"
	case len(list) == 1:
		return "1 session ended"
	}
	return fmt.Sprintf("%d sessions ended", len(list))
}
