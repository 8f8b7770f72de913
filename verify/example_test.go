package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/authtickets/authtickets/verify"
)

// A service that accepts only shoppers with a valid ticket. Only a ticket with the behavior
// cart.write may change carts.
func Example() {
	server, tickets := startServer() // stands in for the authtickets server and a shopper's client
	defer server.Close()

	verifier, err := verify.New(verify.Settings{
		Issuer:   server.URL,                 // https://tickets.shop.example
		Audience: "https://api.shop.example", // this service
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	go verifier.Follow(ctx) // the list of revoked tickets

	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart", func(w http.ResponseWriter, r *http.Request) {
		shopper, _ := verify.ShopperOf(r.Context())
		fmt.Fprintf(w, "the cart of %s…, anonymous: %t", shopper.UserID[:8], shopper.IsAnonymous)
	})
	empty := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "emptied") }
	mux.Handle("DELETE /cart", verify.Require("cart.write", http.HandlerFunc(empty)))

	shop := httptest.NewServer(verifier.Middleware(mux))
	defer shop.Close()

	reader := tickets.token(tickets.claims().with("iss", server.URL).with("behaviors", []string{"cart.read"}))
	for _, try := range []struct{ method, token string }{{"GET", ""}, {"GET", reader}, {"DELETE", reader}} {
		request, err := http.NewRequestWithContext(ctx, try.method, shop.URL+"/cart", http.NoBody)
		if err != nil {
			log.Fatal(err)
		}
		if try.token != "" {
			request.Header.Set("Authorization", "Bearer "+try.token)
		}

		response, err := http.DefaultClient.Do(request)
		if err != nil {
			log.Fatal(err)
		}

		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		fmt.Printf("%s: %d\n%s\n", try.method, response.StatusCode, bytes.TrimSpace(body))
	}
	// Output:
	// GET: 401
	// {"error":"missing_token","error_description":"A ticket is needed."}
	// GET: 200
	// the cart of 01234567…, anonymous: false
	// DELETE: 403
	// {"error":"insufficient_scope","error_description":"The ticket does not permit this."}
}

// Without HTTP, for example in a consumer of a queue, decide by the error what to do.
func ExampleVerifier_Verify() {
	server, tickets := startServer()
	defer server.Close()

	verifier, err := verify.New(verify.Settings{
		Issuer:      server.URL,
		Audience:    "https://api.shop.example",
		Application: "gateway",
		Secret:      func() string { return "a+b" }, // for opaque tokens: os.Getenv("GATEWAY_SECRET")
	})
	if err != nil {
		log.Fatal(err)
	}

	good := tickets.claims().with("iss", server.URL)
	for _, token := range []string{tickets.token(good), opaqueToken, tickets.token(good.with("exp", 1)), "undefined"} {
		shopper, err := verifier.Verify(context.Background(), token)
		switch {
		case errors.Is(err, verify.ErrExpired), errors.Is(err, verify.ErrRevoked), errors.Is(err, verify.ErrInvalid):
			fmt.Println("do not do it:", err)
		case err != nil: // ErrUnavailable
			fmt.Println("try again later:", err)
		default:
			fmt.Println("do it for", shopper.UserID, shopper.Behaviors)
		}
	}
	// Output:
	// do it for 0123456789abcdef0123456789abcdef [cart.read cart.write]
	// do it for 0123456789abcdef0123456789abcdef [cart.read cart.write]
	// do not do it: the ticket has expired
	// do not do it: no valid ticket: the server says that it is not active
}

// Follow makes a revoked ticket fail here before it expires.
func ExampleVerifier_Follow() {
	server, tickets := startServer()
	defer server.Close()

	verifier, err := verify.New(verify.Settings{
		Issuer:       server.URL,
		Audience:     "https://api.shop.example",
		FeedInterval: 50 * time.Millisecond,
		MaxFeedAge:   5 * time.Minute, // refuse all tickets rather than accept revoked ones
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	go verifier.Follow(ctx)
	token := tickets.token(tickets.claims().with("iss", server.URL))

	for {
		_, err = verifier.Verify(ctx, token)
		if !errors.Is(err, verify.ErrUnavailable) { // the first list has been read
			break
		}

		time.Sleep(time.Millisecond)
	}

	fmt.Println("before:", err)
	tickets.revoke(server.URL, sessionID)
	for err == nil {
		time.Sleep(time.Millisecond)
		_, err = verifier.Verify(ctx, token)
	}

	fmt.Println("after:", err)
	// Output:
	// before: <nil>
	// after: the ticket was revoked
}

// startServer starts a stand-in for the authtickets server. Its opaque token is valid, and nothing
// is revoked yet.
func startServer() (*httptest.Server, *issuer) {
	tickets := newIssuer(exampleTB{})
	server := httptest.NewServer(tickets)
	tickets.revoke(server.URL)
	tickets.live[opaqueToken] = tickets.introspection().with("iss", server.URL)
	return server, tickets
}

func (i *issuer) revoke(url string, sessions ...string) {
	i.publish(i.list(sessions...).with("iss", url))
}
