package accounts

import (
	"github.com/authtickets/authtickets/models"
)

// target is the account that a record means.
type target struct {
	// account is nil for a new account. It is also nil if an earlier batch of a dry run made the
	// account, because dry runs keep nothing.
	account *models.CustomerAccount

	firstRow
}

// firstRow is the first row of an import about an account.
type firstRow struct {
	line            int  // 0 if there is no such row
	lacksExternalID bool // the row did not give the account's external id
	isTransient     bool // a dry run made the account, so it is gone after the transaction
}

// isRemade reports whether an earlier batch of a dry run made the account.
func (t target) isRemade() bool { return t.account == nil && t.line != 0 }

// targetOf returns the account that a record means.
func (r *round) targetOf(record *Record) target {
	account, externalID := r.find(record), record.account.ExternalID
	t := target{account: account}
	if account != nil {
		t.firstRow = r.firstRowOf(*account.ID)
	}
	if externalID == nil || account != nil && samePointer(account.ExternalID, externalID) {
		return t
	}

	// In a dry run, an earlier row may have given the id to an account that was not kept.
	line := r.earlier.line(keyOfExternalID(*externalID))
	if line == 0 || line == t.line {
		return t
	}
	return target{firstRow: firstRow{line: line}}
}

// firstRowOf returns the first row about the account with an id.
func (w *writing) firstRowOf(id int64) firstRow {
	if first, ok := w.firstRows[id]; ok {
		return first
	}
	return w.earlier.firstRow(id)
}

// admit refuses a record if nothing shows that it is about the same customer as its target.
func (r *round) admit(record *Record, t target) error {
	externalID := record.account.ExternalID

	switch {
	case t.account == nil, r.options.createOnly:
		return nil
	case externalID != nil && samePointer(t.account.ExternalID, externalID):
		if t.line != 0 && t.lacksExternalID {
			return refused("externalId belongs to the account in line %d, and that row does not give it", t.line)
		}
		return nil
	case t.line != 0:
		if externalID != nil && r.earlier.line(keyOfExternalID(*externalID)) == t.line {
			return nil // in a dry run, that row gave this external id to the account
		}
		return takenInLine(userNameField, t.line)
	case externalID != nil && !r.options.adopt:
		return refused("userName belongs to an account without an externalId: " +
			"if both are the same customer, add --adopt")
	}
	return nil
}

// checkName refuses a name that another account has.
func (r *round) checkName(field, name string, t target) error {
	owner, taken := r.names[name]
	if taken && (t.account == nil || owner != *t.account.ID) {
		if line := r.firstRowOf(owner).line; line != 0 {
			return takenInLine(field, line)
		}
		return refused("%s is a name that another account signs in with", field)
	}

	// In a dry run, the account with the name was not kept.
	if line := r.earlier.line(keyOfName(name)); line != 0 && line != t.line {
		return takenInLine(field, line)
	}
	return nil
}

func takenInLine(field string, line int) error {
	return refused("%s is a name of the account in line %d, and the rows do not share an externalId",
		field, line)
}

// checkUserID refuses a user id if the account has a different one, or if another account has it.
func (r *round) checkUserID(record *Record, t target) error {
	userID := record.account.UserID
	if !record.gives(userIDField) {
		return nil
	}

	line := r.earlier.line(keyOfUserID(userID)) // in a dry run
	switch owner := r.byUserID[userID]; {
	case t.account != nil && t.account.UserID != userID, t.isRemade() && line != t.line:
		return refused("userId differs from the account's, and it cannot change")
	case t.account != nil || t.isRemade():
		return nil
	case owner != nil:
		line = r.firstRowOf(*owner.ID).line
		if line == 0 {
			return refused("userId belongs to another account")
		}
	}

	if line != 0 {
		return refused("userId belongs to the account in line %d", line)
	}
	return nil
}

// note notes, for later rounds, which accounts the records of this round were about.
func (r *round) note() {
	for number, t := range r.targets {
		outcome := r.outcomes[number]
		if outcome.result == wasRefused {
			continue
		}

		if t.line == 0 && r.lines != nil {
			t.line, t.lacksExternalID = r.lines[number], r.records[number].account.ExternalID == nil
		}
		t.isTransient = t.isTransient || t.account == nil && r.options.dryRun
		r.firstRows[*outcome.account.ID] = t.firstRow
	}
}

// remember notes, for later rows, which accounts the records with these numbers were about.
func (w *writing) remember(numbers []int) {
	if w.earlier == nil {
		return
	}

	for _, number := range numbers {
		outcome := w.outcomes[number]
		if outcome.result == wasRefused {
			continue
		}

		id := *outcome.account.ID
		first := w.firstRows[id]
		if !first.isTransient {
			w.earlier.accounts.add(id, first)
		}
		if !w.options.dryRun {
			continue
		}
		for _, k := range w.records[number].keys() {
			w.earlier.keys.add(k, first.line)
		}
	}
}
