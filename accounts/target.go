package accounts

import (
	"github.com/authtickets/authtickets/models"
)

// meant is the account that a record means.
type meant struct {
	// account is nil for a new one. It is also nil if an earlier batch of a dry run has made it,
	// because dry runs keep nothing.
	account *models.CustomerAccount

	mention
}

// mention says which row of an import was the first about an account.
type mention struct {
	line           int  // 0 if there is no such row
	isUnidentified bool // the row did not give the account's external id
	isTransient    bool // the account is gone after the transaction
}

// isRemade reports whether an earlier batch of a dry run has made the account.
func (m meant) isRemade() bool { return m.account == nil && m.line != 0 }

// meant returns the account that a record means.
func (r *round) meant(record *Record) meant {
	account, externalID := r.find(record), record.account.ExternalID
	m := meant{account: account}
	if account != nil {
		m.mention = r.mentionOf(*account.ID)
	}
	if externalID == nil || account != nil && samePointer(account.ExternalID, externalID) {
		return m
	}

	// In a dry run an earlier row may have given the id to an account that was not kept.
	line := r.earlier.line(keyOfExternalID(*externalID))
	if line == 0 || line == m.line {
		return m
	}
	return meant{mention: mention{line: line}}
}

// mentionOf returns which row was the first about the account with a number.
func (w *writing) mentionOf(id int64) mention {
	if m, ok := w.mentions[id]; ok {
		return m
	}
	return w.earlier.mention(id)
}

// admit refuses a record if nothing shows that it is about the same customer as the account it
// means.
func (r *round) admit(record *Record, m meant) error {
	externalID := record.account.ExternalID

	switch {
	case m.account == nil, r.options.createOnly:
		return nil
	case externalID != nil && samePointer(m.account.ExternalID, externalID):
		if m.line != 0 && m.isUnidentified {
			return refused("externalId is that of the account in line %d, and that row does not give it", m.line)
		}
		return nil
	case m.line != 0:
		if externalID != nil && r.earlier.line(keyOfExternalID(*externalID)) == m.line {
			return nil // in a dry run, that row gave this external id to the account
		}
		return takenInLine(userNameField, m.line)
	case externalID != nil && !r.options.adopt:
		return refused("userName is that of an account without an externalId: " +
			"if both are the same customer, add --adopt")
	}
	return nil
}

// checkName refuses a name that another account has.
func (r *round) checkName(field, name string, m meant) error {
	owner, taken := r.names[name]
	if taken && (m.account == nil || owner != *m.account.ID) {
		if line := r.mentionOf(owner).line; line != 0 {
			return takenInLine(field, line)
		}
		return refused("%s is a name that another account signs in with", field)
	}

	// In a dry run, the account with the name was not kept.
	if line := r.earlier.line(keyOfName(name)); line != 0 && line != m.line {
		return takenInLine(field, line)
	}
	return nil
}

func takenInLine(field string, line int) error {
	return refused("%s is a name of the account in line %d, and the rows do not share an externalId",
		field, line)
}

// checkUserID refuses a user id if the account has a different one, or another account has it.
func (r *round) checkUserID(record *Record, m meant) error {
	userID := record.account.UserID
	if !record.gives(userIDField) {
		return nil
	}

	line := r.earlier.line(keyOfUserID(userID)) // in a dry run
	switch owner := r.byUserID[userID]; {
	case m.account != nil && m.account.UserID != userID, m.isRemade() && line != m.line:
		return refused("userId is not that of the account, and it cannot change")
	case m.account != nil || m.isRemade():
		return nil
	case owner != nil:
		line = r.mentionOf(*owner.ID).line
		if line == 0 {
			return refused("userId is that of another account")
		}
	}

	if line != 0 {
		return refused("userId is that of the account in line %d", line)
	}
	return nil
}

// note notes which accounts the records are about on which this round has decided.
func (r *round) note() {
	for number, m := range r.meanings {
		outcome := r.outcomes[number]
		if outcome.result == wasRefused {
			continue
		}

		if m.line == 0 && r.lines != nil {
			m.line, m.isUnidentified = r.lines[number], r.records[number].account.ExternalID == nil
		}
		m.isTransient = m.isTransient || m.account == nil && r.options.dryRun
		r.mentions[*outcome.account.ID] = m.mention
	}
}

// remember notes for later rows which accounts these records were about.
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
		m := w.mentions[id]
		if !m.isTransient {
			w.earlier.accounts.add(id, m)
		}
		if !w.options.dryRun {
			continue
		}
		for _, k := range w.records[number].keys() {
			w.earlier.keys.add(k, m.line)
		}
	}
}
