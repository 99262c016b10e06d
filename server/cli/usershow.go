package cli

import (
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

// showUser prints an account as JSON or one field a line, however long.
func (p *program) showUser(cmd *urfave.Command, u *auth.User) error {
	s := screenOf(cmd)
	if cmd.Bool("json") {
		return printJSON(s, u)
	}
	t := table{rows: userRows(u), ink: s.ink}
	return t.print(s)
}

// userRows are the fields of an account with their names, as people read them.
func userRows(u *auth.User) [][]any {
	madeBy := "operator"
	if u.SelfRegistered {
		madeBy = "sign-up"
	}
	return [][]any{
		{"id", u.ID}, {"UUID", u.UUID}, {"customer id", u.CustomerID}, {"e-mail", u.Email}, {"verified", u.EmailVerified},
		{"username", u.Username}, {"name", u.Name}, {"phone", u.Phone}, {"credit balance", u.CreditBalance}, {"role id", u.RoleID},
		{"location", u.IDLocation}, {"longitude", u.Longitude}, {"latitude", u.Latitude}, {"avatar", u.Avatar}, {"GCM id", u.GCMID},
		{"Google id", u.GoogleID}, {"Facebook id", u.FacebookID},
		{"company", u.Company}, {"division", u.Division}, {"role", u.Role}, {"internal", u.Internal},
		{"made by", madeBy}, {"disabled", alarm(u.Disabled)}, {"password", u.PasswordFamily}, {"weak", u.WeakPassword},
		{"created", u.Created}, {"updated", u.Updated},
	}
}

// changed is what an edit made of an account, in one line.
func changed(before, after *auth.User) string {
	var fields []string
	was := userRows(before)
	for i, row := range userRows(after) {
		if name, value := row[0].(string), shown(row[1]); value != shown(was[i][1]) && name != "updated" {
			fields = append(fields, name+" "+value)
		}
	}
	who := fmt.Sprintf("account %d, %s", after.ID, after.Email)
	if len(fields) == 0 {
		return who + ", was so already"
	}
	return who + ", has now: " + strings.Join(fields, ", ")
}
