package mail

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
)

// enhancedCode is the status of RFC 3463 that many replies begin with.
var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// StepError is a fault of a delivery over SMTP: at which step it failed, and what the server
// answered, or what kept it from being asked.
type StepError struct {
	Step string // one of the steps below
	Err  error
}

// The steps of a delivery.
const (
	StepConnect   = "connect" // up to where commands can be given, under TLS
	StepSignIn    = "sign-in"
	StepSender    = "sender"
	StepRecipient = "recipient"
	StepContent   = "content"
)

// Error names the step first.
func (e *StepError) Error() string { return "mail: smtp: " + e.Step + ": " + e.Err.Error() }

// Unwrap returns the error inside.
func (e *StepError) Unwrap() error { return e.Err }

// fault says at which step a delivery failed and what the server answered. The error that it
// comes from is not wrapped, since its text can name the recipient; only the end of the context is.
func (d *delivery) fault(step string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if ended := d.ctx.Err(); ended != nil {
			return &StepError{step, ended}
		}
		if step == StepSignIn && !harmless(err) {
			// The library's words can hold what the server repeats of the password.
			return &StepError{step, errors.New("the server does not keep to the protocol")}
		}
		return &StepError{step, errors.New(scrub(err.Error(), d.to))}
	}
	text := scrub(reply.Msg, d.to)
	if step == StepSignIn {
		text = enhancedCode.FindString(text) // a server might repeat what it was given
	}
	if text == "" {
		return &StepError{step, fmt.Errorf("%d", reply.Code)}
	}
	return &StepError{step, fmt.Errorf("%d %s", reply.Code, text)}
}

// harmless says whether an error is of the connection, or one of ours, and so repeats nothing that was
// said in a sign-in.
func harmless(err error) bool {
	return errors.Is(err, errNoMechanism) || errors.Is(err, io.EOF) || errors.As(err, new(net.Error))
}

// refusal is fault for the steps that are about this recipient and this mail, where 5xx is final.
func (d *delivery) refusal(step string, err error) error {
	fault := d.fault(step, err)
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 500 && reply.Code <= 599 {
		return permanent(fault)
	}
	return fault
}
