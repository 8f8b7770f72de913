// Command cart is the cart service of the storefront: who a cart belongs to, it learns from a verified ticket alone.
package main

import (
	"context"
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
	audience := flags.String("audience", "", "one of its --audience; empty means the issuer, as there")
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
	go verifier.Follow(ctx) // without it a ticket would be good until it expires, also after a sign-out

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
