package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/authtickets/authtickets/applications"
)

// crossOrigin lets pages of the applications' origins call the endpoint. The application is only
// known with the request itself, so here it is any. Credentials are never allowed: a ticket comes
// in a header that a page sets itself. For the same reason a page may send headers of its own:
// tools for tracing add some to every request.
func (s Settings) crossOrigin(next http.Handler) http.Handler {
	allowed := cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(_ *http.Request, origin string) (bool, []string) {
			return s.allowsOrigin(origin), nil
		},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{requestIDHeader},
		MaxAge:         int((2 * time.Hour).Seconds()),
	}).Handler(next)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isPreflight(r) {
			allowed.ServeHTTP(w, r)
			return
		}
		if !s.mayAskFor(r.Header[preflightHeadersHeader]) {
			w.Header().Add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
			w.WriteHeader(http.StatusNoContent)
		} else {
			allowed.ServeHTTP(w, r)
		}
		if w.Header().Get("Access-Control-Allow-Origin") == "" {
			s.refusals.preflight(r, s.allowsOrigin(r.Header.Get("Origin")))
		}
	})
}

// allowsOrigin reports whether pages of an origin may call in the name of some application.
func (s Settings) allowsOrigin(origin string) bool {
	return s.Office.Applications.AllowsOrigin(origin) || (s.LocalPages && isLocal(origin))
}

// isLocal reports whether an origin is that of a page which this machine serves to itself.
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
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && address.IsLoopback())
}

// The headers of a preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
const (
	preflightMethodHeader  = "Access-Control-Request-Method"
	preflightHeadersHeader = "Access-Control-Request-Headers"
)

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get(preflightMethodHeader) != ""
}

// What a page may ask for. A page with several tools for tracing asks for about 20 headers.
const (
	mostHeaders        = 64
	longestHeaderNames = 2 << 10
)

// mayAskFor reports whether a page may send the headers that it asks for. No page speaks for a
// proxy, and none can keep the secret of a confidential application. No page asks for faults where
// there are none.
func (s Settings) mayAskFor(lines []string) bool {
	text := strings.Join(lines, ",")
	names := strings.Split(text, ",")
	if len(text) > longestHeaderNames || len(names) > mostHeaders {
		return false
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		name = strings.ToLower(strings.TrimSpace(name))
		isForNothing := s.Faults == nil && name == strings.ToLower(faultHeader)
		return name != "" && (!isToken(name) || isNoPages(name) || isForNothing)
	})
}

// isToken reports whether text can be the name of a header (RFC 9110 section 5.6.2).
func isToken(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		isLetterOrDigit := (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
		return !isLetterOrDigit && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
}

// isNoPages reports whether a header, in lower case, is for proxies and services only.
func isNoPages(name string) bool {
	return slices.Contains([]string{"forwarded", "x-real-ip", "x-application-secret"}, name) ||
		strings.HasPrefix(name, "x-forwarded-") || strings.HasPrefix(name, "x-shopper-")
}
