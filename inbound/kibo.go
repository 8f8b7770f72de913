package inbound

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/secret"
)

// Further headers that clients of Kibo's APIs send.
const (
	AppClaimsHeader = "X-Vol-App-Claims"
	siteHeader      = "X-Vol-Site"
)

// leastToken is how many characters every token has, at least.
const leastToken = 64

// OfService returns who sends a request to one of Kibo's resources. A bearer token is always an
// application's there, because the shopper's has a header of its own. The error is
// ErrShopperAddress or nil.
func (c *Callers) OfService(r *http.Request) (*access.Caller, error) {
	caller, err := c.Of(r)
	if err != nil {
		return nil, err
	}
	if caller.ApplicationToken.Reveal() == "" {
		caller.ApplicationToken = bearer(r.Header)
	}
	caller.AccessToken = shopperToken(r.Header)
	return caller, nil
}

// addApplication adds what clients of Kibo's APIs say about the application, and about the shopper
// that it calls for.
func (c *Callers) addApplication(r *http.Request, caller *access.Caller) {
	if claims := single(r.Header[AppClaimsHeader]); claims != "" {
		caller.ApplicationToken = secret.New(claims)
	} else if token := bearer(r.Header); c.Applications.IsToken(token, c.Now()) {
		caller.ApplicationToken = token
	}

	if caller.ApplicationToken.Reveal() == "" {
		if site := single(r.Header[siteHeader]); caller.Application == "" && site != "" && len(c.Sites) > 0 {
			// An unknown site must not mean the only public application.
			caller.Application = cmp.Or(c.Sites[site], "\x00 no such site")
		}
		return
	}
	caller.AccessToken = shopperToken(r.Header)
	if !caller.ShopperAddress.IsValid() {
		caller.ShopperAddress = c.forwardedFor(r, caller)
	}
}

// shopperToken returns the token in x-vol-user-claims; empty if there is none. Some clients of
// Kibo's APIs send other text there after a failure, such as "undefined".
func shopperToken(header http.Header) secret.Text {
	claims := single(header[ClaimsHeader])
	isOther := func(r rune) bool {
		isDigit, isUpper, isLower := '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z'
		return !isDigit && !isUpper && !isLower
	}
	if len(claims) < leastToken || strings.ContainsFunc(claims, isOther) {
		return secret.Text{}
	}
	return secret.New(claims)
}

// forwardedFor returns the address of the shopper that an application names in X-Forwarded-For. It
// is the last one that does not belong to a trusted proxy. Behind a proxy, that one is the
// application's own, so it is the one before it. A shopper could invent all further addresses.
//
// If the application is in the network of a trusted proxy, it counts as a proxy. Then the caller's
// address is the shopper's already, and forwardedFor returns none.
func (c *Callers) forwardedFor(r *http.Request, caller *access.Caller) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	isBehindProxy := err == nil && isWithin(plain(connection.Addr()), c.TrustedProxies)
	if isBehindProxy && isWithin(c.Applications.AddressOf(caller.ApplicationToken), c.TrustedProxies) {
		return netip.Addr{}
	}

	mayBeOwn := isBehindProxy
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		address, ok := hopAddress(strings.TrimSpace(hop))
		switch {
		case !ok:
			return netip.Addr{}
		case isWithin(address, c.TrustedProxies):
		case mayBeOwn:
			mayBeOwn = false
		default:
			return address
		}
	}
	return netip.Addr{}
}
