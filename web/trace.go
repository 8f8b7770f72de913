package web

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"
)

const requestIDHeader = "X-Request-Id"

// LogHandler returns a handler that adds the id of the request to each record that is logged with its context.
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

// traced gives each request an id, which is answered in X-Request-Id, bounds its time, and survives
// a panic.
func (s Settings) traced(next http.Handler) http.Handler {
	hint := &proxyHint{log: s.Log, trusted: s.TrustedProxies}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := s.requestID(r)
		w.Header()[requestIDHeader] = []string{id}
		ctx, cancel := s.untilDeadline(r.Context(), id)
		defer cancel()
		defer s.survive(ctx, w)
		hint.check(ctx, r)
		if clean := path.Clean(r.URL.Path); clean != r.URL.Path && clean+"/" != r.URL.Path {
			http.NotFound(w, r) // the mux would send such a request elsewhere, with an answer that repeats it
			return
		}
		if !s.Log.Enabled(ctx, slog.LevelDebug) {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		answer := &observed{ResponseWriter: w, status: http.StatusOK}
		asked := r.WithContext(ctx)
		begin := time.Now() //nolint:forbidigo // measures, decides nothing
		next.ServeHTTP(answer, asked)
		took := time.Since(begin) //nolint:forbidigo // measures, decides nothing
		said := clientOf(r.Header)
		// Neither the path nor an unknown method: both are the client's words.
		s.Log.DebugContext(ctx, "request", "method", knownMethod(r.Method), "route", asked.Pattern, "status", answer.status, "bytes", answer.bytes, "took", took,
			"client", said.name, "clientVersion", said.version)
	})
}

// request is the context of a request, with what belongs to the request. It is one type because
// each context that wraps another costs time.
//
// It goes on when the client disconnects. A statement that is given up costs its connection to the
// database: the drivers can only cut it. So what has begun runs until it is finished or the
// deadline passes.
type request struct {
	context.Context //nolint:containedctx // it is a context

	id         string
	connection *connection // nil where connections are not counted
}

type requestKey struct{}

func (s Settings) untilDeadline(ctx context.Context, id string) (context.Context, context.CancelFunc) {
	return context.WithTimeout(newRequest(ctx, id), s.Deadline)
}

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

// gone returns a channel that is closed when the client of a request disconnects.
func gone(ctx context.Context) <-chan struct{} {
	if request, ok := ctx.Value(requestKey{}).(*request); ok {
		return request.Context.Done()
	}
	return nil
}

func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// requestID takes over the id that a proxy has given, if it is harmless, or draws one.
func (s Settings) requestID(r *http.Request) string {
	if given := r.Header.Get(requestIDHeader); harmless(given, "-_") {
		return given
	}
	var id [8]byte
	_, _ = io.ReadFull(s.Random, id[:]) // an id of zeros is better than no answer
	return hex.EncodeToString(id[:])
}

// harmless reports whether what a client sends may be logged and answered: it is short, and has nothing but letters, digits and the marks that are named.
func harmless(text, marks string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}

// survive ends a panic of a handler. One below the endpoint for GraphQL never comes this far.
func (s Settings) survive(ctx context.Context, w http.ResponseWriter) {
	if cause := recover(); cause != nil {
		_ = s.recovered(ctx, cause)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// observed remembers what was answered.
type observed struct {
	http.ResponseWriter

	status int
	bytes  int
}

// Unwrap lets net/http find the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

func (o *observed) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Write(content []byte) (int, error) {
	o.bytes += len(content)
	return o.ResponseWriter.Write(content)
}
