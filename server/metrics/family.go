package metrics

// families is every family of ours with what it says. A label has a value out of
// a list that is known when the server starts, or a pattern of a route, never
// anything that a client has sent.
var families = map[string]string{
	"kunci_sign_ins_total":  "Sign-ins by password, Google or Facebook, by dialect and outcome.",
	"kunci_sign_ups_total":  "Sign-ups, first sign-ins with Google among them, by dialect and outcome.",
	"kunci_forgots_total":   "Requests for a mail with a link, by dialect and outcome; the answer is ok whether or not a mail was sent.",
	"kunci_resets_total":    "New passwords by a mailed link, by dialect and outcome.",
	"kunci_confirms_total":  "Addresses and linkings confirmed by a mailed link, by outcome.",
	"kunci_sign_outs_total": "Sign-outs, by dialect and outcome.",
	"kunci_limits_total":    "Tries refused by a limit, by its rule.",

	"kunci_http_requests_total":           "HTTP answers, by route and status; route is empty where none matches.",
	"kunci_http_request_duration_seconds": "Time from a request's headers to the end of its answer, by route.",

	"kunci_hash_duration_seconds":      "Time that a password hash took.",
	"kunci_hash_wait_duration_seconds": "Time that a caller waited until its hash began.",
	"kunci_hash_refusals_total":        "Callers refused (503) since too many waited for a hash.",
	"kunci_hashes_running":             "Password hashes under way.",
	"kunci_hashes_waiting":             "Callers that wait for a hash.",

	"kunci_store_commit_duration_seconds": "Time that a commit took until it was on the disk.",
	"kunci_store_commit_acts":             "Acts that shared a commit.",
	"kunci_store_failures_total":          "Commits that failed.",
	"kunci_store_bytes":                   "Size of the data file.",
	"kunci_store_free_bytes":              "Bytes of the data file that what is written next will use.",

	"kunci_accounts":                 "Accounts, at the last census.",
	"kunci_sessions":                 "Sessions that have not expired, at the last census.",
	"kunci_mails_waiting":            "Mails that wait to be sent, at the last census.",
	"kunci_mails_retrying":           "Waiting mails that have failed before, at the last census.",
	"kunci_mail_oldest_age_seconds":  "Age of the oldest waiting mail, 0 where none waits.",
	"kunci_mail_attempts_total":      "Attempts to send a mail, by outcome.",
	"kunci_census_timestamp_seconds": "When accounts, sessions and mails were last counted.",

	"kunci_backups_total":                         "Scheduled backups, by outcome.",
	"kunci_backup_last_success_timestamp_seconds": "When the newest scheduled backup was made, 0 where there is none.",
	"kunci_backup_interval_seconds":               "Time between two scheduled backups.",

	"kunci_certificate_not_after_timestamp_seconds": "When the first certificate ends, 0 while a name has none; NaN without --domain and --tls-cert.",

	"kunci_ready":      "Whether the server can do its work: 1, or 0.",
	"kunci_part_ok":    "Whether a part works, 1, or fails, 0: store, keys, hashing, mail, backups, certificate.",
	"kunci_build_info": "Always 1; the labels say which kunci this is.",
}
