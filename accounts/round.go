package accounts

import (
	"fmt"
	"io"
	"slices"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// round decides on records that do not depend on each other, so that they can be written together.
type round struct {
	*writing
	directory

	// touched has the keys, before and after, of accounts that this round or a waiting record
	// changes.
	touched map[key]bool
	writes  []storage.AccountWrite
	// targets has the accounts that the decided records mean, by the numbers of the records.
	targets map[int]target
}

// run decides on the records with these numbers and writes them. It returns the numbers of the
// records that depend on what is written now. These wait for the next round.
func (r *round) run(writer *storage.AccountWriter, numbers []int) ([]int, error) {
	var waiting []int
	for _, number := range numbers {
		record := r.records[number]
		t, keys := r.targetOf(record), record.keys()
		if t.account != nil {
			keys = append(keys, keysOfAccount(t.account)...)
		}

		if slices.ContainsFunc(keys, func(k key) bool { return r.touched[k] }) {
			waiting = append(waiting, number)
		} else if err := r.settle(number, t); err != nil {
			return nil, err
		}
		for _, key := range keys {
			r.touched[key] = true
		}
	}

	if err := writer.Write(r.writes); err != nil {
		return nil, err
	}
	r.note()
	return waiting, nil
}

// settle decides on the record with a number, unless admit refuses it.
func (r *round) settle(number int, t target) (err error) {
	record := r.records[number]
	if refusal := r.admit(record, t); refusal != nil {
		r.outcomes[number] = outcome{result: wasRefused, refusal: refusal}
		return nil //nolint:nilerr // the other records are written
	}

	r.targets[number] = t
	r.outcomes[number], err = r.decide(record, r.hashes[number], t)
	return err
}

// decide returns the outcome of a record, and adds to writes what has to be written.
func (r *round) decide(record *Record, hash secret.Text, t target) (outcome, error) {
	if err := r.check(record, t); err != nil {
		return outcome{result: wasRefused, refusal: err}, nil //nolint:nilerr // the other records are written
	}

	var account models.CustomerAccount
	if t.account != nil {
		account = *t.account
	} else if err := r.fill(&account, record); err != nil {
		return outcome{}, err
	}

	if record.isUnhashed(hash) && !r.keepsPassword(&account) {
		return outcome{}, errUnhashed
	}

	write := storage.AccountWrite{Account: &account}
	changed := record.apply(&write)
	if r.setHash(&account, record, hash) {
		changed = true
		write.EndSessions = models.ReasonPasswordChanged
	}

	switch {
	case t.account == nil:
		r.writes = append(r.writes, write)
		if t.isRemade() {
			return outcome{result: wasUpdated, account: &account}, nil
		}
		return outcome{result: wasCreated, account: &account}, nil
	case !changed:
		return outcome{result: wasUnchanged, account: &account}, nil
	}

	if t.account.IsActive && !account.IsActive {
		write.EndSessions = models.ReasonAccountInactive
	}
	r.writes = append(r.writes, write)
	return outcome{result: wasUpdated, account: &account}, nil
}

// check refuses a record that conflicts with an existing account.
func (r *round) check(record *Record, t target) error {
	if t.account != nil && r.options.createOnly {
		return refused("the account exists already")
	}

	if err := r.checkName(userNameField, record.userName, t); err != nil {
		return err
	}
	if err := r.checkName(emailAddressField, record.emailAddress, t); err != nil {
		return err
	}

	switch {
	case r.externalIDTaken(record, t.account):
		return refused("externalId belongs to another account")
	case t.account == nil && !t.isRemade() && record.userName == "":
		return refused("userName is missing, and there is no such account yet")
	}
	return r.checkUserID(record, t)
}

// externalIDTaken reports whether another account has the record's external id. That is possible in
// Update, where the external id does not decide which account the record means.
func (r *round) externalIDTaken(record *Record, before *models.CustomerAccount) bool {
	if record.account.ExternalID == nil {
		return false
	}
	owner := r.byExternalID[*record.account.ExternalID]
	return owner != nil && owner != before
}

// fill gives a new account its defaults.
func (r *round) fill(account *models.CustomerAccount, record *Record) error {
	account.IsActive, account.CreatedAt, account.CustomerSinceDate = true, r.now, &r.now

	if record.gives(userIDField) {
		account.UserID = record.account.UserID
	} else {
		if _, err := io.ReadFull(r.random, account.UserID[:]); err != nil {
			return fmt.Errorf("draw a user id: %w", err)
		}
		copy(account.UserID[:], r.prefix[:])
	}

	if record.userName == "" { // only in a dry run: an earlier row has the name, but was not kept
		account.UserName = new(account.UserID.String())
	}
	return nil
}

// keepsPassword reports whether the account keeps the password it has.
func (r *round) keepsPassword(account *models.CustomerAccount) bool {
	return r.options.keepPasswords && account.PasswordHash.Reveal() != ""
}

// setHash gives an account its password hash, and reports whether that is a new one.
func (r *round) setHash(account *models.CustomerAccount, record *Record, hash secret.Text) bool {
	given := record.gives(passwordField) || record.gives(passwordHashField)
	if r.keepsPassword(account) || !given || hash.Reveal() == account.PasswordHash.Reveal() {
		return false
	}

	account.PasswordHash, account.HasExternalPassword = hash, record.external
	return true
}
