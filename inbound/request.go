// Package inbound holds what every HTTP request passes through before an adapter answers it: the
// limit of connections, the id and deadline of a request, and who sends it.
package inbound

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// request is the context of a request. It holds the id and the connection in one value, because
// each further context around it would cost time.
//
// It does not end when the client disconnects, because the drivers cancel a statement by closing
// its connection to the database. An operation that has begun runs until it is finished, or until
// the deadline.
type request struct {
	context.Context //nolint:containedctx // it is a context

	id         string
	connection *connection // nil if connections are not counted
}

type requestKey struct{}

func newRequest(ctx context.Context, id string) *request {
	counted, _ := ctx.Value(connectionKey{}).(*connection)
	return &request{Context: ctx, id: id, connection: counted}
}

// Deadline implements context.Context.
func (*request) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Done implements context.Context.
func (*request) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (*request) Err() error { return nil }

// Value implements context.Context.
func (r *request) Value(key any) any {
	if key == (requestKey{}) {
		return r
	}
	return r.Context.Value(key)
}

// Gone returns a channel that is closed when the client of a request disconnects. It is nil if ctx
// does not belong to a request.
func Gone(ctx context.Context) <-chan struct{} {
	if request, ok := ctx.Value(requestKey{}).(*request); ok {
		return request.Context.Done()
	}
	return nil
}

// Hold keeps the connection of a request open until the returned function is called. Use it for
// work that must not be cut off. Do not hold the connection while you write the answer: a client
// that does not read it would keep its place.
func Hold(ctx context.Context) (release func()) {
	request, ok := ctx.Value(requestKey{}).(*request)
	if !ok || request.connection == nil {
		return func() {}
	}

	request.connection.turn(working)
	return func() { request.connection.turn(slow) }
}

// LogHandler returns a handler that adds the id of the request to each record that is logged with
// the context of a request.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if request, ok := ctx.Value(requestKey{}).(*request); ok {
		record.AddAttrs(slog.String("requestId", request.id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }

// loggedMethod returns a method for the log. An unknown one could be any text, so it is "other".
func loggedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}
