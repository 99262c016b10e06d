package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/bench"
	"kunci/server/password"
)

// Bounds of a measurement.
const (
	mostBenchAccounts = 100_000_000
	mostBenchClients  = 10_000
	mostBenchRate     = 1_000_000
	leastBenchTime    = 10 * time.Millisecond
	mostBenchTime     = time.Hour
)

// benchScenarios are what can be measured, in the order in which it is: what
// looks at an idle server first, what fills its store last.
var benchScenarios = []string{"import", "start", "me", "mixed", "login", "logout", "register"}

// benchOwn need a server that we start.
var benchOwn = []string{"import", "start"}

func (p *program) benchCommand() *urfave.Command {
	return &urfave.Command{
		Name: "bench", Usage: "measure what this machine can do", ArgsUsage: "[SCENARIO...]",
		Description: "Scenarios: " + strings.Join(benchScenarios, ", ") + "; none named: all. It starts a server with\n" +
			"accounts in a temporary folder, which is gone afterwards, and measures it beside yardsticks of the same\n" +
			"machine: a bare router (hello world), bare hashing, one bbolt transaction for each write.",
		Flags: []urfave.Flag{
			&urfave.StringFlag{Name: "url", Usage: "`URL` of a running server to measure instead, to which accounts are added by sign-up", OnlyOnce: true},
			&urfave.Int64Flag{Name: "accounts", Usage: "`N` accounts", Value: 1000, OnlyOnce: true},
			&urfave.Int64Flag{Name: "clients", Usage: "`N` clients at once", Value: 64, OnlyOnce: true},
			&urfave.StringFlag{Name: "duration", Usage: "`DURATION` of a scenario, such as 5s; its yardstick takes as long again", Value: "5s", OnlyOnce: true},
			&urfave.Int64Flag{Name: "rate", Usage: "`N` requests a second where they come when they are due (mixed)", Value: 1000, OnlyOnce: true},
			&urfave.StringFlag{Name: "folder", Usage: "`FOLDER` on the disk to measure, in which the temporary one is made", DefaultText: "the system's", OnlyOnce: true},
			settingNamed("argon2-memory").flag(), settingNamed("argon2-time").flag(), settingNamed("hash-width").flag(),
		},
		Action: p.bench,
	}
}

// benchConfig is what bench was told, checked.
type benchConfig struct {
	scenarios []string
	target    *bench.Target // of a server that runs already; nil: of our own
	accounts  int
	clients   int
	rate      int
	duration  time.Duration
	folder    string
	params    password.Params
	width     int // never 0
}

func (p *program) benchConfig(cmd *urfave.Command) (*benchConfig, error) {
	r := p.reader(cmd)
	c := &benchConfig{folder: cmd.String("folder"), params: r.argon2(), width: r.number("hash-width", 0, mostWide)}
	if r.err != nil {
		return nil, r.err
	}
	if c.width == 0 {
		c.width = runtime.NumCPU()
	}
	for _, name := range []string{"data", "dev"} {
		if cmd.IsSet(name) {
			return nil, usage(cmd, fmt.Sprintf("--%s is not for bench, which keeps away from your data: it makes a folder of its own, in --folder", name))
		}
	}
	for _, n := range []struct {
		name string
		into *int
		most int64
	}{{"accounts", &c.accounts, mostBenchAccounts}, {"clients", &c.clients, mostBenchClients}, {"rate", &c.rate, mostBenchRate}} {
		v := cmd.Int64(n.name)
		if v < 1 || v > n.most {
			return nil, usage(cmd, fmt.Sprintf("--%s: %d is not a number from 1 to %d", n.name, v, n.most))
		}
		*n.into = int(v)
	}
	var err error
	if c.duration, err = time.ParseDuration(cmd.String("duration")); err != nil || c.duration < leastBenchTime || c.duration > mostBenchTime {
		return nil, usage(cmd, fmt.Sprintf("--duration: %q is not a duration from %s to %s, such as 5s", cmd.String("duration"), leastBenchTime, mostBenchTime))
	}
	if cmd.IsSet("url") {
		if c.target, err = benchTarget(cmd.String("url")); err != nil {
			return nil, usage(cmd, err.Error())
		}
	}
	c.scenarios, err = c.named(cmd)
	return c, err
}

// named are the scenarios to run, in their order.
func (c *benchConfig) named(cmd *urfave.Command) (scenarios []string, err error) {
	given := cmd.Args().Slice()
	for _, name := range given {
		if !slices.Contains(benchScenarios, name) {
			return nil, usage(cmd, fmt.Sprintf("there is no scenario %q: say some of %s, or none for all", name, strings.Join(benchScenarios, ", ")))
		}
		if c.target != nil && slices.Contains(benchOwn, name) {
			return nil, usage(cmd, fmt.Sprintf("%s needs a server of its own: leave --url out, or %s", name, name))
		}
	}
	for _, name := range benchScenarios {
		if slices.Contains(given, name) || len(given) == 0 && (c.target == nil || !slices.Contains(benchOwn, name)) {
			scenarios = append(scenarios, name)
		}
	}
	return scenarios, nil
}

func benchTarget(raw string) (*bench.Target, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("--url: %q is not of the form http://host:port", raw)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return &bench.Target{Addr: net.JoinHostPort(u.Hostname(), port), Host: u.Host, TLS: u.Scheme == "https"}, nil
}

// bench makes a folder, measures, takes the folder away, and prints.
func (p *program) bench(ctx context.Context, cmd *urfave.Command) error {
	c, err := p.benchConfig(cmd)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.folder, "kunci-bench-*")
	if err != nil {
		return fmt.Errorf("no temporary folder can be made: %w: name a folder that you can write to with --folder", plain(err))
	}
	m := &measurement{program: p, benchConfig: c, dir: dir}
	err = errors.Join(m.run(ctx), m.stop())
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return benchFault(err, dir)
	}
	report := m.report()
	if cmd.Bool("json") {
		err = printJSON(p.stdout, report)
	} else {
		err = report.print(p.stdout)
	}
	if err != nil {
		return err
	}
	return report.verdict()
}

// benchFault says what a full disk means here, whoever noticed it.
func benchFault(err error, dir string) error {
	if errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
		return fmt.Errorf("the disk of %s is full: name a folder on another with --folder, or fewer --accounts", filepath.Dir(dir))
	}
	return err
}

// secretPassword is one that the rules of every API allow.
func secretPassword() string { return "Aa1!" + hexRandom(12) }

func hexRandom(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: the runtime stops the process instead
	return hex.EncodeToString(b)
}
