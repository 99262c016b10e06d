package mail

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Entry is a letter in an [Outbox]. [Outbox.List] leaves Text and HTML empty.
type Entry struct {
	Name    string // of the file
	To      string
	Subject string
	Date    time.Time
	Text    string
	HTML    string // as it was sent: show it in a sandbox
}

const maxEML = 1 << 20 // bytes; a letter has some 5,000

// List returns the letters in the outbox, newest first. A file that cannot be read as a mail is
// listed by its name alone.
func (o *Outbox) List() ([]Entry, error) {
	names, err := o.names()
	if err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	entries := make([]Entry, 0, len(names))
	for _, name := range names {
		e, err := o.open(name, false)
		switch {
		case errors.Is(err, ErrNoLetter): // swept away meanwhile
		case err != nil:
			entries = append(entries, Entry{Name: name})
		default:
			entries = append(entries, *e)
		}
	}
	return entries, nil
}

// Read returns one letter with its parts. A name that List would not give is [ErrNoLetter],
// whatever lies there.
func (o *Outbox) Read(name string) (*Entry, error) {
	if !fileName.MatchString(name) {
		return nil, ErrNoLetter
	}
	return o.open(name, true)
}

func (o *Outbox) open(name string, whole bool) (*Entry, error) {
	path := filepath.Join(o.dir, name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, ErrNoLetter
	}
	if err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoLetter
	}
	if err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	defer f.Close()
	e, body, err := readHeader(io.LimitReader(f, maxEML))
	if err != nil {
		return nil, err
	}
	e.Name = name
	if whole {
		err = e.readParts(body)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// readHeader reads a mail up to its body.
func readHeader(r io.Reader) (*Entry, *mail.Message, error) {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return nil, nil, errors.New("mail: outbox: the file is not a mail")
	}
	var e Entry
	e.To = msg.Header.Get("To")
	if to, err := mail.ParseAddress(e.To); err == nil {
		e.To = to.Address
	}
	e.Subject = msg.Header.Get("Subject")
	var words mime.WordDecoder
	if subject, err := words.DecodeHeader(e.Subject); err == nil {
		e.Subject = subject
	}
	if e.Date, err = msg.Header.Date(); err != nil {
		return nil, nil, errors.New("mail: outbox: the mail has no readable date")
	}
	return &e, msg, nil
}

// readParts reads the plain text and the HTML of a multipart/alternative body.
func (e *Entry) readParts(msg *mail.Message) error {
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" || params["boundary"] == "" {
		return errors.New("mail: outbox: the mail is not multipart/alternative")
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextPart() // takes quoted-printable off
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.New("mail: outbox: the parts of the mail are broken")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return errors.New("mail: outbox: a part of the mail is broken")
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n")
		switch kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind {
		case "text/plain":
			e.Text = text
		case "text/html":
			e.HTML = text
		}
	}
}
