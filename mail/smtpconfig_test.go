package mail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kunci/mail"
)

func TestNewSMTPConfig(t *testing.T) {
	t.Parallel()
	good := map[string]mail.SMTPConfig{
		"SMTP smtp.example.com:587":  {Host: "smtp.example.com"},
		"SMTP smtp.example.com:465":  {Host: "smtp.example.com", TLS: mail.ImplicitTLS},
		"SMTP smtp.example.com:2525": {Host: "smtp.example.com", Port: 2525, Username: "u@example.com", Password: "hunter2"},
		"SMTP [::1]:25":              {Host: "::1", Port: 25, TLS: mail.NoTLS},
		"SMTP 127.0.0.2:25":          {Host: "127.0.0.2", Port: 25, TLS: mail.NoTLS},
		"SMTP localhost:587":         {Host: "localhost", TLS: mail.NoTLS, From: "Kunci <a@example.com>"},
	}
	for want, cfg := range good {
		s, err := mail.NewSMTP(cfg)
		if err != nil || s.String() != want {
			t.Errorf("%+v: %v, error %v; want %s", cfg, s, err, want)
		}
	}
	bad := map[string]mail.SMTPConfig{
		"no host":               {},
		"host with a port":      {Host: "smtp.example.com:25"},
		"host with a space":     {Host: "smtp example"},
		"unix socket":           {Host: "unix:///run/smtp"},
		"port":                  {Host: "smtp.example.com", Port: 65536},
		"timeout":               {Host: "smtp.example.com", Timeout: -1},
		"TLS":                   {Host: "smtp.example.com", TLS: "perhaps"},
		"plain text to a name":  {Host: "smtp.example.com", TLS: mail.NoTLS},
		"plain text to an IP":   {Host: "10.0.0.1", TLS: mail.NoTLS},
		"plain, looks loopback": {Host: "127.0.0.1.example.com", TLS: mail.NoTLS},
		"user alone":            {Host: "smtp.example.com", Username: "u"},
		"password alone":        {Host: "smtp.example.com", Password: "hunter2"},
		"from":                  {Host: "smtp.example.com", From: "nobody"},
	}
	for name, cfg := range bad {
		if s, err := mail.NewSMTP(cfg); err == nil {
			t.Errorf("%s: no error: %v", name, s)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds the password", name)
		}
	}
}

func TestParseSMTPURL(t *testing.T) {
	t.Parallel()
	good := map[string]mail.SMTPConfig{
		"smtp://smtp.example.com":                      {Host: "smtp.example.com", Port: 587, TLS: mail.STARTTLS},
		"smtp://user@smtp.example.com:25/":             {Host: "smtp.example.com", Port: 25, Username: "user", TLS: mail.STARTTLS},
		"smtp://u%40example.com@smtp.example.com":      {Host: "smtp.example.com", Port: 587, Username: "u@example.com", TLS: mail.STARTTLS},
		"smtps://smtp.example.com":                     {Host: "smtp.example.com", Port: 465, TLS: mail.ImplicitTLS},
		"SMTPS://[2001:db8::1]:4465?tls=tls":           {Host: "2001:db8::1", Port: 4465, TLS: mail.ImplicitTLS},
		"smtp://localhost:1025?tls=none":               {Host: "localhost", Port: 1025, TLS: mail.NoTLS},
		"smtp://user@smtp.example.com:25?tls=starttls": {Host: "smtp.example.com", Port: 25, Username: "user", TLS: mail.STARTTLS},
	}
	for s, want := range good {
		got, err := mail.ParseSMTPURL(s)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, %s", s, err, diff)
		}
	}
	bad := []string{
		"", "smtp.example.com", "smtp.example.com:587", "smtp://", "smtp://:25", "http://smtp.example.com", "smtp:smtp.example.com",
		"smtp://user:hunter2@smtp.example.com", "smtp://user:@smtp.example.com", "smtp://user:hunt/er2@smtp.example.com", "smtp://user:%zz@x",
		"smtp://smtp.example.com/hunter2", "smtp://smtp.example.com#hunter2", "smtp://smtp.example.com:0", "smtp://smtp.example.com:65536", "smtp://smtp.example.com:x",
		"smtp://smtp.example.com?tls=", "smtp://smtp.example.com?tls=tls", "smtps://smtp.example.com?tls=none", "smtp://smtp.example.com?tls=none&tls=starttls",
		"smtp://smtp.example.com?password=hunter2", "smtp://smtp.example.com?tls=none&password=hunter2", "smtp://smtp.example.com?%zz",
	}
	for _, s := range bad {
		got, err := mail.ParseSMTPURL(s)
		if err == nil {
			t.Errorf("%s: taken as %+v", s, got)
		} else if strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: the error repeats it: %v", s, err)
		}
	}
}

func FuzzParseSMTPURL(f *testing.F) {
	for _, s := range []string{"smtp://user@smtp.example.com:587", "smtps://[::1]:465", "smtp://localhost?tls=none", "smtp://u:p@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cfg, err := mail.ParseSMTPURL(s)
		if err != nil {
			return
		}
		if cfg.Password != "" || cfg.Port < 1 || cfg.Port > 65535 || cfg.Host == "" || cfg.TLS == "" {
			t.Fatalf("%q became %+v", s, cfg)
		}
		if cfg.Username != "" {
			cfg.Password = "secret"
		}
		if s, err := mail.NewSMTP(cfg); err == nil && strings.ContainsAny(s.String(), "\r\n") {
			t.Fatalf("banner breaks: %q", s)
		}
	})
}
