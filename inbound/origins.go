package inbound

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/authtickets/authtickets/applications"
)

// Headers of a preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
const (
	preflightMethodHeader = "Access-Control-Request-Method"
	// PreflightHeadersHeader lists the headers that a page wants to send.
	PreflightHeadersHeader = "Access-Control-Request-Headers"
)

// IsPreflight reports whether a request is a preflight: a browser asks whether a page may send
// another request.
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get(preflightMethodHeader) != ""
}

// AllowsOrigin reports whether pages of an origin may call for at least one application.
func (c *Callers) AllowsOrigin(origin string) bool {
	return c.Applications.AllowsOrigin(origin) || (c.LocalPages && isLocal(origin))
}

// otherOrigin returns the origin of the page that a browser sends a request for. It is empty for
// the server's own pages, and for the pages that LocalPages allows. A proxy can change the host, so
// otherOrigin also trusts Sec-Fetch-Site, which no page can forge.
func (c *Callers) otherOrigin(r *http.Request) string {
	origin := single(r.Header["Origin"])
	if origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return ""
	}
	if own, err := url.Parse(origin); err == nil && own.Host != "" && own.Host == r.Host {
		return ""
	}
	if c.LocalPages && isLocal(origin) {
		return ""
	}
	return origin
}

// isLocal reports whether an origin belongs to a page that this machine serves to itself.
func isLocal(origin string) bool {
	if !applications.IsOrigin(origin) {
		return false
	}
	page, err := url.Parse(origin)
	if err != nil || (page.Scheme != "http" && page.Scheme != "https") {
		return false
	}

	host := page.Hostname()
	address, err := netip.ParseAddr(host)
	isLoopback := err == nil && address.IsLoopback()
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || isLoopback
}
