package graph

import (
	"context"

	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

func (r *mutationResolver) AnonymousShopperTicket(ctx context.Context) (*tickets.Ticket, error) {
	return r.Office.IssueAnonymous(selectedAccount(ctx))
}

func (r *mutationResolver) CreateUserTicket(ctx context.Context, input tickets.Credentials) (*tickets.Ticket, error) {
	request, err := requestOf(ctx)
	if err != nil {
		return nil, err
	}
	return r.Office.SignIn(ctx, input, tickets.Source(request.Address), selectedAccount(ctx))
}

func (r *mutationResolver) RefreshTicket(ctx context.Context, refreshToken string) (*tickets.Ticket, error) {
	return r.Office.Refresh(ctx, secret.New(refreshToken), selectedAccount(ctx))
}

func (r *mutationResolver) RevokeTicket(ctx context.Context, refreshToken string, everywhere bool) (*tickets.Revoked, error) {
	return r.Office.Revoke(ctx, secret.New(refreshToken), everywhere)
}

func (r *queryResolver) CurrentShopper(ctx context.Context) (*tickets.Shopper, error) {
	request, err := requestOf(ctx)
	if err != nil {
		return nil, err
	}
	return r.Office.Verify(ctx, request.AccessToken, selectedAccount(ctx))
}

func (r *Resolver) Mutation() MutationResolver { return &mutationResolver{r} }

func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

type (
	mutationResolver struct{ *Resolver }
	queryResolver    struct{ *Resolver }
)
