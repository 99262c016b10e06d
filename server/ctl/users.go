package ctl

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"kunci/server/auth"
)

// usersAtOnce is how many accounts are read in one view of the store. None is
// open while they are sent: a client that does not read on, such as a pager,
// would keep the store from using its pages again, and from closing.
const usersAtOnce = 500

// userStream lists the accounts as they are read, so that neither end holds
// all of them: one JSON value a line (NDJSON), the last of which says that it
// is the last.
type userStream struct{ name string }

// userLine is one line: an account, the error that ended the list, or its end.
type userLine struct {
	User       *auth.User `json:"user"`
	Error      *fault     `json:"error"`
	End        bool       `json:"end"`
	Unreadable int        `json:"unreadable"` // accounts in all that could not be read
}

func (a *userStream) called() string { return a.name }

func (a *userStream) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	if err := read(body, &nothing{}); err != nil {
		return refuse(w, err)
	}
	w.Header().Set("Content-Type", mediaLines)
	out := bufio.NewWriter(w)
	unreadable, err := eachUser(ctx, d.Operator, func(u *auth.User) error {
		if writeLine(out, userLine{User: u}) != nil {
			return errLeft
		}
		return nil
	})
	// To whoever has left, this is written in vain.
	_ = writeLine(out, userLine{Error: faultOf(err), End: true, Unreadable: unreadable})
	_ = out.Flush()
	return err
}

// errLeft says that the client closed the connection before the end.
var errLeft = errors.New("the client left")

func writeLine(w *bufio.Writer, line userLine) error {
	if err := write(w, line); err != nil {
		return err
	}
	return w.WriteByte('\n')
}

// eachUser calls fn for every account in the order of ids, outside of any view
// of the store, and counts those that can't be read.
func eachUser(ctx context.Context, o auth.Operator, fn func(*auth.User) error) (unreadable int, err error) {
	for from, more := uint64(0), true; more; {
		var users []*auth.User
		err := o.Users(from, func(u *auth.User, err error) bool {
			if err != nil {
				unreadable++
			} else {
				users = append(users, u)
			}
			return len(users) < usersAtOnce
		})
		if err != nil {
			return unreadable, err
		}
		for _, u := range users {
			if err := fn(u); err != nil {
				return unreadable, err
			}
		}
		if more = len(users) == usersAtOnce; more {
			next := users[len(users)-1].ID + 1
			more, from = next > from, next // the highest id there can be has none after it
		}
		if err := ctx.Err(); err != nil {
			return unreadable, err
		}
	}
	return unreadable, nil
}

// ask calls fn for every account as it comes.
func (a *userStream) ask(ctx context.Context, c *Client, fn func(*auth.User) error) (unreadable int, err error) {
	body, err := c.send(ctx, a.name, nothing{})
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	for lines := jsontext.NewDecoder(body); ; {
		var line userLine
		err := json.UnmarshalDecode(lines, &line)
		switch {
		case err != nil:
			return 0, c.broken(ctx, a.name)
		case line.End:
			return line.Unreadable, line.Error.err(ctx)
		case line.User == nil:
			return 0, c.broken(ctx, a.name)
		}
		if err := fn(line.User); err != nil {
			return 0, err
		}
	}
}
