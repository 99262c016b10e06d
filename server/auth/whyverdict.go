package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kunci/server/password"
)

// verdict names what keeps her out first, and what to do about it. Commands call
// the account by its id: whoever signs up chooses the e-mail, and a shell would
// read what it is pasted.
func (w *Why) verdict(who string) string {
	u := w.User
	if u == nil {
		return fmt.Sprintf("no account: nobody is called %q here; the spelling may differ (kunci user list), or make one with kunci user add", who)
	}
	id := idText(u.ID)
	switch {
	case u.Disabled:
		return "disabled: kunci user enable " + id + " lets the user sign in again"
	case u.PasswordFamily == "" && u.GoogleID == "" && u.FacebookID == "":
		return "no password: kunci user passwd " + id + " gives the account one" + orByMail
	case len(w.Admitted) == 0:
		return "not admitted anywhere: see --admit of kunci serve, or kunci user set " + id + " --made-by operator"
	case len(w.Delays) > 0:
		longest := slices.MaxFunc(w.Delays, func(a, b WhyDelay) int { return a.Until.Compare(b.Until) })
		return fmt.Sprintf("slowed down: after %d wrong passwords for the name the next try is in %s; kunci user passwd %s clears it at once",
			longest.Failures, time.Duration(longest.Rest)*time.Second, id)
	case w.KnownRangeFull:
		return "slowed down: too many wrong passwords from where the user has signed in before; kunci user passwd " + id + " clears it at once"
	}
	last := w.lastSignIn()
	worked := last != nil && last.Outcome == outcomeOK
	switch {
	case worked:
		return "nothing keeps the user out: the last sign-in worked: " + last.Time.UTC().Format(time.RFC3339) + ", " + last.Dialect
	case u.PasswordFamily == "":
		return "no password: the user can sign in with Google or Facebook alone, until kunci user passwd " + id
	case last != nil:
		return w.refused(last)
	}
	return "nothing keeps the user out: it may be the password, which kunci user passwd " + id + " replaces"
}

// orByMail is true whether or not mail goes out, which a command can't know: the
// settings of the server are not its own.
const orByMail = ", or the user asks for a reset mail, which takes a server with --smtp-url"

// lastSignIn is the newest try, which need not be the last entry: failures are
// written a little later than what was successful.
func (w *Why) lastSignIn() (last *Audited) {
	for _, a := range w.Attempts {
		if a.Event == eventSignIn && (last == nil || !a.Time.Before(last.Time)) {
			last = a
		}
	}
	return last
}

// refused words why the last try failed where nothing stands in the way now.
func (w *Why) refused(last *Audited) string {
	id := idText(w.User.ID)
	switch last.Outcome {
	case "wrong_password":
		return "wrong password: " + theTry(last) + " was refused; if that was the user, kunci user passwd " + id + " gives the account another password" + orByMail
	case "not_admitted":
		return "not admitted in " + last.Dialect + ": the account registered itself; see --admit of kunci serve, or kunci user set " + id + " --made-by operator"
	case "no_membership":
		return "no membership, which " + last.Dialect + " asks for: kunci user set " + id + " --company … --division … --role …"
	case "invalid":
		return w.invalid(last)
	case "too_many":
		return w.tooMany(last)
	}
	return "the last try was refused (" + last.Outcome + "), which may be over by now"
}

// invalid words a try that was refused for its form, which waiting does not mend.
// A password that has not the form that an API asks for is not even compared.
func (w *Why) invalid(last *Audited) string {
	switch last.Reason {
	case "password " + passwordReasons[password.Classes], "password " + passwordReasons[password.TooShort]:
		return fmt.Sprintf("refused by %s, and waiting does not help: the password that was typed in %s does not meet that API's rule "+
			"(a lower-case and an upper-case letter, a digit, a special character, %d characters); if that was the user, kunci user passwd %s with one that does",
			last.Dialect, theTry(last), password.Dashboard.Min, idText(w.User.ID))
	}
	return "refused by " + last.Dialect + ", and waiting does not help: what was sent is not valid (" + last.Reason + "), which the app or the user has to mend"
}

// theTry says which try is spoken of: anybody can make one for anybody's name.
func theTry(last *Audited) string {
	return "the last try (" + last.Time.UTC().Format(time.RFC3339) + ", from " + last.Address + ")"
}

// tooMany words a limit by what it counts: tries at a name, or those of an
// address.
func (w *Why) tooMany(last *Audited) string {
	const over = " it may be tried again by now, and kunci user passwd "
	_, rule, _ := strings.Cut(last.Reason, limitReason) // before it stands by what means
	switch rule {
	case ruleIdentifier:
		return fmt.Sprintf("slowed down for a while: %d or more wrong passwords for the name;", freeFailures) + over + idText(w.User.ID) + " forgets them"
	case ruleKnownRange:
		return fmt.Sprintf("slowed down for a while: %d wrong passwords from where the user has signed in before;", knownPerForget) + over + idText(w.User.ID) + " forgets them"
	case ruleSocialOfAccount:
		return "slowed down for a while: too many sign-ins to the account with Google or Facebook: it may be tried again by now"
	default:
		return "too many tries from the address " + last.Address + " (" + last.Reason + "): it may be tried again by now"
	}
}
