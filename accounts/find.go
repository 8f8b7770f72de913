package accounts

import (
	"context"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// Find returns what is selected of the account that a key names, as it is now. Its errors are
// ErrNotFound, and a RefusedError for a key that does not name one account.
func (b *Book) Find(
	ctx context.Context, caller *access.Caller, key Key, selection *Selection,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.read", Needs: access.ManageAccounts()}
	if err := b.Desk.Check(ctx, caller, act); err != nil {
		return nil, err
	}
	return b.find(ctx, key, selection)
}

// find is Find for a caller that has been checked.
func (b *Book) find(ctx context.Context, key Key, selection *Selection) (*models.CustomerAccount, error) {
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

// AccountsOf returns what is selected of the accounts with these user ids, as they are now. Missing
// accounts are omitted. However many there are, it asks the database once, and once more for
// attributes. A caller without the right gets the reason TOKEN_MISSING, because a shopper's access
// token gives access to the account of that shopper.
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
