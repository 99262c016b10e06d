package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	gomail "github.com/wneessen/go-mail"
)

// MaxOutbox is how many letters an outbox keeps at most. When another one comes, the oldest
// SweptOutbox go: looking through the folder for each letter would cost more than the letter.
const (
	MaxOutbox   = 1000
	SweptOutbox = 50
)

// Outbox puts every letter into a folder as a readable .eml file, for servers without SMTP.
//
// A file is named after the letter's date and id, so names sort by time and a resend replaces what
// it repeats. The files are for people and for grep: UTF-8 without transfer encoding and with the
// line ends of Unix, each link whole on a line of its own. At most [MaxOutbox] files are kept.
type Outbox struct {
	dir string

	mu   sync.Mutex // one sweep at a time
	room int        // letters that fit in before anybody has to look
}

const (
	nameTime   = "20060102T150405.000Z"
	tempPrefix = ".tmp-"
)

var (
	fileName = regexp.MustCompile(`^\d{8}T\d{6}\.\d{3}Z-[A-Za-z0-9_-]{1,64}\.eml$`)

	// ErrNoLetter says that the outbox holds no letter of that name.
	ErrNoLetter = errors.New("mail: outbox: no such letter")
)

// NewOutbox opens the outbox in dir, which is made where it is missing; its mode becomes 0700.
// Half-written files that a crash has left are removed.
func NewOutbox(dir string) (*Outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	// A power cut would take the letters along with a folder whose own name is
	// not durable.
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(globQuote(dir), tempPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("mail: outbox: %w", err)
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("mail: outbox: %w", err)
		}
	}
	return &Outbox{dir: dir}, nil
}

// String names the folder, such as "files in kunci-data/outbox".
func (o *Outbox) String() string { return "files in " + o.dir }

// Send writes the letter to its file, whole or not at all, and returns when it is durable.
func (o *Outbox) Send(ctx context.Context, l *Letter) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	raw, err := l.render(gomail.NoEncoding)
	if err != nil {
		return permanent(err)
	}
	name := l.Date.UTC().Format(nameTime) + "-" + l.ID + ".eml"
	if !fileName.MatchString(name) {
		return permanent(errors.New("mail: outbox: the date does not fit into a file name"))
	}
	if err := o.write(name, bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))); err != nil {
		return fmt.Errorf("mail: outbox: %w", err)
	}
	if err := o.sweep(); err != nil {
		return fmt.Errorf("mail: outbox: %w", err)
	}
	return nil
}

func (o *Outbox) write(name string, raw []byte) (err error) {
	// Somebody who tidies up may take the folder along with the letters.
	switch err := os.Mkdir(o.dir, 0o700); {
	case err == nil:
		if err := syncDir(filepath.Dir(o.dir)); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	f, err := os.CreateTemp(o.dir, tempPrefix+"*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(o.dir, name))
	}
	if err == nil {
		err = syncDir(o.dir)
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sweep removes the oldest letters, once there are more than MaxOutbox.
func (o *Outbox) sweep() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.room > 0 {
		o.room--
		return nil
	}
	names, err := o.names()
	if err != nil {
		return err
	}
	keep := MaxOutbox
	if len(names) > keep {
		keep -= SweptOutbox
	}
	for _, name := range names[min(keep, len(names)):] {
		if err := os.Remove(filepath.Join(o.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	o.room = MaxOutbox - min(keep, len(names))
	return nil
}

// names returns the names of all letters, newest first. Other files are none of our business.
func (o *Outbox) names() ([]string, error) {
	entries, err := os.ReadDir(o.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && fileName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// globQuote keeps filepath.Glob from reading patterns into the name of a folder.
func globQuote(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
