package cli

import (
	"context"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) mailCommand() *urfave.Command {
	return group("mail", "mail that waits to be sent",
		&urfave.Command{
			Name: "list", Usage: "list the mails that wait, the longest due first",
			Description: "Accounts stand by UUID, which user show takes; addresses are not shown. What went wrong last is known of a server\n" +
				"that runs; its log has all of it.",
			Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
				list, err := c.QueuedMails(ctx)
				if err != nil {
					return err
				}
				return printList(cmd, list, []string{"ID", "USER", "KIND", "DUE", "ATTEMPTS", "LAST ERROR"}, func(m auth.QueuedMail) []any {
					return []any{m.ID, m.User, m.Kind, m.Due, m.Attempts, m.LastError}
				})
			}),
		},
	)
}
