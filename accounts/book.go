// Package accounts decides what may happen to a customer's account. The operator's commands and the API share it.
package accounts

import (
	"context"
	"errors"
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

// Selection says what is asked of an account, so that no more than that is read. A nil Selection asks for nothing.
type Selection struct {
	// Columns are those of the table.
	Columns []string
	// Attributes says whether the attributes are asked for.
	Attributes bool
}

// decisive are the columns that decide what may be done with an account.
func decisive() []string {
	return []string{"id", "user_id", "is_active", "has_external_password", "locked_until", "locked_by_operator"}
}

// columns are those of the selection and the decisive ones.
func (s *Selection) columns() []string {
	if s == nil {
		return decisive()
	}
	return append(decisive(), s.Columns...)
}

// Signer returns who signs in by a name, with what is selected of the account but its attributes, which Complete adds once the password
// has proved right. It returns ErrNotFound when nobody has the name.
func (b *Book) Signer(ctx context.Context, query storage.SignerQuery, selection *Selection) (*storage.Signer, error) {
	query.Columns = append(selection.columns(), "password_hash")
	signer, err := b.Store.Signer(ctx, query)
	return signer, known(err)
}

// Account returns what is selected of the account with a user id, as it is now. It returns ErrNotFound when the account has been deleted.
func (b *Book) Account(ctx context.Context, userID models.ID, selection *Selection, now time.Time) (*models.CustomerAccount, error) {
	account, err := b.Store.Account(ctx, userID, selection.columns()...)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, selection, now)
}

// Complete adds to an account what is not a column of it: whether it is locked now and, where they are selected, its attributes.
func (b *Book) Complete(ctx context.Context, account *models.CustomerAccount, selection *Selection, now time.Time) error {
	account.IsLocked = account.LockedByOperator || lockedByGuessing(account, now)
	if selection == nil || !selection.Attributes {
		return nil
	}
	var err error
	account.Attributes, err = b.Store.Attributes(ctx, *account.ID)
	return err
}

// LockedFor returns whether an account is locked for somebody who signs in, and for how long yet; the duration is zero where only an
// operator ends the lock. A lock that wrong guesses have caused does not hold on a device the customer has signed in from before.
func LockedFor(account *models.CustomerAccount, knownDevice bool, now time.Time) (bool, time.Duration) {
	switch {
	case account.LockedByOperator:
		return true, 0
	case knownDevice || !lockedByGuessing(account, now):
		return false, 0
	case !account.LockedUntil.Before(Forever()):
		return true, 0
	default:
		return true, account.LockedUntil.Sub(now)
	}
}

func lockedByGuessing(account *models.CustomerAccount, now time.Time) bool {
	return account.LockedUntil != nil && now.Before(*account.LockedUntil)
}

// Forever is the end of a lock that does not end by itself: the last year a DATETIME can hold.
func Forever() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// Find returns an account with its attributes by its number, user name, e-mail address or external id, tried in this order, or ErrNotFound.
func (b *Book) Find(ctx context.Context, key storage.AccountKey) (*models.CustomerAccount, error) {
	if key.Name != "" {
		normal, err := NormalName(key.Name)
		if err != nil {
			return nil, err
		}
		key.Name = normal
	}
	account, err := b.Store.AccountByKey(ctx, key)
	if err != nil {
		return nil, known(err)
	}
	return account, b.Complete(ctx, account, &Selection{Attributes: true}, b.Now())
}

// SetPassword gives an account a new password and ends its sessions. The errors for a password that cannot be one are those of password.Acceptable.
func (b *Book) SetPassword(ctx context.Context, account *models.CustomerAccount, plain secret.Text) error {
	hash, err := b.Hasher.Hash(ctx, plain)
	if err != nil {
		return err
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
	return b.Store.ResetFailures(ctx, *account.ID)
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

// known turns storage's word for a missing row into that of this package.
func known(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return ErrNotFound
	}
	return err
}
