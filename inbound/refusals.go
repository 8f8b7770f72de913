package inbound

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// LogPreflight logs that a preflight was refused, at most once a minute for each origin. So an
// operator notices a forgotten origin, and strangers cannot fill the log.
func (c *Callers) LogPreflight(r *http.Request) {
	if !c.AllowsOrigin(r.Header.Get("Origin")) {
		c.LogOrigin(r)
		return
	}

	origin := loggedOrigin(r.Header.Get("Origin"))
	if c.recent.isNew("preflight " + origin) {
		c.Log.WarnContext(r.Context(),
			"preflight refused: the method or a header that the page asks for is not allowed",
			"origin", origin,
			"method", loggedMethod(r.Header.Get(preflightMethodHeader)),
			"headers", loggedHeaders(r.Header[PreflightHeadersHeader]))
	}
}

// LogOrigin logs that the origin of a page is not allowed, at most once a minute for each origin.
// The record says what the origin was compared with. Behind a proxy that changes the host, even the
// server's own pages seem to have another origin.
func (c *Callers) LogOrigin(r *http.Request) {
	origin := loggedOrigin(r.Header.Get("Origin"))
	if c.recent.isNew("origin " + origin) {
		c.Log.WarnContext(r.Context(), "page refused: its origin is neither in --origins nor the server's own",
			"reason", models.ReasonOriginNotAllowed,
			"origin", origin,
			"host", loggedHost(r.Host),
			"scheme", c.scheme(r),
			"isPreflight", IsPreflight(r))
	}
}

// scheme returns the scheme of the client's request, according to a trusted proxy or else to the
// connection.
func (c *Callers) scheme(r *http.Request) string {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	forwarded := r.Header.Get("X-Forwarded-Proto")
	isTrusted := err == nil && isWithin(plain(connection.Addr()), c.TrustedProxies)
	switch {
	case isTrusted && (forwarded == "http" || forwarded == "https"):
		return forwarded
	case r.TLS != nil:
		return "https"
	default:
		return "http"
	}
}

// loggedOrigin returns an origin for the log, or "malformed".
func loggedOrigin(origin string) string {
	const longest = 200
	if origin == "null" || (len(origin) <= longest && applications.IsOrigin(origin)) {
		return origin
	}
	return "malformed"
}

// loggedHost returns a host for the log, or "malformed".
func loggedHost(text string) string {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, ""
	}
	if !isHarmless(host, ".-_[]:") || (port != "" && !isHarmless(port, "")) {
		return "malformed"
	}
	return text
}

// loggedHeaders returns the headers that a page asks for, or "malformed".
func loggedHeaders(lines []string) string {
	const longest = 300
	text := strings.Join(lines, ",")
	if len(text) > longest || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "malformed"
	}
	return text
}
