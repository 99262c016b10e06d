package cli

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	urfave "github.com/urfave/cli/v3"

	"kunci/server/bench"
)

const (
	startTimes    = 5
	startAccounts = 1000 // of the folder that a larger one is held to
)

// starts measures starts of a server with its accounts, in turns with starts
// of one that has few.
func (m *measurement) starts(ctx context.Context, f *benchFolder) error {
	m.progress("start")
	folders := []string{f.path}
	if m.accounts > startAccounts {
		few := benchFolder{path: filepath.Join(m.dir, "few"), hasher: f.hasher, people: &bench.People{Count: startAccounts, Password: f.people.Password}}
		if _, _, err := few.make(ctx); err != nil {
			return err
		}
		folders = append(folders, few.path)
	}
	times := make([][]time.Duration, 2)
	for n := range startTimes + 1 {
		for i, folder := range folders {
			c, took, err := m.startServer(ctx, folder)
			if err != nil {
				return err
			}
			if err := c.stop(); err != nil {
				return err
			}
			if n > 0 { // the first one writes its URL, and warms the disk's cache
				times[i] = append(times[i], took)
			}
		}
	}
	m.add(bench.Starts(m.accounts, startAccounts, times[0], times[1])...)
	return nil
}

// helloName is the hidden command that is a yardstick's process.
const helloName = "bench-hello"

func (p *program) helloCommand() *urfave.Command {
	return &urfave.Command{
		Name: helloName, Usage: "answer as a bare router, for bench", Hidden: true,
		Action: func(ctx context.Context, cmd *urfave.Command) error {
			if _, err := arguments(cmd); err != nil {
				return err
			}
			l, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(ctx), "tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(p.stdout, "{\"url\":\"http://%s/\"}\n", l.Addr()); err != nil {
				return err
			}
			return bench.Hello(ctx, l)
		},
	}
}

func (m *measurement) startHello(ctx context.Context) (bench.Server, error) {
	c, err := m.startChild(ctx, helloName)
	if err != nil {
		return bench.Server{}, err
	}
	return c.as(), nil
}
