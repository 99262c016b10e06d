package auth

import (
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"kunci/db"
)

// value is one value of a row as its file writes it.
type value struct {
	kind jsontext.Kind // 0 in CSV, which has nothing but text
	text string
}

// column is a member or column that import takes.
type column struct {
	name string
	read func(r *importRow, v value) (reason string)
}

// importColumns are all there are, named as in User where that has them.
var importColumns = []column{
	{"id", idColumn},
	{"uuid", uuidColumn(func(r *importRow) *uuid.UUID { r.ownUUID = true; return &r.account.UUID })},
	{"customer_id", uuidColumn(func(r *importRow) *uuid.UUID { return &r.account.CustomerID })},
	{"email", textColumn(func(r *importRow) *string { return &r.account.Email })},
	{"username", textColumn(func(r *importRow) *string { return &r.account.Username })},
	{"name", textColumn(func(r *importRow) *string { return &r.account.Name })},
	{"phone", textColumn(func(r *importRow) *string { return &r.account.Phone })},
	{hashColumn, textColumn(func(r *importRow) *string { return &r.account.PasswordHash })},
	{"credit_balance", numberColumn(func(r *importRow) *int64 { return &r.account.CreditBalance })},
	{"role_id", numberColumn(func(r *importRow) *int64 { return &r.account.RoleID })},
	{"id_location", textColumn(func(r *importRow) *string { return &r.account.IDLocation })},
	{"longitude", degreesColumn(func(r *importRow) *string { return &r.account.Longitude })},
	{"latitude", degreesColumn(func(r *importRow) *string { return &r.account.Latitude })},
	{"avatar", textColumn(func(r *importRow) *string { return &r.account.Avatar })},
	{"gcm_id", textColumn(func(r *importRow) *string { return &r.account.GCMID })},
	{"google_id", textColumn(func(r *importRow) *string { return &r.account.Google.Subject })},
	{"google_claimed", boolColumn(func(r *importRow) *bool { return &r.account.Google.Claimed })},
	{"facebook_id", textColumn(func(r *importRow) *string { return &r.account.Facebook.Subject })},
	{"facebook_claimed", boolColumn(func(r *importRow) *bool { return &r.account.Facebook.Claimed })},
	{"email_verified", boolColumn(func(r *importRow) *bool { return &r.account.EmailVerified })},
	{"self_registered", boolColumn(func(r *importRow) *bool { return &r.account.SelfRegistered })},
	{"disabled", boolColumn(func(r *importRow) *bool { return &r.account.Disabled })},
	{"weak_password", boolColumn(func(r *importRow) *bool { return &r.account.WeakPassword })},
	{"company", textColumn(func(r *importRow) *string { return &r.company.name })},
	{"company_uuid", uuidColumn(func(r *importRow) *uuid.UUID { return &r.company.id })},
	{"division", textColumn(func(r *importRow) *string { return &r.division.name })},
	{"division_uuid", uuidColumn(func(r *importRow) *uuid.UUID { return &r.division.id })},
	{"role", textColumn(func(r *importRow) *string { return &r.role.name })},
	{"role_uuid", uuidColumn(func(r *importRow) *uuid.UUID { return &r.role.id })},
	{"internal", boolColumn(func(r *importRow) *bool { return &r.internal })},
	{"created", timeColumn(func(r *importRow) *db.Time { return &r.account.Created })},
	{"updated", timeColumn(func(r *importRow) *db.Time { return &r.account.Updated })},
}

// hashColumn holds what no message may repeat.
const hashColumn = "password_hash"

// columnNamed is a column's place in the table, -1 for a name that none has.
func columnNamed(name string) int {
	return slices.IndexFunc(importColumns, func(c column) bool { return c.name == name })
}

// columnOf is a column by what the store calls it.
func columnOf(field string) string {
	if field == "fb_uid" {
		return "facebook_id"
	}
	return field
}

func textColumn(field func(*importRow) *string) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		if v.kind != 0 && v.kind != '"' {
			return "not_text"
		}
		*field(r) = v.text
		return ""
	}
}

// degreesColumn is text in User and a number in most other systems; it is kept
// as it is written.
func degreesColumn(field func(*importRow) *string) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		if v.kind != 0 && v.kind != '"' && v.kind != '0' {
			return "not_number"
		}
		*field(r) = v.text
		return ""
	}
}

func numberColumn(field func(*importRow) *int64) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		n, err := strconv.ParseInt(v.text, 10, 64)
		if v.kind != 0 && v.kind != '0' || err != nil || strconv.FormatInt(n, 10) != v.text {
			return "not_integer"
		}
		*field(r) = n
		return ""
	}
}

// importMaxID is the highest id: programs that read numbers of JSON as floating
// point are exact up to it.
const importMaxID = 1<<53 - 1

func idColumn(r *importRow, v value) string {
	var n int64
	if reason := numberColumn(func(*importRow) *int64 { return &n })(r, v); reason != "" {
		return reason
	}
	if n < 1 || n > importMaxID {
		return "not_id"
	}
	r.account.ID = uint64(n)
	return ""
}

func idText(id uint64) string { return strconv.FormatUint(id, 10) }

func boolColumn(field func(*importRow) *bool) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		if v.kind == '"' || v.text != "true" && v.text != "false" {
			return "not_bool"
		}
		*field(r) = v.text == "true"
		return ""
	}
}

func uuidColumn(field func(*importRow) *uuid.UUID) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		id, err := uuid.Parse(v.text)
		if v.kind != 0 && v.kind != '"' || err != nil || len(v.text) != len(id.String()) || id == (uuid.UUID{}) {
			return "not_uuid"
		}
		*field(r) = id
		return ""
	}
}

func timeColumn(field func(*importRow) *db.Time) func(*importRow, value) string {
	return func(r *importRow, v value) string {
		t, err := time.Parse(time.RFC3339, v.text)
		if v.kind != 0 && v.kind != '"' || err != nil || db.At(t) <= 0 {
			return "not_time"
		}
		*field(r) = db.At(t)
		return ""
	}
}
