package cli

import "time"

// archiveReport is what came of a backup or a restore, for programs.
type archiveReport struct {
	File     string    `json:"file,omitempty"`  // of a backup
	Size     int64     `json:"bytes,omitempty"` // of that file
	Folder   string    `json:"data,omitempty"`  // of a restore
	Dev      *bool     `json:"dev,omitempty"`   // whether that is for serve --dev
	Instance string    `json:"instance"`
	Schema   int       `json:"schema"`
	Version  string    `json:"version"` // of the kunci that made the backup
	Time     time.Time `json:"time"`    // when it was asked for
	Keys     bool      `json:"keys"`    // false: it has none, and a restore makes new ones
}

// reported is a report with what a manifest says.
func (m *manifest) reported(r archiveReport) archiveReport {
	r.Instance, r.Schema, r.Version, r.Time, r.Keys = m.Instance, m.Schema, m.Version, m.Time, m.hasKeys()
	return r
}
