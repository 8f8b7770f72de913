package inbound

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/secret"
)

// Headers of a request that say who sends it. A page of another origin can set them only after a
// preflight.
const (
	ApplicationHeader = "X-Application"
	ClaimsHeader      = "X-Vol-User-Claims"
)

// Further headers of a request. An application that sends them acts for a shopper.
const (
	applicationSecretHeader = "X-Application-Secret"
	shopperAddressHeader    = "X-Shopper-Address"
	shopperUserAgentHeader  = "X-Shopper-User-Agent"
)

// ErrShopperAddress is returned for a header X-Shopper-Address that is not one IP address.
var ErrShopperAddress = errors.New("the header x-shopper-address is not one IP address")

// Callers finds out who sends a request, and which pages may send one.
type Callers struct {
	// Applications holds all applications, with the origins of their pages. Required.
	Applications *applications.Directory
	// TrustedProxies are the networks whose X-Forwarded-For header is trusted. If it is empty, a
	// request comes from the address of its connection.
	TrustedProxies []netip.Prefix
	// ApplicationTokens lets an application prove itself with the token of its own ticket, as
	// clients of Kibo's APIs do.
	ApplicationTokens bool
	// Sites are the applications that requests mean by the ids of sites, if they do not name one.
	Sites map[string]string
	// LocalPages lets the pages of this machine call, even if no application lists their origins.
	LocalPages bool
	// Log gets a record when a page is refused. Required.
	Log *slog.Logger
	// Now returns the time. Required.
	Now func() time.Time

	recent recent
	// hinted is done when the operator was warned of a proxy that is not trusted.
	hinted sync.Once
}

// Of returns who sends a request. The error is ErrShopperAddress or nil.
func (c *Callers) Of(r *http.Request) (*access.Caller, error) {
	caller := &access.Caller{
		Application:      single(r.Header[ApplicationHeader]),
		Secret:           secret.New(single(r.Header[applicationSecretHeader])),
		Origin:           c.otherOrigin(r),
		AccessToken:      accessToken(r.Header),
		Address:          clientAddress(r, c.TrustedProxies),
		UserAgent:        r.UserAgent(),
		ShopperUserAgent: single(r.Header[shopperUserAgentHeader]),
		Gone:             Gone(r.Context()),
	}

	var errAddress error
	if text := single(r.Header[shopperAddressHeader]); text != "" {
		caller.ShopperAddress, errAddress = netip.ParseAddr(text)
	}
	if c.ApplicationTokens {
		c.addApplication(r, caller)
	}

	c.hint(r.Context(), r, caller)

	isService := c.isConfidential(caller.Application) || caller.ApplicationToken.Reveal() != ""
	if errAddress != nil && isService { // it is ignored from others
		return nil, ErrShopperAddress
	}
	return caller, nil
}

func (c *Callers) isConfidential(id string) bool {
	application := c.Applications.Find(id)
	return application != nil && application.IsConfidential
}

// single returns the value of a header that comes once. If the header comes several times, single
// returns a text that is never valid.
func single(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	default:
		return "\x00 several"
	}
}

// accessToken returns the token in a request's headers: x-vol-user-claims or, without it,
// Authorization: Bearer (RFC 6750 section 2.1). Clients of Kibo's APIs send both, and the second
// holds the application's token. Without a token the result is empty. If a header is malformed or
// comes several times, accessToken returns a text that is never a valid token.
func accessToken(header http.Header) secret.Text {
	switch claims := header[ClaimsHeader]; {
	case len(claims) == 1 && claims[0] != "":
		return secret.New(claims[0])
	case len(claims) > 0:
		return secret.New(malformed)
	}
	return bearer(header)
}

// malformed stands for a token that cannot be read. It is never a valid one.
const malformed = "malformed"

// bearer returns the token in Authorization: Bearer; empty if there is none. If the header is
// malformed or comes several times, bearer returns a text that is never a valid token.
func bearer(header http.Header) secret.Text {
	authorization := header["Authorization"]
	if len(authorization) == 0 {
		return secret.Text{}
	}

	scheme, token, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return secret.New(malformed)
	}
	return secret.New(token)
}
