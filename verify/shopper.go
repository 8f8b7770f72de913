package verify

import (
	"context"
	"slices"
	"time"
)

// Shopper is the holder of a ticket, as the ticket describes it. Times are UTC, in whole seconds.
type Shopper struct {
	// UserID is the shopper's id, 32 hexadecimal digits. Anonymous shoppers have one too.
	UserID string
	// SessionID is the id of the chain of tickets that this ticket belongs to, 32 hexadecimal
	// digits. Refreshing a ticket does not change it.
	SessionID string
	// Application is the id of the application that the ticket was issued to.
	Application string
	// Behaviors are what the ticket permits, for example "cart.write".
	Behaviors []string
	// IsAnonymous is true if the shopper has not signed in.
	IsAnonymous bool
	// ClaimedAnonymousUserID is the user id that this shopper had as an anonymous shopper before
	// signing in, so that carts can be merged. Only the jwtAccessToken in the ticket of that
	// sign-in contains it. Otherwise it is empty.
	ClaimedAnonymousUserID string
	// IssuedAt is when the ticket was issued, and StartedAt is when its session began. At ExpiresAt
	// the ticket expires.
	IssuedAt, StartedAt, ExpiresAt time.Time
}

// Has reports whether the ticket permits a behavior. A nil Shopper permits nothing.
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

// WithShopper returns a context in which ShopperOf finds a shopper, as behind Middleware. Use it to
// test code that runs behind Middleware.
func WithShopper(ctx context.Context, shopper *Shopper) context.Context {
	return context.WithValue(ctx, shopperKey{}, shopper)
}

// ShopperOf returns the shopper of a request behind Middleware. Elsewhere it returns nil and false.
func ShopperOf(ctx context.Context) (*Shopper, bool) {
	shopper, ok := ctx.Value(shopperKey{}).(*Shopper)
	return shopper, ok && shopper != nil
}
