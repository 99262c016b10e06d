package server

import (
	"context"

	"kunci/server/auth"
)

// confirmLink is where an address, or the linking of a Google account, is
// confirmed with one button.
var confirmLink = linkPage{
	path:     "/confirm",
	template: "confirm.html",
	again:    auth.Forgot{Confirm: true},
	sent:     "sent_confirm",
	describe: func(s *Server, f *formPage) {
		switch s.Auth.LinkPurpose(f.Token) {
		case auth.ForLinking:
			f.say("linking_title", "linking_lead", "linking_not_you")
		case auth.ForAddress:
			f.say("confirm_title", "confirm_lead", "confirm_not_you")
		default:
			f.say("confirm_title", "confirm_any")
		}
	},
	use: func(s *Server, ctx context.Context, c auth.Caller, form pageForm) (told, error) {
		did, err := s.Auth.Confirm(ctx, c, form["token"])
		if did.Provider != "" {
			return told{"linked_title", []string{"linked_done", "linked_password"}, "/reset-password", "reset_title"}, err
		}
		return told{title: "confirmed_title", lead: []string{"confirmed_done"}}, err
	},
	stale: func(s *Server, f *formPage) {
		if f.Ask = s.Auth.LinkPurpose(f.Token) != auth.ForLinking; f.Ask {
			f.say("stale_title", "stale_confirm")
			return
		}
		// Only signing in with Google again can prove the identity anew.
		f.say("stale_title", "stale_linking")
	},
}
