// Package accounts decides what may happen to a customer's account. The API and the operator's
// commands share its operations. An operation with a caller checks the caller's right and records
// the act. The others are for package tickets, which checks the shopper itself.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/storage"
)

// Book reads and changes the customer accounts. All its fields are required.
type Book struct {
	Store  *storage.Store
	Hasher *password.Hasher
	Now    func() time.Time
	// Random draws the user ids of new accounts.
	Random io.Reader
	// Desk checks the rights of callers, and records what they do.
	Desk *access.Desk
}

// ErrNotFound is returned if the account does not exist. Clients get the reason ACCOUNT_NOT_FOUND.
var ErrNotFound error = notFoundError{}

type notFoundError struct{}

// Error implements error.
func (notFoundError) Error() string { return "there is no such account" }

// Unwrap returns the error that clients get.
func (notFoundError) Unwrap() error { return &models.Error{Reason: models.ReasonAccountNotFound} }

// SignInFacts returns what the database has about a name that signs in, with the selected fields of
// its account. Complete adds the attributes, after the password was checked.
func (b *Book) SignInFacts(
	ctx context.Context, query storage.SignInQuery, selection *Selection,
) (*storage.SignInFacts, error) {
	query.Columns = selection.columns(passwordHashField)
	return b.Store.SignInFacts(ctx, query)
}

// Account returns the selected fields of the account of a shopper whose token was verified. The
// error is ErrNotFound if the account was deleted. If the database node lags, the fields may be
// older than the last change.
func (b *Book) Account(
	ctx context.Context, userID models.ID, selection *Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := b.Store.Account(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, ownError(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// LatestAccount is like Account, but returns the last change even if the database node lags.
func (b *Book) LatestAccount(
	ctx context.Context, userID models.ID, selection *Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := b.Store.LatestAccount(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, ownError(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// Complete adds to an account what is not in its row: whether it is locked now and, if selected,
// its attributes.
func (b *Book) Complete(
	ctx context.Context, account *models.CustomerAccount, selection *Selection, now time.Time,
) error {
	account.IsLocked = isLocked(account, now)
	if !selection.hasAttributes() {
		return nil
	}

	var err error
	account.Attributes, err = b.Store.Attributes(ctx, *account.ID)
	return err
}

func isLocked(account *models.CustomerAccount, now time.Time) bool {
	return account.LockedByOperator || lockedByGuessing(account, now)
}

func lockedByGuessing(account *models.CustomerAccount, now time.Time) bool {
	return account.LockedUntil != nil && now.Before(*account.LockedUntil)
}

// Forever returns the end of a lock that lasts until somebody ends it: the last year of a DATETIME.
func Forever() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// busyIfFull turns the error of an overloaded hasher into one for clients.
func busyIfFull(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
	}
	return err
}

// ownError turns storage.ErrNotFound into ErrNotFound.
func ownError(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}
