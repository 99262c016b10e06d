package ctl

import (
	"context"

	"kunci/server/auth"
)

// organised is a company, division or role that stands, by name or UUID.
type organised struct {
	Company string `json:"company"` // a division's
	Ref     string `json:"ref"`
	Name    string `json:"name"` // the new one, where it is to get one
}

// The acts on what memberships name.
var (
	companySet = op[organised, *auth.Organised]{"company set", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.RenameCompany(ctx, in.Ref, in.Name)
	})}
	divisionSet = op[organised, *auth.Organised]{"division set", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.RenameDivision(ctx, in.Company, in.Ref, in.Name)
	})}
	roleSet = op[organised, *auth.Organised]{"role set", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.RenameRole(ctx, in.Ref, in.Name)
	})}
	companyDelete = op[organised, *auth.Organised]{"company delete", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.DeleteCompany(ctx, in.Ref)
	})}
	divisionDelete = op[organised, *auth.Organised]{"division delete", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.DeleteDivision(ctx, in.Company, in.Ref)
	})}
	roleDelete = op[organised, *auth.Organised]{"role delete", changed(func(ctx context.Context, o auth.Operator, in organised) (*auth.Organised, error) {
		return o.DeleteRole(ctx, in.Ref)
	})}
)

// changed notes which one an act was about.
func changed(act func(context.Context, auth.Operator, organised) (*auth.Organised, error)) func(context.Context, *doing, organised) (*auth.Organised, error) {
	return func(ctx context.Context, d *doing, in organised) (*auth.Organised, error) {
		o, err := act(ctx, d.Operator, in)
		if o != nil {
			d.subject = o.UUID
		}
		return o, err
	}
}

// RenameCompany gives a company, named by name or UUID, another name.
func (c *Client) RenameCompany(ctx context.Context, ref, name string) (*auth.Organised, error) {
	return companySet.ask(ctx, c, organised{Ref: ref, Name: name})
}

// RenameDivision gives a division of a company another name.
func (c *Client) RenameDivision(ctx context.Context, company, ref, name string) (*auth.Organised, error) {
	return divisionSet.ask(ctx, c, organised{Company: company, Ref: ref, Name: name})
}

// RenameRole gives a role another name.
func (c *Client) RenameRole(ctx context.Context, ref, name string) (*auth.Organised, error) {
	return roleSet.ask(ctx, c, organised{Ref: ref, Name: name})
}

// DeleteCompany removes a company that nothing belongs to, and says what it was.
func (c *Client) DeleteCompany(ctx context.Context, ref string) (*auth.Organised, error) {
	return companyDelete.ask(ctx, c, organised{Ref: ref})
}

// DeleteDivision removes a division of a company, otherwise as DeleteCompany.
func (c *Client) DeleteDivision(ctx context.Context, company, ref string) (*auth.Organised, error) {
	return divisionDelete.ask(ctx, c, organised{Company: company, Ref: ref})
}

// DeleteRole removes a role, otherwise as DeleteCompany.
func (c *Client) DeleteRole(ctx context.Context, ref string) (*auth.Organised, error) {
	return roleDelete.ask(ctx, c, organised{Ref: ref})
}
