package cli

import (
	"context"
	"fmt"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/dialect"
)

// whoArg names an account: e-mail, username, UUID or id.
const whoArg = "USER"

const whoHelp = "USER is an e-mail, a username, a UUID or an id."

func (p *program) userCommand() *urfave.Command {
	cmd := group("user", "accounts",
		p.userAdd(), p.userList(), p.userShow(), p.userSet(), p.userPasswd(),
		p.userAct("disable", "end a user's sessions and keep the user from signing in", "%s is disabled", auth.Operator.Disable),
		p.userAct("enable", "let a disabled user sign in again", "%s may sign in again", auth.Operator.Enable),
		p.userDelete(),
	)
	cmd.Description = whoHelp
	return cmd
}

func (p *program) userAdd() *urfave.Command {
	flags := append(editFlags("; required"),
		&urfave.BoolFlag{Name: "no-password", Usage: "make an account that can't sign in by password until it has one", HideDefault: true}, jsonFlag())
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
			return p.operate(cmd, func(o auth.Operator) error { return p.addUser(ctx, cmd, o, in) })
		},
	}
}

func (p *program) addUser(ctx context.Context, cmd *urfave.Command, o auth.Operator, in auth.NewUser) (err error) {
	if !cmd.Bool("no-password") {
		if in.Password, err = p.newPassword(ctx); err != nil {
			return err
		}
	}
	u, err := o.AddUser(ctx, in)
	if err != nil {
		return userTaken(err, in.Edit)
	}
	if cmd.Bool("json") {
		return printJSON(p.stdout, u)
	}
	return say(cmd, "account %d made for %s, UUID %s", u.ID, u.Email, u.UUID)
}

func (p *program) userList() *urfave.Command {
	return &urfave.Command{
		Name: "list", Usage: "list the accounts", Flags: []urfave.Flag{jsonFlag()},
		Action: p.action(nil, func(_ context.Context, cmd *urfave.Command, o auth.Operator, _ []string) error {
			var users []*auth.User
			unreadable := 0
			err := o.Users(func(u *auth.User, err error) bool {
				if err != nil {
					unreadable++
				} else {
					users = append(users, u)
				}
				return true
			})
			if err != nil {
				return err
			}
			head := []string{"ID", "EMAIL", "USERNAME", "NAME", "COMPANY", "DISABLED", "CREATED"}
			if err := printList(cmd, users, head, func(u *auth.User) []any {
				return []any{u.ID, u.Email, u.Username, u.Name, u.Company, u.Disabled, u.Created}
			}); err != nil {
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
		Name: "show", Usage: "show all of an account but its password", ArgsUsage: whoArg, Description: whoHelp, Flags: []urfave.Flag{jsonFlag()},
		Action: p.action([]string{whoArg}, func(_ context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
			u, err := o.User(args[0])
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
		&urfave.StringFlag{Name: "made-by", Usage: "`WHO` made the account, operator or sign-up: where the user may sign in", HideDefault: true}, jsonFlag())
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
			return p.operate(cmd, func(o auth.Operator) error {
				before, err := o.User(args[0])
				if err != nil {
					return err
				}
				u, err := o.SetUser(ctx, args[0], e)
				if err != nil {
					return userTaken(err, e)
				}
				if cmd.Bool("json") {
					return printJSON(p.stdout, u)
				}
				return say(cmd, "%s", changed(before, u))
			})
		},
	}
}

func (p *program) userPasswd() *urfave.Command {
	return &urfave.Command{
		Name: "passwd", Usage: "give an account another password; its sessions end", ArgsUsage: whoArg,
		Description: whoHelp + "\nThe password is asked for on the terminal, or is one line of standard input.",
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
			if _, err := o.User(args[0]); err != nil {
				return err // before anybody thinks up a password
			}
			pw, err := p.newPassword(ctx)
			if err != nil {
				return err
			}
			ended := toEnd(o, args[0])
			if err := o.SetPassword(ctx, args[0], pw, dialect.Indonesian); err != nil {
				return err
			}
			return say(cmd, "%s has another password; %s", args[0], ended)
		}),
	}
}

// userAct is a command that does one thing to one account.
func (p *program) userAct(name, about, done string, act func(auth.Operator, context.Context, string) error) *urfave.Command {
	return &urfave.Command{
		Name: name, Usage: about, ArgsUsage: whoArg, Description: whoHelp,
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
			if err := act(o, ctx, args[0]); err != nil {
				return err
			}
			return say(cmd, done, args[0])
		}),
	}
}

func (p *program) userDelete() *urfave.Command {
	return &urfave.Command{
		Name: "delete", Usage: "delete an account and all that belongs to it", ArgsUsage: whoArg, Description: whoHelp,
		Flags: []urfave.Flag{&urfave.BoolFlag{Name: "yes", Usage: "don't ask", HideDefault: true}},
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, o auth.Operator, args []string) error {
			u, err := o.User(args[0])
			if err != nil {
				return err
			}
			if !cmd.Bool("yes") {
				if err := p.confirm(ctx, fmt.Sprintf("Delete account %d, %s (%s)?", u.ID, u.Email, u.Name)); err != nil {
					return err
				}
			}
			if err := o.Delete(ctx, u.UUID); err != nil {
				return err
			}
			return say(cmd, "account %d, %s, is deleted", u.ID, u.Email)
		}),
	}
}
