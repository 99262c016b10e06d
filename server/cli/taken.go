package cli

import (
	"errors"
	"fmt"

	"kunci/db"
	"kunci/server/auth"
)

// takenField is the field whose value another record holds, "" where err is
// of another kind.
func takenField(err error) string {
	var taken *db.TakenError
	if errors.As(err, &taken) {
		return taken.Field
	}
	return ""
}

// userTaken says with which account an edit collides. Every other error stays
// as it is.
func userTaken(err error, e auth.Edit) error {
	switch field := takenField(err); {
	case field == "email" && e.Email != nil:
		return fmt.Errorf("another account has this email (user show %s)", quoted(*e.Email))
	case field == "username" && e.Username != nil:
		return fmt.Errorf("another account has this username (user show %s)", quoted(*e.Username))
	case field == "google_id":
		return errors.New("another account has this google-id (user list --json shows whose)")
	case field == "fb_uid":
		return errors.New("another account has this facebook-id (user list --json shows whose)")
	}
	return err
}

// organisedTaken says what a new company, division or role collides with, by
// the name that it has there. Every other error stays as it is.
func organisedTaken(err error, kind string, made *auth.Organised, list []auth.Organised) error {
	switch takenField(err) {
	case "uuid":
		return errors.New("this UUID is taken: choose another, or leave --uuid out")
	case "name":
	default:
		return err
	}
	name, in := made.Name, ""
	for _, x := range list {
		if x.Company == made.Company && db.FoldName(x.Name) == db.FoldName(made.Name) {
			name = x.Name
		}
	}
	if made.Company != "" {
		in = " in " + made.Company
	}
	return fmt.Errorf("there is already a %s called %q%s (%s list shows it)", kind, name, in, kind)
}
