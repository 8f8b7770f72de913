// Package web is the HTTP side: the GraphQL transport, CORS, limits, health and the playground.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/tickets"
)

// Settings say what is served and to whom.
type Settings struct {
	// Schema answers the GraphQL operations, and SDL is its text. Both are required.
	Schema graphql.ExecutableSchema
	SDL    string
	// Ready returns why the server cannot answer operations at the moment; nil when it can. Required.
	Ready func(context.Context) error
	// Office knows the applications, and what other services may ask about tickets. Required.
	Office *tickets.Office
	// TrustedProxies are the networks whose X-Forwarded-For header is believed. None means that the address of the connection counts.
	TrustedProxies []netip.Prefix
	// Playground serves the playground at /. With Demo it offers the sample customers and lists the
	// applications.
	Playground bool
	Demo       bool
	// Introspection answers questions about the schema, and gives its text at /schema.graphqls.
	Introspection bool
	// Limits bound what one request may ask for. Required.
	Limits Limits
	// TrustedDocuments are texts of documents by their hashes, which clients need not send. With TrustedOnly no others are run.
	TrustedDocuments map[string]string
	TrustedOnly      bool
	// Cores are the processors that the server may use. Heavy operations leave half of them to others.
	// 0 counts as 1.
	Cores int
	// Deadline bounds an operation. Required.
	Deadline time.Duration
	// Random draws the ids of requests and errors. Required.
	Random io.Reader
	// LocalPages lets pages of this machine's own call, whatever the applications' origins are.
	LocalPages bool
	// Faults are what requests may have go wrong on purpose; nil for nothing.
	Faults *Faults
	// Log gets a record per request at the debug level, and one per failure. Required.
	Log *slog.Logger

	refusals *refusals
}

// Handler answers everything that is served.
type Handler struct {
	http.Handler

	clients *clientCounts
	log     *slog.Logger
}

// LogClients logs how many requests each client that says what it is has sent since the last time.
func (h *Handler) LogClients(ctx context.Context) { h.clients.log(wholeLog(ctx), h.log) }

// New returns the handler of everything that is served.
func New(settings Settings) (*Handler, error) {
	settings.refusals = &refusals{log: settings.Log, trusted: settings.TrustedProxies}
	operations, err := newGraphQL(settings)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", settings.crossOrigin(operations))
	mux.HandleFunc("POST "+introspectionPath, settings.introspect)
	mux.HandleFunc("GET "+jwksPath, settings.jwks)
	mux.Handle("GET "+metadataPath, settings.metadata())
	mux.HandleFunc("GET "+revokedTicketsPath, settings.revokedTickets)
	mux.Handle("GET /livez", text("ok\n"))
	mux.Handle("GET /readyz", ready(settings.Ready, settings.Log))
	if settings.Introspection {
		mux.Handle("GET /schema.graphqls", text(settings.SDL))
	}
	if settings.Playground {
		page := settings.playground()
		mux.Handle("/{$}", page)
		mux.Handle("/playground/", page)
	}
	return &Handler{settings.traced(mux), &operations.clients, settings.Log}, nil
}

// Server timeouts: a client that is slower is cut off. An answer has writeTimeout after the deadline of its request.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 20 * time.Second
	idleTimeout  = 2 * time.Minute
	headerLimit  = 16 << 10
)

// NewServer returns an HTTP server for requests with a deadline, with limits on how slow and how long their heads and bodies may be.
func NewServer(handler http.Handler, deadline time.Duration, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: deadline + writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerLimit, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func text(content string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, content)
	})
}

// ready answers 200 when the server can answer operations, and 503 when it is starting, draining, or without its database. The reason is for the log alone.
func ready(check func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if err := askReady(r.Context(), check); err != nil {
			log.WarnContext(r.Context(), "not ready", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "not ready\n")
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
}

// askReady calls check. Its query is not cut off, because that would cost a connection to the
// database.
func askReady(ctx context.Context, check func(context.Context) error) error {
	markWorking(ctx)
	defer markSlow(ctx)
	return check(ctx)
}
