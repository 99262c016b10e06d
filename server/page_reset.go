package server

import (
	"context"

	"kunci/server/auth"
)

// resetLink is where a new password is chosen. Without a token it takes one
// by hand, or an address to mail a link to.
var resetLink = linkPage{
	path:     "/reset-password",
	template: "reset.html",
	sent:     "sent_reset",
	describe: func(_ *Server, f *formPage) {
		f.say("reset_title", "reset_lead")
		f.Ask = f.Token == ""
	},
	use: func(s *Server, ctx context.Context, c auth.Caller, form pageForm) (told, error) {
		_, err := s.Auth.Reset(ctx, c, auth.Reset{Token: form["token"], Password: form["password"]})
		return told{title: "reset_done_title", lead: []string{"reset_done"}}, err
	},
	stale: func(_ *Server, f *formPage) { f.say("stale_title", "stale_reset") },
}
