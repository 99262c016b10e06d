package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/mail"
)

// mailed is what came of a test of mail, for programs.
type mailed struct {
	Server string `json:"server"` // host and port
	From   string `json:"from"`
	To     string `json:"to"`
}

func (p *program) mailTest() *urfave.Command {
	return &urfave.Command{
		Name: "test", Usage: "send one mail by the settings of serve", ArgsUsage: "ADDRESS",
		Description: "It takes the settings by which serve sends mail, as serve does: flags, else the environment. It needs neither data\n" +
			"nor a server that runs. Where no --smtp-url is set, nothing is sent, and the exit status is 1.",
		Flags: flagsNamed("smtp-url", "smtp-password", "mail-from", "public-url", "domain"),
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			args, err := arguments(cmd, "ADDRESS")
			if err != nil {
				return err
			}
			r, c := p.reader(cmd), &serveConfig{}
			r.mail(c)
			if c.smtp != nil {
				r.sender(c)
			}
			if r.err != nil {
				return r.err
			}
			if c.smtp == nil {
				return fmt.Errorf("nothing was sent: without --smtp-url, serve keeps mails as files in %s/ of the data folder: set it (%s)", outbox, settingNamed("smtp-url").variable())
			}
			return testMail(ctx, cmd, c, args[0])
		},
	}
}

// sender settles the address that mail comes from, as a start does.
func (r *reader) sender(c *serveConfig) {
	if c.mailFrom != "" {
		return
	}
	c.https.acme.Names = r.list("domain")
	c.dev = r.dev
	r.address(c)
	c.settleSender()
}

func testMail(ctx context.Context, cmd *urfave.Command, c *serveConfig, to string) error {
	letter, err := mail.Trial(to, c.mailFrom, time.Now())
	var final *mail.PermanentError
	if errors.As(err, &final) {
		return usage(cmd, fmt.Sprintf("%q is no address that mail can go to: say one such as ada@example.com", to))
	}
	if err != nil {
		return err
	}
	server := strings.TrimPrefix(c.smtp.String(), "SMTP ")
	if err := c.smtp.Send(ctx, letter); err != nil {
		return mailRefused(ctx, server, err)
	}
	return tell(cmd, mailed{Server: server, From: c.mailFrom, To: to}, "sent: the server %s has taken it", server)
}

// mailRefused says what a mail server has said, and what to do about it.
func mailRefused(ctx context.Context, server string, err error) error {
	var at *mail.StepError
	if ctx.Err() != nil || !errors.As(err, &at) {
		return err
	}
	mend := map[string]string{
		mail.StepConnect:   "see that host, port and TLS in --smtp-url are right, and that this machine may reach it",
		mail.StepSignIn:    "set the user in --smtp-url, and the password in " + settingNamed("smtp-password").variable() + " or --smtp-password-file, to what the server knows",
		mail.StepSender:    "set --mail-from to an address by which this user may send there",
		mail.StepRecipient: "name another address, or ask whoever runs that server",
		mail.StepContent:   "ask whoever runs that server",
	}[at.Step]
	return fmt.Errorf("not sent: the server %s, %s: %w: %s", server, at.Step, at.Err, mend)
}
