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
	appClaimsHeader = "X-Vol-App-Claims"
	siteHeader      = "X-Vol-Site"
)

// leastToken is how many characters every token has, at least.
const leastToken = 64

// OfService returns who sends a request to a resource that only applications call. A bearer token
// is always the application's there. The error is ErrShopperAddress or nil.
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
	if claims := single(r.Header[appClaimsHeader]); claims != "" {
		caller.ApplicationToken = secret.New(claims)
	} else if token := bearer(r.Header); c.Applications.IsToken(token) {
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
		caller.ShopperAddress = c.forwardedFor(r, caller.Address)
	}
}

// bearer returns the token in Authorization: Bearer; empty if there is none. If the header is
// malformed or comes several times, bearer returns a text that is never a valid token.
func bearer(header http.Header) secret.Text {
	if len(header["Authorization"]) == 0 {
		return secret.Text{}
	}
	return accessToken(http.Header{"Authorization": header["Authorization"]})
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

// forwardedFor returns the address of the shopper that an application names in X-Forwarded-For: the
// last one before the application's own, which trusted proxies may have added.
func (c *Callers) forwardedFor(r *http.Request, own netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		address, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			return netip.Addr{}
		}
		if address != own && !isWithin(address, c.TrustedProxies) {
			return address
		}
	}
	return netip.Addr{}
}
