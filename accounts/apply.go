package accounts

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
)

// apply gives the account of a write the values of the record, all but its password, and reports whether that has changed anything.
func (r *Record) apply(write *storage.AccountWrite) bool {
	changed, renamed := false, write.Account.ID == nil
	for _, field := range r.given {
		if r.applyField(field, write) {
			changed = true
			renamed = renamed || field == userNameField || field == emailAddressField
		}
	}
	if renamed {
		write.Names = r.names(write.Account)
	}
	return changed
}

func (r *Record) applyField(field string, write *storage.AccountWrite) bool {
	account := write.Account
	if to, _ := textOf(account, field); to != nil {
		from, _ := textOf(&r.account, field)
		changed := !samePointer(*to, *from)
		*to = *from
		return changed
	}
	switch field {
	case customerSinceField:
		return r.applyCustomerSince(account)
	case isLockedField:
		changed := r.applyLock(account)
		write.ForgetFailures = changed && !r.account.IsLocked
		return changed
	case attributesField:
		write.ReplaceAttributes = !slices.EqualFunc(account.Attributes, r.account.Attributes, sameAttribute)
		account.Attributes = r.account.Attributes
		return write.ReplaceAttributes
	}
	if to := flagOf(account, field); to != nil {
		from := *flagOf(&r.account, field)
		changed := *to != from
		*to = from
		return changed
	}
	return false
}

func (r *Record) applyCustomerSince(account *models.CustomerAccount) bool {
	since := r.account.CustomerSinceDate
	if since == nil {
		since = &account.CreatedAt
	}
	changed := account.CustomerSinceDate == nil || !account.CustomerSinceDate.Equal(*since)
	account.CustomerSinceDate = since
	return changed
}

// applyLock locks as an operator does, or ends both locks.
func (r *Record) applyLock(account *models.CustomerAccount) bool {
	if r.account.IsLocked {
		changed := !account.LockedByOperator
		account.LockedByOperator = true
		return changed
	}
	changed := account.LockedByOperator || account.LockedUntil != nil
	account.LockedByOperator, account.LockedUntil = false, nil
	return changed
}

// names are those by which the account signs in now.
func (r *Record) names(account *models.CustomerAccount) []string {
	userName, emailAddress := r.userName, r.emailAddress
	if !r.gives(userNameField) {
		userName = normalOrNone(account.UserName)
	}
	if !r.gives(emailAddressField) {
		emailAddress = normalOrNone(account.EmailAddress)
	}
	if emailAddress == "" || emailAddress == userName {
		return []string{userName}
	}
	return []string{userName, emailAddress}
}

func samePointer[Value comparable](a, b *Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sameAttribute(a, b models.CustomerAttribute) bool {
	return a.FullyQualifiedName == b.FullyQualifiedName && samePointer(a.AttributeDefinitionID, b.AttributeDefinitionID) &&
		bytes.Equal(written(a.Values), written(b.Values))
}

// written is the JSON that a list of values is stored as.
func written(values []json.RawMessage) []byte {
	text, _ := json.Marshal(values) // they were read from JSON
	return text
}
