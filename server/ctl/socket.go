package ctl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// The socket's name in the data folder, and what it is called until it is
// whole.
const (
	socketName = "admin.sock"
	unnamed    = ".admin.sock.new"
)

// Listen opens the socket of a data folder, which must be this user's alone.
// What a killed server left is replaced; a socket that somebody answers at, a
// link, and what is no socket of this user's are refused. It gets its name
// when its mode is 0600 and it listens. Closing it takes it away.
func Listen(dir string) (net.Listener, error) {
	path, first := filepath.Join(dir, socketName), filepath.Join(dir, unnamed)
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if _, err := ownSocket(first); err != nil {
		return nil, err
	}
	if err := os.Remove(first); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("ctl: %w", err)
	}
	var inner *net.UnixListener
	err := withAddress(dir, unnamed, func(addr string) error {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", addr)
		if err == nil {
			inner = l.(*net.UnixListener)
			inner.SetUnlinkOnClose(false) // it would remove by a name that it has no more
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ctl: can't open a socket in %s: %w: name a folder on a disk that has them with --data", dir, err)
	}
	l := &listener{UnixListener: inner, path: path}
	if l.made, err = named0600(first, path); err != nil {
		_ = os.Remove(first)
		return nil, errors.Join(fmt.Errorf("ctl: %w", err), inner.Close())
	}
	return l, nil
}

// named0600 narrows a new socket's mode and gives it its name.
func named0600(first, path string) (fs.FileInfo, error) {
	if err := os.Chmod(first, 0o600); err != nil {
		return nil, err
	}
	made, err := os.Lstat(first)
	if err != nil {
		return nil, err
	}
	if made.Mode() != fs.ModeSocket|0o600 {
		return nil, fmt.Errorf("%s has mode %s", first, made.Mode())
	}
	return made, os.Rename(first, path)
}

// listener takes its socket away when it closes, but no other's.
type listener struct {
	*net.UnixListener
	path  string
	made  fs.FileInfo
	close sync.Once
}

// Close implements net.Listener.
func (l *listener) Close() (err error) {
	l.close.Do(func() {
		if standing, missing := os.Lstat(l.path); missing == nil && os.SameFile(standing, l.made) {
			err = os.Remove(l.path)
		}
		err = errors.Join(err, l.UnixListener.Close())
	})
	return err
}

// ownSocket says whether a socket of this user's is at a path. Anything else
// there is an error that says what to do.
func ownSocket(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ctl: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return false, fmt.Errorf("%s is no socket, and not kunci's: move it away", path)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return false, fmt.Errorf("%s belongs to user %d, and this is user %d: move it away", path, stat.Uid, os.Geteuid())
	}
	return true, nil
}

// vacant refuses a socket that somebody answers at.
func vacant(dir string) error {
	path := filepath.Join(dir, socketName)
	if has, err := ownSocket(path); err != nil || !has {
		return err
	}
	conn, err := dial(context.Background(), dir)
	if err == nil {
		return errors.Join(fmt.Errorf("another server answers at %s: stop it first", path), conn.Close())
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("%s can't be taken over: %w: move it away", path, err)
}

func dial(ctx context.Context, dir string) (conn net.Conn, err error) {
	err = withAddress(dir, socketName, func(addr string) error {
		conn, err = (&net.Dialer{Timeout: helloWithin}).DialContext(ctx, "unix", addr)
		return err
	})
	return conn, err
}

// mostAddress is the longest path that a socket's address holds, in bytes,
// without the zero that ends it.
const mostAddress = len(syscall.RawSockaddrUnix{}.Path) - 1

// withAddress calls fn with an address of a socket in a folder. One that would
// be too long goes by way of the open folder.
func withAddress(dir, name string, fn func(addr string) error) error {
	path := filepath.Join(dir, name)
	if !filepath.IsAbs(path) {
		path = "./" + path // a first @ would lead away from all folders, into the abstract namespace
	}
	if len(path) <= mostAddress {
		return fn(path)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	short, err := byDescriptor(folder, name)
	if err != nil {
		return err
	}
	return fn(short)
}
