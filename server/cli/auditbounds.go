package cli

import (
	"time"

	"kunci/server/auth"
)

// auditBounds are how much the audit log keeps.
type auditBounds struct {
	keep time.Duration
	most int // entries; 0: none is written
}

// audit reads the settings of the audit log.
func (r *reader) audit() auditBounds {
	raw := r.text("audit-keep")
	keep, err := time.ParseDuration(raw)
	if err != nil || keep < auth.LeastAuditKeep || keep > auth.MostAuditKeep {
		r.fault("audit-keep", "%q is not a duration from 1h to 87840h, such as 2160h", raw)
	}
	return auditBounds{keep: keep, most: r.number("audit-most", 0, auth.MostAudit)}
}
