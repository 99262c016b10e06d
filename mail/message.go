package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Kind says what a mail tells.
type Kind string

// The kinds of mail (CONTRACT 2, 4 and 5). Those with a link say how long it is good for.
const (
	Confirm         Kind = "confirm"          // sign-up: confirm the address; a link, 24 hours
	Reset           Kind = "reset"            // a new password; a link, 30 minutes
	Profile         Kind = "profile"          // profile details and a new password; a link, 30 minutes
	PasswordChanged Kind = "password-changed" // notice: the password was changed
	Linked          Kind = "linked"           // notice: an account of Provider was linked
	ConfirmLink     Kind = "confirm-link"     // confirm that an account of Provider is linked; a link, 24 hours
)

// DetailLabel names a line of a profile; the mail shows it in its own language.
type DetailLabel string

// The labels that a [Profile] mail can show.
const (
	LabelName     DetailLabel = "name"
	LabelEmail    DetailLabel = "email"
	LabelPhone    DetailLabel = "phone"
	LabelUsername DetailLabel = "username"
	LabelLocation DetailLabel = "location"
)

// Detail is one line of a [Profile] mail. One without a value is left out.
type Detail struct {
	Label DetailLabel
	Value string
}

// Message is everything that one mail needs to say; [Compose] makes it a [Letter].
type Message struct {
	ID       string    // stable over resends: 1–64 letters, digits, '-' or '_'
	Kind     Kind      // one of the kinds above
	Lang     string    // "id" for Indonesian, English otherwise
	To       string    // a bare ASCII address, without display name
	Name     string    // the greeting; may be empty
	Link     string    // http or https; for the kinds that have one, and only for them
	Provider string    // "Google"; for Linked and ConfirmLink
	Created  time.Time // when it was queued: the mail's date, the same over resends
	Service  string    // the public URL, named in the footer
	Profile  []Detail  // for Profile only
}

// What goes into one line of a mail, in code points and bytes. Links of kunci have some 100 bytes.
const (
	maxGreeting = 64
	maxValue    = 200
	maxProvider = 40
	maxURL      = 900 // a line of a mail has at most 998 bytes (RFC 5322 2.1.1)
	maxAddress  = 254 // RFC 5321 4.5.3.1.3
)

var (
	idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

	errAddress = errors.New("not a bare ASCII address")
	errURL     = errors.New("not a plain http or https URL")
)

// check refuses what cannot become a mail. The errors name the field, never its value.
func (m *Message) check(w words) error {
	fault := func(field string, err error) error { return fmt.Errorf("mail: %s: %w", field, err) }
	if !idForm.MatchString(m.ID) {
		return errors.New("mail: id: not 1 to 64 letters, digits, '-' or '_'")
	}
	if m.Created.IsZero() {
		return errors.New("mail: created: no time")
	}
	if err := checkAddress(m.To); err != nil {
		return fault("to", err)
	}
	if err := checkURL(m.Service); err != nil {
		return fault("service", err)
	}
	if w.Button != "" {
		if err := checkURL(m.Link); err != nil {
			return fault("link", err)
		}
	} else if m.Link != "" {
		return fmt.Errorf("mail: link: kind %q has none", m.Kind)
	}
	if (m.Kind == Linked || m.Kind == ConfirmLink) && oneLine(m.Provider, maxProvider) == "" {
		return errors.New("mail: provider: empty")
	}
	if m.Kind != Profile && len(m.Profile) > 0 {
		return fmt.Errorf("mail: profile: kind %q has none", m.Kind)
	}
	return nil
}

// checkAddress takes what can stand in an envelope and a header as it is: local@domain in
// printable ASCII, no display name, comment, quoted part or angle brackets.
func checkAddress(s string) error {
	if len(s) > maxAddress || strings.ContainsFunc(s, notPrintableASCII) {
		return errAddress
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s {
		return errAddress
	}
	return nil
}

// checkURL takes what can stand in a line of text and in an attribute without being changed by
// escaping beyond &, so that a link is the same however it is read.
func checkURL(s string) error {
	if len(s) > maxURL || strings.ContainsFunc(s, notPrintableASCII) || strings.ContainsAny(s, "\"'<>\\^`{|}") {
		return errURL
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return errURL
	}
	return nil
}

func notPrintableASCII(r rune) bool { return r <= ' ' || r > '~' }
