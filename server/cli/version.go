package cli

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	urfave "github.com/urfave/cli/v3"
)

// buildInfo is what this program was made from.
type buildInfo struct {
	Version  string    `json:"version"`
	Revision string    `json:"revision,omitempty"` // of the version control, where the build knew one
	Modified bool      `json:"modified,omitempty"` // it had changes that were not committed
	Time     time.Time `json:"time,omitzero"`      // of that revision
	Go       string    `json:"go"`
	System   string    `json:"system"`
}

func build() buildInfo {
	b := buildInfo{Version: "(unknown)", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time, _ = time.Parse(time.RFC3339, s.Value) // as the toolchain writes it
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (p *program) versionCommand() *urfave.Command {
	return &urfave.Command{
		Name: "version", Usage: "say which kunci this is",
		Action: p.version,
	}
}

func (p *program) version(_ context.Context, cmd *urfave.Command) error {
	if _, err := arguments(cmd); err != nil {
		return err
	}
	b := build()
	line := "kunci " + b.Version + " " + b.Go + " " + b.System
	if b.Revision != "" {
		line += " " + b.Revision
	}
	if b.Modified {
		line += " (modified)"
	}
	return tell(cmd, b, "%s", line)
}
