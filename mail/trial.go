package mail

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Trial is a letter by which an operator sees that mail goes out. It is about no account, and has
// no link. What is wrong with the address comes back as a [*PermanentError], what is wrong with
// the sender, which is a setting, as a plain error.
func Trial(to, from string, at time.Time) (*Letter, error) {
	if err := checkAddress(to); err != nil {
		return nil, permanent(fmt.Errorf("mail: to: %w", err))
	}
	sender, err := parseSender(from)
	if err != nil {
		return nil, err
	}
	const subject = "A test of mail from kunci"
	text := "This mail was sent by \"kunci mail test\" on " + at.UTC().Format("2006-01-02 15:04 UTC") +
		". If you read it, mail goes out. Nothing has to be done."
	id := "trial-" + uuid.NewString()
	_, host, _ := strings.Cut(sender.Address, "@")
	return &Letter{
		ID: id, From: sender.String(), To: to, Lang: english, Subject: subject, Text: text + "\n",
		HTML:      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" + subject + "</title></head>\n<body><p>" + html.EscapeString(text) + "</p></body>\n</html>\n",
		MessageID: id + "@" + host, Date: at.UTC(),
	}, nil
}
