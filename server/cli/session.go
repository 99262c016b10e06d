package cli

import (
	"context"
	"errors"
	"fmt"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) sessionCommand() *urfave.Command {
	return group("session", "who is signed in",
		&urfave.Command{
			Name: "list", Usage: "list the open sessions of a user, the newest first", ArgsUsage: whoArg,
			Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
				list, err := c.Sessions(ctx, args[0])
				if err != nil {
					return err
				}
				return printList(cmd, list, []string{"ID", "API", "ADDRESS", "CREATED", "EXPIRES"}, func(s auth.OpenSession) []any {
					return []any{whole(s.ID), s.Audience, s.Addr, s.Created, s.Expires}
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
		return p.action([]string{"ID"}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			if err := c.RevokeSession(ctx, args[0]); err != nil {
				return mayBeUser(err, args[0])
			}
			one := 1
			return tell(cmd, over{Session: args[0], Sessions: &one}, "session %s is over", args[0])
		})(ctx, cmd)
	}
	return p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
		ended, err := c.RevokeSessions(ctx, who)
		if err != nil {
			return err
		}
		return tell(cmd, over{User: who, Sessions: ended.Sessions}, "every session of %s is over; %s", who, howMany(ended))
	})(ctx, cmd)
}

// mayBeUser adds what to do where a user was named instead of a session.
func mayBeUser(err error, id string) error {
	var e *auth.Error
	if !errors.As(err, &e) || e.Kind != auth.Invalid || e.Cause == nil {
		return err
	}
	more := *e
	more.Cause = fmt.Errorf("%w; or all of an account's: session revoke --user %s", e.Cause, quoted(id))
	return &more
}

// over is what came of an act that ends sessions, for programs.
type over struct {
	User     string `json:"user,omitempty"`    // as it was named
	Session  string `json:"session,omitempty"` // the one that was named
	Sessions *int   `json:"sessions_ended"`    // null where they can't be counted
}

// howMany says how many sessions an act has ended.
func howMany(ended ctl.Ended) string {
	switch n := ended.Sessions; {
	case n == nil:
		return "how many ended can't be read (see kunci check)"
	case *n == 1:
		return "1 session ended"
	default:
		return fmt.Sprintf("%d sessions ended", *n)
	}
}
