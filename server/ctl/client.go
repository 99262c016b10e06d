package ctl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"kunci/server/auth"
)

// Client has acts done: by the server that Dial found, or by this process.
// Its errors are those of auth.Operator. After ctx has ended, an act that was
// asked for may still be done.
type Client struct {
	http    http.Client
	version string // ours
	live    bool   // a server answers
	close   func()
}

// Close lets go of the server. Acts under way in this process end first.
func (c *Client) Close() { c.close() }

// Live says whether a running server does the acts.
func (c *Client) Live() bool { return c.live }

// send asks for an act; the body is its answer.
func (c *Client) send(ctx context.Context, name string, in any) (io.ReadCloser, error) {
	var b bytes.Buffer
	if err := write(&b, in); err != nil {
		return nil, errors.New("what was given is no UTF-8 text: give it as UTF-8") // and is not repeated: it may hold a password
	}
	return c.post(ctx, name, &b)
}

func (c *Client) post(ctx context.Context, name string, body io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+path(name), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", mediaJSON)
	got, err := c.http.Do(r)
	if err != nil {
		return nil, c.broken(ctx, name)
	}
	switch got.StatusCode {
	case http.StatusOK, http.StatusUnprocessableEntity:
		return got.Body, nil
	}
	_ = got.Body.Close()
	switch got.StatusCode {
	case http.StatusNotFound, http.StatusBadRequest:
		return nil, fmt.Errorf("the running server is of version %s and does not know %q as this kunci, of version %s, asks for it: restart it, or use its own binary",
			got.Header.Get(versionHeader), name, c.version)
	case http.StatusRequestEntityTooLarge:
		return nil, fmt.Errorf("what was given is longer than %d bytes: give less", mostBytes)
	}
	return nil, fmt.Errorf("the running server refused the request with status %d: see its log", got.StatusCode)
}

// broken is an answer that did not come, or not whole.
func (c *Client) broken(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return &unansweredError{name}
}

// unansweredError says that nobody knows whether an act was done.
type unansweredError struct{ name string }

// Error says what to do about it.
func (e *unansweredError) Error() string {
	return fmt.Sprintf("the running server ended before it had answered, and may have done %q or not: see its log, and look before you run this again", e.name)
}

// AddUser makes an account.
func (c *Client) AddUser(ctx context.Context, in auth.NewUser) (*auth.User, error) {
	return userAdd.ask(ctx, c, in)
}

// Users calls fn for every account in the order of ids, as it comes, until fn
// returns an error. unreadable is how many could not be read.
func (c *Client) Users(ctx context.Context, fn func(*auth.User) error) (unreadable int, err error) {
	return userList.ask(ctx, c, nothing{}, fn)
}

// User returns one account.
func (c *Client) User(ctx context.Context, who string) (*auth.User, error) {
	return userShow.ask(ctx, c, named{who})
}

// SetUser changes an account.
func (c *Client) SetUser(ctx context.Context, who string, e auth.Edit) (Change, error) {
	return userSet.ask(ctx, c, edited{who, e})
}

// SetPassword gives an account another password, and mails a notice in a
// language. Its sessions end.
func (c *Client) SetPassword(ctx context.Context, who, pw, lang string) (Ended, error) {
	return userPasswd.ask(ctx, c, newPassword{who, pw, lang})
}

// Disable ends an account's sessions and keeps it from signing in.
func (c *Client) Disable(ctx context.Context, who string) error {
	_, err := userDisable.ask(ctx, c, named{who})
	return err
}

// Enable lets a disabled account sign in again.
func (c *Client) Enable(ctx context.Context, who string) error {
	_, err := userEnable.ask(ctx, c, named{who})
	return err
}

// Delete removes an account and all that belongs to it.
func (c *Client) Delete(ctx context.Context, who string) error {
	_, err := userDelete.ask(ctx, c, named{who})
	return err
}

// AddCompany makes a company; id "" asks for a new one. Beside an error, what
// was to be made may come as well.
func (c *Client) AddCompany(ctx context.Context, name, id string) (*auth.Organised, error) {
	return companyAdd.ask(ctx, c, newNamed{Name: name, UUID: id})
}

// AddDivision makes a division of a company, otherwise as AddCompany.
func (c *Client) AddDivision(ctx context.Context, company, name, id string) (*auth.Organised, error) {
	return divisionAdd.ask(ctx, c, newNamed{Company: company, Name: name, UUID: id})
}

// AddRole makes a role, otherwise as AddCompany.
func (c *Client) AddRole(ctx context.Context, name, id string) (*auth.Organised, error) {
	return roleAdd.ask(ctx, c, newNamed{Name: name, UUID: id})
}

// Companies lists the companies by name.
func (c *Client) Companies(ctx context.Context) ([]auth.Organised, error) {
	return companyList.ask(ctx, c, nothing{})
}

// Divisions lists the divisions by company and name.
func (c *Client) Divisions(ctx context.Context) ([]auth.Organised, error) {
	return divisionList.ask(ctx, c, nothing{})
}

// Roles lists the roles by name.
func (c *Client) Roles(ctx context.Context) ([]auth.Organised, error) {
	return roleList.ask(ctx, c, nothing{})
}

// Sessions lists the sessions of one account that stand, newest first.
func (c *Client) Sessions(ctx context.Context, who string) ([]auth.OpenSession, error) {
	return sessionList.ask(ctx, c, named{who})
}

// RevokeSession ends one session.
func (c *Client) RevokeSession(ctx context.Context, id string) error {
	_, err := sessionRevoke.ask(ctx, c, sessionID{id})
	return err
}

// RevokeSessions ends every session of an account.
func (c *Client) RevokeSessions(ctx context.Context, who string) (Ended, error) {
	return sessionRevokeAll.ask(ctx, c, named{who})
}

// QueuedMails lists the mails that wait to be sent, the longest due first.
func (c *Client) QueuedMails(ctx context.Context) ([]auth.QueuedMail, error) {
	return mailList.ask(ctx, c, nothing{})
}

// Keys lists the keys that still verify, the signing key first.
func (c *Client) Keys(ctx context.Context) ([]Key, error) { return keyList.ask(ctx, c, nothing{}) }

// RotateKey makes a new signing key.
func (c *Client) RotateKey(ctx context.Context) (Rotation, error) {
	return keyRotate.ask(ctx, c, nothing{})
}

// Readyz asks the server how it is, as /readyz answers.
func (c *Client) Readyz(ctx context.Context) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(r)
}
