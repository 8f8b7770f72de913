package accounts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// writeOptions say how records are written.
type writeOptions struct {
	// createOnly refuses a record if the account exists.
	createOnly bool
	// keepPasswords keeps the password of an account that has one.
	keepPasswords bool
	// adopt lets a record give its externalId to the account that has its userName and no
	// externalId.
	adopt bool
	// dryRun rolls everything back.
	dryRun bool
}

// result says what became of a record.
type result int

const (
	wasCreated result = iota
	wasUpdated
	// wasUnchanged means that the account already had the values of the record.
	wasUnchanged
	// wasRefused means that the record was not written.
	wasRefused
)

// outcome is the result of a record, with the account or the reason of the refusal.
type outcome struct {
	result  result
	account *models.CustomerAccount
	refusal error
}

// errDryRun rolls a transaction back.
var errDryRun = errors.New("dry run")

// errUnhashed rolls back a transaction that needs the hash of a password. The password was not
// hashed, because the account seemed to keep the password it had.
var errUnhashed = errors.New("a password is not hashed")

// place says where in an import the records are. It is zero for records that are not from an
// import.
type place struct {
	lines []int // of the records
	// earlier remembers the rows of earlier batches.
	earlier *fileIndex
	// allNew means that none of the accounts is expected to exist. The first look-up then skips the
	// database, and clears allNew.
	allNew bool
}

// write creates and updates accounts, one for each record, in the order of the records. A record
// means the account with its externalId. If there is none, it means the account with its userName,
// unless that has another externalId. Otherwise it means a new account.
//
// A record that cannot be written is refused, and the others are written. After an error, some or
// all records may have been written. Writing them again leads to the same state.
//
// If place.allNew is set, it does not look for existing accounts first, which saves a fifth of the
// time. If there are some after all, inserting them fails, and the second attempt looks for them.
func (b *Book) write(ctx context.Context, records []*Record, options writeOptions, place place) ([]outcome, error) {
	if len(records) == 0 {
		return nil, nil
	}
	hashes, err := b.hashPasswords(ctx, records, options)
	if err != nil {
		return nil, err
	}

	// A record without a user name has no unique key that would show that its account exists.
	place.allNew = place.allNew && !slices.ContainsFunc(records, func(r *Record) bool { return r.userName == "" })
	w := writing{
		place:    place,
		options:  options,
		now:      b.Now(),
		random:   b.Random,
		records:  records,
		hashes:   hashes,
		outcomes: make([]outcome, len(records)),
	}
	if _, err := io.ReadFull(w.random, w.prefix[:]); err != nil {
		return nil, fmt.Errorf("draw user ids: %w", err)
	}

	numbers := make([]int, len(records))
	for i := range numbers {
		numbers[i] = i
	}
	if err := b.carryOut(ctx, &w, numbers); err != nil {
		return nil, fmt.Errorf("write accounts: %w", err)
	}
	return w.outcomes, nil
}

// writing is one call of write.
type writing struct {
	place

	options writeOptions
	now     time.Time
	random  io.Reader
	// prefix begins all new user ids, so that they are close together in the index. If the index is
	// larger than the database's memory, that saves a third of an import's time. 96 random bits are
	// left.
	prefix  [4]byte
	records []*Record
	hashes  []secret.Text
	// outcomes has the outcome of each record, in the same order.
	outcomes []outcome
	// firstRows has the first rows about the accounts that the transaction has written, by their
	// ids.
	firstRows map[int64]firstRow
}

// carryOut writes the records with these numbers in one transaction. If others take keys of the
// records meanwhile, it writes each half in its own transaction.
func (b *Book) carryOut(ctx context.Context, w *writing, numbers []int) error {
	err := b.Store.WriteAccounts(ctx, func(writer *storage.AccountWriter) error { return w.run(writer, numbers) })
	half := len(numbers) / 2

	switch {
	case err == nil, errors.Is(err, errDryRun):
		w.remember(numbers)
		return nil
	case errors.Is(err, errUnhashed):
		if err := b.hashRest(ctx, w, numbers); err != nil {
			return err
		}
		return b.carryOut(ctx, w, numbers)
	case errors.Is(err, storage.ErrTaken) && half > 0:
		if err := b.carryOut(ctx, w, numbers[:half]); err != nil {
			return err
		}
		return b.carryOut(ctx, w, numbers[half:])
	default:
		return err
	}
}

// hashRest hashes the passwords that were not hashed yet.
func (b *Book) hashRest(ctx context.Context, w *writing, numbers []int) error {
	var rest []int
	var records []*Record
	for _, number := range numbers {
		if record := w.records[number]; record.isUnhashed(w.hashes[number]) {
			rest, records = append(rest, number), append(records, record)
		}
	}

	hashes, err := b.hashPasswords(ctx, records, writeOptions{})
	if err != nil {
		return err
	}

	for i, number := range rest {
		w.hashes[number] = hashes[i]
	}
	return nil
}

// isUnhashed reports whether the record has a password, and no hash of it was made.
func (r *Record) isUnhashed(hash secret.Text) bool {
	return r.password.Reveal() != "" && hash.Reveal() == ""
}

// run decides on records and writes them. It takes one round, or more if some depend on others.
func (w *writing) run(writer *storage.AccountWriter, numbers []int) error {
	w.firstRows = make(map[int64]firstRow, len(numbers))
	for waiting := numbers; len(waiting) > 0; {
		existing, err := w.lookUp(writer, waiting)
		if err != nil {
			return err
		}

		r := round{
			writing:   w,
			directory: newDirectory(existing),
			touched:   make(map[key]bool, 4*len(waiting)),
			targets:   make(map[int]target, len(waiting)),
		}
		if waiting, err = r.run(writer, waiting); err != nil {
			return err
		}
	}

	if w.options.dryRun {
		return errDryRun
	}
	return nil
}

// lookUp returns the existing accounts that the records with these numbers may be about.
func (w *writing) lookUp(writer *storage.AccountWriter, numbers []int) (storage.Existing, error) {
	if w.allNew {
		w.allNew = false
		return storage.Existing{}, nil
	}

	records := make([]*Record, len(numbers))
	for i, number := range numbers {
		records[i] = w.records[number]
	}
	return writer.Existing(keysOf(records))
}

// hashPasswords returns the new password hash for each record. If the account already has a hash of
// the same password with the current cost, it returns that one.
func (b *Book) hashPasswords(ctx context.Context, records []*Record, options writeOptions) ([]secret.Text, error) {
	hashes := make([]secret.Text, len(records))
	var plain []*Record
	for i, record := range records {
		hashes[i] = record.hash
		if record.password.Reveal() != "" {
			plain = append(plain, record)
		}
	}

	if len(plain) == 0 {
		return hashes, nil
	}
	existing, err := b.existing(ctx, plain)
	if err != nil {
		return nil, err
	}

	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.Hasher.Concurrent()) // if more waited for their turn, some would time out
	for i, record := range records {
		if record.password.Reveal() != "" {
			group.Go(func() error {
				return safely.Do(func() (err error) {
					hashes[i], err = b.hashPassword(ctx, record, existing.find(record), options)
					return err
				})
			})
		}
	}
	return hashes, group.Wait()
}

// existing returns the existing accounts that the records may be about.
func (b *Book) existing(ctx context.Context, records []*Record) (directory, error) {
	var found storage.Existing
	err := b.Store.WriteAccounts(ctx, func(reader *storage.AccountWriter) (err error) {
		found, err = reader.Existing(keysOf(records))
		return err
	})
	if err != nil {
		return directory{}, fmt.Errorf("look up accounts: %w", err)
	}
	return newDirectory(found), nil
}

func (b *Book) hashPassword(
	ctx context.Context, record *Record, account *models.CustomerAccount, options writeOptions,
) (secret.Text, error) {
	if account != nil && account.PasswordHash.Reveal() != "" {
		if options.keepPasswords || options.createOnly {
			return secret.Text{}, nil
		}

		result, err := b.Hasher.Check(ctx, account.PasswordHash, record.password)
		if err == nil && result.Matches && !result.Outdated {
			return account.PasswordHash, nil
		}
	}

	hash, err := b.Hasher.Hash(ctx, record.password)
	return hash, busyIfFull(err)
}
