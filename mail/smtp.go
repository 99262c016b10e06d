package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP delivers letters to one server, each over a connection of its own.
type SMTP struct{ cfg SMTPConfig }

// NewSMTP checks cfg. It does not connect: a server that is down now may be up for the first mail.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	return &SMTP{cfg: cfg}, nil
}

// String names the server, such as "SMTP smtp.example.com:587".
func (s *SMTP) String() string { return "SMTP " + s.cfg.addr() }

// Send delivers the letter within the timeout of the configuration. It is done with the server's
// word for the whole mail; how the connection ends after that is of no matter, or a mail that has
// arrived would be sent again.
//
// A *PermanentError is the server's 5xx for the recipient or the mail. A 5xx before that (greeting,
// sign-in, sender) is about this server and its settings, which an operator can mend.
func (s *SMTP) Send(ctx context.Context, l *Letter) error {
	raw, err := l.render(gomail.EncodingQP)
	if err != nil {
		return permanent(err)
	}
	envelope := s.cfg.From
	if envelope == "" {
		envelope = l.From
	}
	from, err := parseSender(envelope)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()

	d := &delivery{ctx: ctx, cfg: s.cfg, to: l.To}
	defer d.close()
	if err := d.connect(); err != nil {
		return d.fault(StepConnect, err)
	}
	if err := d.signIn(); err != nil {
		return d.fault(StepSignIn, err)
	}
	if err := d.client.Mail("<" + from.Address + ">"); err != nil {
		return d.fault(StepSender, err)
	}
	if err := d.client.Rcpt("<" + l.To + ">"); err != nil {
		return d.refusal(StepRecipient, err)
	}
	if err := d.transmit(raw); err != nil {
		return d.refusal(StepContent, err)
	}
	d.quit()
	return nil
}

// delivery is one connection on its way. The library dials, says hello and starts TLS; the
// commands are given here, one by one, so that each error is the server's own reply.
type delivery struct {
	ctx    context.Context
	cfg    SMTPConfig
	to     string
	conn   net.Conn
	client *smtp.Client
	stop   func() bool
}

// connect opens the connection up to the point where commands can be given under TLS.
func (d *delivery) connect() error {
	options := []gomail.Option{
		gomail.WithPort(d.cfg.Port), gomail.WithTimeout(d.cfg.Timeout), gomail.WithTLSConfig(d.tlsConfig()),
		gomail.WithoutSMTPUTF8(), // all addresses are ASCII
		gomail.WithDialContextFunc(d.dial),
	}
	switch d.cfg.TLS {
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	c, err := gomail.NewClient(d.cfg.Host, options...)
	if err != nil {
		return err
	}
	d.client, err = c.DialToSMTPClientWithContext(d.ctx)
	return err
}

// dial keeps the connection, since the library leaves it open when what follows fails, and closes
// it when the time is over, since the library's own deadline starts anew along the way.
func (d *delivery) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", d.cfg.addr())
	if err != nil {
		return nil, err
	}
	d.conn = conn
	d.stop = context.AfterFunc(d.ctx, func() { conn.Close() })
	// A name such as localhost can resolve to anything.
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); d.cfg.TLS == NoTLS && (!ok || !tcp.IP.IsLoopback()) {
		return nil, errors.New("refused: not a loopback address, and no TLS")
	}
	if d.cfg.TLS == ImplicitTLS {
		return tls.Client(conn, d.tlsConfig()), nil
	}
	return conn, nil
}

func (d *delivery) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: d.cfg.Host, RootCAs: d.cfg.RootCAs, MinVersion: tls.VersionTLS12}
}

// signIn gives user name and password, by the mechanism that is understood most widely: TLS
// already protects them, and a loopback connection needs no protection.
func (d *delivery) signIn() error {
	if d.cfg.Username == "" {
		return nil
	}
	_, offer := d.client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(offer))
	local := d.cfg.TLS == NoTLS
	switch {
	case slices.Contains(offered, "PLAIN"):
		return d.client.Auth(smtp.PlainAuth("", d.cfg.Username, d.cfg.Password, d.cfg.Host, local))
	case slices.Contains(offered, "LOGIN"):
		return d.client.Auth(smtp.LoginAuth(d.cfg.Username, d.cfg.Password, d.cfg.Host, local))
	case slices.Contains(offered, "SCRAM-SHA-256"):
		return d.client.Auth(smtp.ScramSHA256Auth(d.cfg.Username, d.cfg.Password))
	}
	return errNoMechanism
}

var errNoMechanism = errors.New("the server offers none of PLAIN, LOGIN and SCRAM-SHA-256")

func (d *delivery) transmit(raw []byte) error {
	w, err := d.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("end of data: %w", err)
	}
	return nil
}

// quit takes its leave, as a server expects it, but does not wait long for the answer.
func (d *delivery) quit() {
	if d.conn.SetDeadline(time.Now().Add(2*time.Second)) == nil {
		_ = d.client.Quit() // the mail is delivered
	}
}

func (d *delivery) close() {
	if d.conn != nil {
		d.stop()
		d.conn.Close()
	}
}
