package cli

import (
	"context"
	"fmt"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

// keyRow is a signing key as it is listed.
type keyRow struct {
	auth.PublishedKey
	Until   *time.Time `json:"until"` // verifies before this time; null for the key that signs
	Signing bool       `json:"signing"`
}

func (p *program) keyCommand() *urfave.Command {
	return group("key", "the keys that sign tokens",
		&urfave.Command{
			Name: "list", Usage: "list the keys that still verify, the signing one first", Flags: []urfave.Flag{jsonFlag()},
			Action: p.action(nil, func(_ context.Context, cmd *urfave.Command, o auth.Operator, _ []string) error {
				var rows []keyRow
				for _, k := range o.Keys() {
					row := keyRow{PublishedKey: auth.PublishedKey{ID: k.ID, Public: k.Public, Since: k.Created}, Signing: k.Signing}
					if !k.Until.IsZero() {
						row.Until = &k.Until
					}
					rows = append(rows, row)
				}
				return printList(cmd, rows, []string{"KID", "SIGNS", "SINCE", "UNTIL"}, func(k keyRow) []any {
					until := time.Time{}
					if k.Until != nil {
						until = *k.Until
					}
					return []any{k.ID, k.Signing, k.Since, until}
				})
			}),
		},
		&urfave.Command{
			Name: "rotate", Usage: "make a new signing key; the old one verifies until its last token has expired",
			Action: p.action(nil, func(_ context.Context, cmd *urfave.Command, o auth.Operator, _ []string) error {
				before := o.Keys()
				id, err := o.RotateKey()
				if err != nil {
					return err
				}
				if err := say(cmd, "%s signs from now on", id); err != nil {
					return err
				}
				for _, k := range o.Keys() {
					if len(before) > 0 && k.ID == before[0].ID { // the one that signed stands first
						return say(cmd, "%s verifies until %s", k.ID, shown(k.Until))
					}
				}
				return nil
			}),
		},
	)
}

func (p *program) checkCommand() *urfave.Command {
	return &urfave.Command{
		Name: "check", Usage: "look for damage in the data; prints ok or the faults, exit status 0 or 1",
		Action: p.action(nil, func(_ context.Context, cmd *urfave.Command, o auth.Operator, _ []string) error {
			faults, err := o.Check()
			if err != nil {
				return err
			}
			if len(faults) == 0 {
				return say(cmd, "ok")
			}
			for _, fault := range faults {
				if err := say(cmd, "%s", fault); err != nil {
					return err
				}
			}
			return fmt.Errorf("%d faults: restore the data from a backup", len(faults))
		}),
	}
}
