package db

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Schema is the version of the layout that this program writes.
const Schema = 2

// The spaces. An index holds ids alone; whoever follows one compares what it
// finds with what was asked, so a damaged index entry leads nowhere.
const (
	spaceMeta             Space = "meta"              // name → value
	spaceAccount          Space = "account"           // account id → Account
	spaceAccountUUID      Space = "account_uuid"      // UUID → account id
	spaceAccountEmail     Space = "account_email"     // folded e-mail → account id
	spaceAccountUsername  Space = "account_username"  // folded username → account id
	spaceAccountGoogle    Space = "account_google"    // trust byte, subject → account id
	spaceAccountFacebook  Space = "account_facebook"  // trust byte, user id → account id
	spaceAccountFBToken   Space = "account_fb_token"  // SHA-256 of a claimed fb_token → account id
	spaceSession          Space = "session"           // session id → Session
	spaceSessionAccount   Space = "session_account"   // account id, session id → nothing
	spaceSessionKey       Space = "session_key"       // SHA-256 of a Shoop key → session id
	spaceSessionExpiry    Space = "session_expiry"    // hour, session id → nothing
	spaceLink             Space = "link"              // link id → Link
	spaceLinkAccount      Space = "link_account"      // account id, link id → nothing
	spaceLinkExpiry       Space = "link_expiry"       // hour, link id → nothing
	spaceCompany          Space = "company"           // UUID → Company
	spaceCompanyName      Space = "company_name"      // folded name → UUID
	spaceDivision         Space = "division"          // UUID → Division
	spaceDivisionName     Space = "division_name"     // company UUID, folded name → UUID
	spaceRole             Space = "role"              // UUID → Role
	spaceRoleName         Space = "role_name"         // folded name → UUID
	spaceMembership       Space = "membership"        // account id → Membership
	spaceMembershipLookup Space = "membership_lookup" // UUID of company, division or role, account id → nothing
	spaceMail             Space = "mail"              // job id → MailJob
	spaceMailDue          Space = "mail_due"          // due in ms, job id → nothing
	spaceMailAccount      Space = "mail_account"      // account id, job id → nothing
	spaceMailQuota        Space = "mail_quota"        // account id → MailQuota
	spaceKnownRange       Space = "known_range"       // account id, address range → KnownRange
	spaceHashKind         Space = "hash_kind"         // beginning of a password hash → how many accounts have one
	spaceDelay            Space = "delay"             // keyed digest of a name → Delay
	spaceAudit            Space = "audit"             // number → AuditEntry
)

// spaces lists every space with the schema version that brought it.
var spaces = []struct {
	name  Space
	since int
}{
	{spaceAccount, 1}, {spaceAccountEmail, 1}, {spaceAccountFacebook, 1}, {spaceAccountFBToken, 1},
	{spaceAccountGoogle, 1}, {spaceAccountUsername, 1}, {spaceAccountUUID, 1}, {spaceAudit, 2}, {spaceCompany, 1},
	{spaceCompanyName, 1}, {spaceDelay, 1}, {spaceDivision, 1}, {spaceDivisionName, 1}, {spaceHashKind, 1}, {spaceKnownRange, 1},
	{spaceLink, 1}, {spaceLinkAccount, 1}, {spaceLinkExpiry, 1}, {spaceMail, 1},
	{spaceMailAccount, 1}, {spaceMailDue, 1}, {spaceMailQuota, 1}, {spaceMembership, 1},
	{spaceMembershipLookup, 1}, {spaceMeta, 1}, {spaceRole, 1}, {spaceRoleName, 1},
	{spaceSession, 1}, {spaceSessionAccount, 1}, {spaceSessionExpiry, 1}, {spaceSessionKey, 1},
}

// accountIndexes lead to accounts, in the order in which they are asked.
var accountIndexes = []Space{
	spaceAccountUUID, spaceAccountEmail, spaceAccountUsername, spaceAccountGoogle, spaceAccountFacebook, spaceAccountFBToken,
}

// ID names a session, a mailed link or a mail job: 128 random bits.
type ID [16]byte

// Ascends says whether new keys of a space come after all that stand, so that
// an engine leaves no room for others between them.
func (s Space) Ascends() bool { return s == spaceAccount || s == spaceAudit }

func accountKey(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// accountChild is the key of something that belongs to an account; all of an
// account's lie side by side.
func accountChild(id uint64, child []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(child)), id), child...)
}

// hourKey orders things by the hour in which they expire: coarse, so that
// those made together stay together, and an id that is random stays random.
func hourKey(t Time, id ID) []byte {
	hour := uint32(max(0, int64(t)/time.Hour.Milliseconds()))
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 20), hour), id[:]...)
}

func dueKey(t Time, id ID) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 24), uint64(max(0, t))), id[:]...)
}

// socialKey keeps ids that were only claimed apart from ids that were proved.
func socialKey(s SocialID) []byte {
	if s.Claimed {
		return append([]byte{'c'}, s.Subject...)
	}
	return append([]byte{'v'}, s.Subject...)
}

func uuidKey(parts ...uuid.UUID) []byte {
	var key []byte
	for _, p := range parts {
		key = append(key, p[:]...)
	}
	return key
}

// after is the first key beyond every key that begins with prefix, nil where
// there is none.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// tail is the ID at the end of an index key; ok is false for a key of a
// wrong length.
func tail(key []byte, head int) (id ID, ok bool) {
	if len(key) != head+len(id) {
		return id, false
	}
	copy(id[:], key[head:])
	return id, true
}
