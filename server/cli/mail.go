package cli

import (
	"context"
	"strconv"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) mailCommand() *urfave.Command {
	return group("mail", "mail that waits to be sent, and whether it goes out",
		&urfave.Command{
			Name: "list", Usage: "list the mails that wait, the longest due first",
			Description: "Accounts stand by the id that user list has; addresses are not shown. What went wrong last is known of a server\n" +
				"that runs; its log has all of it.",
			Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
				list, err := c.QueuedMails(ctx)
				if err != nil {
					return err
				}
				return printList(cmd, list, []string{"ID", "ACCOUNT", "KIND", "DUE", "ATTEMPTS", "LAST ERROR"}, func(m auth.QueuedMail) []any {
					account := "gone"
					if m.Account != 0 {
						account = strconv.FormatUint(m.Account, 10)
					}
					return []any{m.ID, whole(account), m.Kind, m.Due, m.Attempts, note(m.LastError)}
				})
			}),
		},
		p.mailTest(),
	)
}
