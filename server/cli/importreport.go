package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
)

// importOutput prints the rows that are refused as they come, and the report.
type importOutput struct {
	w    io.Writer
	json bool
	dry  bool
	rows int64 // refused rows printed, as JSON
	bar  *bar
	from time.Time // when it began
}

func newImportOutput(p *program, cmd *urfave.Command, l *rowList, dry bool) *importOutput {
	return &importOutput{w: p.stdout, json: cmd.Bool("json"), dry: dry, bar: p.newBar("import", l.size), from: time.Now()}
}

// refusedRow is a refused row for programs.
type refusedRow struct {
	Line   int64  `json:"line"`
	Field  string `json:"field"` // "" for the row as a whole
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func (o *importOutput) news(n *auth.ImportNews) error {
	if len(n.Refused) > 0 {
		o.bar.end()
	}
	for _, f := range n.Refused {
		if err := o.refused(f); err != nil {
			return err
		}
	}
	o.bar.reach(n.Bytes, fmt.Sprintf("%d rows, %.0f a second", n.Rows, float64(n.Rows)/time.Since(o.from).Seconds()))
	return nil
}

func (o *importOutput) refused(f auth.RowFault) error {
	if !o.json {
		_, err := fmt.Fprintln(o.w, neutral(fmt.Sprintf("line %d: %s", f.Line, strings.TrimSpace(f.Field+" "+rowText(f)))))
		return err
	}
	text, err := indented(refusedRow{f.Line, f.Field, f.Reason, rowText(f)}, "    ")
	if err != nil {
		return err
	}
	before := ",\n    "
	if o.rows == 0 {
		before = o.head() + "\n    "
	}
	o.rows++
	_, err = io.WriteString(o.w, before+text)
	return err
}

// head begins the report as JSON.
func (o *importOutput) head() string {
	return fmt.Sprintf("{\n  \"dry_run\": %v,\n  \"refused_rows\": [", o.dry)
}

func (o *importOutput) end(r *auth.ImportReport) error {
	o.bar.end()
	if !o.json {
		return o.text(r)
	}
	text, err := indented(r, "")
	if err != nil {
		return err
	}
	before := "\n  ],"
	if o.rows == 0 {
		before = o.head() + "],"
	}
	_, err = io.WriteString(o.w, before+strings.TrimPrefix(text, "{")+"\n")
	return err
}

func (o *importOutput) text(r *auth.ImportReport) error {
	imported, made := "imported", "made"
	if o.dry {
		imported, made = "would be imported", "would be made"
	}
	t := table{}
	t.add("rows", r.Rows)
	t.add(imported, r.Imported)
	there := fmt.Sprint(r.There)
	if r.Changed > 0 {
		there += fmt.Sprintf(" (%d changed since)", r.Changed)
	}
	t.add("there already", there)
	t.add("refused", r.Refused)
	for _, kind := range []struct {
		name   string
		counts map[string]int64
	}{
		{"collisions in the file", r.InFile}, {"collisions with accounts", r.InStore}, {"hashes", r.Hashes},
		{made, map[string]int64{"companies": r.Companies, "divisions": r.Divisions, "roles": r.Roles}},
	} {
		if text := counts(kind.counts); text != "" {
			t.add(kind.name, text)
		}
	}
	if r.Wrapped > 0 {
		t.add("wrapped", fmt.Sprintf("%d fast hashes, at the cost of a sign-in each", r.Wrapped))
	}
	return t.print(o.w)
}

// counts are those that are not 0, by name.
func counts(of map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if of[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", name, of[name]))
		}
	}
	return strings.Join(parts, ", ")
}

// rowTexts are what is said of a row that does not stand; # is its number, @
// its text.
var rowTexts = map[string]string{
	"hash_refused": "is refused: @",
	"member_twice": "a member is given twice",
	"membership":   "is not enough: a membership names company, division and role",
	"no_name":      "is unknown here: give its name as well, and it is made",
	"not_bool":     "is neither true nor false",
	"not_id":       "is not from 1 to 9007199254740991",
	"not_integer":  "is not an integer",
	"not_json":     "not JSON, from byte # of the line on",
	"not_object":   "not a JSON object",
	"not_time":     "is not a time as RFC 3339 writes it, such as 2026-01-02T15:04:05Z",
	"not_utf8":     "not UTF-8",
	"not_value":    "is an object or an array",
	"other_name":   "is here that of another name",
	"other_uuid":   "is here already, with another UUID",
	"taken":        "is another account's",
	"twice":        "is that of line # as well",
	"unknown":      "@",
	"wrong_count":  "# values where the first line names @",
}

func rowText(f auth.RowFault) string {
	text, known := rowTexts[f.Reason]
	if !known {
		return fieldText(auth.Field{Name: f.Field, Reason: f.Reason, N: int(f.N)})
	}
	return strings.NewReplacer("#", fmt.Sprint(f.N), "@", f.Detail).Replace(text)
}
