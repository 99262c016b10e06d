package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Letter is a composed mail: what a [Sender] takes.
type Letter struct {
	ID        string    // of the message; names the file in an outbox
	From      string    // as a header shows it, with or without display name
	To        string    // a bare ASCII address
	Lang      string    // "id" or "en"
	Subject   string    // one line
	Text      string    // plain text; lines end with \n
	HTML      string    // the same as HTML
	MessageID string    // without angle brackets; the same over resends
	Date      time.Time // in UTC
}

// Sender gets letters out: [*SMTP] or [*Outbox]. It may be used by several goroutines at once.
type Sender interface {
	// Send hands the letter over, or says why not; a *PermanentError says that trying again as it is
	// will hardly help. No error names the recipient, a link or anything of the text.
	Send(ctx context.Context, l *Letter) error
	// String says for the start banner where letters go, without any secret.
	String() string
}

// PermanentError is a refusal of this letter for good, such as an address that does not exist.
// Any other error is worth another try.
type PermanentError struct{ Err error }

// Error returns the text of the error inside.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *PermanentError) Unwrap() error { return e.Err }

func permanent(err error) error { return &PermanentError{Err: err} }

// render writes the letter as a MIME message, its lines ended with CRLF but for those of 8bit
// parts. It checks again what Compose has checked, since anyone can make a Letter: no value may
// break a header or the name of a file. The same letter gives the same bytes.
func (l *Letter) render(encoding gomail.Encoding) ([]byte, error) {
	from, err := parseSender(l.From)
	if err != nil {
		return nil, err
	}
	if err := checkAddress(l.To); err != nil {
		return nil, fmt.Errorf("mail: to: %w", err)
	}
	if !idForm.MatchString(l.ID) {
		return nil, errors.New("mail: id: not fit for a file name")
	}
	if checkAddress(l.MessageID) != nil || oneLine(l.Subject, maxValue) != l.Subject || language(l.Lang) != l.Lang {
		return nil, errors.New("mail: message id, subject or language: not fit for a header")
	}
	// The boundary cannot occur in the text: no line that a value is in begins with dashes.
	msg := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("kunci-"+l.ID))
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: l.To})
	msg.Subject(l.Subject)
	msg.SetDateWithValue(l.Date)
	msg.SetMessageIDWithValue(l.MessageID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 5: no answers from machines
	msg.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, errors.New("mail: rendering failed")
	}
	return b.Bytes(), nil
}
