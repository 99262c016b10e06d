package auth

// Act is something that a caller asks for and that whoever watches the server
// wants counted.
type Act string

// The acts.
const (
	ActSignIn  Act = "sign-in"  // by password, Google or Facebook
	ActSignUp  Act = "sign-up"  // that of a first sign-in with Google among them
	ActForgot  Act = "forgot"   // a mail with a link was asked for
	ActReset   Act = "reset"    // a new password by such a link
	ActConfirm Act = "confirm"  // an address or a linking was confirmed by a link
	ActSignOut Act = "sign-out" // a session was to end
)

// Outcome is what came of an act, in a word that says nothing of whom it was
// about.
type Outcome string

// The outcomes.
const (
	OutcomeOK      Outcome = "ok"
	OutcomeInvalid Outcome = "invalid" // a field is missing or not valid
	OutcomeWrong   Outcome = "wrong"   // password, link or token
	OutcomeRefused Outcome = "refused" // not here, not so, or taken
	OutcomeLimited Outcome = "limited" // too many tries
	OutcomeBusy    Outcome = "busy"    // no capacity, or the store takes no writes
	OutcomeFailed  Outcome = "failed"  // a fault of ours
)

// Outcomes is every outcome there is.
func Outcomes() []Outcome {
	return []Outcome{OutcomeOK, OutcomeInvalid, OutcomeWrong, OutcomeRefused, OutcomeLimited, OutcomeBusy, OutcomeFailed}
}

// outcomes are those of the kinds of errors; of any other it is OutcomeFailed.
var outcomes = map[Kind]Outcome{
	Malformed:       OutcomeInvalid,
	Invalid:         OutcomeInvalid,
	Unauthenticated: OutcomeWrong,
	NoSession:       OutcomeWrong,
	BadLink:         OutcomeWrong,
	NotAdmitted:     OutcomeRefused,
	Taken:           OutcomeRefused,
	NotSetUp:        OutcomeRefused,
	Refused:         OutcomeRefused,
	Conflict:        OutcomeRefused,
	TooMany:         OutcomeLimited,
	Busy:            OutcomeBusy,
}

func outcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeOK
	}
	if o, known := outcomes[AsError(err).Kind]; known {
		return o
	}
	return OutcomeFailed
}

// Observer is told what is done, as it is done. Nothing that names a person,
// an address or a session reaches it. Its functions must return at once; nil
// ones are not called.
type Observer struct {
	// Acted is told of an act that has ended: through which dialect, "" for a
	// page of our own, and with what outcome.
	Acted func(a Act, dialect string, o Outcome)
	// Limited is told of the rule that has kept a caller from a try: one of Rules.
	Limited func(rule string)
}

// tell is deferred by every use case whose outcome is counted.
func (s *Service) tell(a Act, c *Caller, err *error) {
	if s.Observer.Acted == nil {
		return
	}
	dialect := ""
	if c.Audience != nil {
		dialect = c.Audience.Name
	}
	s.Observer.Acted(a, dialect, outcomeOf(*err))
}

// The rules that keep callers from trying.
const (
	ruleAtOnce            = "sign-ins at once"
	ruleIdentifier        = "identifier"
	ruleKnownRange        = "known range"
	ruleFailuresPerMinute = "failures per minute"
	ruleFailuresPerHour   = "failures per hour"
	ruleSignUps           = "sign-ups per hour"
	ruleForgots           = "forgots per ten minutes"
	ruleSocial            = "social sign-ins per minute"
	ruleSocialOfAccount   = "social sign-ins of an account"
)

// Rules is every rule of which an Observer hears.
func Rules() []string {
	return []string{
		ruleAtOnce, ruleIdentifier, ruleKnownRange, ruleFailuresPerMinute, ruleFailuresPerHour, ruleSignUps, ruleForgots,
		ruleSocial, ruleSocialOfAccount,
	}
}
