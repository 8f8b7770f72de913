package accounts

import (
	"context"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// SetPassword gives an account a new password and ends its sessions. Its errors are those of Find,
// and a RefusedError for a password that is not acceptable.
func (b *Book) SetPassword(
	ctx context.Context, caller *access.Caller, key Key, plain secret.Text, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.set-password", Needs: access.ManageAccounts()}
	return b.change(ctx, caller, act, key, selection, func(account *models.CustomerAccount) error {
		if err := acceptable(plain); err != nil {
			return err
		}
		hash, err := b.Hasher.Hash(ctx, plain)
		if err != nil {
			return busyIfFull(err)
		}

		return b.Store.ChangeAccount(ctx, account, storage.AccountChange{
			PasswordHash: &hash,
			EndSessions:  models.ReasonPasswordChanged,
		})
	})
}

// Lock stops all sign-ins to an account, on every device, until Unlock. Its sessions continue. Its
// errors are those of Find.
func (b *Book) Lock(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.lock", Needs: access.ManageAccounts()}
	return b.change(ctx, caller, act, key, selection, func(account *models.CustomerAccount) error {
		return b.Store.ChangeAccount(ctx, account, storage.AccountChange{LockedByOperator: new(true)})
	})
}

// Unlock ends every lock of an account and forgets the wrong guesses. Its errors are those of Find.
func (b *Book) Unlock(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.unlock", Needs: access.ManageAccounts()}
	return b.change(ctx, caller, act, key, selection, func(account *models.CustomerAccount) error {
		change := storage.AccountChange{LockedByOperator: new(false), EndGuessLock: true}
		if err := b.Store.ChangeAccount(ctx, account, change); err != nil {
			return err
		}
		return b.Store.ForgetGuesses(ctx, account.UserID)
	})
}

// Activate makes an account usable again. Its errors are those of Find.
func (b *Book) Activate(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.activate", Needs: access.ManageAccounts()}
	return b.change(ctx, caller, act, key, selection, func(account *models.CustomerAccount) error {
		return b.Store.ChangeAccount(ctx, account, storage.AccountChange{IsActive: new(true)})
	})
}

// Deactivate makes an account unusable and ends its sessions. Its errors are those of Find.
func (b *Book) Deactivate(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.deactivate", Needs: access.ManageAccounts()}
	return b.change(ctx, caller, act, key, selection, func(account *models.CustomerAccount) error {
		return b.Store.ChangeAccount(ctx, account, storage.AccountChange{
			IsActive:    new(false),
			EndSessions: models.ReasonAccountInactive,
		})
	})
}

// Delete deletes an account for good, ends its sessions, and returns the account as it was. Its
// user id is never used again. Its errors are those of Find.
func (b *Book) Delete(ctx context.Context, caller *access.Caller, key Key) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.delete", Needs: access.ManageAccounts()}
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (*models.CustomerAccount, error) {
		account, err := b.find(ctx, key, nil)
		if err != nil {
			return nil, err
		}
		entry.User = account.UserID

		return account, b.Store.DeleteAccount(ctx, account)
	})
}

// change finds an account, changes it with write, and returns the selected fields afterwards.
func (b *Book) change(
	ctx context.Context, caller *access.Caller, act access.Act, key Key, selection *Selection,
	write func(*models.CustomerAccount) error,
) (*models.CustomerAccount, error) {
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (*models.CustomerAccount, error) {
		account, err := b.find(ctx, key, nil)
		if err != nil {
			return nil, err
		}
		entry.User = account.UserID

		if err := write(account); err != nil {
			return nil, ownError(err)
		}
		return b.find(ctx, Key{ID: account.ID}, selection)
	})
}
