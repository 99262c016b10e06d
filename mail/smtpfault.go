package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
)

// enhancedCode is the status of RFC 3463 that many replies begin with.
var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// fault says at which step a delivery failed and what the server answered. The error that it
// comes from is not wrapped, since its text can name the recipient; only the end of the context is.
func (d *delivery) fault(step string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		if ended := d.ctx.Err(); ended != nil {
			return fmt.Errorf("mail: smtp: %s: %w", step, ended)
		}
		return fmt.Errorf("mail: smtp: %s: %s", step, scrub(err.Error(), d.to))
	}
	text := scrub(reply.Msg, d.to)
	if step == "sign-in" {
		text = enhancedCode.FindString(text) // a server might repeat what it was given
	}
	if text == "" {
		return fmt.Errorf("mail: smtp: %s: %d", step, reply.Code)
	}
	return fmt.Errorf("mail: smtp: %s: %d %s", step, reply.Code, text)
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
