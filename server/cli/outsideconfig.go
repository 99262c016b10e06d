package cli

import (
	netmail "net/mail"
	"net/url"
	"strings"

	"kunci/mail"
	"kunci/server/auth"
	"kunci/server/social"
)

// social reads which claims count (CONTRACT 5): trust is only for --dev, and
// only where nothing is there to verify with.
func (r *reader) social(c *serveConfig) {
	unset := auth.SocialOff
	if c.dev {
		unset = auth.SocialTrust
	}
	c.googleMode, c.facebookMode = unset, unset
	c.google = social.GoogleConfig{Issuer: r.endpoint("google-issuer"), ClientIDs: r.list("google-client-id")}
	if len(c.google.ClientIDs) > 0 {
		c.googleMode = auth.SocialVerify
	}
	c.facebook = social.FacebookConfig{
		GraphURL: r.endpoint("facebook-graph-url"), AppID: r.text("facebook-app-id"), AppSecret: r.secret("facebook-app-secret"),
	}
	switch f := c.facebook; {
	case f.AppID != "" && f.AppSecret != "":
		c.facebookMode = auth.SocialVerify
	case f.AppID != "":
		r.fault("facebook-app-secret", "it is required beside --facebook-app-id")
	case f.AppSecret != "":
		r.fault("facebook-app-id", "it is required beside %s", settingNamed("facebook-app-secret").variable())
	}
}

// mail reads how mail goes out.
func (r *reader) mail(c *serveConfig) {
	c.mailFrom = r.text("mail-from")
	if c.mailFrom != "" {
		if _, err := netmail.ParseAddress(c.mailFrom); err != nil {
			r.fault("mail-from", "%q is no e-mail address", c.mailFrom)
		}
	}
	raw, pw := r.text("smtp-url"), r.secret("smtp-password")
	if raw == "" {
		if pw != "" {
			r.fault("smtp-password", "it is of no use without --smtp-url")
		}
		return
	}
	if u, err := url.Parse(raw); err == nil {
		if _, set := u.User.Password(); set {
			s := settingNamed("smtp-password")
			r.fault("smtp-url", "it holds a password: take it out, and set %s or --%s-file", s.variable(), s.name)
			return
		}
	}
	cfg, err := mail.ParseSMTPURL(raw)
	if err == nil && cfg.Username != "" && pw == "" {
		s := settingNamed("smtp-password")
		r.fault("smtp-url", "it names a user, who has no password: set %s or --%s-file", s.variable(), s.name)
		return
	}
	if err == nil {
		cfg.Password, cfg.From = pw, c.mailFrom
		c.smtp, err = mail.NewSMTP(cfg)
	}
	if err != nil {
		r.fault("smtp-url", "%s", strings.TrimPrefix(err.Error(), "mail: "))
	}
}
