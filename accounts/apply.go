package accounts

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
)

// apply gives the account the values of the record, except the password. It reports whether that
// changed anything.
func (r *Record) apply(write *storage.AccountWrite) bool {
	changed, renamed := false, write.Account.ID == nil
	for _, field := range r.given {
		if r.applyField(field, write) {
			changed = true
			renamed = renamed || field.name == userNameField || field.name == emailAddressField
		}
	}

	if renamed {
		write.Names = r.names(write.Account)
	}
	return changed
}

func (r *Record) applyField(field *Field, write *storage.AccountWrite) bool {
	switch {
	case field.setBy == setByNobody:
		return false
	case field.name == isLockedField:
		changed := r.applyLock(write.Account)
		write.ForgetFailures = changed && !r.account.IsLocked
		return changed
	}

	from := field.In(&r.account)
	switch to := field.In(write.Account).(type) {
	case **string:
		return assign(to, from, samePointer)
	case *bool:
		return assign(to, from, func(a, b bool) bool { return a == b })
	case **time.Time:
		return r.applyCustomerSince(write.Account)
	case *[]models.CustomerAttribute:
		write.ReplaceAttributes = assign(to, from, sameAttributes)
		return write.ReplaceAttributes
	default: // the user id cannot change, and passwords come last
		return false
	}
}

// assign copies the value that from, another *Value, points to. It reports whether that changed
// anything.
func assign[Value any](to *Value, from any, same func(a, b Value) bool) bool {
	value := *from.(*Value) //nolint:forcetypeassert // it is the same field of another account
	changed := !same(*to, value)
	*to = value
	return changed
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

// applyLock locks the account as an operator does, or ends every lock.
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

// names returns the names with which the changed account signs in.
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

func sameAttributes(a, b []models.CustomerAttribute) bool {
	return slices.EqualFunc(a, b, sameAttribute)
}

func sameAttribute(a, b models.CustomerAttribute) bool {
	return a.FullyQualifiedName == b.FullyQualifiedName &&
		samePointer(a.AttributeDefinitionID, b.AttributeDefinitionID) &&
		bytes.Equal(storedJSON(a.Values), storedJSON(b.Values))
}

// storedJSON returns the JSON that is stored for a list of values.
func storedJSON(values []json.RawMessage) []byte {
	text, _ := json.Marshal(values) // they were read from JSON
	return text
}
