package ctl

import (
	"context"

	"kunci/server/auth"
)

// nothing is what an act takes, or answers, that has nothing to say.
type nothing struct{}

// named is an account: by e-mail, username, UUID or id.
type named struct {
	Who string `json:"who"`
}

type edited struct {
	Who  string    `json:"who"`
	Edit auth.Edit `json:"edit"`
}

type newPassword struct {
	Who      string `json:"who"`
	Password string `json:"password"`
	Lang     string `json:"lang"`
}

// newNamed is a company, division or role to be made; UUID "" asks for a new one.
type newNamed struct {
	Company string `json:"company"` // a division's
	Name    string `json:"name"`
	UUID    string `json:"uuid"`
}

type sessionID struct {
	ID string `json:"id"`
}

// The acts.
var (
	userAdd = op[auth.NewUser, *auth.User]{"user add", func(ctx context.Context, d *doing, in auth.NewUser) (*auth.User, error) {
		u, err := d.AddUser(ctx, in)
		if err == nil {
			d.subject = u.UUID
		}
		return u, err
	}}
	userShow = op[named, *auth.User]{"user show", func(_ context.Context, d *doing, in named) (*auth.User, error) {
		d.account(in.Who)
		return d.User(in.Who)
	}}
	userSet     = op[edited, Change]{"user set", setUser}
	userPasswd  = op[newPassword, Ended]{"user passwd", setPassword}
	userDisable = op[named, nothing]{"user disable", toAccount(auth.Operator.Disable)}
	userEnable  = op[named, nothing]{"user enable", toAccount(auth.Operator.Enable)}
	userWhy     = op[named, *auth.Why]{"user why", func(ctx context.Context, d *doing, in named) (*auth.Why, error) {
		d.account(in.Who)
		return d.Why(ctx, in.Who)
	}}
	userDelete = op[named, nothing]{"user delete", toAccount(auth.Operator.Delete)}

	companyAdd = op[newNamed, *auth.Organised]{"company add", made(func(ctx context.Context, o auth.Operator, in newNamed) (*auth.Organised, error) {
		return o.AddCompany(ctx, in.Name, in.UUID)
	})}
	divisionAdd = op[newNamed, *auth.Organised]{"division add", made(func(ctx context.Context, o auth.Operator, in newNamed) (*auth.Organised, error) {
		return o.AddDivision(ctx, in.Company, in.Name, in.UUID)
	})}
	roleAdd = op[newNamed, *auth.Organised]{"role add", made(func(ctx context.Context, o auth.Operator, in newNamed) (*auth.Organised, error) {
		return o.AddRole(ctx, in.Name, in.UUID)
	})}
	companyList  = op[nothing, []auth.Organised]{"company list", listed(auth.Operator.Companies)}
	divisionList = op[nothing, []auth.Organised]{"division list", listed(auth.Operator.Divisions)}
	roleList     = op[nothing, []auth.Organised]{"role list", listed(auth.Operator.Roles)}

	sessionList = op[named, []auth.OpenSession]{"session list", func(_ context.Context, d *doing, in named) ([]auth.OpenSession, error) {
		d.account(in.Who)
		return d.Sessions(in.Who)
	}}
	sessionRevoke = op[sessionID, nothing]{"session revoke", func(ctx context.Context, d *doing, in sessionID) (nothing, error) {
		err := d.RevokeSession(ctx, in.ID)
		if err == nil {
			d.subject = in.ID
		}
		return nothing{}, err
	}}
	sessionRevokeAll = op[named, Ended]{"session revoke all", revokeAll}

	mailList = op[nothing, []auth.QueuedMail]{"mail list", listed(auth.Operator.QueuedMails)}

	keyList   = op[nothing, []Key]{"key list", func(_ context.Context, d *doing, _ nothing) ([]Key, error) { return keys(d.Operator), nil }}
	keyRotate = op[nothing, Rotation]{"key rotate", rotate}
	dataCheck = checkStream{"check"}
)

// acts is every act there is.
var acts = []act{
	&userAdd, &userList, &userShow, &userSet, &userPasswd, &userDisable, &userEnable, &userDelete, &userWhy,
	&companyAdd, &divisionAdd, &roleAdd, &companyList, &divisionList, &roleList,
	&companySet, &divisionSet, &roleSet, &companyDelete, &divisionDelete, &roleDelete,
	&sessionList, &sessionRevoke, &sessionRevokeAll,
	&mailList, &keyList, &keyRotate, &dataCheck, &dataBackup, &userImport, &userExport,
	&auditList, &auditFollow, &auditVerify, &auditExport,
}

// toAccount does one thing to one account. The account is noted before: a
// deleted one is not found after.
func toAccount(do func(auth.Operator, context.Context, string) error) func(context.Context, *doing, named) (nothing, error) {
	return func(ctx context.Context, d *doing, in named) (nothing, error) {
		d.account(in.Who)
		return nothing{}, do(d.Operator, ctx, in.Who)
	}
}

func made(add func(context.Context, auth.Operator, newNamed) (*auth.Organised, error)) func(context.Context, *doing, newNamed) (*auth.Organised, error) {
	return func(ctx context.Context, d *doing, in newNamed) (*auth.Organised, error) {
		o, err := add(ctx, d.Operator, in)
		if err == nil {
			d.subject = o.UUID
		}
		return o, err
	}
}

func listed[T any](list func(auth.Operator) ([]T, error)) func(context.Context, *doing, nothing) ([]T, error) {
	return func(_ context.Context, d *doing, _ nothing) ([]T, error) { return list(d.Operator) }
}
