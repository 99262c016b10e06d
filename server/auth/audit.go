package auth

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"kunci/db"
)

// The events of the audit log. An operator's acts are called as the commands
// are.
const (
	eventSignUp       = "sign-up"
	eventSignIn       = "sign-in"
	eventSignOut      = "sign-out"
	eventResetAsked   = "reset-asked"
	eventReset        = "reset"
	eventConfirmAsked = "confirm-asked"
	eventConfirm      = "confirm"
	eventLinkAsked    = "link-asked"
	eventLink         = "link"

	eventUserAdd          = "user-add"
	eventUserSet          = "user-set"
	eventUserPasswd       = "user-passwd"
	eventUserDisable      = "user-disable"
	eventUserEnable       = "user-enable"
	eventUserDelete       = "user-delete"
	eventCompanyAdd       = "company-add"
	eventDivisionAdd      = "division-add"
	eventRoleAdd          = "role-add"
	eventCompanySet       = "company-set"
	eventDivisionSet      = "division-set"
	eventRoleSet          = "role-set"
	eventCompanyDelete    = "company-delete"
	eventDivisionDelete   = "division-delete"
	eventRoleDelete       = "role-delete"
	eventSessionRevoke    = "session-revoke"
	eventSessionRevokeAll = "session-revoke-all"
	eventKeyRotate        = "key-rotate"
	eventImport           = "import"
	eventExport           = "export"
	eventBackup           = "backup"
	eventAuditExport      = "audit-export"

	eventDropped = "dropped"
)

// AuditEvents are all that the audit log tells of, in the order of the help.
var AuditEvents = []string{
	eventSignUp, eventSignIn, eventSignOut, eventResetAsked, eventReset, eventConfirmAsked, eventConfirm, eventLinkAsked, eventLink,
	eventUserAdd, eventUserSet, eventUserPasswd, eventUserDisable, eventUserEnable, eventUserDelete,
	eventCompanyAdd, eventDivisionAdd, eventRoleAdd, eventCompanySet, eventDivisionSet, eventRoleSet,
	eventCompanyDelete, eventDivisionDelete, eventRoleDelete, eventSessionRevoke, eventSessionRevokeAll, eventKeyRotate,
	eventImport, eventExport, eventBackup, eventAuditExport, eventDropped,
}

// Where an act came from that came by no dialect.
const (
	byOperator = "operator"
	byServer   = "server" // by itself, such as a scheduled backup
	byPage     = "page"   // of a mailed link
)

// AuditSources are those.
var AuditSources = []string{byOperator, byServer, byPage}

const (
	outcomeOK        = "ok"
	outcomeNoMail    = "no_mail"
	outcomeBegun     = "begun" // nobody knows yet what comes of it
	outcomeBrokenOff = "broken_off"
)

// Bounds of the settings of the audit log.
const (
	LeastAuditKeep = time.Hour
	MostAuditKeep  = 10 * 366 * 24 * time.Hour
	MostAudit      = 10_000_000
)

// attempt begins what the audit log will say of what a caller tries; typed is
// the identifier, "" where there is none.
func (s *Service) attempt(c *Caller, event, typed string) {
	if s.AuditMost == 0 {
		return
	}
	e := &db.AuditEntry{Event: event, Dialect: byPage}
	if c.Audience != nil {
		e.Dialect = c.Audience.Name
	}
	if c.Addr.IsValid() {
		e.Addr = c.Addr.String()
	}
	e.Request, _ = uuid.Parse(c.RequestID)
	if typed != "" {
		name := s.limits.named(nameKey(typed))
		e.Name = name[:]
	}
	c.entry = e
}

// about notes which account an attempt is about.
func (c *Caller) about(a *db.Account) {
	if c.entry != nil {
		c.entry.Account = a.UUID
	}
}

// record writes that an attempt was successful, in the act itself.
func (s *Service) record(tx db.Tx, c *Caller, account uuid.UUID) error {
	if c.entry == nil {
		return nil
	}
	return s.recordAs(tx, c, c.entry.Event, account, outcomeOK, c.entry.Reason)
}

// recordAs is record in other words.
func (s *Service) recordAs(tx db.Tx, c *Caller, event string, account uuid.UUID, outcome, reason string) error {
	if c.entry == nil {
		return nil
	}
	e := *c.entry // an act may run again
	e.At, e.Event, e.Account, e.Outcome, e.Reason = s.now(), event, account, outcome, reason
	return tx.Audit(&e)
}

// attempted notes a failure, which is written later, and returns it.
func (s *Service) attempted(c *Caller, err error) error {
	if err == nil || c.entry == nil {
		return err
	}
	failure := AsError(err)
	e := *c.entry
	e.At, e.Outcome = s.now(), failure.Reason
	switch why := failure.why(); {
	case e.Reason == "":
		e.Reason = why
	case why != "":
		e.Reason += ": " + why
	}
	s.audits.add(&e, failure.judged())
	return err
}

// why is the cause in words of our own. What others said, such as who checks a
// social claim, may name a person.
func (e *Error) why() string {
	switch e.Kind {
	case Invalid, Taken:
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, f.Name+" "+f.Reason)
		}
		return strings.Join(fields, ", ")
	case Refused:
		if errors.Is(e.Cause, ErrClaimRefused) {
			return "the claim was not believed"
		}
	case Unauthenticated, NotAdmitted, BadLink, Conflict, TooMany:
	default:
		return ""
	}
	if e.Cause == nil {
		return ""
	}
	rule, _, _ := strings.Cut(e.Cause.Error(), ",") // a limit's rest differs each time
	return rule
}

// judged says whether who tried was judged by what they brought. What was
// turned away before costs nothing, and can come in any number.
func (e *Error) judged() bool {
	switch e.Kind {
	case TooMany, Busy, Invalid, NotSetUp:
		return false
	}
	return e.Reason != "sign_up_closed"
}

// by notes by what means something is tried.
func (c *Caller) by(means string) {
	if c.entry != nil {
		c.entry.Reason = means
	}
}

// becomes notes that what is tried turns out to be something else.
func (c *Caller) becomes(event string) {
	if c.entry != nil {
		c.entry.Event = event
	}
}

// event is what is tried, "" where the audit log does not ask.
func (c *Caller) event() string {
	if c.entry == nil {
		return ""
	}
	return c.entry.Event
}
