// Package accounts decides what may happen to a customer's account. The operator's commands and the API share it.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Book is the book of all customer accounts. All its fields are required.
type Book struct {
	Store  *storage.Store
	Hasher *password.Hasher
	Now    func() time.Time
	// Random draws the user ids of new accounts.
	Random io.Reader
}

// ErrNotFound is returned where the account asked for does not exist.
var ErrNotFound = errors.New("there is no such account")

// Signer returns who signs in by a name, if anybody has it, with what is selected of the account
// but its attributes, which Complete adds once the password has proved right.
func (b *Book) Signer(ctx context.Context, query storage.SignerQuery, selection *Selection) (*storage.Signer, error) {
	query.Columns = selection.columns(passwordHashField)
	return b.Store.Signer(ctx, query)
}

// Account returns what is selected of the account with a user id, as it is now. It returns ErrNotFound when the account has been deleted.
func (b *Book) Account(ctx context.Context, userID models.ID, selection *Selection, now time.Time) (*models.CustomerAccount, error) {
	account, err := b.Store.Account(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// LatestAccount is Account as it was last written: a node of the database that lags catches up
// first.
func (b *Book) LatestAccount(
	ctx context.Context, userID models.ID, selection *Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := b.Store.LatestAccount(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// AccountsOf returns what is selected of the accounts with these user ids, as they are now. Missing
// accounts are omitted. However many there are, it asks the database once, and once more for
// attributes.
func (b *Book) AccountsOf(ctx context.Context, userIDs []models.ID, selection *Selection) (map[models.ID]*models.CustomerAccount, error) {
	found, err := b.Store.AccountsOf(ctx, userIDs, selection.columns()...)
	if err != nil {
		return nil, err
	}
	now := b.Now()
	byUserID, byID, ids := make(map[models.ID]*models.CustomerAccount, len(found)), make(map[int64]*models.CustomerAccount, len(found)), make([]int64, len(found))
	for i, account := range found {
		account.IsLocked = isLocked(account, now)
		byUserID[account.UserID], byID[*account.ID], ids[i] = account, account, *account.ID
	}
	if !selection.hasAttributes() {
		return byUserID, nil
	}
	attributes, err := b.Store.AttributesOf(ctx, ids)
	for _, attribute := range attributes {
		account := byID[attribute.AccountID]
		account.Attributes = append(account.Attributes, attribute)
	}
	return byUserID, err
}

// Complete adds to an account what is not a column of it: whether it is locked now and, where they are selected, its attributes.
func (b *Book) Complete(ctx context.Context, account *models.CustomerAccount, selection *Selection, now time.Time) error {
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

// Forever is the end of a lock that does not end by itself: the last year a DATETIME can hold.
func Forever() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// Find returns what is selected of the account that a key names, as it is now, or ErrNotFound. The error is a RefusedError for a key that does not name one account.
func (b *Book) Find(ctx context.Context, key Key, selection *Selection) (*models.CustomerAccount, error) {
	stored, err := key.stored()
	if err != nil {
		return nil, err
	}
	account, err := b.Store.AccountByKey(ctx, stored, selection.columns(userNameField, emailAddressField)...)
	switch {
	case err != nil:
		return nil, known(err)
	case !key.means(account, stored.Name):
		return nil, ErrNotFound
	}
	return account, b.Complete(ctx, account, selection, b.Now())
}

// SetPassword gives an account a new password and ends its sessions. The error is a RefusedError for a password that cannot be one.
func (b *Book) SetPassword(ctx context.Context, account *models.CustomerAccount, plain secret.Text) error {
	if err := acceptable(plain); err != nil {
		return err
	}
	hash, err := b.Hasher.Hash(ctx, plain)
	if err != nil {
		return busyIfFull(err)
	}
	return b.change(ctx, account, map[string]any{"password_hash": hash, "has_external_password": false}, models.ReasonPasswordChanged)
}

// Lock keeps everybody from signing in to an account, on every device, until Unlock. Its sessions go on.
func (b *Book) Lock(ctx context.Context, account *models.CustomerAccount) error {
	return b.change(ctx, account, map[string]any{"locked_by_operator": true}, "")
}

// Unlock ends every lock of an account and forgets the wrong guesses.
func (b *Book) Unlock(ctx context.Context, account *models.CustomerAccount) error {
	if err := b.change(ctx, account, map[string]any{"locked_by_operator": false, "locked_until": nil}, ""); err != nil {
		return err
	}
	return b.Store.ForgetGuesses(ctx, account.UserID)
}

// Activate makes an account usable again.
func (b *Book) Activate(ctx context.Context, account *models.CustomerAccount) error {
	return b.change(ctx, account, map[string]any{"is_active": true}, "")
}

// Deactivate makes an account unusable and ends its sessions.
func (b *Book) Deactivate(ctx context.Context, account *models.CustomerAccount) error {
	return b.change(ctx, account, map[string]any{"is_active": false}, models.ReasonAccountInactive)
}

// Delete deletes an account for good and ends its sessions. Its user id is never used again.
func (b *Book) Delete(ctx context.Context, account *models.CustomerAccount) error {
	return b.Store.DeleteAccount(ctx, account)
}

func (b *Book) change(ctx context.Context, account *models.CustomerAccount, columns map[string]any, endSessions models.Reason) error {
	return known(b.Store.ChangeAccount(ctx, account, columns, endSessions))
}

// busyIfFull turns the error of a hasher that has too much to do into one that clients are told.
func busyIfFull(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
	}
	return err
}

// known turns storage's word for a missing row into that of this package.
func known(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}
