package auth

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// columnsOf finds the columns of a CSV's first record.
func columnsOf(names []string) ([]int, error) {
	columns := make([]int, len(names))
	for i, name := range names {
		columns[i] = columnNamed(name)
		switch {
		case len(names) == 1 && strings.ContainsAny(name, ";\t"):
			return nil, columnsError("columns are separated by commas")
		case columns[i] < 0:
			text := unknownColumn(fmt.Sprintf("column %d", i+1), name)
			if !strings.HasSuffix(text, "?") {
				text += ": the first line names the columns"
			}
			return nil, columnsError("%s", text)
		case slices.Contains(columns[:i], columns[i]):
			return nil, columnsError("there are two columns %s", name)
		}
	}
	if !slices.Contains(columns, columnNamed("email")) {
		return nil, columnsError("there is no column email: the first line names the columns")
	}
	return columns, nil
}

func columnsError(format string, args ...any) error {
	return fail(Invalid, "columns", fmt.Errorf(format, args...))
}

// unknownColumn words a name that no column has, and one that is like it. A file
// without a first line of names has a person's values there: only what looks
// like a name is repeated.
func unknownColumn(what, name string) string {
	if isColumnName(name) {
		what += fmt.Sprintf(" %q", name)
	}
	what += " is unknown"
	if like := nearestColumn(name); like != "" {
		what += ": did you mean " + like + "?"
	}
	return what
}

func isColumnName(name string) bool {
	return name != "" && len(name) < 32 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- ") == ""
}

// nearestColumn is the column whose name is most like another, "" where none is
// much like it.
func nearestColumn(name string) string {
	folded := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(name))
	if len(folded) < 2 || len(folded) > 32 {
		return ""
	}
	best, least := "", 3
	for _, c := range importColumns {
		known := strings.ReplaceAll(c.name, "_", "")
		d := distance(folded, known)
		if strings.HasPrefix(known, folded) {
			d = min(d, 2)
		}
		if d < least && d < len(folded) {
			best, least = c.name, d
		}
	}
	return best
}

// distance is how many letters have to be changed, added or left out to make
// one word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// unknownColumns is the error of rows that name members which no column has.
func unknownColumns(rows []*importRow) error {
	for _, r := range rows {
		i := slices.IndexFunc(r.faults, func(f RowFault) bool { return f.Reason == "unknown" })
		if i >= 0 {
			return columnsError("line %d: %s", r.line, r.faults[i].Detail)
		}
	}
	return nil
}

// CheckImport looks through a list for members that import does not take, so
// that a file can be refused before anything of it is written. Errors are those
// of Import.
func CheckImport(from io.Reader, format string) error {
	rows, err := newRowReader(from, format)
	if err != nil || format == ImportCSV {
		return err // the first line named them all
	}
	for {
		r, err := rows.next()
		if err != nil {
			return nil // the end, or what Import tells of after what stands before it
		}
		if err := unknownColumns([]*importRow{r}); err != nil {
			return err
		}
	}
}

// unknown notes a member that no column has.
func (r *importRow) unknown(name string) {
	r.faults = append(r.faults, RowFault{Line: r.line, Reason: "unknown", Detail: unknownColumn("member", name)})
}
