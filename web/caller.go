package web

import (
	"net/http"
	"net/netip"
	"net/url"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// Headers in which a request names its application, and says for whom a confidential one asks.
const (
	applicationHeader       = "X-Application"
	applicationSecretHeader = "X-Application-Secret"
	shopperAddressHeader    = "X-Shopper-Address"
	shopperUserAgentHeader  = "X-Shopper-User-Agent"
	claimsHeader            = "X-Vol-User-Claims"
)

// caller returns who sends an HTTP request, or refuses it.
func (s Settings) caller(r *http.Request) (*tickets.Caller, *refusal) {
	caller := &tickets.Caller{
		Application: only(r.Header[applicationHeader]),
		Secret:      secret.New(only(r.Header[applicationSecretHeader])),
		Origin:      s.otherOrigin(r),
		AccessToken: accessToken(r.Header), Address: clientAddress(r, s.TrustedProxies), UserAgent: r.UserAgent(),
		ShopperUserAgent: only(r.Header[shopperUserAgentHeader]), Gone: gone(r.Context()),
	}
	if text := only(r.Header[shopperAddressHeader]); text != "" {
		address, err := netip.ParseAddr(text)
		if application := s.Office.Applications.Find(caller.Application); err != nil && application != nil && application.IsConfidential { // nobody else is believed anyway
			return nil, refuse(http.StatusBadRequest, "The header x-shopper-address must be one IP address.")
		}
		caller.ShopperAddress = address
	}
	return caller, nil
}

// only returns the value of a header that comes once. Of several it is text that is none of what the header can say.
func only(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return "\x00 several"
	}
}

// otherOrigin returns the origin of the page that a browser sends a request for; empty when that is the server's own. Behind a proxy that changes the host, the browser's own word tells,
// which no page can forge.
func (s Settings) otherOrigin(r *http.Request) string {
	origin := only(r.Header["Origin"])
	if origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return ""
	}
	if own, err := url.Parse(origin); err == nil && own.Host != "" && own.Host == r.Host {
		return ""
	}
	if s.LocalPages && isLocal(origin) {
		return ""
	}
	return origin
}
