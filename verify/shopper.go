package verify

import (
	"context"
	"slices"
	"time"
)

// Shopper is who holds a ticket, as the ticket says. Times are UTC, in whole seconds.
type Shopper struct {
	// UserID is the shopper's id, 32 hexadecimal digits. Anonymous shoppers have one too.
	UserID string
	// SessionID is the id of the chain of tickets that this one belongs to, 32 hexadecimal digits. It stays the same when the ticket is refreshed.
	SessionID string
	// Application is the id of the application that the ticket was issued to.
	Application string
	// Behaviors are what the ticket permits, e.g. "cart.write".
	Behaviors []string
	// IsAnonymous says that the shopper has not signed in.
	IsAnonymous bool
	// ClaimedAnonymousUserID is the user id of the anonymous shopper whom this one was before signing in, so that carts can be merged. Only the jwtAccessToken of the ticket that
	// the sign-in gave has it; it is empty everywhere else.
	ClaimedAnonymousUserID string
	// IssuedAt is when the ticket was issued, StartedAt when its session began, and ExpiresAt from when on it is not good any more.
	IssuedAt, StartedAt, ExpiresAt time.Time
}

// Has reports whether the ticket permits a behavior. A nil Shopper has none.
func (s *Shopper) Has(behavior string) bool {
	return s != nil && slices.Contains(s.Behaviors, behavior)
}

// clone returns a copy that may be changed.
func (s *Shopper) clone() *Shopper {
	own := *s
	own.Behaviors = slices.Clone(s.Behaviors)
	return &own
}

type shopperKey struct{}

// WithShopper returns a context in which ShopperOf finds a shopper. Middleware does that; it is exported for the tests of what comes behind it.
func WithShopper(ctx context.Context, shopper *Shopper) context.Context {
	return context.WithValue(ctx, shopperKey{}, shopper)
}

// ShopperOf returns whose request this is, behind Middleware; elsewhere it is nil and false.
func ShopperOf(ctx context.Context) (*Shopper, bool) {
	shopper, ok := ctx.Value(shopperKey{}).(*Shopper)
	return shopper, ok && shopper != nil
}
