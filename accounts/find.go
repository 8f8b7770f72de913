package accounts

import (
	"context"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// Find returns the selected fields of the account that a key names. Its errors are ErrNotFound, and
// a RefusedError unless the key has exactly one field.
func (b *Book) Find(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.read", Needs: access.ManageAccounts()}
	if err := b.Desk.Check(ctx, caller, act); err != nil {
		return nil, err
	}
	return b.find(ctx, key, selection)
}

// find is Find without the check of the caller.
func (b *Book) find(ctx context.Context, key Key, selection *Selection) (*models.CustomerAccount, error) {
	stored, err := key.stored()
	if err != nil {
		return nil, err
	}

	account, err := b.Store.AccountByKey(ctx, stored, selection.columns(userNameField, emailAddressField)...)
	switch {
	case err != nil:
		return nil, ownError(err)
	case !key.fits(account, stored.Name):
		return nil, ErrNotFound
	}
	return account, b.Complete(ctx, account, selection, b.Now())
}

// AccountsOf returns the selected fields of the accounts with these user ids. It omits missing
// accounts. It queries the database once, and once more for attributes, no matter how many accounts
// there are. A caller without the right gets the reason TOKEN_MISSING, because a shopper's access
// token gives access to the shopper's own account.
func (b *Book) AccountsOf(
	ctx context.Context, caller *access.Caller, userIDs []models.ID, selection *Selection,
) (map[models.ID]*models.CustomerAccount, error) {
	act := access.Act{Name: "account.read", Needs: access.ManageAccounts(), OrToken: true}
	if err := b.Desk.Check(ctx, caller, act); err != nil {
		return nil, err
	}
	found, err := b.Store.AccountsOf(ctx, userIDs, selection.columns()...)
	if err != nil {
		return nil, err
	}

	now := b.Now()
	byUserID := make(map[models.ID]*models.CustomerAccount, len(found))
	byID, ids := make(map[int64]*models.CustomerAccount, len(found)), make([]int64, len(found))
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
