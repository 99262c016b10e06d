package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/ctl"
	"kunci/server/dialect"
)

const (
	auditShown  = 50 // entries, where --limit says nothing
	followEvery = time.Second
)

func (p *program) auditCommand() *urfave.Command {
	return group("audit", "who did what, when and from where", p.auditList(), p.auditVerify(), p.auditExport())
}

func (p *program) auditList() *urfave.Command {
	text := func(name, help string) urfave.Flag {
		return &urfave.StringFlag{Name: name, Usage: help, HideDefault: true, OnlyOnce: true}
	}
	sources := strings.Join(append(dialect.Names(), auth.AuditSources...), ", ")
	return &urfave.Command{
		Name: "list", Usage: "list the last entries of the audit log, the newest last",
		Description: "Accounts stand in it by UUID alone; what was typed by a stranger is found by --user, but can't be shown.\n" +
			"Events: " + strings.Join(auth.AuditEvents, ", ") + ".",
		Flags: []urfave.Flag{
			text("user", "only of this `USER`: an account, the UUID of a deleted one, or what was typed"),
			text("event", "only this `EVENT`"),
			text("outcome", "only this `OUTCOME`: ok, failed for any other, or the one that the list shows"),
			text("dialect", "only by this `API`: "+sources),
			text("address", "only from this `ADDRESS`, or network such as 10.0.0.0/8"),
			text("since", "only from this `TIME` on: so long ago (24h), 2006-01-02 (0:00 UTC), or 2006-01-02T15:04:05Z"),
			text("until", "only before this `TIME`, as --since"),
			&urfave.IntFlag{Name: "limit", Value: auditShown, Usage: "the last `N` entries at most, 10000 of them: audit export writes all"},
			&urfave.BoolFlag{Name: "follow", Usage: "go on with what comes, while the server runs", HideDefault: true},
			jsonFlag(),
		},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			q, err := auditQuery(cmd, time.Now())
			if err != nil {
				return err
			}
			return p.operate(ctx, cmd, func(c *ctl.Client) error { return p.listAudit(ctx, cmd, c, q) })
		},
	}
}

func auditQuery(cmd *urfave.Command, now time.Time) (q auth.AuditQuery, err error) {
	q = auth.AuditQuery{
		User: cmd.String("user"), Event: cmd.String("event"), Outcome: cmd.String("outcome"), Dialect: cmd.String("dialect"),
		Address: cmd.String("address"), Limit: cmd.Int("limit"),
	}
	if q.Limit < 1 || q.Limit > auth.MostAudited {
		return q, usage(cmd, fmt.Sprintf("--limit: it is not from 1 to %d: kunci audit export writes all", auth.MostAudited))
	}
	for _, t := range []struct {
		name string
		to   *time.Time
	}{{"since", &q.Since}, {"until", &q.Until}} {
		raw := cmd.String(t.name)
		if raw == "" {
			continue
		}
		if *t.to, err = auditTime(raw, now); err != nil {
			return q, usage(cmd, fmt.Sprintf("--%s: %v", t.name, err))
		}
	}
	return q, nil
}

// auditTime reads a time: so long ago, a day, which begins at 0:00 UTC, or all of it.
func auditTime(raw string, now time.Time) (at time.Time, err error) {
	if ago, bad := time.ParseDuration(raw); bad == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err = time.Parse(layout, raw); err == nil {
			return at, nil
		}
	}
	return at, fmt.Errorf("%q is neither a duration such as 24h nor a time such as 2006-01-02 or 2006-01-02T15:04:05Z", raw)
}

func (p *program) listAudit(ctx context.Context, cmd *urfave.Command, c *ctl.Client, q auth.AuditQuery) error {
	follow := cmd.Bool("follow")
	if follow && !c.Live() {
		return errors.New("no server runs on the data folder, so nothing comes: start it, or leave --follow out")
	}
	page, err := c.Audit(ctx, q)
	if err != nil {
		return err
	}
	if follow {
		return p.followAudit(ctx, cmd, c, q, page)
	}
	if err := p.printFound(cmd, page.Entries, auditColumns{q.User != ""}); err != nil {
		return err
	}
	if page.Unreadable > 0 {
		return fmt.Errorf("%d entries can't be read: see kunci audit verify", page.Unreadable)
	}
	return nil
}

// followAudit prints what was found and then what comes, as JSON one entry a
// line, until it is interrupted.
func (p *program) followAudit(ctx context.Context, cmd *urfave.Command, c *ctl.Client, q auth.AuditQuery, page *auth.AuditPage) error {
	columns := auditColumns{q.User != ""}
	head := columns.head()
	for {
		if err := p.printAudit(cmd, head, columns, page.Entries); err != nil {
			return err
		}
		head = nil
		select {
		case <-ctx.Done():
			return nil // which is how it ends
		case <-time.After(followEvery):
		}
		q.After, q.Limit = page.Last, 0
		next, err := c.FollowAudit(ctx, q)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		page = next
	}
}

// auditLines writes entries as NDJSON.
func auditLines(w io.Writer, each func(func(*auth.Audited) error) error) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return each(func(e *auth.Audited) error { return lines.Encode(e) })
}

func (p *program) auditVerify() *urfave.Command {
	return &urfave.Command{
		Name: "verify", Usage: "see that no entry of the audit log was changed or taken out; exit status 0 or 1",
		Description: "Each entry holds the SHA-256 of the one before. Whoever can write the data file could make all of them anew:\n" +
			"note the head elsewhere, now and then, and --head sees that it is still there.",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "head", Usage: "a `HASH` that was noted earlier must still be in the log", HideDefault: true, OnlyOnce: true}, jsonFlag(),
		},
		Action: p.action(nil, func(ctx context.Context, cmd *urfave.Command, c *ctl.Client, _ []string) error {
			v, err := c.VerifyAudit(ctx, cmd.String("head"))
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				err = printJSON(p.stdout, v)
			} else {
				err = showVerified(cmd, v)
			}
			switch {
			case err != nil:
				return err
			case len(v.Faults) > 0:
				return fmt.Errorf("%d faults: the audit log is damaged, or somebody has changed it", len(v.Faults))
			case cmd.String("head") != "" && !v.Noted:
				return errors.New("the head that was noted is not in the log: its entry has gone with age, or somebody has made the log anew")
			}
			return nil
		}),
	}
}

func showVerified(cmd *urfave.Command, v *auth.AuditVerified) error {
	t := table{rows: [][]any{{"entries", v.Entries}, {"first", v.First}, {"last", v.Last}, {"head", v.Head}}}
	if cmd.String("head") != "" {
		t.add("noted head", map[bool]string{true: "is in the log", false: "is not in the log"}[v.Noted])
	}
	for _, fault := range v.Faults {
		t.add("fault", fault)
	}
	return t.print(cmd.Root().Writer)
}

func (p *program) auditExport() *urfave.Command {
	return &urfave.Command{
		Name: "export", Usage: "write every entry of the audit log as NDJSON", ArgsUsage: "[FILE]",
		Description: "The oldest comes first; without FILE, or with -, it goes to standard output.",
		Flags:       []urfave.Flag{&urfave.BoolFlag{Name: "force", Usage: "replace FILE where it is there already", HideDefault: true}},
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			return p.exportList(ctx, cmd, exportable{
				to: func(c *ctl.Client, w io.Writer) (int, error) { return auditTo(ctx, c, w) },
				tell: func(n int, path string) error {
					return tell(cmd, auditExported{path, n}, "%d entries written to %s", n, path)
				},
			})
		},
	}
}

// auditExported is what came of an export to a file, for programs.
type auditExported struct {
	File    string `json:"file"`
	Entries int    `json:"entries"`
}

func auditTo(ctx context.Context, c *ctl.Client, w io.Writer) (n int, err error) {
	unreadable, out := 0, bufio.NewWriter(w)
	err = auditLines(out, func(line func(*auth.Audited) error) (err error) {
		unreadable, err = c.ExportAudit(ctx, func(e *auth.Audited) error { n++; return line(e) })
		return err
	})
	err = errors.Join(err, out.Flush())
	if err == nil && unreadable > 0 {
		err = fmt.Errorf("%d entries %w", unreadable, errUnreadable)
	}
	return n, err
}
