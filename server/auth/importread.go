package auth

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// importLine is the longest row in bytes.
const importLine = 1 << 20

// fileFault is a file that can't be read on.
func fileFault(cause error) error { return fail(Malformed, "file", cause) }

// rowReader reads rows, whose values are those of their columns; io.EOF ends
// them. A row that is wrong comes with its faults.
type rowReader interface {
	next() (*importRow, error)
}

func newRowReader(from io.Reader, format string) (rowReader, error) {
	in := bufio.NewReaderSize(from, importLine+len("\r\n"))
	switch head, err := in.Peek(3); {
	case len(head) == 0 && errors.Is(err, io.EOF):
		return nil, fileFault(errors.New("it is empty"))
	case len(head) == 0:
		return nil, err
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3) // what was peeked at
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fileFault(errors.New("it is UTF-16: save it as UTF-8"))
	}
	switch format {
	case ImportNDJSON:
		return &ndjsonRows{in: in}, nil
	case ImportCSV:
		return newCSVRows(in)
	}
	return nil, fail(Invalid, "columns", fmt.Errorf("%q is no format: say %s or %s", format, ImportNDJSON, ImportCSV))
}

// counted counts what is read.
type counted struct {
	from io.Reader
	read int64
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.read += int64(n)
	return n, err
}

// ndjsonRows reads one JSON object a line; blank lines are none.
type ndjsonRows struct {
	in   *bufio.Reader
	line int64
	json jsontext.Decoder
	text bytes.Buffer
}

func (n *ndjsonRows) next() (*importRow, error) {
	for {
		line, err := n.in.ReadSlice('\n')
		n.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, tooLong(n.line)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			r := &importRow{line: n.line}
			n.object(r, line)
			return r, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func tooLong(line int64) error {
	return fileFault(fmt.Errorf("line %d is longer than 1 MiB", line))
}

// object reads a row. What is wrong is told without a word of the line, which
// may hold a hash.
func (n *ndjsonRows) object(r *importRow, line []byte) {
	if !utf8.Valid(line) {
		r.fault("", "not_utf8", 0)
		return
	}
	n.text.Reset()
	n.text.Write(line)
	n.json.Reset(&n.text)
	if n.json.PeekKind() != '{' {
		r.fault("", "not_object", 0)
		return
	}
	_, err := n.json.ReadToken()
	for err == nil && n.json.PeekKind() == '"' {
		var name jsontext.Token
		if name, err = n.json.ReadToken(); err == nil {
			err = n.member(r, name.String())
		}
	}
	if err == nil {
		_, err = n.json.ReadToken() // the end
	}
	if err == nil {
		if _, err = n.json.ReadToken(); errors.Is(err, io.EOF) {
			return
		}
	}
	r.faults = nil // what came before the end of sense says nothing
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		r.fault("", "member_twice", 0)
	case errors.As(err, &syntax):
		r.fault("", "not_json", syntax.ByteOffset+1)
	default:
		r.fault("", "not_object", 0)
	}
}

func (n *ndjsonRows) member(r *importRow, name string) error {
	kind := n.json.PeekKind()
	if kind == '{' || kind == '[' {
		if i := columnNamed(name); i >= 0 {
			r.fault(name, "not_value", 0)
		} else {
			r.unknown(name)
		}
		return n.json.SkipValue()
	}
	v, err := n.json.ReadToken()
	if err != nil {
		return err
	}
	i := columnNamed(name)
	switch {
	case i < 0:
		r.unknown(name)
	case kind != 'n':
		r.set(i, value{kind: kind, text: v.String()})
	}
	return nil
}

// csvRows reads RFC 4180, the first record of which names the columns.
type csvRows struct {
	in      *csv.Reader
	bound   *bounded
	columns []int // in the table, by place
	line    int   // where the last record begins
}

// bounded ends a record that does not end, such as one whose quotes are
// never closed.
type bounded struct {
	from *bufio.Reader
	left int
	err  error // other than the end; the reader of CSV takes one for a quote that is not closed
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.err = errRecordTooLong
		return 0, b.err
	}
	n, err := b.from.Read(p)
	if b.left -= n; !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

var errRecordTooLong = errors.New("a record is longer than 1 MiB")

func newCSVRows(in *bufio.Reader) (*csvRows, error) {
	b := &bounded{from: in}
	c := &csvRows{in: csv.NewReader(b), bound: b}
	c.in.FieldsPerRecord = -1
	names, err := c.record()
	if errors.Is(err, io.EOF) {
		return nil, fileFault(errors.New("it is empty"))
	}
	if err != nil {
		return nil, err
	}
	c.columns, err = columnsOf(names)
	c.in.ReuseRecord = true
	return c, err
}

func (c *csvRows) record() ([]string, error) {
	c.bound.left = importLine
	record, err := c.in.Read()
	var parse *csv.ParseError
	switch {
	case errors.Is(c.bound.err, errRecordTooLong):
		return nil, fileFault(fmt.Errorf("the record after line %d is longer than 1 MiB: is a quote not closed?", c.line))
	case c.bound.err != nil:
		return nil, c.bound.err
	case errors.As(err, &parse):
		return nil, fileFault(fmt.Errorf("the record of line %d: the quotes are wrong at line %d, column %d", parse.StartLine, parse.Line, parse.Column))
	}
	if err == nil {
		c.line, _ = c.in.FieldPos(0)
	}
	return record, err
}

func (c *csvRows) next() (*importRow, error) {
	record, err := c.record()
	if err != nil {
		return nil, err
	}
	r := &importRow{line: int64(c.line)}
	if len(record) != len(c.columns) {
		r.faults = append(r.faults, RowFault{Line: r.line, Reason: "wrong_count", N: int64(len(record)), Detail: fmt.Sprint(len(c.columns))})
		return r, nil
	}
	for i, text := range record {
		if !utf8.ValidString(text) {
			r.fault(importColumns[c.columns[i]].name, "not_utf8", 0)
			continue
		}
		r.set(c.columns[i], value{text: text})
	}
	return r, nil
}
