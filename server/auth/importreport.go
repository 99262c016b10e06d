package auth

import (
	"context"
	"fmt"
)

// ImportReport is what came of the rows of an import, or would come of them.
type ImportReport struct {
	Rows     int64 `json:"rows"`     // imported, there already or refused
	Imported int64 `json:"imported"` // in a dry run: that would be
	There    int64 `json:"there"`    // stand already, from an earlier run or row
	Changed  int64 `json:"changed"`  // of these, were changed since
	Refused  int64 `json:"refused"`

	InFile  map[string]int64 `json:"collisions_in_file"` // refused rows by what an earlier row has
	InStore map[string]int64 `json:"collisions_in_store"`

	Hashes    map[string]int64 `json:"hashes"` // imported rows by family of hash; "none" for no password
	Wrapped   int64            `json:"wrapped"`
	Companies int64            `json:"companies"` // made
	Divisions int64            `json:"divisions"`
	Roles     int64            `json:"roles"`
}

// RowFault is why a row does not stand. It never holds a hash.
type RowFault struct {
	Line   int64  `json:"line"`
	Field  string `json:"field"`  // the column; "" for the row as a whole
	Reason string `json:"reason"` // message key
	N      int64  `json:"n"`      // the number that the message names
	Detail string `json:"detail"` // the text that the message names
}

// ImportNews is told after every batch.
type ImportNews struct {
	Refused []RowFault `json:"refused"` // by line; a row can have several
	Rows    int64      `json:"rows"`    // dealt with so far
	Bytes   int64      `json:"bytes"`   // read so far
}

// tellAudit tells the audit log what an import came to, however it ended.
func (im *importer) tellAudit(ctx context.Context, err error) {
	if im.dry {
		return
	}
	e := im.entry(eventImport)
	e.Reason = fmt.Sprintf("%d imported, %d there, %d refused", im.report.Imported, im.report.There, im.report.Refused)
	if err != nil {
		e.Outcome = outcomeBrokenOff
	}
	im.note(ctx, e)
}

// imported counts a row that stands, or would.
func (p *ImportReport) imported(r *importRow) {
	p.Imported++
	p.Hashes[r.family]++
	if r.wrap {
		p.Wrapped++
	}
}

// refuse counts a row that does not stand.
func (im *importer) refuse(r *importRow) {
	im.report.Refused++
	im.faults = append(im.faults, r.faults...)
	for _, f := range r.faults {
		switch f.Reason {
		case "twice":
			im.report.InFile[f.Field]++
		case "taken":
			im.report.InStore[f.Field]++
		}
	}
}
