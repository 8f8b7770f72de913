// Package kibographql answers the GraphQL fields that clients of Kibo's APIs send: generated code,
// resolvers that unpack, call and return, and what these clients read in an error.
package kibographql

import (
	"context"

	"github.com/99designs/gqlgen/graphql/introspection"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

//go:generate go tool gqlgen generate

// Resolver answers the root fields.
type Resolver struct{ Office *tickets.Office }

// IntrospectType answers __type. Its argument is a String, so it arrives as a secret like any
// other.
func (ec *executionContext) IntrospectType(name secret.Text) (*introspection.Type, error) {
	return ec.ExecutionContextState.IntrospectType(name.Reveal())
}

// currentAccount returns what is selected of the account of the shopper who calls.
func (r *Resolver) currentAccount(ctx context.Context) (*models.CustomerAccount, error) {
	return graph.ReadAccount(ctx, func(selection *accounts.Selection) (*models.CustomerAccount, error) {
		shopper, err := r.Office.Verify(ctx, graph.CallerOf(ctx), tickets.Selection{Account: selection})
		if err != nil {
			return nil, err
		}
		return shopper.CustomerAccount, nil
	})
}

// credentialsOf returns the credentials of a sign-in, which claims the shopper of the caller's
// access token. Without an input they are empty, and are refused.
func credentialsOf(ctx context.Context, input *tickets.Credentials) tickets.Credentials {
	var credentials tickets.Credentials
	if input != nil {
		credentials = *input
	}
	credentials.PreviousAccessToken = graph.CallerOf(ctx).AccessToken
	return credentials
}

// refreshInputOf returns what a client refreshes. Without a token it is empty, and is refused.
func refreshInputOf(accountID *int64, token *secret.Text) tickets.RefreshInput {
	var input tickets.RefreshInput
	if token != nil {
		input.Token = *token
	}
	if accountID != nil {
		input.AccountID = *accountID
	}
	return input
}

// numberOf returns the number of an account. For an anonymous shopper it is 0, because clients
// expect a number.
func numberOf(account *models.CustomerAccount) int64 {
	if account.ID == nil {
		return 0
	}
	return *account.ID
}
