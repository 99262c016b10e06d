// Command kunci is an authentication server: five login APIs over one set of
// accounts. It owns nothing itself; package cli is where everything begins.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kunci/server/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal kills
	os.Exit(cli.Main(ctx, os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
