package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/inbound"
)

// crossOrigin lets pages of the applications' origins call the endpoint.
type crossOrigin struct {
	callers *inbound.Callers
	// hasFaults reports whether the endpoint reads the header X-Fault.
	hasFaults bool
	next      http.Handler
}

// newCrossOrigin wraps the endpoint next. A preflight does not name an application, so it succeeds
// for the pages of every application. Credentials are never allowed, because a page sends its
// ticket in a header. A page may send further headers: tools for tracing add some to every request.
func newCrossOrigin(next http.Handler, callers *inbound.Callers, hasFaults bool, methods ...string) http.Handler {
	allowed := cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, origin string) (bool, []string) {
			return len(r.Header["Origin"]) == 1 && callers.AllowsOrigin(origin), nil
		},
		AllowedMethods: methods,
		AllowedHeaders: []string{"*"},
		ExposedHeaders: exposedHeaders(callers),
		MaxAge:         int((2 * time.Hour).Seconds()),
	})
	return &crossOrigin{callers, hasFaults, allowed.Handler(next)}
}

// exposedHeaders returns the headers of an answer that a page may read.
func exposedHeaders(callers *inbound.Callers) []string {
	if callers.ApplicationTokens { // the server knows clients of Kibo's APIs
		return []string{inbound.RequestIDHeader, inbound.CorrelationHeader}
	}
	return []string{inbound.RequestIDHeader}
}

// ServeHTTP implements http.Handler.
func (c *crossOrigin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !inbound.IsPreflight(r) {
		c.next.ServeHTTP(w, r)
		return
	}

	if c.mayAskFor(r.Header[inbound.PreflightHeadersHeader]) {
		c.next.ServeHTTP(w, r)
	} else {
		w.Header().Add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
		w.WriteHeader(http.StatusNoContent)
	}
	if w.Header().Get("Access-Control-Allow-Origin") == "" {
		c.callers.LogPreflight(r)
	}
}

// Limits of a preflight. A page with several tools for tracing asks for about 20 headers.
const (
	mostHeaders        = 64
	longestHeaderNames = 2 << 10
)

// mayAskFor reports whether a page may send the headers that it asks for. It may not send the
// headers of proxies, or the secret of an application, which it could not keep.
func (c *crossOrigin) mayAskFor(lines []string) bool {
	text := strings.Join(lines, ",")
	names := strings.Split(text, ",")
	if len(text) > longestHeaderNames || len(names) > mostHeaders {
		return false
	}

	return !slices.ContainsFunc(names, func(name string) bool {
		name = strings.ToLower(strings.TrimSpace(name))
		isKibos := c.callers.ApplicationTokens && name == "x-vol-app-claims" // an application's token
		isUnused := !c.hasFaults && name == strings.ToLower(gqlhttp.FaultHeader)
		return name != "" && (!isToken(name) || isForServices(name) || isKibos || isUnused)
	})
}

// isToken reports whether a text can be the name of a header (RFC 9110 section 5.6.2).
func isToken(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		isLetterOrDigit := (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
		return !isLetterOrDigit && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

// isForServices reports whether only proxies and services may send a header. The name is in lower
// case.
func isForServices(name string) bool {
	return slices.Contains([]string{"forwarded", "x-real-ip", "x-application-secret"}, name) ||
		strings.HasPrefix(name, "x-forwarded-") || strings.HasPrefix(name, "x-shopper-")
}
