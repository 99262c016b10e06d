package auth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kunci/mail"
	"kunci/server/auth"
)

func (h *house) queue() auth.Mails { return auth.Mails{Service: h.Service} }

func TestMailsInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	q := h.queue()
	start := h.clock.Now()
	for i := range 5 {
		h.register(fmt.Sprintf("budi%d@example.com", i), "")
		h.clock.add(time.Second)
	}
	order := func(now time.Time, max int) (list string) {
		t.Helper()
		for _, j := range must[[]mail.Job](t)(q.Due(now, max)) {
			list += j.Message.To[4:5]
		}
		return list
	}
	for _, test := range []struct {
		now  time.Time
		max  int
		want string
	}{{start.Add(-time.Millisecond), 9, ""}, {start, 9, "0"}, {h.clock.Now(), 3, "012"}, {h.clock.Now(), 9, "01234"}} {
		if got := order(test.now, test.max); got != test.want {
			t.Errorf("due at %v: %q, want %q", test.now, got, test.want)
		}
	}
	jobs := h.mails()
	h.check(q.Retry(jobs[0], h.clock.Now().Add(time.Minute), "refused"))
	h.check(q.Done(jobs[1]))
	h.check(q.Drop(jobs[2], "expired"))
	if got := order(h.clock.Now(), 9); got != "34" {
		t.Errorf("due %q, want 34", got)
	}
	h.clock.add(time.Minute)
	if got := order(h.clock.Now(), 9); got != "340" {
		t.Errorf("due %q, want 340", got)
	}
	for _, j := range h.mails() {
		if want := map[string]int{jobs[0].ID: 1}[j.ID]; j.Attempts != want {
			t.Errorf("%d attempts, want %d", j.Attempts, want)
		}
	}
	for _, j := range jobs { // whatever comes late of a job that is gone is no error
		h.check(q.Done(j))
		h.check(q.Retry(j, h.clock.Now(), ""))
		h.check(q.Drop(j, ""))
	}
	if n := len(h.mails()); n != 0 {
		t.Errorf("%d mails are left", n)
	}
	for _, err := range []error{q.Done(mail.Job{ID: "x"}), q.Drop(mail.Job{}, ""), q.Retry(mail.Job{ID: "x"}, start, "")} {
		if err == nil {
			t.Error("a job without an id is settled")
		}
	}
}

// A mail whose link no longer opens anything is not sent.
func TestMootMailsAreDropped(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, test := range map[string]struct {
		act  func(h *house) error
		left string
	}{
		"nothing": {func(*house) error { return nil }, " confirm reset"},
		"reset": {func(h *house) error {
			return h.reset(linkOf(t, h.mails()[1]), newPassword)
		}, " password-changed"},
		"disable": {func(h *house) error { return h.op.Disable(ctx, "budi@example.com") }, ""},
		"delete":  {func(h *house) error { return h.op.Delete(ctx, "budi@example.com") }, ""},
		"e-mail": {func(h *house) error {
			_, err := h.op.SetUser(ctx, "budi@example.com", auth.Edit{Email: ptr("new@example.com")})
			return err
		}, ""},
		"swept": {func(h *house) error { h.clock.add(2 * time.Hour); return h.Sweep(ctx) }, " confirm"},
	} {
		h := newHouse(t)
		h.register("budi@example.com", "")
		h.clock.add(time.Second)
		must[auth.Done](t)(h.Forgot(ctx, caller(snapotp, home), auth.Forgot{Email: "budi@example.com"}))
		h.check(test.act(h))
		var kinds string
		for _, j := range h.mails() {
			kinds += " " + string(j.Message.Kind)
		}
		if kinds != test.left {
			t.Errorf("%s: the queue holds%s, want%s", name, kinds, test.left)
		}
	}
}

// Every mail that is queued can be composed.
func TestMailsCompose(t *testing.T) {
	t.Parallel()
	queued := 0
	h := newHouse(t, social(auth.SocialVerify, auth.SocialOff), func(c *auth.Config) { c.MailQueued = func() { queued++ } })
	h.register("budi@example.com", "budi")
	must[auth.Done](t)(h.Forgot(t.Context(), caller(shoop, home), auth.Forgot{Email: "budi@example.com", WithProfile: true}))
	h.clock.add(2 * time.Minute)
	must[auth.Done](t)(h.Forgot(t.Context(), caller(snapotp, home), auth.Forgot{Email: "budi@example.com"}))
	h.clock.add(2 * time.Minute)
	_, err := h.signInGoogle("g-1", "budi@example.com", "")
	wantKind(t, err, auth.Conflict)
	all := h.mails()
	must[*auth.Grant](t)(h.signInGoogle("g-1", "budi@example.com", "example.com"))
	h.check(h.op.SetPassword(t.Context(), "budi@example.com", newPassword, "id"))
	kinds := map[mail.Kind]bool{}
	for _, j := range append(all, h.mails()...) {
		kinds[j.Message.Kind] = true
		if _, err := mail.Compose(j.Message, "kunci@example.test"); err != nil {
			t.Errorf("%s: %v", j.Message.Kind, err)
		}
	}
	if len(kinds) != 6 || queued != 6 {
		t.Errorf("%d kinds of mail, %d times announced; want 6 of each", len(kinds), queued)
	}
}

// An operator sees what waits and what went wrong, but no address.
func TestQueuedMails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	q, at := h.queue(), h.clock.Now()
	if list := must[[]auth.QueuedMail](t)(h.op.QueuedMails()); len(list) != 0 {
		t.Errorf("an empty queue has %+v", list)
	}
	h.register("budi@example.com", "")
	h.clock.add(time.Second)
	h.register("siti@example.com", "")
	jobs := must[[]mail.Job](t)(q.Due(h.clock.Now(), 9))
	jobs[0].Attempts++
	h.check(q.Retry(jobs[0], at.Add(time.Minute), "the server is down"))
	list := must[[]auth.QueuedMail](t)(h.op.QueuedMails())
	if len(list) != 2 || list[0].ID != jobs[1].ID || list[1].ID != jobs[0].ID {
		t.Fatalf("%+v", list)
	}
	budi := must[*auth.User](t)(h.op.User("budi@example.com"))
	if m := list[1]; m.User != budi.UUID || m.Kind != "confirm" || m.Attempts != 1 || m.LastError != "the server is down" || !m.Due.Equal(at.Add(time.Minute)) || !m.Created.Equal(at) {
		t.Errorf("%+v", m)
	}
	if m := list[0]; m.Attempts != 0 || m.LastError != "" || m.Expires.IsZero() {
		t.Errorf("%+v", m)
	}
	if text := fmt.Sprint(list); strings.Contains(text, "@") {
		t.Errorf("it holds an address: %s", text)
	}
	h.check(q.Drop(jobs[0], "expired"))
	if list := must[[]auth.QueuedMail](t)(h.op.QueuedMails()); len(list) != 1 || list[0].ID != jobs[1].ID {
		t.Errorf("%+v", list)
	}
}
