package ctl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"

	"kunci/server/auth"
)

// mostBytes bounds what is read of a request: the longest arguments that a
// command can be given fit.
const mostBytes = 1 << 20

// act is one thing that an operator can ask for.
type act interface {
	called() string
	serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error
}

// doing is an act under way: by whom it is done, and what the log is told of it.
type doing struct {
	auth.Operator
	subject string // the account's UUID, or the id of what else it is about
	quiet   bool   // it only looked whether there is something new
}

// account notes which account an act is about. Who is not found, or can't be
// read, stays out of the log: what was typed may be an e-mail address.
func (d *doing) account(who string) { d.subject, _ = d.UUID(who) }

// op is an act that takes one value and answers with one. Both ends use the
// same op, so that they can't differ in what they send and expect.
type op[In, Out any] struct {
	name string // of the command
	do   func(ctx context.Context, d *doing, in In) (Out, error)
}

// answer is what came of an act. What was to be made comes beside an error,
// which is worded with it.
type answer[Out any] struct {
	Out   Out    `json:"out"`
	Error *fault `json:"error"`
}

func (a *op[In, Out]) called() string { return a.name }

// serve does the act, and answers. Its error is for the log.
func (a *op[In, Out]) serve(ctx context.Context, d *doing, w http.ResponseWriter, body io.Reader) error {
	var in In
	if err := read(body, &in); err != nil {
		return refuse(w, err)
	}
	out, err := a.do(ctx, d, in)
	var b bytes.Buffer
	if err := write(&b, answer[Out]{Out: out, Error: faultOf(err)}); err != nil {
		panic(err) // an answer of ours that is no JSON
	}
	w.Header().Set("Content-Type", mediaJSON)
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
	_, _ = w.Write(b.Bytes()) // the client may be gone; there is nobody to tell
	return err
}

// ask has the act done by whom a client speaks to.
func (a *op[In, Out]) ask(ctx context.Context, c *Client, in In) (out Out, err error) {
	body, err := c.send(ctx, a.name, in)
	if err != nil {
		return out, err
	}
	defer func() { _ = body.Close() }()
	var got answer[Out]
	if err := json.UnmarshalRead(body, &got); err != nil {
		return out, c.broken(ctx, a.name)
	}
	return got.Out, got.Error.err(ctx)
}

// write writes a value; members that say nothing are left out.
func write(w io.Writer, v any) error {
	return json.MarshalWrite(w, v, json.OmitZeroStructFields(true))
}

// read reads the one value of a request. A member that is not known would be
// something asked for that silently is not done.
func read(body io.Reader, in any) error {
	return json.UnmarshalRead(body, in, json.RejectUnknownMembers(true))
}

// errMalformed and errTooLarge say why a request was not understood. None
// quotes it: it may hold a password.
var (
	errMalformed = errors.New("the request is none that this server knows")
	errTooLarge  = errors.New("the request is too large")
)

// refuse answers a request that can't be read.
func refuse(w http.ResponseWriter, err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return &auth.Error{Kind: auth.TooLarge, Reason: "too_large", Cause: errTooLarge}
	}
	w.WriteHeader(http.StatusBadRequest)
	return &auth.Error{Kind: auth.Malformed, Reason: "malformed", Cause: errMalformed}
}
