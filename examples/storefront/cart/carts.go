package main

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"sync"
)

const (
	maxQuantity = 99
	maxLines    = 50
)

// cart holds what a shopper wants to buy.
type cart struct {
	UserID string `json:"userId"`
	Lines  []line `json:"lines"` // in order of Product
	Coupon string `json:"coupon"`
}

type line struct {
	Product  string `json:"product"`
	Quantity int    `json:"quantity"`
}

// refusal is an error that is shown to the shopper.
type refusal struct {
	status     int
	code, text string
}

//nolint:gochecknoglobals // they do not change
var (
	errMalformed = &refusal{http.StatusBadRequest, "malformed", "This is not what a cart can hold."}
	errFull      = &refusal{http.StatusConflict, "cart_full", "The cart is full."}
	errNoClaim   = &refusal{
		http.StatusForbidden,
		"no_claim",
		"The ticket does not name a guest whose cart it may take.",
	}
	errClaimed = &refusal{http.StatusConflict, "cart_claimed", "A customer has taken this cart along."}
	productID  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	couponCode = regexp.MustCompile(`^[A-Z0-9]{0,16}$`)
)

// carts keeps all carts in memory, which is enough to try the shop. With a database, claim would be
// one transaction that inserts a unique row for each claimed guest.
type carts struct {
	mutex   sync.Mutex
	all     map[string]cart     // by user id
	claimed map[string]struct{} // the user ids of guests whose cart a customer has claimed
}

func newCarts() *carts {
	return &carts{all: map[string]cart{}, claimed: map[string]struct{}{}}
}

func (c *carts) of(userID string) cart {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.find(userID)
}

// put sets the quantity of a product. 0 removes it.
func (c *carts) put(userID, product string, quantity int) (cart, *refusal) {
	if !productID.MatchString(product) || quantity < 0 || quantity > maxQuantity {
		return cart{}, errMalformed
	}
	return c.change(userID, func(changed *cart) *refusal {
		changed.set(product, quantity)
		if len(changed.Lines) > maxLines {
			return errFull
		}
		return nil
	})
}

// setCoupon sets a coupon. An empty one removes it.
func (c *carts) setCoupon(userID, coupon string) (cart, *refusal) {
	if !couponCode.MatchString(coupon) {
		return cart{}, errMalformed
	}
	return c.change(userID, func(changed *cart) *refusal {
		changed.Coupon = coupon
		return nil
	})
}

// claim moves the guest's cart to the customer, and returns the customer's cart. It does so once: a
// repeated claim, for example because the answer was lost, changes nothing.
func (c *carts) claim(guest, customer string) cart {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	merged := c.find(customer)
	if _, done := c.claimed[guest]; done {
		return merged
	}

	taken := c.find(guest)
	for _, line := range taken.Lines {
		if len(merged.Lines) < maxLines || merged.quantity(line.Product) > 0 {
			merged.set(line.Product, min(merged.quantity(line.Product)+line.Quantity, maxQuantity))
		}
	}

	merged.Coupon = cmp.Or(merged.Coupon, taken.Coupon)

	c.claimed[guest] = struct{}{}
	delete(c.all, guest)
	c.all[customer] = merged

	return merged
}

// change applies a change to a cart and stores it, unless apply refuses. A claimed cart cannot
// change any more. Otherwise a change from a slow tab of the guest would be lost silently.
func (c *carts) change(userID string, apply func(*cart) *refusal) (cart, *refusal) {
	c.mutex.Lock()
	defer c.mutex.Unlock()

	if _, gone := c.claimed[userID]; gone {
		return cart{}, errClaimed
	}

	changed := c.find(userID)
	if err := apply(&changed); err != nil {
		return cart{}, err
	}

	c.all[userID] = changed
	return changed, nil
}

// find returns a copy of a cart, or an empty cart. The caller holds the mutex.
func (c *carts) find(userID string) cart {
	found := c.all[userID]
	return cart{UserID: userID, Lines: append([]line{}, found.Lines...), Coupon: found.Coupon}
}

func (c *cart) quantity(product string) int {
	for _, line := range c.Lines {
		if line.Product == product {
			return line.Quantity
		}
	}
	return 0
}

func (c *cart) set(product string, quantity int) {
	at, found := slices.BinarySearchFunc(c.Lines, product, func(l line, product string) int {
		return cmp.Compare(l.Product, product)
	})
	switch {
	case found && quantity == 0:
		c.Lines = slices.Delete(c.Lines, at, at+1)
	case found:
		c.Lines[at].Quantity = quantity
	case quantity > 0:
		c.Lines = slices.Insert(c.Lines, at, line{product, quantity})
	}
}
