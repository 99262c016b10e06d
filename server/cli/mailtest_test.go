package cli_test

import (
	"bufio"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"testing"
)

// posted is a mail server on this machine, without TLS.
type posted struct {
	url  string // as a setting
	came chan string
}

// post begins a mail server that answers a command, RCPT or AUTH, with 550 and a
// reason where it is told to, else takes everything.
func post(t *testing.T, refuses string) *posted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &posted{"smtp://" + l.Addr().String() + "?tls=none", make(chan string, 1)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.talk(conn, refuses)
			_ = conn.Close()
		}
	}()
	return p
}

func (p *posted) talk(conn net.Conn, refuses string) {
	in := textproto.NewReader(bufio.NewReader(conn))
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	say("220 post.example")
	for {
		line, err := in.ReadLine()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case err != nil:
			return
		case verb == refuses:
			say("550 5.7.1 not by us")
		case verb == "EHLO":
			say("250-post.example")
			say("250 AUTH PLAIN")
		case verb == "AUTH":
			say("235 2.7.0 well")
		case verb == "DATA":
			say("354 go on")
			text, _ := in.ReadDotBytes()
			p.came <- string(text)
			say("250 2.0.0 taken")
		default:
			say("250 2.0.0 well")
		}
	}
}

// One mail goes out by the settings of serve, or it is said why not and what to
// do, with no secret in it.
func TestMailTest(t *testing.T) {
	t.Parallel()
	const secret = "the-password-of-the-server"
	with := func(url string) string { return strings.Replace(url, "smtp://", "smtp://user@", 1) }
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for name, test := range map[string]struct {
		url  string
		args []string
		env  []string
		code int
		want string
	}{
		"sent":        {post(t, "").url, []string{"--mail-from", "Kunci <no-reply@example.com>"}, nil, 0, `^sent: the server 127\.0\.0\.1:\d+ has taken it\n$`},
		"as serve":    {with(post(t, "").url), nil, []string{"KUNCI_SMTP_PASSWORD=" + secret, "KUNCI_PUBLIC_URL=https://auth.example.com"}, 0, `^sent: `},
		"by a domain": {post(t, "").url, nil, []string{"KUNCI_DOMAIN=auth.example.com"}, 0, `^sent: `},
		"--dev":       {post(t, "").url, []string{"--dev"}, nil, 0, `^sent: `},
		"no sender":   {post(t, "").url, nil, nil, 2, `^kunci: --public-url \(KUNCI_PUBLIC_URL\) is required: say `},
		"recipient":   {post(t, "RCPT").url, []string{"--dev"}, nil, 1, `^kunci: not sent: the server 127\.0\.0\.1:\d+, recipient: 550 5\.7\.1 not by us: name another address, or `},
		"sender":      {post(t, "MAIL").url, []string{"--dev"}, nil, 1, `, sender: 550 5\.7\.1 not by us: set --mail-from to an address `},
		"sign-in":     {with(post(t, "AUTH").url), []string{"--dev"}, []string{"KUNCI_SMTP_PASSWORD=" + secret}, 1, `, sign-in: 550 5\.7\.1: set the user in --smtp-url, and the password in KUNCI_SMTP_PASSWORD `},
		"no password": {with(post(t, "").url), []string{"--dev"}, nil, 2, `^kunci: --smtp-url \(KUNCI_SMTP_URL\): it names a user, who has no password: set KUNCI_SMTP_PASSWORD or --smtp-password-file\n$`},
		"nobody":      {"smtp://" + gone.Addr().String() + "?tls=none", []string{"--dev"}, nil, 1, `, connect: dial tcp .* refused: see that host, port and TLS in --smtp-url are right`},
		"no server":   {"", []string{"--dev"}, nil, 1, `^kunci: nothing was sent: without --smtp-url, serve keeps mails as files in outbox/ of the data folder: set it \(KUNCI_SMTP_URL\)\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := program(t, append([]string{"mail", "test", "ada@example.com"}, test.args...)...)
			cmd.Dir, cmd.Env = dir, append(cmd.Env, test.env...)
			if test.url != "" {
				cmd.Env = append(cmd.Env, "KUNCI_SMTP_URL="+test.url)
			}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !regexp.MustCompile(test.want).Match(out) || strings.Contains(string(out), secret) {
				t.Errorf("exit %d, %s", code, out)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
				t.Errorf("it leaves %v, %v", files, err)
			}
		})
	}
	for _, address := range []string{"ada", "Ada <ada@example.com>", "ada@example.com,eve@example.com"} {
		if code, _, errs := ran(t, "mail", "test", address, "--dev", "--smtp-url", post(t, "").url); code != 2 || !strings.Contains(errs, "is no address that mail can go to: say one") {
			t.Errorf("%s: exit %d, %s", address, code, errs)
		}
	}
}

// What is sent is a mail that a person understands, from the sender that serve
// would have.
func TestMailTestLetter(t *testing.T) {
	t.Parallel()
	server := post(t, "")
	fine(t, "mail", "test", "ada@example.com", "--public-url", "https://auth.example.com", "--smtp-url", server.url)
	letter := <-server.came
	for _, want := range []string{"From: <kunci@auth.example.com>", "To: <ada@example.com>", "Subject: A test of mail from kunci", `"kunci mail test"`, "text/html"} {
		if !strings.Contains(letter, want) {
			t.Errorf("%q is not in\n%s", want, letter)
		}
	}
}

// Mail that waits is listed by the id of its account, which other commands take.
func TestMailListNamesAccounts(t *testing.T) {
	t.Parallel()
	dir := dev(t)
	p := serve(t, dir, "--dev", "--smtp-url", post(t, "MAIL").url) // of which it is tried again
	if status, answer := p.ask(t, "/api/auth/forgot-password", "", `{"email": "john@example.com"}`); status != 200 {
		t.Fatal(status, answer)
	}
	list := fine(t, "mail", "list", "--data", dir)
	if !regexp.MustCompile(`^ID +ACCOUNT +KIND .*\n[0-9a-f]{32} +1 +reset +20`).MatchString(list) {
		t.Error(list)
	}
	if list := fine(t, "mail", "list", "--json", "--data", dir); !strings.Contains(list, `"account_id": 1,`) {
		t.Error(list)
	}
}
