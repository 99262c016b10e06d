package cli

import (
	"context"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/ctl"
)

func (p *program) keyCommand() *urfave.Command {
	return group("key", "the keys that sign tokens",
		&urfave.Command{
			Name: "list", Usage: "list the keys that still verify, the signing one first",
			Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
				list, err := c.Keys(ctx)
				if err != nil {
					return err
				}
				return printList(cmd, list, []string{"KID", "SIGNS", "SINCE", "UNTIL"}, func(k ctl.Key) []any {
					until := time.Time{}
					if k.Until != nil {
						until = *k.Until
					}
					return []any{whole(k.ID), k.Signing, k.Since, until}
				})
			}),
		},
		&urfave.Command{
			Name: "rotate", Usage: "make a new signing key; the old one verifies until its last token has expired",
			Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
				made, err := c.RotateKey(ctx)
				if err != nil {
					return err
				}
				if err := tell(cmd, made, "%s signs from now on", made.ID); err != nil || made.Former == nil || cmd.Bool("json") {
					return err
				}
				return say(cmd, "%s verifies until %s", made.Former.ID, shown(*made.Former.Until))
			}),
		},
	)
}
