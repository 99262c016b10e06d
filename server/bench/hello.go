package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"
)

// HelloPath is what Hello answers.
const HelloPath = "/api/auth/me"

// helloBody is about as long as what kunci answers there.
const helloBody = `{"success":true,"data":{"id":1,"username":"hello","name":"Hello World","email":"hello@example.com","credit_balance":0,"role_id":3}}` + "\n"

// Hello serves the least that a server of this kind does, until ctx ends: the
// router, one route, a fixed answer. It runs in a process of its own.
func Hello(ctx context.Context, l net.Listener) error {
	router := httprouter.New()
	router.GET(HelloPath, func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, helloBody) // a client that has left hears nothing
	})
	h := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = h.Close() })()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
