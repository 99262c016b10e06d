package auth

import (
	"context"
	"fmt"
)

// Demo is one account for trying a document's samples (CONTRACT 7).
type Demo struct {
	Dialect, Email, Username, Password string
	user                               NewUser
}

// Demos are the accounts of --dev, in the order in which they are made.
func Demos() []Demo {
	str := func(s string) *string { return &s }
	demo := func(dialect, email, username, name, password string, rest Edit) Demo {
		yes, no, balance := true, false, int64(0)
		if username != "" {
			balance = 5000
			rest.Username = &username
		}
		rest.Email, rest.Name, rest.EmailVerified, rest.SelfRegistered, rest.CreditBalance = &email, &name, &yes, &no, &balance
		return Demo{Dialect: dialect, Email: email, Username: username, Password: password, user: NewUser{Edit: rest, Password: password, ShortOK: true}}
	}
	no := false
	return []Demo{
		demo("snapotp", "john@example.com", "johndoe", "John Doe", "secret123",
			Edit{GoogleID: str("google_user_id"), GoogleClaimed: true}),
		demo("smart", "email@pmpsmart.com", "", "Pengguna Smart", "rahasia-smart", Edit{}),
		demo("shoop", "shcode@shoop.dev", "", "shcode", "rahasia",
			Edit{IDLocation: str("7"), Phone: str("082232856363")}),
		demo("dashboard", "User-dashboard@mail.com", "", "userDashboard", "Tes12345!",
			Edit{Phone: str("+6282100000001"), Company: str("PT Company"), Division: str("Marcom"), Role: str("Operator"), Internal: &no}),
		demo("pwa", "pwa-user@mail.com", "", "userTest", "Tes12345!", Edit{Phone: str("+62081945800005")}),
	}
}

// MakeDemos makes the demo accounts in an empty store.
func (o Operator) MakeDemos(ctx context.Context) error {
	if _, err := o.AddCompany(ctx, "PT Company", ""); err != nil {
		return fmt.Errorf("demo company: %w", err)
	}
	if _, err := o.AddDivision(ctx, "PT Company", "Marcom", ""); err != nil {
		return fmt.Errorf("demo division: %w", err)
	}
	if _, err := o.AddRole(ctx, "Operator", ""); err != nil {
		return fmt.Errorf("demo role: %w", err)
	}
	for _, d := range Demos() {
		if _, err := o.AddUser(ctx, d.user); err != nil {
			return fmt.Errorf("demo account for %s: %w", d.Dialect, err)
		}
	}
	return nil
}
