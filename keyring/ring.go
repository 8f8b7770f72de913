// Package keyring decides when keysets are made, used and deleted.
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

// Ring manages the keysets of the database for this process. Its exported fields must not change
// while it is in use.
type Ring struct {
	// Store is required.
	Store *storage.Store
	// Master is the master key. Only List, Find, Retire and RetireExpired work without it.
	Master *seal.Master
	// Keys and Signers get the keysets from Load and Reload, which require them.
	Keys    *seal.Keys
	Signers *seal.Signers
	// AccessLifetime and SessionLifetime are the server's settings. Applications yields the
	// applications, which may have longer lifetimes. They decide how long an old keyset is kept. A
	// keyset that signs is kept at least a day, and one that seals at least 90 days. So all three
	// may be left out.
	AccessLifetime  time.Duration
	SessionLifetime time.Duration
	Applications    func() iter.Seq[*models.Application]
	// SigningNotice is how long a keyset that signs is published before it is used. It must be at
	// least as long as verifiers may cache the keys. 0 means timing.KeyNotice.
	SigningNotice time.Duration
	// Now returns the time. Each operation reads it once. Required.
	Now func() time.Time
	// Desk checks the rights of callers, and records what they do. Only operators and the server
	// can change keysets. Required.
	Desk *access.Desk

	mutex  sync.Mutex
	opened map[identity]*seal.Keyset
}

// identity distinguishes keysets. After the database was restored from a backup, a number can be
// used again, but at another instant.
type identity struct {
	purpose     models.KeyPurpose
	number      int
	publishedAt int64
}

func identityOf(row *models.Keyset) identity {
	return identity{row.Purpose, row.Number, row.PublishedAt.UnixMicro()}
}

// purposes returns all purposes, in the order in which keysets are listed.
func purposes() []models.KeyPurpose { return []models.KeyPurpose{models.SealKeys, models.SignKeys} }

// errNoKeysets is returned if there is no keyset: somebody has emptied the table.
var errNoKeysets = errors.New("the database has no keysets")

// ErrNeedsKeyFile is returned by Load if there are sessions, but no keyset that seals. A key file
// has sealed their tickets. Starting with another master key would invalidate every session.
var ErrNeedsKeyFile = errors.New(
	"the database has sessions but no keysets yet, so their tickets were sealed with a key file")

// Load makes a first keyset for each purpose that has none, and then calls Reload. The first keyset
// that seals comes from the key file, if there is one, so tokens of earlier versions stay valid. If
// several processes start at once, one of them makes the keysets. Its errors are ErrNeedsKeyFile
// and those of Reload.
func (r *Ring) Load(ctx context.Context) error {
	needsKeyFile := false
	if r.Master.Own() == nil {
		// This comes before reading the keysets. If another process begins the first session
		// meanwhile, its keysets are found below.
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
		if len(withPurpose(rows, purpose)) > 0 {
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

// first returns the first keyset of a purpose, which is in use from the beginning of time.
func (r *Ring) first(ctx context.Context, purpose models.KeyPurpose) (*models.Keyset, error) {
	keyset := r.Master.Own()
	if purpose != models.SealKeys || keyset == nil {
		var err error
		if keyset, err = newKeyset(purpose); err != nil {
			return nil, err
		}
	}

	row, err := r.newRow(ctx, purpose, 1, keyset)
	if err == nil {
		row.UsedFrom = time.Unix(0, 0).UTC()
	}
	return row, err
}

func newKeyset(purpose models.KeyPurpose) (*seal.Keyset, error) {
	if purpose == models.SignKeys {
		return seal.NewSignKeyset()
	}
	return seal.NewSealKeyset()
}

// newRow returns the row of a new keyset, without UsedFrom.
func (r *Ring) newRow(
	ctx context.Context, purpose models.KeyPurpose, number int, keyset *seal.Keyset,
) (*models.Keyset, error) {
	sealed, err := r.Master.Wrap(ctx, keyset, boundTo(purpose, number))
	if err != nil {
		return nil, err
	}
	return &models.Keyset{Purpose: purpose, Number: number, Sealed: sealed, PublishedAt: r.now()}, nil
}

// boundTo returns the text to which encryption binds a keyset, so that no keyset can take the place
// of another.
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
		keyset, isOpened := r.opened[identityOf(row)]
		if !isOpened {
			changed = true
			if keyset, err = r.open(ctx, row); err != nil {
				return err
			}
		}

		opened[identityOf(row)] = keyset
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
			Keyset: opened[identityOf(row)], Number: row.Number, UsedFrom: row.UsedFrom,
		})
	}

	for _, purpose := range purposes() {
		if len(dated[purpose]) == 0 {
			return errNoKeysets
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

// withPurpose returns the rows of one purpose, in the same order.
func withPurpose(rows []models.Keyset, purpose models.KeyPurpose) []models.Keyset {
	return slices.DeleteFunc(slices.Clone(rows), func(row models.Keyset) bool { return row.Purpose != purpose })
}
