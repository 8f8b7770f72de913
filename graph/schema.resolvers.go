package graph

import (
	"context"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

func (r *mutationResolver) AnonymousShopperTicket(ctx context.Context) (*tickets.Ticket, error) {
	return r.Office.IssueAnonymous(ctx, CallerOf(ctx), Selected(ctx))
}

func (r *mutationResolver) CreateUserTicket(ctx context.Context, input tickets.Credentials) (*tickets.Ticket, error) {
	return r.Office.SignIn(ctx, CallerOf(ctx), input, Selected(ctx))
}

func (r *mutationResolver) RefreshTicket(ctx context.Context, refreshToken secret.Text, attempt *secret.Text) (*tickets.Ticket, error) {
	input := tickets.RefreshInput{Token: refreshToken, Attempt: attempt}
	return r.Office.Refresh(ctx, CallerOf(ctx), input, Selected(ctx))
}

func (r *mutationResolver) RevokeTicket(ctx context.Context, refreshToken secret.Text, everywhere bool) (*tickets.Revoked, error) {
	return r.Office.Revoke(ctx, CallerOf(ctx), refreshToken, everywhere)
}

func (r *mutationResolver) EndSession(ctx context.Context, id models.ID) (*tickets.Revoked, error) {
	return r.Office.EndSession(ctx, CallerOf(ctx), id)
}

func (r *mutationResolver) CreateAccount(ctx context.Context, input map[string]any) (*models.CustomerAccount, error) {
	return r.Accounts.Create(ctx, CallerOf(ctx), recordOf(input))
}

func (r *mutationResolver) UpdateAccount(ctx context.Context, account accounts.Key, input map[string]any) (*models.CustomerAccount, error) {
	return r.Accounts.Update(ctx, CallerOf(ctx), account, recordOf(input))
}

func (r *mutationResolver) SetAccountPassword(ctx context.Context, account accounts.Key, password secret.Text) (*models.CustomerAccount, error) {
	return r.Accounts.SetPassword(ctx, CallerOf(ctx), account, password, selectedAccount(ctx))
}

func (r *mutationResolver) LockAccount(ctx context.Context, account accounts.Key) (*models.CustomerAccount, error) {
	return r.Accounts.Lock(ctx, CallerOf(ctx), account, selectedAccount(ctx))
}

func (r *mutationResolver) UnlockAccount(ctx context.Context, account accounts.Key) (*models.CustomerAccount, error) {
	return r.Accounts.Unlock(ctx, CallerOf(ctx), account, selectedAccount(ctx))
}

func (r *mutationResolver) ActivateAccount(ctx context.Context, account accounts.Key) (*models.CustomerAccount, error) {
	return r.Accounts.Activate(ctx, CallerOf(ctx), account, selectedAccount(ctx))
}

func (r *mutationResolver) DeactivateAccount(ctx context.Context, account accounts.Key) (*models.CustomerAccount, error) {
	return r.Accounts.Deactivate(ctx, CallerOf(ctx), account, selectedAccount(ctx))
}

func (r *queryResolver) CurrentShopper(ctx context.Context) (*tickets.Shopper, error) {
	return r.shopper(ctx)
}

func (r *queryResolver) IntrospectTicket(ctx context.Context, accessToken secret.Text) (*tickets.Introspection, error) {
	return r.Office.Introspect(ctx, CallerOf(ctx), accessToken)
}

func (r *queryResolver) Account(ctx context.Context, by accounts.Key) (*models.CustomerAccount, error) {
	return r.account(ctx, by)
}

func (r *queryResolver) AccountSessions(ctx context.Context, account accounts.Key) ([]models.Session, error) {
	return r.accountSessions(ctx, account)
}

func (r *Resolver) Mutation() MutationResolver { return &mutationResolver{r} }

func (r *Resolver) Query() QueryResolver { return &queryResolver{r} }

type (
	mutationResolver struct{ *Resolver }
	queryResolver    struct{ *Resolver }
)
