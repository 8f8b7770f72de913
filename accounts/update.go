package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Create makes one account, and returns it with its attributes. The error is a RefusedError if the
// account already exists, or if another account has a name or an id of the record.
func (b *Book) Create(
	ctx context.Context, caller *access.Caller, record *Record,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.create", Needs: access.ManageAccounts()}
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (*models.CustomerAccount, error) {
		if record.refusal != nil {
			return nil, record.refusal
		}

		outcomes, err := b.write(ctx, []*Record{record}, writeOptions{createOnly: true}, place{})
		if err != nil {
			return nil, err
		}
		if outcomes[0].refusal == nil {
			entry.User = outcomes[0].account.UserID
		}
		return b.accountOf(ctx, outcomes[0])
	})
}

// Update changes the account that Find finds by the key, even if the record gives it other keys. It
// returns the changed account with its attributes. As in an import, a new password or a
// deactivation ends the sessions. The error is ErrNotFound, or a RefusedError if another account
// has a name or an id of the record.
func (b *Book) Update(
	ctx context.Context, caller *access.Caller, key Key, record *Record,
) (*models.CustomerAccount, error) {
	act := access.Act{Name: "account.update", Needs: access.ManageAccounts()}
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (*models.CustomerAccount, error) {
		if record.refusal != nil {
			return nil, record.refusal
		}

		account, err := b.find(ctx, key, selectionOf(passwordHashField))
		if err != nil {
			return nil, err
		}
		entry.User = account.UserID
		return b.updateFound(ctx, account, record)
	})
}

// updateFound changes an account that was read with its password hash.
func (b *Book) updateFound(
	ctx context.Context, account *models.CustomerAccount, record *Record,
) (*models.CustomerAccount, error) {
	var err error
	hash := record.hash
	if record.password.Reveal() != "" {
		if hash, err = b.hashPassword(ctx, record, account, writeOptions{}); err != nil {
			return nil, err
		}
	}

	var became outcome
	err = b.Store.WriteAccounts(ctx, func(writer *storage.AccountWriter) error {
		became, err = b.update(writer, *account.ID, record, hash)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("update an account: %w", err)
	}
	return b.accountOf(ctx, became)
}

// update decides what to write for the account with an id, and writes it. The row stays locked
// until the transaction ends.
func (b *Book) update(writer *storage.AccountWriter, id int64, record *Record, hash secret.Text) (outcome, error) {
	keys := keysOf([]*Record{record})
	keys.IDs, keys.Attributes = []int64{id}, true
	existing, err := writer.Existing(keys)
	if err != nil {
		return outcome{}, err
	}

	r := round{writing: &writing{now: b.Now(), random: b.Random}, directory: newDirectory(existing)}
	stored := r.byID[id]
	if stored == nil { // it was deleted meanwhile
		return outcome{}, ErrNotFound
	}

	became, err := r.decide(record, hash, target{account: stored})
	if err != nil {
		return outcome{}, err
	}
	return became, writer.Write(r.writes)
}

// accountOf returns the account of an outcome, or why the record was refused.
func (b *Book) accountOf(ctx context.Context, outcome outcome) (*models.CustomerAccount, error) {
	if outcome.refusal != nil {
		return nil, outcome.refusal
	}
	return outcome.account, b.Complete(ctx, outcome.account, nil, b.Now())
}
