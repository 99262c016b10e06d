package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
)

func (p *program) userWhy() *urfave.Command {
	return &urfave.Command{
		Name: "why", Usage: "say why somebody can't sign in, and what to do about it", ArgsUsage: whoArg,
		Description: "USER is an e-mail, a username, a UUID or an id; of a name without account, it tells what was tried.",
		Action: p.action([]string{whoArg}, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, args []string) error {
			w, err := c.Why(ctx, args[0])
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(p.stdout, w)
			}
			if err := say(cmd, "%s", w.Verdict); err != nil {
				return err
			}
			facts := table{rows: whyRows(w)}
			if err := facts.print(p.stdout); err != nil || len(w.Attempts) == 0 {
				return err
			}
			one := auditColumns{ofOne: true}
			return printList(cmd, w.Attempts, one.head(), one.row)
		}),
	}
}

// whyRows are the facts on which the verdict rests.
func whyRows(w *auth.Why) (rows [][]any) {
	if u := w.User; u != nil {
		madeBy, family, membership := "operator", u.PasswordFamily, "none"
		if u.SelfRegistered {
			madeBy = "sign-up"
		}
		if family == "" {
			family = "none"
		}
		if u.Company != "" {
			membership = fmt.Sprintf("%s of %s, %s", u.Role, u.Company, u.Division)
		}
		rows = append(rows, [][]any{
			{"account", u.ID}, {"e-mail", u.Email}, {"username", u.Username}, {"enabled", !u.Disabled}, {"password", family}, {"verified", u.EmailVerified},
			{"made by", madeBy}, {"may sign in to", strings.Join(w.Admitted, ", ")}, {"membership", membership}, {"open sessions", w.Sessions},
			{"known ranges", w.KnownRanges},
		}...)
	}
	for _, d := range w.Delays {
		rest := fmt.Sprintf("%s, after %d wrong passwords; next try in %s", d.Name, d.Failures, time.Duration(d.Rest)*time.Second)
		if w.KnownRanges > 0 {
			rest += ", but not from known ranges"
		}
		rows = append(rows, []any{"slowed down", rest})
	}
	if w.KnownRangeFull {
		rows = append(rows, []any{"slowed down", "a known range, of which the tries are used up"})
	}
	for _, l := range w.Links {
		rows = append(rows, []any{"mailed link", l.Purpose + ", until " + shown(l.Expires)})
	}
	if len(w.Attempts) == 0 {
		rows = append(rows, []any{"attempts", "none in the audit log"})
	}
	return rows
}
