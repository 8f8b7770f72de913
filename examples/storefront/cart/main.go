// Command cart is the cart service of the storefront. It learns only from a verified ticket who a
// cart belongs to.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/authtickets/authtickets/verify"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, os.Args[1:], log); err != nil {
		log.ErrorContext(ctx, "the cart service has stopped", slog.Any("error", err))
		os.Exit(1)
	}
}

// run serves carts until the context ends.
func run(ctx context.Context, arguments []string, log *slog.Logger) error {
	flags := flag.NewFlagSet("cart", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:8090", "address to listen on")
	issuer := flags.String("issuer", "http://127.0.0.1:8080", "the authtickets server's --issuer")
	audience := flags.String("audience", "", "one of the server's --audience; empty means the issuer")
	if err := flags.Parse(arguments); err != nil {
		return err
	}

	if *audience == "" {
		audience = issuer
	}

	verifier, err := verify.New(verify.Settings{Issuer: *issuer, Audience: *audience, Log: log})
	if err != nil {
		return err
	}

	go verifier.Follow(ctx) // without it, a ticket is accepted until it expires, even after a sign-out

	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}

	log.InfoContext(ctx, "carts are served", slog.String("address", listener.Addr().String()))

	server := &http.Server{Handler: newHandler(verifier, newCarts()), ReadTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}

	return nil
}

// newHandler serves requests with a valid jwtAccessToken. Every answer is JSON: the shopper's cart
// or an error.
func newHandler(verifier *verify.Verifier, carts *carts) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /cart", func(w http.ResponseWriter, r *http.Request) {
		shopper, _ := verify.ShopperOf(r.Context())
		answer(w, carts.of(shopper.UserID), nil)
	})

	// The request names the wanted quantity, not "one more", so that it can be repeated when the
	// answer was lost.
	mux.HandleFunc("PUT /cart/lines/{product}", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Quantity int `json:"quantity"`
		}
		if !read(w, r, &body) {
			return
		}

		shopper, _ := verify.ShopperOf(r.Context())
		cart, err := carts.put(shopper.UserID, r.PathValue("product"), body.Quantity)
		answer(w, cart, err)
	})

	setCoupon := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Coupon string `json:"coupon"`
		}
		if !read(w, r, &body) {
			return
		}

		shopper, _ := verify.ShopperOf(r.Context())
		cart, err := carts.setCoupon(shopper.UserID, body.Coupon)
		answer(w, cart, err)
	})

	mux.Handle("PUT /cart/coupon", verify.Require("coupons.use", setCoupon))

	// The ticket is the proof: the server signed that this customer claimed that guest. No body is
	// read, so nobody can ask for someone else's cart.
	mux.HandleFunc("POST /cart/claim", func(w http.ResponseWriter, r *http.Request) {
		shopper, _ := verify.ShopperOf(r.Context())
		if shopper.ClaimedAnonymousUserID == "" {
			answer(w, cart{}, errNoClaim)
			return
		}

		answer(w, carts.claim(shopper.ClaimedAnonymousUserID, shopper.UserID), nil)
	})

	return verifier.Middleware(mux)
}

// read decodes a body, and answers 400 if it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	const limit = 1024 // bytes
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit)).Decode(into); err != nil {
		answer(w, cart{}, errMalformed)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, cart cart, err *refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(err.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": err.code, "error_description": err.text})
		return
	}

	_ = json.NewEncoder(w).Encode(cart)
}
