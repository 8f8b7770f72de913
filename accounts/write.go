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
	// createOnly refuses a record of an account that exists.
	createOnly bool
	// keepPasswords leaves alone the password that an account has.
	keepPasswords bool
	// adopt lets a record give its externalId to the account that has its userName, and no
	// externalId.
	adopt bool
	// dryRun decides everything and then takes it back.
	dryRun bool
}

// result is what became of a record.
type result int

const (
	wasCreated result = iota
	wasUpdated
	// wasUnchanged: the account was as the record says.
	wasUnchanged
	// wasRefused: the record has not changed anything.
	wasRefused
)

// outcome is what became of a record, and why where it was refused.
type outcome struct {
	result  result
	account *models.CustomerAccount
	refusal error
}

// errDryRun ends a transaction that nothing shall remain of.
var errDryRun = errors.New("dry run")

// errUnhashed ends a transaction in which a password is needed that was not hashed, because its
// account seemed to keep the one it had.
var errUnhashed = errors.New("a password is not hashed")

// place is where records are in an import.
type place struct {
	lines []int // of the records
	// earlier remembers the rows before them.
	earlier *fileIndex
	// allNew says that no account is expected to exist. It holds for the first round of the first
	// attempt.
	allNew bool
}

// write creates and updates accounts, one for each record, in the order of the records. A record
// means the account that has its externalId; otherwise the one that has its userName, unless
// another system knows that one by another externalId; otherwise a new one. The place is empty for
// a record that is not from an import.
//
// What is wrong with a record refuses that record and no other. After an error some records may be
// written, or all: writing them again ends in the same state.
//
// It is a fifth quicker where all accounts are new, as place.allNew says: it does not look first.
// Where that is wrong, a unique key is taken, and the second attempt looks.
func (b *Book) write(ctx context.Context, records []*Record, options writeOptions, place place) ([]outcome, error) {
	if len(records) == 0 {
		return nil, nil
	}
	hashes, err := b.hashPasswords(ctx, records, options)
	if err != nil {
		return nil, err
	}
	// Nobody would notice that an account without a user name exists.
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
	// prefix is how the new user ids begin, so that their places in the index lie together: where
	// the index is larger than the database's memory, that takes a third off the time of an import.
	// 96 random bits are left.
	prefix  [4]byte
	records []*Record
	hashes  []secret.Text
	// outcomes belong to the records of the same number.
	outcomes []outcome
	// mentions say what the records are about that the transaction has written, by the accounts'
	// numbers.
	mentions map[int64]mention
}

// carryOut writes the records of the given numbers in one transaction. While others keep taking the
// names of some, it writes fewer at a time.
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

// hashRest hashes the passwords of the given records that were not hashed.
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

// isUnhashed reports whether the record has a password, and this is not its hash.
func (r *Record) isUnhashed(hash secret.Text) bool {
	return r.password.Reveal() != "" && hash.Reveal() == ""
}

// run decides on records and writes them, in one round unless some depend on others.
func (w *writing) run(writer *storage.AccountWriter, numbers []int) error {
	w.mentions = make(map[int64]mention, len(numbers))
	for waiting := numbers; len(waiting) > 0; {
		existing, err := w.lookUp(writer, waiting)
		if err != nil {
			return err
		}
		r := round{
			writing:   w,
			directory: newDirectory(existing),
			touched:   make(map[key]bool, 4*len(waiting)),
			meanings:  make(map[int]meant, len(waiting)),
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

// lookUp returns what exists of the accounts that the records of the given numbers mean.
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

// hashPasswords returns the password hash that each account shall have; where it has one of the same password and of today's cost already, that one.
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
	var existing directory
	if err := b.Store.WriteAccounts(ctx, func(reader *storage.AccountWriter) error {
		found, err := reader.Existing(keysOf(plain))
		existing = newDirectory(found)
		return err
	}); err != nil {
		return nil, fmt.Errorf("look up accounts: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(b.Hasher.Concurrent()) // more would wait for their turn until it is over
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
