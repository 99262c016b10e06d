package cli

import (
	"context"
	"slices"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

// organised is what differs between companies, divisions and roles.
type organised struct {
	name, plural string
	flags        []urfave.Flag // of those that name one
	add          func(context.Context, *urfave.Command, *ctl.Client, string) (*auth.Organised, error)
	set          func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, ref, name string) (*auth.Organised, error)
	remove       func(context.Context, *urfave.Command, *ctl.Client, string) (*auth.Organised, error)
	list         func(*ctl.Client, context.Context) ([]auth.Organised, error)
}

func (p *program) companyCommand() *urfave.Command {
	return p.organised(organised{
		name: "company", plural: "companies", list: (*ctl.Client).Companies,
		add: func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, name string) (*auth.Organised, error) {
			return c.AddCompany(ctx, name, cmd.String("uuid"))
		},
		set: func(ctx context.Context, _ *urfave.Command, c *ctl.Client, ref, name string) (*auth.Organised, error) {
			return c.RenameCompany(ctx, ref, name)
		},
		remove: func(ctx context.Context, _ *urfave.Command, c *ctl.Client, ref string) (*auth.Organised, error) {
			return c.DeleteCompany(ctx, ref)
		},
	})
}

func (p *program) divisionCommand() *urfave.Command {
	return p.organised(organised{
		name: "division", plural: "divisions", list: (*ctl.Client).Divisions,
		flags: []urfave.Flag{&urfave.StringFlag{Name: "company", Usage: "`NAME` or UUID of the company it belongs to; required", Required: true}},
		add: func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, name string) (*auth.Organised, error) {
			return c.AddDivision(ctx, cmd.String("company"), name, cmd.String("uuid"))
		},
		set: func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, ref, name string) (*auth.Organised, error) {
			return c.RenameDivision(ctx, cmd.String("company"), ref, name)
		},
		remove: func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, ref string) (*auth.Organised, error) {
			return c.DeleteDivision(ctx, cmd.String("company"), ref)
		},
	})
}

func (p *program) roleCommand() *urfave.Command {
	return p.organised(organised{
		name: "role", plural: "roles", list: (*ctl.Client).Roles,
		add: func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, name string) (*auth.Organised, error) {
			return c.AddRole(ctx, name, cmd.String("uuid"))
		},
		set: func(ctx context.Context, _ *urfave.Command, c *ctl.Client, ref, name string) (*auth.Organised, error) {
			return c.RenameRole(ctx, ref, name)
		},
		remove: func(ctx context.Context, _ *urfave.Command, c *ctl.Client, ref string) (*auth.Organised, error) {
			return c.DeleteRole(ctx, ref)
		},
	})
}

func (p *program) organised(k organised) *urfave.Command {
	uuidFlag := &urfave.StringFlag{Name: "uuid", Usage: "its `UUID`, where it has one already (default: a new one)", HideDefault: true}
	return group(k.name, k.plural+", for memberships",
		&urfave.Command{
			Name: "add", Usage: "make a " + k.name, ArgsUsage: "NAME", Flags: append(slices.Clone(k.flags), uuidFlag),
			Action: p.action([]string{"NAME"}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
				made, err := k.add(ctx, cmd, c, args[0])
				if err != nil {
					standing, _ := k.list(c, ctx) // it only helps to word the error
					return organisedTaken(err, k.name, made, standing)
				}
				return tell(cmd, made, "%s %s made, UUID %s", k.name, made.Name, made.UUID)
			}),
		},
		&urfave.Command{
			Name: "list", Usage: "list the " + k.plural,
			Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
				list, err := k.list(c, ctx)
				if err != nil {
					return err
				}
				if k.name != "division" {
					return printList(cmd, list, []string{"NAME", "MEMBERS", "UUID"}, func(x auth.Organised) []any {
						return []any{x.Name, x.Members, x.UUID}
					})
				}
				return printList(cmd, list, []string{"COMPANY", "NAME", "MEMBERS", "UUID"}, func(x auth.Organised) []any {
					return []any{x.Company, x.Name, x.Members, x.UUID}
				})
			}),
		},
		p.organisedSet(k), p.organisedDelete(k),
	)
}

// refHelp says how a company, division or role is named.
const refHelp = "NAME is its name or its UUID."

func (p *program) organisedSet(k organised) *urfave.Command {
	nameFlag := &urfave.StringFlag{Name: "name", Usage: "its new `NAME`; required", Required: true, OnlyOnce: true}
	return &urfave.Command{
		Name: "set", Usage: "give a " + k.name + " another name", ArgsUsage: "NAME", Flags: append(slices.Clone(k.flags), nameFlag),
		Description: refHelp + " Memberships stay; tokens issued before carry the name of before.",
		Action: p.action([]string{"NAME"}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			is, err := k.set(ctx, cmd, c, args[0], cmd.String("name"))
			if err != nil {
				standing, _ := k.list(c, ctx) // it only helps to word the error
				return organisedTaken(err, k.name, is, standing)
			}
			return tell(cmd, is, "%s %s is called so now, UUID %s", k.name, is.Name, is.UUID)
		}),
	}
}

func (p *program) organisedDelete(k organised) *urfave.Command {
	return &urfave.Command{
		Name: "delete", Usage: "delete a " + k.name + " that nothing belongs to", ArgsUsage: "NAME", Flags: slices.Clone(k.flags), Description: refHelp,
		Action: p.action([]string{"NAME"}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			was, err := k.remove(ctx, cmd, c, args[0])
			if err != nil {
				return err
			}
			return tell(cmd, was, "%s %s, UUID %s, is deleted", k.name, was.Name, was.UUID)
		}),
	}
}
