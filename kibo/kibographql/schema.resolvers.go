package kibographql

import (
	"context"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

func (r *customerAccountResolver) ID(ctx context.Context, obj *models.CustomerAccount) (int64, error) {
	return numberOf(obj), nil
}

func (r *mutationResolver) CreateCustomerAuthTicket(ctx context.Context, customerUserAuthInfoInput *tickets.Credentials) (*tickets.Ticket, error) {
	return r.Office.SignIn(ctx, graph.CallerOf(ctx), credentialsOf(ctx, customerUserAuthInfoInput), graph.Selected(ctx))
}

func (r *mutationResolver) RefreshCustomerAuthTickets(ctx context.Context, accountID *int64, refreshToken *secret.Text) (*tickets.Ticket, error) {
	return r.Office.Refresh(ctx, graph.CallerOf(ctx), refreshInputOf(accountID, refreshToken), graph.Selected(ctx))
}

func (r *queryResolver) GetAnonymousShopperToken(ctx context.Context) (*tickets.Ticket, error) {
	return r.Office.IssueAnonymous(ctx, graph.CallerOf(ctx), graph.Selected(ctx))
}

func (r *queryResolver) GetCurrentAccount(ctx context.Context) (*models.CustomerAccount, error) {
	return r.currentAccount(ctx)
}

func (r *Resolver) CustomerAccount() CustomerAccountResolver { return &customerAccountResolver{r} }

func (r *Resolver) Mutation() MutationResolver { return &mutationResolver{r} }

func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

type (
	customerAccountResolver struct{ *Resolver }
	mutationResolver        struct{ *Resolver }
	queryResolver           struct{ *Resolver }
)
