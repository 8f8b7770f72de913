// Package kibo answers the requests of clients that were made for Kibo's APIs: the Customer
// Authentication Tickets resource, and the tickets of applications that these clients fetch first.
// It translates requests and answers, and decides nothing itself.
package kibo

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/tickets"
)

// Settings are what the handler needs. All are required, except Tenant.
type Settings struct {
	Office       *tickets.Office
	Applications *applications.Tickets
	Callers      *inbound.Callers
	Tenant       Tenant
	// BodyLimit is the longest body of a request, in bytes. Above 12 KiB it has no effect.
	BodyLimit int64
	Log       *slog.Logger
}

// Prefix is the path below which the handler answers.
const Prefix = "/api/"

// The resources. Each path works with a slash at its end, too.
const (
	shopperTickets     = Prefix + "commerce/customer/authtickets"
	applicationTickets = Prefix + "platform/applications/authtickets"
	tenants            = Prefix + "platform/tenants"
)

// Handler answers every request below Prefix.
type Handler struct {
	settings Settings
	routes   *http.ServeMux
}

// New returns the handler.
func New(settings Settings) *Handler {
	h := &Handler{settings, http.NewServeMux()}

	h.route(http.MethodGet, shopperTickets+"/anonymousshopper", h.anonymousTicket)
	h.route(http.MethodPost, shopperTickets, h.signIn)
	h.route(http.MethodPut, shopperTickets+"/refresh", h.refresh)
	for _, path := range []string{"/impersonatecart", "/otp/request", "/otp/auth", "/2fa/request", "/2fa/auth"} {
		h.route(http.MethodPost, shopperTickets+path, unsupported)
	}

	h.route(http.MethodPost, applicationTickets+"/oauth", h.oauthTicket)
	h.route(http.MethodPost, applicationTickets, h.applicationTicket)
	h.route(http.MethodPut, applicationTickets+"/refresh-ticket", h.renewApplicationTicket)
	h.route(http.MethodDelete, applicationTickets+"/{refreshToken}", h.endApplicationTicket)
	h.route(http.MethodGet, tenants+"/{tenant}", h.tenant)

	h.routes.HandleFunc(Prefix, notFound)
	h.routes.HandleFunc(strings.TrimSuffix(Prefix, "/"), notFound)
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header[inbound.CorrelationHeader] = header[inbound.RequestIDHeader]
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	defer h.survive(w, r)

	if !inbound.IsClean(r.URL.Path) {
		notFound(w, r)
		return
	}
	h.routes.ServeHTTP(w, r)
}

// route answers the requests for a path, with and without a slash at its end. Any other method is
// refused.
func (h *Handler) route(method, path string, do http.HandlerFunc) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method {
			do(w, r)
			return
		}
		w.Header().Set("Allow", method)
		refuse(w, refusal{http.StatusMethodNotAllowed, codeMethod}, "The method must be "+method+".", nil)
	}
	h.routes.HandleFunc(path, serve)
	h.routes.HandleFunc(path+"/{$}", serve)
}

// held runs an operation that must not be cut off while the server makes room for others.
func held[T any](r *http.Request, do func() (T, error)) (T, error) {
	defer inbound.Hold(r.Context())()
	return do()
}

var errPanic = errors.New("panic")

// survive answers SERVER_ERROR if a handler has panicked.
func (h *Handler) survive(w http.ResponseWriter, r *http.Request) {
	if cause := recover(); cause != nil {
		inbound.LogPanic(r.Context(), h.settings.Log, cause)
		refuseProblem(w, problem.Of(errPanic))
	}
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	refuse(w, refusal{http.StatusNotFound, codeNotFound}, "There is no such resource.", nil)
}

func unsupported(w http.ResponseWriter, _ *http.Request) {
	refuse(w, refusal{http.StatusNotImplemented, codeUnsupported}, "This server does not support that.", nil)
}

// callerOf returns who calls. It answers the request itself, and returns nil, if it cannot tell.
func (h *Handler) callerOf(w http.ResponseWriter, r *http.Request) *access.Caller {
	caller, err := h.settings.Callers.OfService(r)
	if err != nil {
		refuse(w, refusal{http.StatusBadRequest, codeInvalid},
			"The header x-shopper-address must be one IP address.", nil)
		return nil
	}
	return caller
}

// answer writes JSON. Nothing that it is given can fail to be JSON.
func answer(w http.ResponseWriter, status int, content any) {
	text, err := json.Marshal(content, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"errorCode":"`+codeInternal+`"}`)
	}
	send(w, status, text)
}

// send writes JSON.
func send(w http.ResponseWriter, status int, text []byte) {
	w.Header()["Content-Type"] = []string{"application/json; charset=utf-8"}
	w.WriteHeader(status)
	_, _ = w.Write(text) //nolint:gosec // JSON, and declared as that
}

// instant formats an instant as Kibo's clients read it: RFC 3339 in UTC, with milliseconds.
func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
