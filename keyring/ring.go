// Package keyring decides about the life of keysets: when they are made, used and deleted.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// Ring is the keysets of the database, as this process knows them. Its exported fields do not
// change while it is in use.
type Ring struct {
	// Store is required.
	Store *storage.Store
	// Master is the master key. It is required except for List, Find, Retire and RetireExpired.
	Master *seal.Master
	// Keys and Signers get the keysets from Load and Reload, which require them.
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
	// Now returns the time. Each operation reads it once. Required.
	Now func() time.Time
	// Desk checks the rights of callers, and records what they do. Only operators and the server
	// can change keysets. Required.
	Desk *access.Desk

	mutex  sync.Mutex
	opened map[identity]*seal.Keyset
}

// identity distinguishes keysets. A number can come twice if the database was restored from a
// backup. The instant differs then.
type identity struct {
	purpose     models.KeyPurpose
	number      int
	publishedAt int64
}

func identify(row *models.Keyset) identity {
	return identity{row.Purpose, row.Number, row.PublishedAt.UnixMicro()}
}

// purposes returns all purposes. Those of the signers come last.
func purposes() []models.KeyPurpose { return []models.KeyPurpose{models.SealKeys, models.SignKeys} }

// errNone is returned if there is no keyset, because somebody has emptied the table.
var errNone = errors.New("the database has no keysets")

// ErrNeedsKeyFile is returned by Load if there are sessions, but no keyset that seals. A key file
// has sealed their tickets. Starting with another master key would invalidate every session.
var ErrNeedsKeyFile = errors.New(
	"the database has sessions and no keysets yet, so what has sealed their tickets is a key file")

// Load makes the first keyset of each purpose that has none, and then calls Reload. The first
// keyset that seals is that of the key file, so tokens of earlier versions stay valid. If several
// processes start at once, one of them makes the keysets. Its errors are ErrNeedsKeyFile and those
// of Reload.
func (r *Ring) Load(ctx context.Context) error {
	needsKeyFile := false
	if r.Master.Own() == nil {
		// This comes before reading the keysets. A session that another process begins meanwhile
		// has keysets, and they are found then.
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

// first returns the first keyset of a purpose, which is in use at any time.
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

// boundTo returns the text that a keyset is bound to when it is encrypted, so that no keyset can
// take the place of another.
func boundTo(purpose models.KeyPurpose, number int) string {
	return fmt.Sprintf("authtickets keyset %s %d", purpose, number)
}

// now returns the instant of an operation, in the precision that rows have.
func (r *Ring) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }

// Reload reads the keysets from the database and gives them to Keys and Signers. It decrypts only
// new ones. If it fails, everything stays as it was. The error is seal.ErrMasterKey if somebody has
// changed the master key of the database.
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

// use gives the keysets to Signers and then to Keys. So if Keys are loaded, Signers are, too.
func (r *Ring) use(rows []models.Keyset, opened map[identity]*seal.Keyset) error {
	dated := make(map[models.KeyPurpose][]seal.Dated)
	for i := range rows {
		row := &rows[i]
		dated[row.Purpose] = append(dated[row.Purpose], seal.Dated{
			Keyset: opened[identify(row)], Number: row.Number, UsedFrom: row.UsedFrom,
		})
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
