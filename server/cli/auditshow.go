package cli

import (
	"fmt"
	"strings"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

// auditColumns are how entries are listed. Where all are of one account, it has
// no column.
type auditColumns struct{ ofOne bool }

func (c auditColumns) head() []string {
	head := []string{"TIME", "EVENT", "OUTCOME", "API", "ADDRESS"}
	if !c.ofOne {
		head = append(head, "ACCOUNT")
	}
	return append(head, "NOTE")
}

func (c auditColumns) row(e *auth.Audited) []any {
	row := []any{e.Time, e.Event, whole(e.Outcome), e.Dialect, e.Address}
	if !c.ofOne {
		row = append(row, e.Account)
	}
	return append(row, note(auditNote(e)))
}

// printFound prints what was found. A person is told where that is nothing.
func (p *program) printFound(cmd *urfave.Command, entries []*auth.Audited, columns auditColumns) error {
	if err := printList(cmd, entries, columns.head(), columns.row); err != nil || len(entries) > 0 || terminal(p.stderr) == nil {
		return err
	}
	_, err := fmt.Fprintln(p.stderr, "nothing in the audit log is so")
	return err
}

// auditNote is what an entry tells beside its columns.
func auditNote(e *auth.Audited) string {
	var notes []string
	for _, note := range []string{e.Reason, e.Subject} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	if e.Times > 1 {
		notes = append(notes, fmt.Sprintf("%d times", e.Times))
	}
	return strings.Join(notes, "; ")
}

func (p *program) printAudit(cmd *urfave.Command, head []string, columns auditColumns, entries []*auth.Audited) error {
	if !cmd.Bool("json") {
		t := table{head: head}
		for _, e := range entries {
			t.add(columns.row(e)...)
		}
		return t.print(p.stdout)
	}
	return auditLines(p.stdout, func(line func(*auth.Audited) error) error {
		for _, e := range entries {
			if err := line(e); err != nil {
				return err
			}
		}
		return nil
	})
}
