package inbound

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"time"
)

// RequestIDHeader holds the id of a request, in requests and in answers.
const RequestIDHeader = "X-Request-Id"

// CorrelationHeader holds the id of a request in answers to clients of Kibo's APIs, which log it.
const CorrelationHeader = "X-Vol-Correlation"

// TraceSettings say how requests are traced. All are required.
type TraceSettings struct {
	// Deadline is how long a request may take.
	Deadline time.Duration
	// Random draws the ids of requests.
	Random io.Reader
	// NotFound answers requests whose path is not clean.
	NotFound http.Handler
	// Log gets a record for each request at the debug level.
	Log *slog.Logger
}

// Trace returns a handler that wraps next. It gives each request an id and a deadline, logs the
// request, and answers 500 if next panics. The answer carries the id in X-Request-Id.
func Trace(next http.Handler, settings TraceSettings) http.Handler {
	return &tracer{settings, next}
}

type tracer struct {
	TraceSettings

	next http.Handler
}

// ServeHTTP implements http.Handler.
func (t *tracer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := t.requestID(r)
	w.Header()[RequestIDHeader] = []string{id}
	ctx, cancel := t.untilDeadline(r.Context(), id)
	defer cancel()
	defer t.survive(ctx, w)

	next := t.next
	if !IsClean(r.URL.Path) {
		next = t.NotFound
	}
	if t.Log.Enabled(ctx, slog.LevelDebug) {
		t.serveLogged(w, r.WithContext(ctx), next)
		return
	}
	next.ServeHTTP(w, r.WithContext(ctx))
}

// IsClean reports whether a path has no empty part, and no part that means this or the folder
// above. http.ServeMux would redirect a request with such a path, and its answer would repeat the
// path.
func IsClean(text string) bool {
	clean := path.Clean(text)
	return clean == text || clean+"/" == text
}

func (t *tracer) untilDeadline(ctx context.Context, id string) (context.Context, context.CancelFunc) {
	return context.WithTimeout(newRequest(ctx, id), t.Deadline)
}

// serveLogged logs neither the path nor an unknown method, because a client can put any text there.
func (t *tracer) serveLogged(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := &observed{ResponseWriter: w, status: http.StatusOK}
	begin := time.Now() //nolint:forbidigo // only measures
	next.ServeHTTP(answer, r)
	took := time.Since(begin) //nolint:forbidigo // only measures

	sender := ClientOf(r.Header)
	t.Log.DebugContext(r.Context(), "request",
		"method", loggedMethod(r.Method),
		"route", r.Pattern,
		"status", answer.status,
		"bytes", answer.bytes,
		"took", took,
		"client", sender.Name,
		"clientVersion", sender.Version)
}

// requestID returns the id that a proxy has given the request, if it is harmless. Otherwise it
// draws one.
func (t *tracer) requestID(r *http.Request) string {
	if given := r.Header.Get(RequestIDHeader); isHarmless(given, "-_") {
		return given
	}

	var id [8]byte
	_, _ = io.ReadFull(t.Random, id[:]) // an id of zeros is better than no answer
	return hex.EncodeToString(id[:])
}

// survive answers 500 if a handler has panicked. The GraphQL endpoint recovers from its own panics.
func (t *tracer) survive(ctx context.Context, w http.ResponseWriter) {
	if cause := recover(); cause != nil {
		LogPanic(ctx, t.Log, cause)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// LogPanic logs what recover has returned, with the stack.
func LogPanic(ctx context.Context, log *slog.Logger, cause any) {
	log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
}

// observed notes the status of an answer, and counts its bytes.
type observed struct {
	http.ResponseWriter

	status int
	bytes  int
}

// Unwrap lets http.ResponseController find the connection.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (o *observed) WriteHeader(status int) {
	o.status = status
	o.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (o *observed) Write(content []byte) (int, error) {
	o.bytes += len(content)
	return o.ResponseWriter.Write(content)
}
