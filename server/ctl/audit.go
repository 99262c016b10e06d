package ctl

import (
	"context"
	"errors"

	"kunci/server/auth"
)

// chainHead is a head of the audit log that was noted earlier, "" for none.
type chainHead struct {
	Head string `json:"head"`
}

// The acts on the audit log.
var (
	auditList   = op[auth.AuditQuery, *auth.AuditPage]{"audit list", listAudit}
	auditFollow = op[auth.AuditQuery, *auth.AuditPage]{"audit follow", func(ctx context.Context, d *doing, q auth.AuditQuery) (*auth.AuditPage, error) {
		page, err := listAudit(ctx, d, q)
		d.quiet = err == nil && len(page.Entries) == 0
		return page, err
	}}
	auditVerify = op[chainHead, *auth.AuditVerified]{"audit verify", func(ctx context.Context, d *doing, in chainHead) (*auth.AuditVerified, error) {
		return d.VerifyAudit(ctx, in.Head)
	}}
	auditExport = stream[nothing, auth.Audited]{"audit export", func(ctx context.Context, d *doing, _ nothing, fn func(*auth.Audited) error) (int, error) {
		return d.AuditExport(ctx, fn)
	}}
)

func listAudit(ctx context.Context, d *doing, q auth.AuditQuery) (*auth.AuditPage, error) {
	if q.User != "" {
		d.account(q.User)
	}
	return d.Audit(ctx, q)
}

// Why says why somebody can't sign in.
func (c *Client) Why(ctx context.Context, who string) (*auth.Why, error) {
	return userWhy.ask(ctx, c, named{who})
}

// Audit lists entries of the audit log.
func (c *Client) Audit(ctx context.Context, q auth.AuditQuery) (*auth.AuditPage, error) {
	return auditList.ask(ctx, c, q)
}

// FollowAudit lists entries that came since, for whoever asks again and again.
func (c *Client) FollowAudit(ctx context.Context, q auth.AuditQuery) (*auth.AuditPage, error) {
	page, err := auditFollow.ask(ctx, c, q)
	if errors.As(err, new(*unansweredError)) {
		err = errors.New("the running server has ended")
	}
	return page, err
}

// VerifyAudit follows the chain of the audit log.
func (c *Client) VerifyAudit(ctx context.Context, head string) (*auth.AuditVerified, error) {
	return auditVerify.ask(ctx, c, chainHead{head})
}

// ExportAudit calls fn for every entry of the audit log, the oldest first, as
// it comes, until fn returns an error. unreadable is how many are left out
// since they are damaged.
func (c *Client) ExportAudit(ctx context.Context, fn func(*auth.Audited) error) (unreadable int, err error) {
	return auditExport.ask(ctx, c, nothing{}, fn)
}
