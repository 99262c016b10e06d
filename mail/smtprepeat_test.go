package mail_test

import (
	"bufio"
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"

	"kunci/mail"
)

// A server that repeats what it is given in a sign-in, in whatever way, gets
// none of it into our errors.
func TestSignInIsNotRepeated(t *testing.T) {
	t.Parallel()
	const password = "hunter2-secret"
	for name, answer := range map[string]func(line string) string{
		"as a challenge":    func(line string) string { return "334 " + line },
		"in clear":          func(string) string { return "334 " + base64.StdEncoding.EncodeToString([]byte(password)) },
		"against protocol":  func(string) string { return password },
		"as a refusal":      func(string) string { return "535 5.7.8 not " + password },
		"as a second reply": func(string) string { return "250-" + password + "\r\n" + password },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go repeating(l, answer)
			s, err := mail.NewSMTP(mail.SMTPConfig{
				Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.NoTLS, Username: "kunci", Password: password, Timeout: time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			letter, err := mail.Trial("ada@example.com", "kunci@example.com", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), letter)
			if err == nil || !strings.HasPrefix(err.Error(), "mail: smtp: sign-in: ") ||
				strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString([]byte(password))[:8]) {
				t.Errorf("%v", err)
			}
		})
	}
}

// repeating is a server that answers the password as it is told to.
func repeating(l net.Listener, answer func(line string) string) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte("220 localhost\r\n"))
	asked := 0
	for lines := bufio.NewScanner(c); lines.Scan(); {
		said := "250 fine"
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "EHLO"):
			said = "250-localhost\r\n250 AUTH LOGIN"
		case strings.HasPrefix(line, "AUTH"):
			said, asked = "334 VXNlcm5hbWU6", 1
		case asked == 1:
			said, asked = "334 UGFzc3dvcmQ6", 2
		case asked == 2:
			said, asked = answer(line), 0
		}
		_, _ = c.Write([]byte(said + "\r\n"))
	}
}
