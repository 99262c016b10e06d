package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"kunci/server/auth"
)

// Parse reads a body of a media type that the dialect reads. Anything in it
// that two readers could take for two things is an error: a member given
// twice, bad UTF-8, data after the end.
func (r *Request) Parse(media string, params map[string]string, body []byte) *auth.Error {
	var err error
	switch strings.ToLower(media) {
	case mediaJSON:
		r.fields, err = parseJSON(body)
	case mediaForm:
		r.fields, err = parseForm(string(body))
	case mediaMultipart:
		r.fields, err = parseMultipart(body, params["boundary"])
	default:
		err = errors.New("a media type that no dialect reads")
	}
	if err != nil {
		return &auth.Error{Kind: auth.Malformed, Reason: "malformed", Cause: err}
	}
	return nil
}

// parseJSON reads one object. The decoder refuses bad UTF-8, lone surrogates
// and members given twice, at any depth.
func parseJSON(body []byte) (Fields, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	open, err := d.ReadToken()
	if err != nil || open.Kind() != '{' {
		return nil, errors.New("not a JSON object")
	}
	fields := Fields{}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, notJSON(err)
		}
		key := name.String()
		if d.PeekKind() != '"' {
			if err := d.SkipValue(); err != nil {
				return nil, notJSON(err)
			}
			fields[key] = value{}
			continue
		}
		text, err := d.ReadToken()
		if err != nil {
			return nil, notJSON(err)
		}
		fields[key] = value{text: text.String(), isText: true}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("data after the JSON object")
	}
	return fields, nil
}

// notJSON says what is wrong without a word of the body, which may hold a
// password.
func notJSON(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errors.New("a member given twice")
	}
	var s *jsontext.SyntacticError
	if errors.As(err, &s) {
		return fmt.Errorf("not JSON at byte %d", s.ByteOffset)
	}
	return errors.New("not JSON")
}

// parseForm reads application/x-www-form-urlencoded.
func parseForm(body string) (Fields, error) {
	values, err := ParseForm(body)
	if err != nil {
		return nil, err
	}
	fields := Fields{}
	for name, text := range values {
		fields[name] = value{text: text, isText: true}
	}
	return fields, nil
}

// ParseForm reads a form, a dialect's or a page's. A member given twice and
// bad UTF-8 are errors; none quotes the body, which may hold a password.
func ParseForm(body string) (map[string]string, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return nil, errors.New("not a form")
	}
	form := map[string]string{}
	for name, all := range values {
		if len(all) > 1 {
			return nil, errors.New("a member given twice")
		}
		if !utf8.ValidString(name) || !utf8.ValidString(all[0]) {
			return nil, errors.New("bad UTF-8")
		}
		form[name] = all[0]
	}
	return form, nil
}

// maxParts bounds a multipart body; no document asks for more than a dozen.
const maxParts = 100

// parseMultipart reads multipart/form-data. Files are no fields.
func parseMultipart(body []byte, boundary string) (Fields, error) {
	if boundary == "" {
		return nil, errors.New("a multipart body without a boundary")
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	fields := Fields{}
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, errors.New("not multipart")
		}
		if part.Header.Get("Content-Transfer-Encoding") != "" {
			return nil, errors.New("a part with a transfer encoding (RFC 7578 4.7)")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, errors.New("not multipart")
		}
		name := part.FormName()
		if fields.Has(name) {
			return nil, errors.New("a member given twice")
		}
		if part.FileName() != "" {
			fields[name] = value{}
			continue
		}
		if err := fields.add(name, string(content)); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("too many parts")
}

func (f Fields) add(name, text string) error {
	if !utf8.ValidString(name) || !utf8.ValidString(text) {
		return errors.New("bad UTF-8")
	}
	f[name] = value{text: text, isText: true}
	return nil
}
