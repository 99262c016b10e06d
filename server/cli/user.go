package cli

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
	"kunci/server/dialect"
)

// whoArg names an account: e-mail, username, UUID or id.
const whoArg = "USER"

const whoHelp = "USER is an e-mail, a username, a UUID or an id."

func (p *program) userCommand() *urfave.Command {
	cmd := group("user", "accounts",
		p.userAdd(), p.userList(), p.userShow(), p.userWhy(), p.userSet(), p.userPasswd(),
		p.userAct("disable", "end a user's sessions and keep the user from signing in", "%s is disabled", (*ctl.Client).Disable),
		p.userAct("enable", "let a disabled user sign in again", "%s may sign in again", (*ctl.Client).Enable),
		p.userDelete(),
	)
	cmd.Description = whoHelp
	return cmd
}

func (p *program) userAdd() *urfave.Command {
	flags := append(editFlags("; required"),
		&urfave.BoolFlag{Name: "no-password", Usage: "make an account that can't sign in by password until it has one", HideDefault: true})
	return &urfave.Command{
		Name: "add", Usage: "make an account", ArgsUsage: "EMAIL", Flags: flags,
		Description: "The password is asked for on the terminal, or is one line of standard input.\n" +
			"An account with a membership needs one with a lower-case and an upper-case letter, a digit and a special character.",
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			args, err := arguments(cmd, "EMAIL")
			if err != nil {
				return err
			}
			in := auth.NewUser{Edit: edit(cmd)}
			in.Email = &args[0]
			if in.Name == nil {
				return usage(cmd, "--name is missing")
			}
			return p.operate(ctx, cmd, func(c *ctl.Client) error { return p.addUser(ctx, cmd, c, in) })
		},
	}
}

func (p *program) addUser(ctx context.Context, cmd *urfave.Command, c *ctl.Client, in auth.NewUser) (err error) {
	if !cmd.Bool("no-password") {
		if in.Password, err = p.newPassword(ctx); err != nil {
			return err
		}
	}
	u, err := c.AddUser(ctx, in)
	if err != nil {
		return userTaken(err, in.Edit)
	}
	return tell(cmd, u, "account %d made for %s, UUID %s", u.ID, u.Email, u.UUID)
}

func (p *program) userList() *urfave.Command {
	return &urfave.Command{
		Name: "list", Usage: "list the accounts",
		Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
			out := newListing(cmd, []string{"ID", "EMAIL", "USERNAME", "NAME", "COMPANY", "DISABLED", "CREATED"}, func(u *auth.User) []any {
				return []any{u.ID, u.Email, u.Username, u.Name, u.Company, alarm(u.Disabled), u.Created}
			})
			unreadable, err := c.Users(ctx, out.add)
			if err != nil {
				return err
			}
			if err := out.end(); err != nil {
				return err
			}
			if unreadable > 0 {
				return fmt.Errorf("%d accounts can't be read: see kunci check", unreadable)
			}
			return nil
		}),
	}
}

func (p *program) userShow() *urfave.Command {
	return &urfave.Command{
		Name: "show", Usage: "show all of an account but its password", ArgsUsage: whoArg, Description: whoHelp,
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			u, err := c.User(ctx, args[0])
			if err != nil {
				return err
			}
			return p.showUser(cmd, u)
		}),
	}
}

func (p *program) userSet() *urfave.Command {
	flags := append(editFlags(""),
		&urfave.StringFlag{Name: "email", Usage: "another `ADDRESS`, which counts as not verified", HideDefault: true},
		&urfave.BoolFlag{Name: "no-membership", Usage: "take the membership away", HideDefault: true},
		&urfave.StringFlag{Name: "made-by", Usage: "`WHO` made the account, operator or sign-up: where the user may sign in", HideDefault: true})
	return &urfave.Command{
		Name: "set", Usage: "change an account", ArgsUsage: whoArg, Flags: flags,
		Description: whoHelp + "\nOnly what is named changes; an empty value takes a field away.",
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			args, err := arguments(cmd, whoArg)
			if err != nil {
				return err
			}
			e := edit(cmd)
			if err := moreEdit(cmd, &e); err != nil {
				return err
			}
			if e == (auth.Edit{}) {
				return usage(cmd, "name at least one thing to change")
			}
			return p.operate(ctx, cmd, func(c *ctl.Client) error {
				made, err := c.SetUser(ctx, args[0], e)
				if err != nil {
					return userTaken(err, e)
				}
				return tell(cmd, made.After, "%s", changed(made.Before, made.After))
			})
		},
	}
}

func (p *program) userPasswd() *urfave.Command {
	return &urfave.Command{
		Name: "passwd", Usage: "give an account another password; its sessions end", ArgsUsage: whoArg,
		Description: whoHelp + "\nThe password is asked for on the terminal, or is one line of standard input.",
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			if _, err := c.User(ctx, args[0]); err != nil {
				return err // before anybody thinks up a password
			}
			pw, err := p.newPassword(ctx)
			if err != nil {
				return err
			}
			ended, err := c.SetPassword(ctx, args[0], pw, dialect.Indonesian)
			if err != nil {
				return err
			}
			return tell(cmd, over{User: args[0], Sessions: ended.Sessions}, "%s has another password; %s", args[0], howMany(ended))
		}),
	}
}

// userAct is a command that does one thing to one account, which with --json is
// shown as it is then.
func (p *program) userAct(name, about, done string, act func(*ctl.Client, context.Context, string) error) *urfave.Command {
	return &urfave.Command{
		Name: name, Usage: about, ArgsUsage: whoArg, Description: whoHelp,
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			if err := act(c, ctx, args[0]); err != nil {
				return err
			}
			if !cmd.Bool("json") {
				return say(cmd, done, args[0])
			}
			u, err := c.User(ctx, args[0])
			if err != nil {
				return err
			}
			return p.showUser(cmd, u)
		}),
	}
}

func (p *program) userDelete() *urfave.Command {
	return &urfave.Command{
		Name: "delete", Usage: "delete an account and all that belongs to it", ArgsUsage: whoArg, Description: whoHelp,
		Flags: []urfave.Flag{&urfave.BoolFlag{Name: "yes", Usage: "don't ask", HideDefault: true}},
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			u, err := c.User(ctx, args[0])
			if err != nil {
				return err
			}
			if !cmd.Bool("yes") {
				if err := p.confirm(ctx, fmt.Sprintf("Delete account %d, %s (%s)?", u.ID, u.Email, u.Name)); err != nil {
					return err
				}
			}
			if err := c.Delete(ctx, u.UUID); err != nil {
				return err
			}
			return tell(cmd, u, "account %d, %s, is deleted", u.ID, u.Email) // as it was
		}),
	}
}
