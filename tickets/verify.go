package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Shopper is the holder of an access token. The schema's Shopper is bound to it, and describes its fields.
type Shopper struct {
	UserID                models.ID
	IsAnonymous           bool
	Application           string
	Behaviors             []string
	AccessTokenExpiration time.Time
	AccessTokenRemaining  time.Duration
	SessionID             models.ID
	// CustomerAccount is nil where it was not selected.
	CustomerAccount *models.CustomerAccount
}

// Verify returns who holds an access token. What the token says is believed without asking the database; only a selected account is read.
// The reasons of its errors are TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED and ACCOUNT_DELETED.
func (o *Office) Verify(ctx context.Context, accessToken secret.Text, selection *accounts.Selection) (*Shopper, error) {
	if accessToken.Reveal() == "" {
		return nil, &models.Error{Reason: models.ReasonTokenMissing}
	}
	now := o.now()
	contents, err := o.open(seal.Access, accessToken, now)
	if err != nil {
		return nil, refreshable(err)
	}
	shopper := &Shopper{
		UserID: contents.UserID, IsAnonymous: contents.Anonymous, Application: contents.Application, Behaviors: contents.Behaviors,
		AccessTokenExpiration: contents.ExpiresAt, AccessTokenRemaining: contents.ExpiresAt.Sub(now), SessionID: contents.SessionID,
	}
	if selection != nil {
		shopper.CustomerAccount, err = o.account(ctx, contents, selection, now)
	}
	return shopper, err
}

// refreshable marks the expiration of an access token as what a refresh gets over.
func refreshable(err error) error {
	if errors.Is(err, &models.Error{Reason: models.ReasonTokenExpired}) {
		return &models.Error{Reason: models.ReasonTokenExpired, Refreshable: true}
	}
	return err
}

// account returns the account of a token's shopper with what is selected of it, or the reason ACCOUNT_DELETED.
func (o *Office) account(
	ctx context.Context, contents seal.Contents, selection *accounts.Selection, now time.Time,
) (*models.CustomerAccount, error) {
	if contents.Anonymous {
		return anonymousAccount(contents.UserID), nil
	}
	account, err := o.Accounts.Account(ctx, contents.UserID, selection, now)
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, &models.Error{Reason: models.ReasonAccountDeleted}
	}
	return account, err
}
