package dialect

import (
	"context"
	"net/http"
	"strings"

	"kunci/server/auth"
)

// Media types that dialects read.
const (
	mediaJSON      = "application/json"
	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

// Request is what a client sent, as far as a dialect has to know.
type Request struct {
	ID             string // the request id, a UUID
	Bearer         string // what the Authorization header carries
	AcceptLanguage string
	Caller         auth.Caller // without the audience

	fields Fields // the body, where the route reads one
}

// Answer is a status and a body that becomes JSON.
type Answer struct {
	Status int
	Body   any
	Note   string // for the log alone
}

// Dialect is one login API.
type Dialect struct {
	Name     string
	Audience *auth.Audience

	media    []string             // what it reads
	language string               // what it speaks where Accept-Language says nothing
	statuses map[auth.Kind]int    // where its errors differ from the contract's table
	names    map[string]string    // its own names of the core's fields
	envelope func(failure) any    // how an error looks
	words    func(failure) string // words that its document fixes; "" for none
}

// Reads says whether the dialect reads bodies of a media type.
func (d *Dialect) Reads(media string) bool {
	for _, m := range d.media {
		if strings.EqualFold(m, media) {
			return true
		}
	}
	return false
}

// statuses are the contract's (CONTRACT 4, errors).
var statuses = map[auth.Kind]int{
	auth.Malformed:       http.StatusBadRequest,
	auth.Invalid:         http.StatusUnprocessableEntity,
	auth.Unauthenticated: http.StatusUnauthorized,
	auth.NoSession:       http.StatusUnauthorized,
	auth.NotAdmitted:     http.StatusForbidden,
	auth.Taken:           http.StatusConflict,
	auth.BadLink:         http.StatusBadRequest,
	auth.NotSetUp:        http.StatusNotImplemented,
	auth.Refused:         http.StatusUnauthorized,
	auth.Conflict:        http.StatusConflict,
	auth.TooLarge:        http.StatusRequestEntityTooLarge,
	auth.MediaType:       http.StatusUnsupportedMediaType,
	auth.TooMany:         http.StatusTooManyRequests,
	auth.Busy:            http.StatusServiceUnavailable,
	auth.Internal:        http.StatusInternalServerError,
}

// failure is an error on its way into an envelope.
type failure struct {
	*auth.Error
	status    int
	requestID string
	message   string
	errors    map[string]string // by field, in the dialect's names
}

// Fail writes an error as the dialect's clients know it.
func (d *Dialect) Fail(r *Request, e *auth.Error) Answer {
	f := failure{Error: e, requestID: r.ID, status: statuses[e.Kind], errors: map[string]string{}}
	if own, ok := d.statuses[e.Kind]; ok {
		f.status = own
	}
	named := *e
	named.Fields = nil
	for _, field := range e.Fields {
		if own, ok := d.names[field.Name]; ok {
			field.Name = own
		}
		named.Fields = append(named.Fields, field)
	}
	f.Error = &named
	f.message = d.message(r, &f)
	return Answer{Status: f.status, Body: d.envelope(f)}
}

func (d *Dialect) message(r *Request, f *failure) string {
	lang := Language(r.AcceptLanguage, d.language)
	var all []string
	for _, field := range f.Fields {
		text := FieldText(field, lang)
		if _, had := f.errors[field.Name]; !had {
			f.errors[field.Name] = text
		}
		all = append(all, field.Name+": "+text)
	}
	if d.words != nil {
		if fixed := d.words(*f); fixed != "" {
			return fixed
		}
	}
	if len(all) > 0 {
		return strings.Join(all, "; ")
	}
	return Text(f.Reason, lang)
}

// Endpoint is one dialect's answer to a route.
type Endpoint struct {
	Dialect *Dialect
	handle  handler
	// wordless is one whose success says nothing in any language and causes no
	// mail: the caller's language need not be worked out.
	wordless bool
}

// handler does a request.
type handler func(context.Context, *auth.Service, *Request) (Answer, error)

// Serve does a request whose body, where there is one, was parsed. It returns
// the core's error, for the log, along with the answer that tells of it.
func (e *Endpoint) Serve(ctx context.Context, s *auth.Service, r *Request) (Answer, *auth.Error) {
	r.Caller.Audience = e.Dialect.Audience
	if !e.wordless {
		r.Caller.Lang = Language(r.AcceptLanguage, e.Dialect.language)
	}
	a, err := e.handle(ctx, s, r)
	if err != nil {
		failed := auth.AsError(err)
		return e.Dialect.Fail(r, failed), failed
	}
	return a, nil
}

// op joins how a dialect reads, what the core does, and how the dialect
// writes. What does not fit together does not compile.
func op[In, Out any](
	read func(*reader) In,
	use func(*auth.Service, context.Context, auth.Caller, In) (Out, error),
	write func(*Request, Out) Answer,
) handler {
	return func(ctx context.Context, s *auth.Service, r *Request) (Answer, error) {
		in := reader{Request: r}
		asked := read(&in)
		if err := in.err(); err != nil {
			return Answer{}, err
		}
		out, err := use(s, ctx, r.Caller, asked)
		if err != nil {
			return Answer{}, err
		}
		return write(r, out), nil
	}
}

// bearer reads what the Authorization header carries.
func bearer(r *reader) string { return r.Bearer }
