// Package web holds the routes of the server and everything on them besides GraphQL: CORS, token
// introspection (RFC 7662), the documents under /.well-known, health and the playground.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/inbound"
)

// Settings say what is served and to whom. They include the settings of the GraphQL endpoint.
type Settings struct {
	gqlhttp.Settings

	// SDL is the text of the schema. It is served at /schema.graphqls if introspection is on.
	// Required.
	SDL string
	// Ready returns why the server cannot answer operations at the moment, or nil. Required.
	Ready func(context.Context) error
	// Kibo returns what answers clients of Kibo's APIs; nil if the server does not know them. Sites
	// are the applications that the ids of sites mean.
	Kibo  func(*inbound.Callers) http.Handler
	Sites map[string]string
	// TrustedProxies are the networks whose X-Forwarded-For header is trusted. If it is empty, a
	// request comes from the address of its connection.
	TrustedProxies []netip.Prefix
	// Playground serves the playground at /. With Demo, it offers the sample customers and lists
	// the applications.
	Playground bool
	Demo       bool
	// LocalPages lets the pages of this machine call, even if no application lists their origins.
	LocalPages bool
}

// Handler answers every request.
type Handler struct {
	http.Handler

	graphQL *gqlhttp.Endpoint
}

// LogClients logs how many requests each client that gives a name has sent since the last call.
func (h *Handler) LogClients(ctx context.Context) { h.graphQL.LogClients(wholeLog(ctx)) }

// New returns the handler of every route. It fails if a trusted document does not fit the schema or
// exceeds a limit.
func New(settings Settings) (*Handler, error) {
	callers := &inbound.Callers{
		Applications:   settings.Office.Applications,
		TrustedProxies: settings.TrustedProxies,
		LocalPages:     settings.LocalPages,
		Log:            settings.Log,
		Now:            settings.Office.Now,

		ApplicationTokens: settings.Kibo != nil,
		Sites:             settings.Sites,
	}
	graphQL, err := gqlhttp.New(settings.Settings, callers)
	if err != nil {
		return nil, err
	}

	documents := wellKnown{settings.Office, settings.Log}
	mux := http.NewServeMux()
	mux.Handle("/graphql", newCrossOrigin(graphQL, callers, settings.Faults != nil,
		http.MethodGet, http.MethodHead, http.MethodPost))
	mux.Handle("POST "+introspectionPath, &introspection{settings.Office, callers, settings.Log})
	mux.HandleFunc("GET "+jwksPath, documents.jwks)
	mux.Handle("GET "+metadataPath, documents.metadata())
	mux.HandleFunc("GET "+revokedTicketsPath, documents.revokedTickets)
	mux.Handle("GET /livez", text("ok\n"))
	mux.Handle("GET /readyz", ready(settings.Ready, settings.Log))
	notFound := http.NotFoundHandler()
	if settings.Kibo != nil {
		resources := newCrossOrigin(settings.Kibo(callers), callers, false,
			http.MethodGet, http.MethodPost, http.MethodPut)
		mux.Handle("/api", resources)
		mux.Handle("/api/", resources)
		notFound = withResources(resources)
	}
	if settings.Introspection {
		mux.Handle("GET /schema.graphqls", text(settings.SDL))
		if settings.Facade != nil {
			mux.Handle("GET /kibo.graphqls", text(settings.Facade.SDL))
		}
	}
	if settings.Playground {
		page := playground(newGuide(settings))
		mux.Handle("/{$}", page)
		mux.Handle("/playground/", page)
	}

	traced := inbound.Trace(mux, inbound.TraceSettings{
		Deadline: settings.Deadline,
		Random:   settings.Random,
		NotFound: notFound,
		Log:      settings.Log,
	})
	return &Handler{traced, graphQL}, nil
}

// withResources returns a handler that answers 404, as Kibo's resources do if the path is below
// theirs.
func withResources(resources http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(path.Clean(r.URL.Path)+"/", "/api/") {
			resources.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

// Limits of the server. It closes the connection of a slower client. After the deadline of a
// request, writeTimeout is left for the answer. headerLimit is in bytes.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 20 * time.Second
	idleTimeout  = 2 * time.Minute
	headerLimit  = 16 << 10
)

// NewServer returns an HTTP server for requests with a deadline. It limits how long the head of a
// request may be, and how long the client may take to send a request.
func NewServer(handler http.Handler, deadline time.Duration, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      deadline + writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerLimit,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// text serves a plain text.
func text(content string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, content)
	})
}
