package keyring

import (
	"context"
	"errors"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// Errors of retiring a keyset.
var (
	// ErrNotFound means that there is no such keyset.
	ErrNotFound = errors.New("there is no such keyset")
	// ErrNeeded means that the keyset is in use, or will be.
	ErrNeeded = errors.New("the keyset is in use, or will be; rotate first, and wait until the next one is in use")
)

// Retire deletes an old keyset. Tokens that were made with it are refused from now on, even if they
// have not expired. Its errors are ErrNotFound and ErrNeeded.
func (r *Ring) Retire(
	ctx context.Context, caller *access.Caller, purpose models.KeyPurpose, number int,
) error {
	_, err := access.Do(ctx, r.Desk, caller, retire(), func(record *access.Entry) (struct{}, error) {
		err := r.retireFound(ctx, record, purpose, number)
		return struct{}{}, err
	})
	return err
}

// retire is the act of deleting a keyset.
func retire() access.Act { return access.Act{Name: "keyset.retire"} }

func (r *Ring) retireFound(
	ctx context.Context, record *access.Entry, purpose models.KeyPurpose, number int,
) error {
	entry, err := r.find(ctx, purpose, number)
	if err != nil {
		return err
	}
	record.Keyset = access.KeysetName(purpose, number)

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
func (r *Ring) Find(
	ctx context.Context, caller *access.Caller, purpose models.KeyPurpose, number int,
) (*Entry, error) {
	if err := r.Desk.Check(ctx, caller, access.Act{Name: "keyset.read"}); err != nil {
		return nil, err
	}
	return r.find(ctx, purpose, number)
}

// find is Find without the check of the caller.
func (r *Ring) find(ctx context.Context, purpose models.KeyPurpose, number int) (*Entry, error) {
	entries, err := r.list(ctx)
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

// RetireExpired deletes the old keysets whose tokens have all expired, and returns these keysets.
// The limit of purging counts as the present if it is earlier. So a clock that jumps ahead deletes
// nothing early.
func (r *Ring) RetireExpired(ctx context.Context) ([]Entry, error) {
	entries, err := r.list(ctx)
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
		deleted, err := r.retireExpired(ctx, entry)
		if err != nil {
			return retired, err
		}
		if deleted {
			retired = append(retired, entry)
		}
	}

	return retired, nil
}

// retireExpired deletes a keyset as the server. It returns false if another replica was faster.
func (r *Ring) retireExpired(ctx context.Context, entry Entry) (bool, error) {
	return access.Do(ctx, r.Desk, access.Server(), retire(), func(record *access.Entry) (bool, error) {
		record.Keyset = access.KeysetName(entry.Purpose, entry.Number)
		deleted, err := r.Store.DeleteKeyset(ctx, entry.Purpose, entry.Number)
		if err == nil && !deleted {
			record.Drop()
		}
		return deleted, err
	})
}
