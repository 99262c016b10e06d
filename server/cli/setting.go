package cli

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/auth"
	"kunci/server/cert"
	"kunci/server/dialect"
)

// kind is what form a setting takes.
type kind uint8

const (
	single kind = iota
	list        // repeatable as a flag, separated by commas everywhere
	yes         // true or false
	secret      // from the environment or a file alone: arguments are seen by every user of the machine
)

// setting is one of serve's settings.
type setting struct {
	name   string // --name, KUNCI_NAME
	kind   kind
	def    string // default
	devDef string // default with --dev, where that differs
	ownDef string // default with --domain, where that differs
	shared bool   // a flag of every command
	help   string // its placeholder in backquotes
}

// settings is every setting there is.
var settings = []setting{
	{name: "data", shared: true, def: "./kunci-data", devDef: "./kunci-dev", help: "data `FOLDER`"},
	{name: "dev", shared: true, kind: yes, help: "for trying it out: demo accounts, social claims trusted, loopback only"},

	{name: "listen", def: "127.0.0.1:8080", ownDef: ":443", help: "`ADDRESS:PORT` to listen on; port 0 picks one"},
	{name: "public-url", help: "`URL` where clients reach this server, https://auth.example.com; required without --dev and --domain"},
	{name: "trusted-proxies", kind: list, help: "`ADDRESS` or network whose X-Forwarded-For counts"},
	{name: "cors-origin", kind: list, help: "`ORIGIN` that browsers may call from, https://app.example.com"},

	{name: "metrics-listen", help: "`ADDRESS:PORT` of this machine where Prometheus finds /metrics; without, there are none"},

	{name: "domain", kind: list, help: "`NAME` that leads to this machine, auth.example.com: serves HTTPS, with certificates that it gets by itself"},
	{name: "http-listen", ownDef: ":80", help: "`ADDRESS:PORT` that answers the ACME server and sends browsers to https, or none"},
	{name: "acme-url", def: cert.LetsEncrypt, help: "`URL` of the directory of the ACME server that issues certificates"},
	{name: "acme-email", help: "`ADDRESS` that the ACME server may write to"},
	{name: "acme-ca", help: "`FILE` with the root certificate of a private ACME server"},
	{name: "tls-cert", help: "`FILE` with the certificate to serve HTTPS with, and those above it"},
	{name: "tls-key", help: "`FILE` with its key, which nobody else may read"},

	{name: "session-lifetime", def: "720h", help: "`DURATION` of a session, 1m to 9600h (400 days)"},
	{name: "admit", kind: list, def: "snapotp,shoop", devDef: "pwa,shoop,smart,snapotp", help: "`API` in which self-registered accounts may sign in, or none: " + strings.Join(dialect.Names(), ", ")},
	{name: "sign-up", kind: list, def: "snapotp,shoop", help: "`API` that registers accounts, or none: " + strings.Join(dialect.Registers(), ", ")},
	{name: "shoop-status", def: "0", help: "HTTP `STATUS` of every Shoop error, 200; 0 is one that fits the error"},
	{name: "introspect-secret", kind: secret, help: "what services show at /introspect, at least 16 characters"},

	{name: "google-client-id", kind: list, help: "client `ID` of ours at Google; turns sign-in with Google on"},
	{name: "google-issuer", def: "https://accounts.google.com", help: "`URL` of who signs Google's ID tokens"},
	{name: "facebook-app-id", help: "`ID` of our app at Facebook; turns sign-in with Facebook on"},
	{name: "facebook-app-secret", kind: secret, help: "the secret of our app at Facebook"},
	{name: "facebook-graph-url", def: "https://graph.facebook.com/v23.0", help: "`URL` of the Graph API"},

	{name: "smtp-url", help: "`URL` of the server that takes our mail, smtp://user@host:587 or smtps://user@host:465; without, mail becomes files"},
	{name: "smtp-password", kind: secret, help: "the password of the user in --smtp-url"},
	{name: "mail-from", help: "`ADDRESS` that our mail comes from (default: kunci@ the host of --public-url)"},

	{name: "argon2-memory", def: "19", help: "`N` MiB of memory for one password hash, 7 to 256"},
	{name: "argon2-time", def: "2", help: "`N` passes of one password hash, 1 to 10"},
	{name: "hash-width", def: "0", help: "`N` password hashes at once; 0 is one per CPU"},
	{name: "limit-failures-per-minute", def: strconv.Itoa(auth.DefaultLimits.FailuresPerMinute), help: "`N` failed sign-ins of one address within a minute; 0 is no limit"},
	{name: "limit-failures-per-hour", def: strconv.Itoa(auth.DefaultLimits.FailuresPerHour), help: "`N` failed sign-ins of one address within an hour; 0 is no limit"},
	{name: "limit-sign-ups-per-hour", def: strconv.Itoa(auth.DefaultLimits.SignUpsPerHour), help: "`N` sign-ups of one address within an hour; 0 is no limit"},
	{name: "limit-forgots-per-ten-minutes", def: strconv.Itoa(auth.DefaultLimits.ForgotsPerTenMinutes), help: "`N` forgotten passwords of one address within ten minutes; 0 is no limit"},

	{name: "audit-keep", def: "2160h", help: "`DURATION` for which the audit log keeps an entry, 1h to 87840h (ten years)"},
	{name: "audit-most", def: "100000", help: "`N` entries are kept in the audit log, the oldest goes; 0 writes none"},

	{name: "backup-dir", help: "`FOLDER` that the server backs up to by itself; without, it does not"},
	{name: "backup-every", def: "24h", help: "`DURATION` between two backups, from 1s; 0 is none"},
	{name: "backup-keep", def: "7", help: "`N` backups are kept, the oldest goes"},

	{name: "no-demo", kind: yes, help: "with --dev: a new data folder has no demo accounts"},
	{name: "log-format", help: "`FORMAT` of the log, json or text (default: text on a terminal, else json)"},
	{name: "log-level", def: "info", help: "`LEVEL` of the log: debug, info, warn or error"},
}

func settingNamed(name string) setting {
	for _, s := range settings {
		if s.name == name {
			return s
		}
	}
	panic("cli: no setting is called " + name) // a slip of ours, seen by every test that starts
}

// variable is the setting's name in the environment.
func (s setting) variable() string {
	return "KUNCI_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// called is the setting in a fault, by both of its names.
func (s setting) called() string {
	if s.kind == secret {
		return fmt.Sprintf("--%s-file (%s)", s.name, s.variable())
	}
	return fmt.Sprintf("--%s (%s)", s.name, s.variable())
}

// flag is the setting on the command line. Defaults are only shown by it:
// the environment stands in between.
func (s setting) flag() urfave.Flag {
	shown := s.def
	if s.devDef != "" {
		shown += "; with --dev " + s.devDef
	}
	if s.ownDef != "" {
		shown = cmp.Or(shown, "none") + "; with --domain " + s.ownDef
	}
	switch s.kind {
	case list:
		return &urfave.StringSliceFlag{Name: s.name, Usage: s.help + "; comma-separated or repeated", DefaultText: shown, HideDefault: shown == ""}
	case yes:
		return &urfave.BoolFlag{Name: s.name, Usage: s.help, HideDefault: true}
	case secret:
		return &urfave.StringFlag{Name: s.name + "-file", Usage: "`FILE` that holds " + s.help + "; or " + s.variable(), TakesFile: true, HideDefault: true, OnlyOnce: true}
	}
	return &urfave.StringFlag{Name: s.name, Usage: s.help, DefaultText: shown, HideDefault: shown == "", OnlyOnce: true}
}

// sharedFlags are the settings that every command takes, serveFlags the rest.
func sharedFlags() []urfave.Flag { return flagsOf(true) }
func serveFlags() []urfave.Flag  { return flagsOf(false) }

func flagsOf(shared bool) (flags []urfave.Flag) {
	for _, s := range settings {
		if s.shared == shared {
			flags = append(flags, s.flag())
		}
	}
	return flags
}

// flagsNamed are those of some settings.
func flagsNamed(names ...string) (flags []urfave.Flag) {
	for _, name := range names {
		flags = append(flags, settingNamed(name).flag())
	}
	return flags
}

// environment reads NAME=value lines.
func environment(lines []string) map[string]string {
	env := make(map[string]string, len(lines))
	for _, line := range lines {
		if name, value, ok := strings.Cut(line, "="); ok {
			env[name] = value
		}
	}
	return env
}

// checkEnvironment refuses KUNCI_ names that are no setting, since a
// misspelt one would be a setting that silently does not hold. Kubernetes
// sets KUNCI_SERVICE_… and KUNCI_PORT… itself where a service is called kunci.
func checkEnvironment(env map[string]string) error {
	known := map[string]bool{}
	for _, s := range settings {
		known[s.variable()] = true
		if s.kind == secret {
			known[s.variable()+"_FILE"] = true
		}
	}
	unknown := ""
	for name := range env {
		if !strings.HasPrefix(name, "KUNCI_") || known[name] ||
			strings.HasPrefix(name, "KUNCI_SERVICE_") || strings.HasPrefix(name, "KUNCI_PORT") {
			continue
		}
		if unknown == "" || name < unknown {
			unknown = name
		}
	}
	if unknown != "" {
		return &usageError{fmt.Sprintf("%q in the environment is no setting: unset it, or see kunci serve --help for what there is", unknown)}
	}
	return nil
}

// longestSecretFile bounds what is read of a secret's file, in bytes.
const longestSecretFile = 4 << 10

// readSecretFile reads a secret; one line end after it is not part of it.
func readSecretFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > longestSecretFile {
		return "", fmt.Errorf("%s is no plain file of at most %d bytes", path, longestSecretFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := string(b)
	if cut, ok := strings.CutSuffix(text, "\n"); ok {
		text = strings.TrimSuffix(cut, "\r")
	}
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}
