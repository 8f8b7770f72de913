package accounts

import (
	"fmt"
	"io"
	"slices"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// round decides on records that do not depend on each other, so that their writes can be carried out together.
type round struct {
	*writing
	directory

	// touched are the keys of accounts that this round or a waiting record changes, before and after.
	touched map[key]bool
	writes  []storage.AccountWrite
}

// run decides on those records of the given numbers that can be decided on, and writes them. It returns the numbers of the others:
// they have to wait for what is written now.
func (r *round) run(writer *storage.AccountWriter, numbers []int) ([]int, error) {
	var waiting []int
	for _, number := range numbers {
		record := r.records[number]
		keys := record.keys()
		before := r.find(record)
		if before != nil {
			keys = append(keys, owned(before)...)
		}
		if slices.ContainsFunc(keys, func(k key) bool { return r.touched[k] }) {
			waiting = append(waiting, number)
		} else {
			outcome, err := r.decide(record, r.hashes[number], before)
			if err != nil {
				return nil, err
			}
			r.outcomes[number] = outcome
		}
		for _, key := range keys {
			r.touched[key] = true
		}
	}
	return waiting, writer.Write(r.writes)
}

// decide returns what becomes of a record, and adds to the writes what that takes. before is the account it means; nil for a new one.
func (r *round) decide(record *Record, hash secret.Text, before *models.CustomerAccount) (Outcome, error) {
	if err := r.check(record, before); err != nil {
		return Outcome{Result: Refused, Refusal: err}, nil //nolint:nilerr // the others are written
	}
	var account models.CustomerAccount
	if before != nil {
		account = *before
	} else if err := r.fill(&account, record); err != nil {
		return Outcome{}, err
	}
	write := storage.AccountWrite{Account: &account}
	changed := record.apply(&write)
	if r.setHash(&account, record, hash) {
		changed = true
		write.EndSessions = models.ReasonPasswordChanged
	}
	switch {
	case before == nil:
		r.writes = append(r.writes, write)
		return Outcome{Result: Created, Account: &account}, nil
	case !changed:
		return Outcome{Result: Unchanged, Account: &account}, nil
	}
	if before.IsActive && !account.IsActive {
		write.EndSessions = models.ReasonAccountInactive
	}
	r.writes = append(r.writes, write)
	return Outcome{Result: Updated, Account: &account}, nil
}

// check refuses a record that cannot be written because of what exists.
func (r *round) check(record *Record, before *models.CustomerAccount) error {
	takenByOther := func(name string) bool {
		owner, taken := r.names[name]
		return taken && (before == nil || owner != *before.ID)
	}
	owner := r.byUserID[record.account.UserID]
	switch {
	case before != nil && r.options.CreateOnly:
		return refused("the account exists already")
	case takenByOther(record.userName):
		return refused("userName is a name that another account signs in with")
	case takenByOther(record.emailAddress):
		return refused("emailAddress is a name that another account signs in with")
	case r.externalIDTaken(record, before):
		return refused("externalId is that of another account")
	case before == nil && record.userName == "":
		return refused("userName is missing, and there is no such account yet")
	case before == nil && record.gives(userIDField) && owner != nil:
		return refused("userId is that of another account")
	case before != nil && record.gives(userIDField) && before.UserID != record.account.UserID:
		return refused("userId is not that of the account, and it cannot change")
	}
	return nil
}

// externalIDTaken reports whether another account has the record's external id. Where the record alone says which account it means, none has.
func (r *round) externalIDTaken(record *Record, before *models.CustomerAccount) bool {
	if record.account.ExternalID == nil {
		return false
	}
	owner := r.byExternalID[*record.account.ExternalID]
	return owner != nil && owner != before
}

// fill gives a new account what it has when nothing else is said.
func (r *round) fill(account *models.CustomerAccount, record *Record) error {
	account.IsActive, account.CreatedAt, account.CustomerSinceDate = true, r.now, &r.now
	if record.gives(userIDField) {
		account.UserID = record.account.UserID
		return nil
	}
	if _, err := io.ReadFull(r.random, account.UserID[:]); err != nil {
		return fmt.Errorf("draw a user id: %w", err)
	}
	copy(account.UserID[:], r.prefix[:])
	return nil
}

// setHash gives an account its password hash, and reports whether it is another than before.
func (r *round) setHash(account *models.CustomerAccount, record *Record, hash secret.Text) bool {
	kept := r.options.KeepPasswords && account.PasswordHash.Reveal() != ""
	given := record.gives(passwordField) || record.gives(passwordHashField)
	if kept || !given || hash.Reveal() == account.PasswordHash.Reveal() {
		return false
	}
	account.PasswordHash, account.HasExternalPassword = hash, record.external
	return true
}
