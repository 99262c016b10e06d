package cli

import (
	"fmt"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

// editFlags are the fields of an account that add and set have in common;
// nameNote goes after what --name is.
func editFlags(nameNote string) []urfave.Flag {
	text := func(name, about string) urfave.Flag {
		return &urfave.StringFlag{Name: name, Usage: about, HideDefault: true, OnlyOnce: true}
	}
	number := func(name, about string) urfave.Flag {
		return &urfave.Int64Flag{Name: name, Usage: about, HideDefault: true, OnlyOnce: true}
	}
	return []urfave.Flag{
		text("name", "the person's `NAME`"+nameNote),
		text("username", "`USERNAME` of 3 to 32 letters, digits, dots, underscores and hyphens"),
		text("phone", "phone `NUMBER`, as it is"),
		number("credit-balance", "`N`, an integer"),
		number("role-id", "`N`, an integer"),
		text("id-location", "the `ID` of a place"),
		text("longitude", "in `DEGREES`"),
		text("latitude", "in `DEGREES`"),
		text("avatar", "the `PATH` of a picture"),
		text("google-id", "the `ID` of the user at Google"),
		text("facebook-id", "the `ID` of the user at Facebook"),
		&urfave.BoolFlag{Name: "verified", Usage: "whether the e-mail is known to be the user's; --verified=false takes it back", HideDefault: true},
		text("company", "membership: `NAME` or UUID of the company"),
		text("division", "membership: `NAME` or UUID of the division"),
		text("role", "membership: `NAME` or UUID of the role"),
		&urfave.BoolFlag{Name: "internal", Usage: "membership: whether the user is internal; --internal=false takes it back", HideDefault: true},
	}
}

// edit is what the flags of editFlags say; a flag that was not given leaves
// its field alone.
func edit(cmd *urfave.Command) auth.Edit {
	return auth.Edit{
		Name: given(cmd, "name", cmd.String), Username: given(cmd, "username", cmd.String), Phone: given(cmd, "phone", cmd.String),
		CreditBalance: given(cmd, "credit-balance", cmd.Int64), RoleID: given(cmd, "role-id", cmd.Int64),
		IDLocation: given(cmd, "id-location", cmd.String), Avatar: given(cmd, "avatar", cmd.String),
		Longitude: given(cmd, "longitude", cmd.String), Latitude: given(cmd, "latitude", cmd.String),
		GoogleID: given(cmd, "google-id", cmd.String), FacebookID: given(cmd, "facebook-id", cmd.String),
		EmailVerified: given(cmd, "verified", cmd.Bool),
		Company:       given(cmd, "company", cmd.String), Division: given(cmd, "division", cmd.String),
		Role: given(cmd, "role", cmd.String), Internal: given(cmd, "internal", cmd.Bool),
	}
}

func given[T any](cmd *urfave.Command, name string, value func(string) T) *T {
	if !cmd.IsSet(name) {
		return nil
	}
	v := value(name)
	return &v
}

// moreEdit adds what only set can change.
func moreEdit(cmd *urfave.Command, e *auth.Edit) error {
	e.Email = given(cmd, "email", cmd.String)
	e.NoMembership = cmd.Bool("no-membership")
	if e.NoMembership && (e.Company != nil || e.Division != nil || e.Role != nil || e.Internal != nil) {
		return usage(cmd, "--no-membership takes away what --company, --division, --role and --internal give")
	}
	switch by := given(cmd, "made-by", cmd.String); {
	case by == nil:
	case *by == "operator" || *by == "sign-up":
		self := *by == "sign-up"
		e.SelfRegistered = &self
	default:
		return usage(cmd, fmt.Sprintf("--made-by: %q is neither operator nor sign-up", *by))
	}
	return nil
}
