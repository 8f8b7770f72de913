package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/timing"
)

// Errors of creating keysets.
var (
	// ErrTooSoon means that the new keyset would be used before every replica knows it.
	ErrTooSoon = fmt.Errorf("a new keyset must be published at least %s before it is used", timing.LeastKeyNotice)
	// ErrMeanwhile means that somebody else made a keyset, or changed the master key, at the same
	// time.
	ErrMeanwhile = errors.New("the keysets were changed by somebody else at the same time")
)

// Notice returns how long a new keyset of a purpose is published before it is used, by default.
func (r *Ring) Notice(purpose models.KeyPurpose) time.Duration {
	if purpose == models.SignKeys && r.SigningNotice != 0 {
		return r.SigningNotice
	}
	return timing.KeyNotice
}

// Rotate makes the next keyset of a purpose, which replaces the current one after a delay, and
// returns it. This process knows it after its next Reload. Its errors are ErrTooSoon, ErrMeanwhile,
// and those of Reload.
func (r *Ring) Rotate(
	ctx context.Context, caller *access.Caller, purpose models.KeyPurpose, delay time.Duration,
) (*models.Keyset, error) {
	return r.rotate(ctx, caller, purpose, delay, timing.LeastKeyNotice)
}

// rotate is Rotate, with the shortest delay that it accepts.
func (r *Ring) rotate(
	ctx context.Context, caller *access.Caller, purpose models.KeyPurpose, delay, shortest time.Duration,
) (*models.Keyset, error) {
	act := access.Act{Name: "keyset.rotate"}
	return access.Do(ctx, r.Desk, caller, act, func(entry *access.Entry) (*models.Keyset, error) {
		if delay < shortest {
			return nil, ErrTooSoon
		}
		keyset, err := r.publish(ctx, purpose, delay)
		switch {
		case err == nil:
			entry.Keyset, entry.UsedFrom = access.KeysetName(purpose, keyset.Number), keyset.UsedFrom
		case errors.Is(err, ErrMeanwhile): // the act of the other is recorded
			entry.Drop()
		}
		return keyset, err
	})
}

// publish makes the next keyset of a purpose.
func (r *Ring) publish(ctx context.Context, purpose models.KeyPurpose, delay time.Duration) (*models.Keyset, error) {
	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return nil, err
	}

	rows = withPurpose(rows, purpose)
	if len(rows) == 0 {
		return nil, errNoKeysets
	}

	newest := &rows[len(rows)-1]
	// The master key may have been changed since this process read the keysets. If ours no longer
	// opens the newest keyset, others could not read one that we make.
	if _, err := r.open(ctx, newest); err != nil {
		return nil, err
	}

	keyset, err := newKeyset(purpose)
	if err != nil {
		return nil, err
	}

	row, err := r.newRow(ctx, purpose, newest.Number+1, keyset)
	if err != nil {
		return nil, err
	}

	row.UsedFrom = row.PublishedAt.Add(delay)
	inserted, err := r.Store.InsertKeyset(ctx, row, newest)
	if err != nil {
		return nil, err
	}
	if !inserted {
		return nil, ErrMeanwhile
	}

	return row, nil
}

// shortNotice is long enough for this process to read what it has written.
const shortNotice = time.Second

// RotateAtOnce makes the next keyset of each purpose, and returns when they are in use. Use it only
// if no other process uses the database: others would not learn of the keysets in time. Its errors
// are those of Reload, and ctx.Err.
func (r *Ring) RotateAtOnce(ctx context.Context) error {
	for _, purpose := range purposes() {
		_, err := r.rotate(ctx, access.Server(), purpose, shortNotice, shortNotice)
		if err != nil && !errors.Is(err, ErrMeanwhile) { // another request does the same
			return err
		}
	}
	if err := r.Reload(ctx); err != nil {
		return err
	}

	select {
	case <-time.After(shortNotice):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RotateIfDue makes a new keyset for each purpose whose newest keyset is older than age, and
// returns the new ones. Age 0 means never. It makes none unless it can decrypt all keysets.
func (r *Ring) RotateIfDue(ctx context.Context, age time.Duration) ([]models.Keyset, error) {
	if age == 0 {
		return nil, nil
	}

	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return nil, err
	}

	var rotated []models.Keyset
	for _, purpose := range purposes() {
		rows := withPurpose(rows, purpose)
		if len(rows) > 0 && r.now().Sub(rows[len(rows)-1].PublishedAt) <= age {
			continue
		}
		if err := r.Reload(ctx); err != nil {
			return rotated, err
		}
		row, err := r.Rotate(ctx, access.Server(), purpose, r.Notice(purpose))
		if errors.Is(err, ErrMeanwhile) { // another replica does the same
			continue
		}
		if err != nil {
			return rotated, err
		}

		rotated = append(rotated, *row)
	}

	return rotated, nil
}

// ChangeMaster encrypts all keysets under another master key, and returns their number. It skips
// keysets that are already encrypted under it. Processes with the former master key keep the
// keysets they have, and cannot read new ones.
func (r *Ring) ChangeMaster(ctx context.Context, caller *access.Caller, next *seal.Master) (int, error) {
	act := access.Act{Name: "keyset.change-master"}
	return access.Do(ctx, r.Desk, caller, act, func(entry *access.Entry) (int, error) {
		count, err := r.changeMaster(ctx, next)
		entry.Counts = []access.Count{{Name: "keysets", Number: count}}
		return count, err
	})
}

// changeMaster is ChangeMaster without the check of the caller.
func (r *Ring) changeMaster(ctx context.Context, next *seal.Master) (int, error) {
	if err := try(ctx, next); err != nil {
		return 0, fmt.Errorf("the new master key: %w", err)
	}

	return r.Store.ReplaceKeysets(ctx, func(row models.Keyset) ([]byte, error) {
		keyset, err := r.open(ctx, &row)
		if errors.Is(err, seal.ErrMasterKey) {
			// If the connection broke at the commit, this runs again and finds its own result.
			if _, errNext := next.Unwrap(ctx, row.Sealed, boundTo(row.Purpose, row.Number)); errNext == nil {
				return row.Sealed, nil
			}
		}
		if err != nil {
			return nil, err
		}

		return next.Wrap(ctx, keyset, boundTo(row.Purpose, row.Number))
	})
}

// try encrypts and decrypts a keyset under a master key, to see that it works.
func try(ctx context.Context, master *seal.Master) error {
	keyset, err := seal.NewSealKeyset()
	if err != nil {
		return err
	}

	const purpose = "authtickets trial"
	sealed, err := master.Wrap(ctx, keyset, purpose)
	if err != nil {
		return err
	}

	_, err = master.Unwrap(ctx, sealed, purpose)
	return err
}
