package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// Shopper is the holder of an access token. The schema's Shopper is bound to it, and describes its
// fields.
type Shopper struct {
	UserID                models.ID
	IsAnonymous           bool
	Application           string
	Behaviors             []string
	AccessTokenExpiration time.Time
	AccessTokenRemaining  time.Duration
	SessionID             models.ID
	// CustomerAccount is nil if it was not selected.
	CustomerAccount *models.CustomerAccount
	// Sessions is nil if it was not selected.
	Sessions []models.Session
}

// Verify returns who holds the caller's access token. It checks the token without asking the
// database, and reads only a selected account and selected sessions. The reasons of its errors are
// those of the schema's currentShopper, and those of every operation.
func (o *Office) Verify(ctx context.Context, caller *access.Caller, selection Selection) (*Shopper, error) {
	now := o.clocks.now()
	_, contents, err := o.holder(caller, now)
	if err != nil {
		return nil, err
	}

	shopper := &Shopper{
		UserID:                contents.UserID,
		IsAnonymous:           contents.Anonymous,
		Application:           contents.Application,
		Behaviors:             contents.Behaviors,
		AccessTokenExpiration: contents.ExpiresAt,
		AccessTokenRemaining:  contents.ExpiresAt.Sub(now),
		SessionID:             contents.SessionID,
	}
	if selection.Account != nil {
		if shopper.CustomerAccount, err = o.account(ctx, contents, selection.Account, now); err != nil {
			return nil, err
		}
	}
	if selection.Sessions && !contents.Anonymous {
		shopper.Sessions, err = o.sessionsOf(ctx, contents.UserID, now)
		for i := range shopper.Sessions {
			shopper.Sessions[i].IsCurrent = shopper.Sessions[i].ID == shopper.SessionID
		}
	}
	return shopper, err
}

// holder returns the application that calls, and the contents of the caller's access token. The
// reasons of its errors are those of every operation, TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
// and those for which a session ends.
func (o *Office) holder(caller *access.Caller, now time.Time) (*models.Application, seal.Contents, error) {
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, seal.Contents{}, err
	}
	if caller.AccessToken.Reveal() == "" {
		return nil, seal.Contents{}, &models.Error{Reason: models.ReasonTokenMissing}
	}

	contents, err := o.genuine(seal.Access, caller.AccessToken, application, now)
	if err != nil {
		return nil, seal.Contents{}, err
	}
	return application, contents, refreshable(o.judge(contents, application, now))
}

// refreshable adds to the error for an expired access token that a refresh helps.
func refreshable(err error) error {
	if errors.Is(err, &models.Error{Reason: models.ReasonTokenExpired}) {
		return &models.Error{Reason: models.ReasonTokenExpired, Refreshable: true}
	}
	return err
}

// account returns what is selected of the account of a token's shopper. The reasons of its errors
// are BUSY, ACCOUNT_DELETED, and those for which a session ends.
func (o *Office) account(
	ctx context.Context, contents seal.Contents, selection *accounts.Selection, now time.Time,
) (*models.CustomerAccount, error) {
	if contents.Anonymous {
		return anonymousAccount(contents.UserID), nil
	}
	account, err := o.Accounts.Account(ctx, contents.UserID, selection, now)
	if errors.Is(err, accounts.ErrNotFound) {
		return o.missingAccount(ctx, contents, selection, now)
	}
	return account, err
}

// missingAccount continues account if the database does not show the account. Deleting an account
// ends its sessions. So if the session goes on, the database will still show the account.
func (o *Office) missingAccount(
	ctx context.Context, contents seal.Contents, selection *accounts.Selection, now time.Time,
) (account *models.CustomerAccount, err error) {
	find := func(bool) (bool, error) {
		stored, err := o.Store.Session(ctx, contents.SessionID)
		switch {
		case err == nil && stored.EndedAt != nil:
			return true, &models.Error{Reason: stored.EndReason, Replaceable: true}
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			return true, err
		}

		account, err = o.Accounts.LatestAccount(ctx, contents.UserID, selection, now)
		if errors.Is(err, accounts.ErrNotFound) {
			return false, nil
		}
		return true, err
	}
	err = o.untilCaughtUp(ctx, contents, now, find, func() error { return o.deletedAccount(ctx, contents) })
	return account, err
}

// deletedAccount ends the session of a customer whose account was deleted, and returns the error
// that says so. Usually the session has already ended with the account.
func (o *Office) deletedAccount(ctx context.Context, contents seal.Contents) error {
	if _, err := o.endIfStored(ctx, contents.SessionID, models.ReasonAccountDeleted); err != nil {
		return err
	}
	return &models.Error{Reason: models.ReasonAccountDeleted}
}
