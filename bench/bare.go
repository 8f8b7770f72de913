package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// bareName is the name of the bare gqlgen server in the tables.
const bareName = "floor: bare gqlgen"

// bareServer is a running bare gqlgen server.
type bareServer struct {
	*process

	address string
}

func (b *bench) startBare(ctx context.Context) (*bareServer, error) {
	p, err := start(ctx, b.directory, b.ownVariables, b.self, bareRole)
	if err != nil {
		return nil, err
	}

	address, err := p.line()
	if err != nil {
		p.end()
		return nil, err
	}

	return &bareServer{p, address}, nil
}

// serveBare serves our schema with constant answers, the least work that a gqlgen server can do. It
// prints its address, and runs until ctx ends or in is closed.
func serveBare(ctx context.Context, in io.Reader, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	go func() {
		select {
		case <-ended(in):
		case <-ctx.Done():
		}
		_ = listener.Close()
	}()

	fmt.Fprintln(out, listener.Addr())
	server := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: newConstants()}))
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	_ = http.Serve(listener, server) // it returns when the listener is closed

	return nil
}

func ended(in io.Reader) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(end)
	}()
	return end
}

// constants answers every operation with the same ticket or shopper. They are as long as real ones.
type constants struct {
	graph.MutationResolver // for the methods that no client calls
	graph.QueryResolver

	ticket  *tickets.Ticket
	shopper *tickets.Shopper
}

func newConstants() constants {
	at := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	id, number, text := models.ID{15: 1}, int64(1), "customer1@example.com"
	return constants{
		ticket: &tickets.Ticket{
			AccessToken:            secret.New(strings.Repeat("a", 170)),
			AccessTokenExpiration:  at,
			AccessTokenLifetime:    15 * time.Minute,
			RefreshToken:           secret.New(strings.Repeat("r", 120)),
			RefreshTokenExpiration: at,
			RefreshTokenLifetime:   720 * time.Hour,
			RefreshAfter:           11 * time.Minute,
			UserID:                 id,
			Behaviors:              behaviors,
			CustomerAccount:        &models.CustomerAccount{UserID: id, IsAnonymous: true},
		},
		shopper: &tickets.Shopper{
			UserID:                id,
			Application:           "storefront",
			Behaviors:             behaviors,
			AccessTokenExpiration: at,
			AccessTokenRemaining:  15 * time.Minute,
			SessionID:             id,
			CustomerAccount: &models.CustomerAccount{
				ID:           &number,
				UserID:       id,
				UserName:     &text,
				EmailAddress: &text,
				FirstName:    &text,
				LastName:     &text,
				IsActive:     true,
			},
		},
	}
}

// Mutation implements graph.ResolverRoot.
func (c constants) Mutation() graph.MutationResolver { return c }

// Query implements graph.ResolverRoot.
func (c constants) Query() graph.QueryResolver { return c }

// AnonymousShopperTicket implements graph.MutationResolver.
func (c constants) AnonymousShopperTicket(context.Context) (*tickets.Ticket, error) {
	return c.ticket, nil
}

// CreateUserTicket implements graph.MutationResolver.
func (c constants) CreateUserTicket(context.Context, tickets.Credentials) (*tickets.Ticket, error) {
	return c.ticket, nil
}

// RefreshTicket implements graph.MutationResolver.
func (c constants) RefreshTicket(context.Context, secret.Text, *secret.Text) (*tickets.Ticket, error) {
	return c.ticket, nil
}

// CurrentShopper implements graph.QueryResolver.
func (c constants) CurrentShopper(context.Context) (*tickets.Shopper, error) { return c.shopper, nil }
