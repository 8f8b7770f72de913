package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// refusals logs which pages are refused, once a minute for each origin: an operator who has
// forgotten one sees it, and strangers cannot fill the log.
type refusals struct {
	log     *slog.Logger
	trusted []netip.Prefix
	recent  recent
}

// preflight logs that a page was told not to send its request.
func (l *refusals) preflight(r *http.Request, isOriginAllowed bool) {
	if !isOriginAllowed {
		l.origin(r)
		return
	}
	origin := shownOrigin(r.Header.Get("Origin"))
	if l.recent.isNew("preflight " + origin) {
		l.log.WarnContext(r.Context(),
			"preflight refused: the method or a header that the page asks for is not allowed",
			"origin", origin, "method", knownMethod(r.Header.Get(preflightMethodHeader)),
			"headers", shownHeaders(r.Header[preflightHeadersHeader]))
	}
}

// origin logs that the origin of a page is not allowed, and with what it was compared: behind a
// proxy that changes the host, a page of the server's own looks like one of another origin.
func (l *refusals) origin(r *http.Request) {
	origin := shownOrigin(r.Header.Get("Origin"))
	if l.recent.isNew("origin " + origin) {
		l.log.WarnContext(r.Context(), "page refused: its origin is neither in --origins nor the server's own",
			"reason", models.ReasonOriginNotAllowed, "origin", origin, "host", shownHost(r.Host), "scheme", l.scheme(r),
			"isPreflight", isPreflight(r))
	}
}

// answered logs it where an answer tells a page that its origin is not allowed.
func (l *refusals) answered(r *http.Request, faults gqlerror.List) {
	for _, fault := range faults {
		if fault.Extensions["reason"] == models.ReasonOriginNotAllowed {
			l.origin(r)
		}
	}
}

// scheme is that of the client's request, as far as the connection or a trusted proxy tells.
func (l *refusals) scheme(r *http.Request) string {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	told := r.Header.Get("X-Forwarded-Proto")
	switch {
	case err == nil && within(plain(connection.Addr()), l.trusted) && (told == "http" || told == "https"):
		return told
	case r.TLS != nil:
		return "https"
	default:
		return "http"
	}
}

// shownOrigin is how an origin is logged: as it is, if it is one.
func shownOrigin(origin string) string {
	const longest = 200
	if origin == "null" || (len(origin) <= longest && applications.IsOrigin(origin)) {
		return origin
	}
	return "malformed"
}

func shownHost(text string) string {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, ""
	}
	if !harmless(host, ".-_[]:") || (port != "" && !harmless(port, "")) {
		return "malformed"
	}
	return text
}

// shownHeaders is how the headers that a page asks for are logged.
func shownHeaders(lines []string) string {
	const longest = 300
	text := strings.Join(lines, ",")
	if len(text) > longest || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "malformed"
	}
	return text
}
