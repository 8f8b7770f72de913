// Package keyring decides about the life of keysets: when they are made, from when on they are used, and when they are deleted.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// Ring is the keysets of the database, as this process knows them. Its exported fields do not change while it is in use.
type Ring struct {
	// Store is required.
	Store *storage.Store
	// Master is the master key. List, Retire and RetireExpired need none.
	Master *seal.Master
	// Keys and Signers are given the keysets to work with. Load and what refreshes need them.
	Keys    *seal.Keys
	Signers *seal.Signers
	// AccessLifetime and SessionLifetime are the server's settings, and Applications yields those
	// that may have longer ones. They decide how long an old keyset is kept: at least a day for
	// those that sign, and 90 days for those that seal, also where these are left out.
	AccessLifetime  time.Duration
	SessionLifetime time.Duration
	Applications    func() iter.Seq[*models.Application]
	// SigningNotice is how long a keyset that signs is published before it is used: as long as
	// those who verify may keep the keys. 0 means timing.KeyNotice.
	SigningNotice time.Duration
	// Now tells the time, once for each operation. Required.
	Now func() time.Time

	mutex  sync.Mutex
	opened map[identity]*seal.Keyset
}

// identity tells keysets apart. A number is given again only after a database was put back to an earlier state; the instant tells the two.
type identity struct {
	purpose     models.KeyPurpose
	number      int
	publishedAt int64
}

func identify(row *models.Keyset) identity {
	return identity{row.Purpose, row.Number, row.PublishedAt.UnixMicro()}
}

// purposes are all there are.
func purposes() []models.KeyPurpose { return []models.KeyPurpose{models.SealKeys, models.SignKeys} }

// errNone is returned where there should be keysets. Somebody has emptied the table.
var errNone = errors.New("the database has no keysets")

// ErrNeedsKeyFile is returned by Load where there are sessions and no keyset that seals. Their tickets were sealed with a key file, and a master key that is none would end them all.
var ErrNeedsKeyFile = errors.New("the database has sessions and no keysets yet, so what has sealed their tickets is a key file")

// Load makes the first keyset of each purpose where there is none, and then is Reload. The first that seals is the key file's own: what earlier versions have sealed with it
// stays good. Of several processes that start at once, one makes them. Its errors are ErrNeedsKeyFile and those of Reload.
func (r *Ring) Load(ctx context.Context) error {
	needsKeyFile := false
	if r.Master.Own() == nil {
		// Asked before the keysets: whoever finds a session that another process has begun meanwhile finds its keysets, too.
		var err error
		if needsKeyFile, err = r.Store.HasSessions(ctx); err != nil {
			return err
		}
	}

	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return err
	}

	var missing []models.Keyset
	for _, purpose := range purposes() {
		if len(of(rows, purpose)) > 0 {
			continue
		}
		if needsKeyFile && purpose == models.SealKeys {
			return ErrNeedsKeyFile
		}

		first, err := r.first(ctx, purpose)
		if err != nil {
			return err
		}

		missing = append(missing, *first)
	}
	if len(missing) > 0 {
		if err := r.Store.InsertFirstKeysets(ctx, missing); err != nil {
			return err
		}
	}

	return r.Reload(ctx)
}

// first returns the first keyset of a purpose, which is used whatever the time is.
func (r *Ring) first(ctx context.Context, purpose models.KeyPurpose) (*models.Keyset, error) {
	keyset := r.Master.Own()
	if purpose != models.SealKeys || keyset == nil {
		var err error
		if keyset, err = random(purpose); err != nil {
			return nil, err
		}
	}

	row, err := r.row(ctx, purpose, 1, keyset)
	if err == nil {
		row.UsedFrom = time.Unix(0, 0).UTC()
	}
	return row, err
}

func random(purpose models.KeyPurpose) (*seal.Keyset, error) {
	if purpose == models.SignKeys {
		return seal.NewSignKeyset()
	}
	return seal.NewSealKeyset()
}

// row returns the row of a new keyset, without UsedFrom.
func (r *Ring) row(
	ctx context.Context, purpose models.KeyPurpose, number int, keyset *seal.Keyset,
) (*models.Keyset, error) {
	sealed, err := r.Master.Wrap(ctx, keyset, boundTo(purpose, number))
	if err != nil {
		return nil, err
	}
	return &models.Keyset{Purpose: purpose, Number: number, Sealed: sealed, PublishedAt: r.now()}, nil
}

// boundTo is what a keyset is bound to where it is encrypted, so that none is taken for another.
func boundTo(purpose models.KeyPurpose, number int) string {
	return fmt.Sprintf("authtickets keyset %s %d", purpose, number)
}

// now is the instant of an operation, in the resolution that rows keep.
func (r *Ring) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }

// Reload reads the keysets anew and gives them to Keys and Signers. It decrypts those that it has not yet. With an error everything stays as it was; seal.ErrMasterKey says
// that the database's master key is another one by now.
func (r *Ring) Reload(ctx context.Context) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	at := r.now()
	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return err
	}

	opened := make(map[identity]*seal.Keyset, len(rows))
	changed := len(rows) != len(r.opened)
	for i := range rows {
		row := &rows[i]
		keyset, known := r.opened[identify(row)]
		if !known {
			changed = true
			if keyset, err = r.open(ctx, row); err != nil {
				return err
			}
		}

		opened[identify(row)] = keyset
	}
	if changed {
		if err := r.use(rows, opened); err != nil {
			return err
		}
	}

	r.Keys.MarkComplete(at)
	return nil
}

func (r *Ring) open(ctx context.Context, row *models.Keyset) (*seal.Keyset, error) {
	keyset, err := r.Master.Unwrap(ctx, row.Sealed, boundTo(row.Purpose, row.Number))
	if err != nil {
		return nil, fmt.Errorf("keyset %s %d: %w", row.Purpose, row.Number, err)
	}
	return keyset, nil
}

// use hands the keysets out. Those that sign come first, so that whoever finds the others loaded finds them loaded, too.
func (r *Ring) use(rows []models.Keyset, opened map[identity]*seal.Keyset) error {
	dated := make(map[models.KeyPurpose][]seal.Dated)
	for i := range rows {
		row := &rows[i]
		dated[row.Purpose] = append(dated[row.Purpose], seal.Dated{Keyset: opened[identify(row)], Number: row.Number, UsedFrom: row.UsedFrom})
	}

	for _, purpose := range purposes() {
		if len(dated[purpose]) == 0 {
			return errNone
		}
	}
	if err := r.Signers.Replace(dated[models.SignKeys]); err != nil {
		return err
	}
	if err := r.Keys.Replace(dated[models.SealKeys]); err != nil {
		return err
	}

	r.opened = opened
	return nil
}

// of returns the keysets of one purpose, in the same order.
func of(rows []models.Keyset, purpose models.KeyPurpose) []models.Keyset {
	return slices.DeleteFunc(slices.Clone(rows), func(row models.Keyset) bool { return row.Purpose != purpose })
}
