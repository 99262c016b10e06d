package dialect

import (
	"slices"

	"kunci/server/auth"
)

// Fields are the members of a body at its top level.
type Fields map[string]value

// value is a member: its text, or that it is no text.
type value struct {
	text   string
	isText bool
}

// Has says whether a member was sent, whatever it holds.
func (f Fields) Has(name string) bool {
	_, ok := f[name]
	return ok
}

// reader reads fields one by one and gathers what is wrong with them.
type reader struct {
	*Request
	faults []auth.Field
}

// may reads a field that need not be there.
func (r *reader) may(name string) string {
	v, sent := r.fields[name]
	if sent && !v.isText {
		r.fault(name, "not_text")
	}
	return v.text
}

// need reads a field that must be there and not be empty.
func (r *reader) need(name string) string {
	v, sent := r.fields[name]
	switch {
	case sent && !v.isText:
		r.fault(name, "not_text")
	case v.text == "":
		r.fault(name, "required")
	}
	return v.text
}

// fault notes what is wrong with a field, once: a field may be read twice.
func (r *reader) fault(name, reason string) {
	if slices.ContainsFunc(r.faults, func(f auth.Field) bool { return f.Name == name }) {
		return
	}
	r.faults = append(r.faults, auth.Field{Name: name, Reason: reason})
}

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return &auth.Error{Kind: auth.Invalid, Reason: "invalid", Fields: r.faults}
}
