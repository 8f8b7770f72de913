package keyring

import (
	"context"
	"errors"

	"github.com/authtickets/authtickets/models"
)

// Errors of retiring a keyset.
var (
	// ErrNotFound: there is no such keyset.
	ErrNotFound = errors.New("there is no such keyset")
	// ErrNeeded: the keyset is in use, or will be.
	ErrNeeded = errors.New("the keyset is in use, or will be; rotate first, and wait until the next one is in use")
)

// Retire deletes an old keyset, however long it is still needed: what was sealed or signed under it is refused from now on. Its errors are ErrNotFound and ErrNeeded.
func (r *Ring) Retire(ctx context.Context, purpose models.KeyPurpose, number int) error {
	entry, err := r.Find(ctx, purpose, number)
	if err != nil {
		return err
	}
	if entry.State != Old {
		return ErrNeeded
	}

	deleted, err := r.Store.DeleteKeyset(ctx, purpose, number)
	if err == nil && !deleted {
		return ErrNotFound
	}
	return err
}

// Find returns a keyset of the database, or ErrNotFound.
func (r *Ring) Find(ctx context.Context, purpose models.KeyPurpose, number int) (*Entry, error) {
	entries, err := r.List(ctx)
	if err != nil {
		return nil, err
	}

	for _, entry := range entries {
		if entry.Purpose == purpose && entry.Number == number {
			return &entry, nil
		}
	}
	return nil, ErrNotFound
}

// RetireExpired deletes the old keysets under which nothing can live any more, and returns them. It
// goes no further than purging has come, so a clock that jumps ahead deletes nothing early.
func (r *Ring) RetireExpired(ctx context.Context) ([]Entry, error) {
	entries, err := r.List(ctx)
	if err != nil {
		return nil, err
	}

	now := r.now()
	limit, err := r.Store.PurgeLimit(ctx)
	if err != nil {
		return nil, err
	}
	if limit.Before(now) {
		now = limit
	}

	var retired []Entry
	for _, entry := range entries {
		if entry.State != Old || now.Before(*entry.RetiresAt) {
			continue
		}
		deleted, err := r.Store.DeleteKeyset(ctx, entry.Purpose, entry.Number)
		if err != nil {
			return retired, err
		}
		if deleted {
			retired = append(retired, entry)
		}
	}

	return retired, nil
}
