package ctl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"syscall"
	"time"
)

// helloWithin bounds how long a server may take to say that it is there.
const helloWithin = 5 * time.Second

// Dial returns a client of the server that runs on a data folder; nil where
// none answers: there is no socket, or a dead server's, or one whose server
// has stopped listening. What is no socket of ours is an error.
func Dial(ctx context.Context, dir, version string) (*Client, error) {
	if has, err := ownSocket(filepath.Join(dir, socketName)); err != nil || !has {
		return nil, err
	}
	t := &http.Transport{
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := dial(ctx, dir)
			if err != nil {
				return nil, err
			}
			if _, err := stranger(conn); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			return conn, nil
		},
	}
	c := &Client{http: http.Client{Transport: t}, version: version, live: true, close: t.CloseIdleConnections}
	if err := c.hello(ctx); err != nil {
		c.Close()
		return nil, absent(ctx, dir, err)
	}
	return c, nil
}

// hello sees whether a server answers; the connection is used again.
func (c *Client) hello(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, helloWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	if err != nil {
		return err
	}
	got, err := c.http.Do(r)
	if err != nil {
		return err
	}
	return got.Body.Close()
}

// absent is nil where a failed hello means that no server is there.
func absent(ctx context.Context, dir string, err error) error {
	path := filepath.Join(dir, socketName)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s can't be used by this user: run chmod 600 %s", path, path)
	case errors.Is(err, errStranger):
		return fmt.Errorf("another user's process answers at %s: run the command as that user", path)
	}
	return nil
}
