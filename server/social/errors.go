package social

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
)

var (
	// ErrRefused says that the claim is not to be believed.
	ErrRefused = errors.New("social: claim refused")
	// ErrUnavailable says that nobody can tell now: the issuer or the Graph API does not answer, answers
	// nonsense, or refuses to talk to us. The claim may be good; it must not be accepted.
	ErrUnavailable = errors.New("social: check not possible now")
)

// cause is the reason of a failure in words of this package alone. Errors of the network carry URLs, and
// those of parsers carry pieces of what they parsed, so neither is ever passed on.
type cause string

func (c cause) Error() string { return string(c) }

func refused(who string, why cause) error {
	return fmt.Errorf("%w: %s: %w", ErrRefused, who, why)
}

// unavailable keeps of err no more than the cause in it, if it has one.
func unavailable(who string, err error) error {
	var why cause
	if !errors.As(err, &why) {
		why = "answer cannot be used"
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			why = networkCause(err)
		}
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, who, why)
}

// networkCause names the common failures of a connection, for an operator to know where to look.
func networkCause(err error) cause {
	var (
		lookup  *net.DNSError
		trust   *tls.CertificateVerificationError
		system  syscall.Errno
		timeout net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled by the caller"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	case errors.As(err, &lookup):
		return "name lookup failed"
	case errors.As(err, &trust):
		return "certificate is not trusted"
	case errors.As(err, &system):
		return cause("connection failed: " + system.Error())
	}
	return "connection failed"
}
