package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/verify"
)

const (
	guest    = "00000000000000000000000000000001"
	customer = "00000000000000000000000000000002"
	stranger = "00000000000000000000000000000003"
	sessionA = "0000000000000000000000000000000a"
	sessionB = "0000000000000000000000000000000b"
	sessionC = "0000000000000000000000000000000c"
)

// shop is a cart service behind an issuer.
type shop struct {
	*issuer
	handler http.Handler
}

func newShop(t *testing.T) *shop {
	t.Helper()
	issuer := newIssuer(t)
	verifier, err := verify.New(verify.Settings{
		Issuer:       issuer.url,
		Audience:     issuer.url,
		FeedInterval: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		verifier.Follow(ctx)
	}()
	t.Cleanup(func() { stop(); <-followed })

	return &shop{issuer, newHandler(verifier, newCarts())}
}

type reply struct {
	cart
	status int
	Error  string `json:"error"`
}

func (s *shop) ask(token, method, path, body string) reply {
	request := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, request)

	answer := reply{status: recorder.Code}
	if err := json.NewDecoder(recorder.Body).Decode(&answer); err != nil {
		s.t.Errorf("%s %s: %v", method, path, err)
	}

	return answer
}

// expect sends a request. It fails unless the answer has this status and these quantities, for
// example "cup 2, tea 1".
func (s *shop) expect(token, method, path, body string, status int, lines string) {
	s.t.Helper()
	answer := s.ask(token, method, path, body)
	if answer.status != status {
		s.t.Fatalf("%s %s: status %d (%s), not %d", method, path, answer.status, answer.Error, status)
	}
	if status == http.StatusOK && answer.text() != lines {
		s.t.Fatalf("%s %s: the cart is %q, not %q", method, path, answer.text(), lines)
	}
}

func (s *shop) guestTicket() string {
	return s.ticket(guest, sessionA, claims{"anonymous": true})
}

// claimTicket returns the ticket that a customer gets who signs in after having been the guest.
func (s *shop) claimTicket(customer, session string) string {
	return s.ticket(customer, session, claims{"claimed_anonymous_sub": guest})
}

func (c cart) text() string {
	var parts []string
	for _, line := range c.Lines {
		quantity, _ := json.Marshal(line.Quantity)
		parts = append(parts, line.Product+" "+string(quantity))
	}

	return strings.Join(parts, ", ")
}

func TestACartBelongsToTheTicket(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	mine, theirs := s.guestTicket(), s.ticket(stranger, sessionB, nil)

	s.expect(mine, "PUT", "/cart/lines/tea", `{"quantity":2}`, 200, "tea 2")
	s.expect(mine, "PUT", "/cart/lines/cup", `{"quantity":1}`, 200, "cup 1, tea 2")
	s.expect(mine, "PUT", "/cart/lines/cup", `{"quantity":1}`, 200, "cup 1, tea 2")
	s.expect(theirs, "GET", "/cart", "", 200, "")
	s.expect(mine, "PUT", "/cart/lines/tea", `{"quantity":0}`, 200, "cup 1")
	s.expect(mine, "GET", "/cart", "", 200, "cup 1")
}

func TestWhatACartCannotHold(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	mine := s.guestTicket()

	for _, body := range []string{`{"quantity":-1}`, `{"quantity":100}`, `{"quantity":"2"}`, `quantity`, ``} {
		s.expect(mine, "PUT", "/cart/lines/tea", body, 400, "")
	}

	s.expect(mine, "PUT", "/cart/lines/Tea%20", `{"quantity":1}`, 400, "")
	s.expect(mine, "PUT", "/cart/lines/tea", `{"quantity":1,"more":"`+strings.Repeat("x", 2000)+`"}`, 400, "")
	for i := range maxLines {
		s.ask(mine, "PUT", "/cart/lines/p"+string(rune('a'+i/10))+string(rune('a'+i%10)), `{"quantity":1}`)
	}

	s.expect(mine, "PUT", "/cart/lines/tea", `{"quantity":1}`, 409, "")
}

func TestAClaimMergesOnce(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	before, claim := s.guestTicket(), s.claimTicket(customer, sessionB)
	s.expect(before, "PUT", "/cart/lines/tea", `{"quantity":2}`, 200, "tea 2")
	s.expect(s.ticket(customer, sessionC, nil), "PUT", "/cart/lines/tea", `{"quantity":1}`, 200, "tea 1")

	// Ten tabs report the claim at the same time, and then one does again.
	var tabs sync.WaitGroup
	for range 10 {
		tabs.Go(func() { s.ask(claim, "POST", "/cart/claim", "") })
	}

	tabs.Wait()
	s.expect(claim, "POST", "/cart/claim", "", 200, "tea 3")

	// A product that the customer removes afterwards does not come back.
	s.expect(claim, "PUT", "/cart/lines/tea", `{"quantity":0}`, 200, "")
	s.expect(claim, "POST", "/cart/claim", "", 200, "")
}

func TestALateWriteOfAClaimedGuestIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.expect(s.claimTicket(customer, sessionB), "POST", "/cart/claim", "", 200, "")
	s.expect(s.guestTicket(), "PUT", "/cart/lines/tea", `{"quantity":1}`, 409, "")
	s.expect(s.claimTicket(customer, sessionB), "POST", "/cart/claim", "", 200, "")
}

func TestAClaimIsProvenNotBelieved(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	s.expect(s.guestTicket(), "PUT", "/cart/lines/tea", `{"quantity":2}`, 200, "tea 2")
	thief := s.ticket(stranger, sessionC, nil)

	asked := `{"claimed_anonymous_sub":"` + guest + `","guest":"` + guest + `"}`
	s.expect(thief, "POST", "/cart/claim?guest="+guest, asked, 403, "")

	header, rest, _ := strings.Cut(s.claimTicket(stranger, sessionC), ".")
	_, signature, _ := strings.Cut(rest, ".")
	_, body, _ := strings.Cut(s.claimTicket(customer, sessionB), ".")
	payload, _, _ := strings.Cut(body, ".")
	s.expect(header+"."+payload+"."+signature, "POST", "/cart/claim", "", 401, "")

	s.expect(s.guestTicket(), "GET", "/cart", "", 200, "tea 2")
}

func TestARevokedTicketIsRefused(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	stolen := s.claimTicket(customer, sessionB)
	s.expect(stolen, "GET", "/cart", "", 200, "")

	s.revoke(sessionB)
	for deadline := time.Now().Add(5 * time.Second); s.ask(stolen, "GET", "/cart", "").status != 401; {
		if time.Now().After(deadline) {
			t.Fatal("the ticket is still valid")
		}

		time.Sleep(10 * time.Millisecond)
	}

	s.expect(stolen, "POST", "/cart/claim", "", 401, "")
	s.expect(s.ticket(customer, sessionC, nil), "GET", "/cart", "", 200, "")
}

func TestATicketForAnotherAudienceIsRefused(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	s.expect(
		s.ticket(customer, sessionB, claims{"aud": []string{"https://other.example"}}), "GET", "/cart",
		"", 401, "",
	)
	s.expect(s.ticket(customer, sessionB, claims{"exp": time.Now().Unix() - 1}), "GET", "/cart", "", 401, "")
	s.expect("", "GET", "/cart", "", 401, "")
}

func TestACouponNeedsTheBehavior(t *testing.T) {
	t.Parallel()

	s := newShop(t)
	s.expect(s.ticket(customer, sessionB, nil), "PUT", "/cart/coupon", `{"coupon":"TEA10"}`, 403, "")

	may := s.ticket(customer, sessionB, claims{"behaviors": []string{"coupons.use"}})
	answer := s.ask(may, "PUT", "/cart/coupon", `{"coupon":"TEA10"}`)
	if answer.status != 200 || answer.Coupon != "TEA10" {
		t.Errorf("status %d, coupon %q", answer.status, answer.Coupon)
	}

	s.expect(may, "PUT", "/cart/coupon", `{"coupon":"no such"}`, 400, "")
}
