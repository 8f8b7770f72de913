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

// WriteOptions say how records are written.
type WriteOptions struct {
	// CreateOnly refuses a record of an account that exists.
	CreateOnly bool
	// KeepPasswords leaves alone the password that an account has.
	KeepPasswords bool
	// DryRun decides everything and then takes it back.
	DryRun bool
}

// Result is what became of a record.
type Result int

// The results.
const (
	Created Result = iota
	Updated
	// Unchanged: the account was as the record says.
	Unchanged
	// Refused: the record has not changed anything.
	Refused
)

// Outcome is what became of a record, and why where it was refused.
type Outcome struct {
	Result  Result
	Account *models.CustomerAccount
	Refusal error
}

// errDryRun ends a transaction that nothing shall remain of.
var errDryRun = errors.New("dry run")

// Write creates and updates accounts, one for each record, in the order of the records and in one transaction. A record means the account that has its
// externalId; otherwise the one that has its userName, unless another system knows that one by another externalId; otherwise a new one.
//
// What is wrong with a record refuses that record and no other. An error means that nothing was written, or, where the connection broke at the very
// end, that everything was: writing the same records again ends in the same state.
func (b *Book) Write(ctx context.Context, records []*Record, options WriteOptions) ([]Outcome, error) {
	return b.write(ctx, records, options, false)
}

// write is Write, and a fifth quicker where all accounts are new, as allNew says: it does not look first. Where that is wrong, a unique key is taken, and
// the second attempt looks.
func (b *Book) write(ctx context.Context, records []*Record, options WriteOptions, allNew bool) ([]Outcome, error) {
	if len(records) == 0 {
		return nil, nil
	}
	hashes, err := b.hashPasswords(ctx, records, options)
	if err != nil {
		return nil, err
	}
	allNew = allNew && !slices.ContainsFunc(records, func(r *Record) bool { return r.userName == "" }) // nobody would notice that such a one exists
	w := writing{options: options, allNew: allNew, now: b.Now(), random: b.Random, records: records, hashes: hashes}
	if _, err := io.ReadFull(w.random, w.prefix[:]); err != nil {
		return nil, fmt.Errorf("draw user ids: %w", err)
	}
	err = b.Store.WriteAccounts(ctx, w.run)
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, fmt.Errorf("write accounts: %w", err)
	}
	return w.outcomes, nil
}

// writing is one call of Write.
type writing struct {
	options WriteOptions
	// allNew says that no account is expected to exist. It holds for the first round of the first attempt.
	allNew bool
	now    time.Time
	random io.Reader
	// prefix is how the new user ids begin, so that their places in the index lie together: where the index is larger than the database's memory, that
	// takes a third off the time of an import. 96 random bits are left.
	prefix  [4]byte
	records []*Record
	hashes  []secret.Text
	// outcomes belong to the records of the same number.
	outcomes []Outcome
}

// run decides on the records and writes them, in one round unless some depend on others.
func (w *writing) run(writer *storage.AccountWriter) error {
	w.outcomes = make([]Outcome, len(w.records))
	waiting := make([]int, len(w.records))
	for i := range waiting {
		waiting[i] = i
	}
	for len(waiting) > 0 {
		existing, err := w.lookUp(writer, waiting)
		if err != nil {
			return err
		}
		r := round{writing: w, directory: newDirectory(existing), touched: map[key]bool{}}
		if waiting, err = r.run(writer, waiting); err != nil {
			return err
		}
	}
	if w.options.DryRun {
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
func (b *Book) hashPasswords(ctx context.Context, records []*Record, options WriteOptions) ([]secret.Text, error) {
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

func (b *Book) hashPassword(ctx context.Context, record *Record, account *models.CustomerAccount, options WriteOptions) (secret.Text, error) {
	if account != nil && account.PasswordHash.Reveal() != "" {
		if options.KeepPasswords || options.CreateOnly {
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
