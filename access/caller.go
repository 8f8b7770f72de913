// Package access describes who is calling. It holds the one step that checks a caller's right and
// records the act.
package access

import (
	"net/netip"

	"github.com/authtickets/authtickets/secret"
)

// Caller describes who sent a request. Nothing in it has been checked yet.
type Caller struct {
	// Application is the id of the application; empty if the request names none. Secret proves that
	// a confidential application is the one it names.
	Application string
	Secret      secret.Text

	// ApplicationToken is the access token of an application's own ticket. With it, an application
	// proves itself without its secret. It is empty if the request has none.
	ApplicationToken secret.Text

	// Origin is the origin of the page that calls. It is empty for the server's own pages, and if
	// no page calls.
	Origin string

	// AccessToken is the shopper's; empty if the request has none.
	AccessToken secret.Text

	// Address is where the request comes from. UserAgent is the program that sent it.
	Address   netip.Addr
	UserAgent string

	// ShopperAddress and ShopperUserAgent describe the shopper that an application calls for. They
	// count only if the application is confidential.
	ShopperAddress   netip.Addr
	ShopperUserAgent string

	// Gone is closed when the client no longer waits for the answer. It is nil if the server cannot
	// know that.
	Gone <-chan struct{}

	// insider is the name of a caller that has every right; empty for all others. Only Operator and
	// Server set it, so no request can.
	insider string
}

// The names of insiders in the record of acts.
const (
	operator = "operator"
	server   = "server"
)

// Operator returns the caller of a command. An operator has every right.
func Operator() *Caller { return &Caller{insider: operator} }

// Server returns the caller of the server's own work, for example rotating keysets. It has every
// right.
func Server() *Caller { return &Caller{insider: server} }
