package ctl

import (
	"context"

	"kunci/server/auth"
)

// userExport lists the accounts as import reads them.
var userExport = stream[exportOptions, auth.Exported]{"export", func(ctx context.Context, d *doing, how exportOptions, fn func(*auth.Exported) error) (int, error) {
	if how.Hashes {
		d.subject = "with password hashes" // which somebody may want to know later
	}
	return d.Export(ctx, how.Hashes, fn)
}}

type exportOptions struct {
	Hashes bool `json:"hashes"`
}

// Export calls fn for every account in the order of ids, as it comes, until fn
// returns an error. unreadable is how many are left out since they are damaged.
func (c *Client) Export(ctx context.Context, hashes bool, fn func(*auth.Exported) error) (unreadable int, err error) {
	return userExport.ask(ctx, c, exportOptions{hashes}, fn)
}
