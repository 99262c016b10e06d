package mail_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kunci/mail"
)

// A trial is a letter that any sender takes; what is wrong with the address is
// told apart from what is wrong with the sender.
func TestTrial(t *testing.T) {
	t.Parallel()
	box, err := mail.NewOutbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := mail.Trial(address, "Kunci <no-reply@example.com>", created)
	if err == nil {
		err = box.Send(t.Context(), l)
	}
	if err != nil {
		t.Fatal(err)
	}
	list, err := box.List()
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	e, err := box.Read(list[0].Name)
	if err != nil || e.To != address || !e.Date.Equal(created.Truncate(time.Second)) || !strings.Contains(e.Text, `"kunci mail test"`) || !strings.Contains(e.HTML, "&#34;kunci mail test&#34;") {
		t.Errorf("%+v, %v", e, err)
	}
	if again, err := mail.Trial(address, sender, created); err != nil || again.ID == l.ID {
		t.Errorf("%+v, %v", again, err)
	}
	for _, test := range []struct {
		to, from string
		final    bool
	}{{"ada", sender, true}, {"Ada <ada@example.com>", sender, true}, {"a@b.c\r\nBcc: d@e.f", sender, true}, {address, "nobody", false}} {
		_, err := mail.Trial(test.to, test.from, created)
		var final *mail.PermanentError
		if err == nil || errors.As(err, &final) != test.final {
			t.Errorf("to %q from %q: %v", test.to, test.from, err)
		}
	}
}
