package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Create makes one account, and returns it with its attributes. The error is a RefusedError where the account exists, and where another has a name or an id of the record.
func (b *Book) Create(ctx context.Context, record *Record) (*models.CustomerAccount, error) {
	outcomes, err := b.Write(ctx, []*Record{record}, WriteOptions{CreateOnly: true})
	if err != nil {
		return nil, err
	}
	return b.became(ctx, outcomes[0])
}

// Update changes the account that Find finds by the key, also where the record gives it other keys, and returns it with its attributes as it is then. As with Write, another
// password and being made inactive end its sessions. The error is ErrNotFound, or a RefusedError where another account has a name or an id of the record.
func (b *Book) Update(ctx context.Context, key Key, record *Record) (*models.CustomerAccount, error) {
	account, err := b.Find(ctx, key, &Selection{Columns: []string{"password_hash"}})
	if err != nil {
		return nil, err
	}
	hash := record.hash
	if record.password.Reveal() != "" {
		if hash, err = b.hashPassword(ctx, record, account, WriteOptions{}); err != nil {
			return nil, err
		}
	}
	var outcome Outcome
	err = b.Store.WriteAccounts(ctx, func(writer *storage.AccountWriter) error {
		outcome, err = b.update(writer, *account.ID, record, hash)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("update an account: %w", err)
	}
	return b.became(ctx, outcome)
}

// update decides what becomes of the account with a number, which stays locked from then on, and writes it.
func (b *Book) update(writer *storage.AccountWriter, id int64, record *Record, hash secret.Text) (Outcome, error) {
	keys := keysOf([]*Record{record})
	keys.IDs, keys.Attributes = []int64{id}, true
	existing, err := writer.Existing(keys)
	if err != nil {
		return Outcome{}, err
	}
	r := round{writing: &writing{now: b.Now(), random: b.Random}, directory: newDirectory(existing)}
	before := r.byID[id]
	if before == nil { // it was deleted meanwhile
		return Outcome{}, ErrNotFound
	}
	outcome, err := r.decide(record, hash, before)
	if err != nil {
		return Outcome{}, err
	}
	return outcome, writer.Write(r.writes)
}

// became returns what an account has become, or why it has not.
func (b *Book) became(ctx context.Context, outcome Outcome) (*models.CustomerAccount, error) {
	if outcome.Refusal != nil {
		return nil, outcome.Refusal
	}
	return outcome.Account, b.Complete(ctx, outcome.Account, nil, b.Now())
}
