// Package accounts decides what may happen to a customer's account. Every operation takes its
// caller first, checks the caller's right, and records what was done. The API and the operator's
// commands share the operations.
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

// Book is the book of all customer accounts. All its fields are required.
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

// SignInFacts returns the account that somebody wants to sign in to, if there is one, with what is
// selected of it. Complete adds the attributes, once the password has proved right.
func (b *Book) SignInFacts(
	ctx context.Context, query storage.SignInQuery, selection *Selection,
) (*storage.SignInFacts, error) {
	query.Columns = selection.columns(passwordHashField)
	return b.Store.SignInFacts(ctx, query)
}

// Account returns what is selected of the account of a shopper whose token was verified, as it is
// now. It returns ErrNotFound if the account has been deleted.
func (b *Book) Account(
	ctx context.Context, userID models.ID, selection *Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := b.Store.Account(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// LatestAccount is like Account, but a node of the database that lags catches up first.
func (b *Book) LatestAccount(
	ctx context.Context, userID models.ID, selection *Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := b.Store.LatestAccount(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// Complete adds to an account what is not a column: whether it is locked now and, if they are
// selected, its attributes.
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

// Forever returns the end of a lock that does not end by itself: the last year of a DATETIME.
func Forever() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// busyIfFull turns the error of a hasher that has too much to do into one for clients.
func busyIfFull(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
	}
	return err
}

// known turns the error of storage for a missing row into ErrNotFound.
func known(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}
