// Package access knows who is calling, and holds the one step that checks a right and records the
// act.
package access

import (
	"net/netip"

	"github.com/authtickets/authtickets/secret"
)

// Caller is who asks for something. What it claims is not checked yet.
type Caller struct {
	// Application is the id of the application; empty if the request names none. Secret is what a
	// confidential application proves itself with.
	Application string
	Secret      secret.Text

	// Origin is the origin of the page that calls; empty for the server's own pages, and if no page
	// calls.
	Origin string

	// AccessToken is the shopper's; empty if there is none.
	AccessToken secret.Text

	// Address is where the request comes from. UserAgent is the program that sent it.
	Address   netip.Addr
	UserAgent string

	// ShopperAddress and ShopperUserAgent describe the shopper that an application calls for. Only
	// a confidential application is believed.
	ShopperAddress   netip.Addr
	ShopperUserAgent string

	// Gone is closed when nobody waits for the answer any more; nil if that cannot be known.
	Gone <-chan struct{}

	// insider has every right. Only Operator and Server set it, so no request can.
	insider string
}

// How the record of acts calls those who have every right.
const (
	operator = "operator"
	server   = "server"
)

// Operator returns the caller of a command. An operator has every right.
func Operator() *Caller { return &Caller{insider: operator} }

// Server returns the caller of the server's own work, for example rotating keysets. It has every
// right.
func Server() *Caller { return &Caller{insider: server} }
