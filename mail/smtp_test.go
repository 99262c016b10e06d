package mail_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"kunci/mail"
)

// send delivers one reset mail with the configuration.
func send(t *testing.T, cfg mail.SMTPConfig) error {
	t.Helper()
	s, err := mail.NewSMTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), compose(t, message(mail.Reset, "id")))
}

func TestSMTPDelivers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mode       string
		implicit   bool
		mechanisms []string
		user       string
	}{
		"STARTTLS":                  {mode: mail.STARTTLS},
		"STARTTLS is the default":   {mode: ""},
		"TLS from the start":        {mode: mail.ImplicitTLS, implicit: true},
		"plain text on loopback":    {mode: mail.NoTLS},
		"sign-in, PLAIN":            {mode: mail.STARTTLS, mechanisms: []string{"LOGIN", "PLAIN"}, user: "user"},
		"sign-in, LOGIN":            {mode: mail.STARTTLS, mechanisms: []string{"CRAM-MD5", "LOGIN"}, user: "user"},
		"sign-in, TLS at the start": {mode: mail.ImplicitTLS, implicit: true, mechanisms: []string{"PLAIN"}, user: "user"},
		"sign-in without TLS":       {mode: mail.NoTLS, mechanisms: []string{"PLAIN"}, user: "user"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := &server{mechanisms: test.mechanisms}
			if test.implicit {
				srv.serve(t, testTLS(t).server)
			} else {
				srv.serve(t, nil)
			}
			cfg := srv.config(t, test.mode)
			if test.user != "" {
				cfg.Username, cfg.Password = test.user, "secret"
			}
			if err := send(t, cfg); err != nil {
				t.Fatal(err)
			}
			letters, envelopes, secure, signedIn := srv.received()
			if diff := cmp.Diff([]string{"no-reply@example.com>" + address}, envelopes); diff != "" {
				t.Error(diff)
			}
			if secure == (test.mode == mail.NoTLS) || signedIn != (test.user != "") {
				t.Errorf("under TLS: %v, signed in: %v", secure, signedIn)
			}
			checkMIME(t, letters[0])
		})
	}
}

// checkMIME reads what arrived as any mail program would, and compares it with what was composed.
func checkMIME(t *testing.T, raw string) {
	t.Helper()
	want := compose(t, message(mail.Reset, "id"))
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("media type %s, error %v", media, err)
	}
	msg.Header["Content-Type"] = nil
	headers := netmail.Header{
		"Auto-Submitted": {"auto-generated"}, "Content-Language": {"id"}, "Content-Type": nil, "Date": {"Wed, 04 Mar 2026 05:06:07 +0000"},
		"From": {`"Kunci" <no-reply@example.com>`}, "Message-Id": {"<job-1@example.com>"}, "Mime-Version": {"1.0"},
		"Subject": {want.Subject}, "To": {"<" + address + ">"},
	}
	if diff := cmp.Diff(headers, msg.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, content := range []string{want.Text, want.HTML} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(content, strings.ReplaceAll(string(got), "\r\n", "\n")); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Errorf("after both parts: %v", err)
	}
}

func TestSMTPEnvelopeSender(t *testing.T) {
	t.Parallel()
	srv := &server{}
	srv.serve(t, nil)
	cfg := srv.config(t, mail.STARTTLS)
	cfg.From = "Bounces <bounces@example.com>"
	if err := send(t, cfg); err != nil {
		t.Fatal(err)
	}
	if _, envelopes, _, _ := srv.received(); envelopes[0] != "bounces@example.com>"+address {
		t.Error(envelopes)
	}
}

func TestSMTPRefusals(t *testing.T) {
	t.Parallel()
	reply := func(code, a, b, c int, text string) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: text}
	}
	tests := map[string]struct {
		server    *server
		password  string
		permanent bool
		want      string
	}{
		"recipient unknown": {&server{rcptErr: reply(550, 5, 1, 1, "<JOHN@example.org>: no mailbox john here")}, "", true,
			"mail: smtp: recipient: 550 5.1.1 <[address]>: no mailbox [user] here"},
		"greylisted": {&server{rcptErr: reply(451, 4, 7, 1, "try later, see https://help.example/?who=john")}, "", false,
			"mail: smtp: recipient: 451 4.7.1 try later, see [link]"},
		"content refused": {&server{dataErr: reply(554, 5, 6, 0, "spam\nfor "+link)}, "", true,
			"mail: smtp: content: 554 spam 5.6.0 for [link]"},
		"no room": {&server{dataErr: reply(452, 4, 3, 1, "full")}, "", false,
			"mail: smtp: content: 452 4.3.1 full"},
		"sender refused": {&server{mailErr: reply(550, 5, 7, 1, "not you")}, "", false,
			"mail: smtp: sender: 550 5.7.1 not you"},
		"wrong password": {&server{mechanisms: []string{"PLAIN"}}, "hunter2", false,
			"mail: smtp: sign-in: 535 5.7.8"},
		"no mechanism": {&server{mechanisms: []string{"X-NONE"}}, "secret", false,
			"mail: smtp: sign-in: the server offers none of PLAIN, LOGIN and SCRAM-SHA-256"},
		"no sign-in at all": {&server{}, "secret", false,
			"mail: smtp: sign-in: the server offers none of PLAIN, LOGIN and SCRAM-SHA-256"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.serve(t, nil)
			cfg := test.server.config(t, mail.STARTTLS)
			if test.password != "" {
				cfg.Username, cfg.Password = "user", test.password
			}
			err := send(t, cfg)
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			var final *mail.PermanentError
			if errors.As(err, &final) != test.permanent {
				t.Errorf("permanent is not %v: %v", test.permanent, err)
			}
		})
	}
}

func TestSMTPRefusesPlainText(t *testing.T) {
	t.Parallel()
	srv := &server{mechanisms: []string{"PLAIN"}}
	srv.Server = smtp.NewServer(srv)
	srv.AllowInsecureAuth = true
	srv.listen(t, nil) // no certificate: no STARTTLS is offered
	cfg := srv.config(t, mail.STARTTLS)
	cfg.Username, cfg.Password = "user", "secret"
	if err := send(t, cfg); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("error %v", err)
	}
	if letters, _, _, signedIn := srv.received(); len(letters) > 0 || signedIn {
		t.Error("letter or password went out in plain text")
	}
}

func TestSMTPChecksCertificate(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{mail.STARTTLS, mail.ImplicitTLS} {
		srv := &server{}
		if mode == mail.ImplicitTLS {
			srv.serve(t, testTLS(t).server)
		} else {
			srv.serve(t, nil)
		}
		unknown := srv.config(t, mode)
		unknown.RootCAs = nil
		otherName := srv.config(t, mode)
		otherName.Host = "localhost" // the certificate is for 127.0.0.1
		for name, cfg := range map[string]mail.SMTPConfig{"unknown authority": unknown, "other name": otherName} {
			if err := send(t, cfg); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s, %s: error %v", mode, name, err)
			}
		}
		if letters, _, _, _ := srv.received(); len(letters) > 0 {
			t.Error("a letter went to a stranger")
		}
	}
}

// script is a server that says its lines, one per line it reads, and then closes or falls silent.
func script(t *testing.T, silent bool, lines ...string) mail.SMTPConfig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	over := t.Context().Done()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		for i, line := range lines {
			if i > 0 {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
			}
			io.WriteString(c, line+"\r\n")
		}
		if silent {
			<-over
		} else if len(lines) > 0 {
			r.ReadString('\n')
		}
	}()
	return mail.SMTPConfig{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, Timeout: 200 * time.Millisecond}
}

func TestSMTPBrokenServers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		silent bool
		lines  []string
		want   string
	}{
		"closes at once":      {false, nil, "mail: smtp: connect: EOF"},
		"closes after hello":  {false, []string{"220 hi", "250 hi"}, "mail: smtp: sender: EOF"},
		"too busy":            {false, []string{"421 4.3.2 too busy"}, "mail: smtp: connect: 421 4.3.2 too busy"},
		"blocks us":           {false, []string{"554 5.7.1 go away"}, "mail: smtp: connect: 554 5.7.1 go away"},
		"closes after DATA":   {false, []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go"}, "mail: smtp: content: "},
		"never greets":        {true, nil, "mail: smtp: connect: "},
		"silent after hello":  {true, []string{"220 hi", "250 hi"}, "mail: smtp: sender: "},
		"speaks another way":  {false, []string{"HTTP/1.1 400 john@example.org"}, "mail: smtp: connect: "},
		"recipient, no words": {false, []string{"220 hi", "250 hi", "250 ok", "550 "}, "mail: smtp: recipient: 550"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			err := send(t, script(t, test.silent, test.lines...))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("error %v, want %s…", err, test.want)
			}
			if strings.Contains(err.Error(), "john") {
				t.Errorf("error names the recipient: %v", err)
			}
			var final *mail.PermanentError
			if errors.As(err, &final) != strings.HasPrefix(test.want, "mail: smtp: recipient") {
				t.Errorf("permanent or not: %v", err)
			}
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestSMTPDeliveredIsDelivered(t *testing.T) {
	t.Parallel()
	// The server takes the mail and is gone: an error would send it again.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		io.WriteString(c, "220 hi\r\n")
		for _, answer := range []string{"250 hi", "250 ok", "250 ok", "354 go"} {
			r.ReadString('\n')
			io.WriteString(c, answer+"\r\n")
		}
		for line := ""; line != ".\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		io.WriteString(c, "250 taken\r\n")
	}()
	cfg := mail.SMTPConfig{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS}
	if err := send(t, cfg); err != nil {
		t.Error(err)
	}
}

func TestSMTPCancel(t *testing.T) {
	t.Parallel()
	cfg := script(t, true, "220 hi")
	cfg.Timeout = time.Minute
	s, err := mail.NewSMTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Send(ctx, compose(t, message(mail.Reset, "en"))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestSendRefusesForgedLetters(t *testing.T) {
	t.Parallel()
	outbox, _ := newOutbox(t)
	srv := &server{}
	srv.serve(t, nil)
	out, err := mail.NewSMTP(srv.config(t, mail.STARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	for name, forge := range map[string]func(*mail.Letter){
		"to":         func(l *mail.Letter) { l.To = "a@example.org>\r\nRCPT TO:<b@example.org" },
		"from":       func(l *mail.Letter) { l.From = "a@example.org\r\nBcc: b@example.org" },
		"subject":    func(l *mail.Letter) { l.Subject = "x\r\nBcc: b@example.org" },
		"language":   func(l *mail.Letter) { l.Lang = "id\r\nBcc: b@example.org" },
		"message id": func(l *mail.Letter) { l.MessageID = "x>\r\nBcc: b@example.org" },
		"id":         func(l *mail.Letter) { l.ID = "../../x" },
	} {
		for _, s := range []mail.Sender{out, outbox} {
			l := compose(t, message(mail.Reset, "en"))
			forge(l)
			var final *mail.PermanentError
			if err := s.Send(t.Context(), l); !errors.As(err, &final) {
				t.Errorf("%s by %s: error %v", name, s, err)
			}
		}
	}
	letters, _, _, _ := srv.received()
	entries, err := outbox.List()
	if len(letters) > 0 || len(entries) > 0 || err != nil {
		t.Errorf("sent all the same: %v, %v, %v", letters, entries, err)
	}
}
