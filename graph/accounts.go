package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// recordOf reads the fields of an account. The schema has already checked their names and types.
func recordOf(input map[string]any) (*accounts.Record, error) {
	var record accounts.Record
	for _, name := range slices.Sorted(maps.Keys(input)) {
		text, err := json.Marshal(input[name]) // a pointer, or the attributes
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if err := record.SetValue(name, json.RawMessage(text)); err != nil {
			return nil, err
		}
	}
	return &record, nil
}

// told returns an account, or why there is none in a client's words.
func told(account *models.CustomerAccount, err error) (*models.CustomerAccount, error) {
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, &models.Error{Reason: models.ReasonAccountNotFound}
	}
	return account, err
}

// changeAccount finds an account, changes it, and returns it as it is then.
func (r *Resolver) changeAccount(
	ctx context.Context, key accounts.Key, change func(*models.CustomerAccount) error,
) (*models.CustomerAccount, error) {
	account, err := r.Accounts.Find(ctx, key, nil)
	if err == nil {
		err = change(account)
	}
	if err != nil {
		return told(nil, err)
	}
	return told(r.Accounts.Find(ctx, accounts.Key{ID: account.ID}, selectedAccount(ctx)))
}
