package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Record is what is said of one account: the values of some of its fields. A field that is not given keeps the value it has; in a
// new account it gets the one that new accounts have. The zero Record says nothing.
type Record struct {
	given   []string               // the names of the fields
	account models.CustomerAccount // and their values
	// userName and emailAddress are in the normal form; empty when the account has none, or they are not given.
	userName, emailAddress string
	// password is to be hashed, hash is one already. When both are empty and one is given, the account shall have none.
	password, hash secret.Text
	external       bool // the hash is in another system's format
}

// RefusedError says why a record is not accepted. It names fields, and never repeats a value, which could be a secret.
type RefusedError string

// Error implements error.
func (e RefusedError) Error() string { return string(e) }

func refused(format string, arguments ...any) error {
	return RefusedError(fmt.Sprintf(format, arguments...))
}

// The fields that are treated in ways of their own. All fields are those of the schema's CustomerAccount, with a password or its hash.
const (
	userNameField      = "userName"
	emailAddressField  = "emailAddress"
	externalIDField    = "externalId"
	userIDField        = "userId"
	customerSinceField = "customerSinceDate"
	isActiveField      = "isActive"
	isLockedField      = "isLocked"
	isAnonymousField   = "isAnonymous"
	attributesField    = "attributes"
	passwordField      = "password"
	passwordHashField  = "passwordHash"
)

// computed are the fields that follow from others. What was exported has them, so they are accepted, and ignored.
func computed(field string) bool { return field == "id" || field == "hasExternalPassword" }

// textOf returns where an account keeps a text field, and how many characters the column has room for; nil when it is another field.
func textOf(account *models.CustomerAccount, field string) (text **string, limit int) {
	switch field {
	case "accountType":
		return &account.AccountType, 64
	case "companyOrOrganization":
		return &account.CompanyOrOrganization, 255
	case "customerSet":
		return &account.CustomerSet, 64
	case emailAddressField:
		return &account.EmailAddress, maxName
	case externalIDField:
		return &account.ExternalID, 128
	case "firstName":
		return &account.FirstName, 255
	case "lastName":
		return &account.LastName, 255
	case "localeCode":
		return &account.LocaleCode, 35
	case "taxId":
		return &account.TaxID, 64
	case userNameField:
		return &account.UserName, maxName
	default:
		return nil, 0
	}
}

// flagOf returns where an account keeps a field that is true or false; nil when it is another field.
func flagOf(account *models.CustomerAccount, field string) *bool {
	switch field {
	case "acceptsMarketing":
		return &account.AcceptsMarketing
	case "taxExempt":
		return &account.TaxExempt
	case isActiveField:
		return &account.IsActive
	case isLockedField:
		return &account.IsLocked
	case isAnonymousField:
		return &account.IsAnonymous
	default:
		return nil
	}
}

// isField reports whether a record can give a field of this name.
func isField(name string) bool {
	var account models.CustomerAccount
	text, _ := textOf(&account, name)
	others := []string{userIDField, customerSinceField, attributesField, passwordField, passwordHashField}
	return text != nil || flagOf(&account, name) != nil || computed(name) || slices.Contains(others, name)
}

// Set gives a field a value as it is written on a command line or in a CSV file: true or false, an instant in RFC 3339, a JSON list
// of attributes, or plain text. An empty text clears the field. The error is a RefusedError.
func (r *Record) Set(field, value string) error {
	switch {
	case field == attributesField:
		return r.set(field, json.RawMessage(value))
	case flagOf(&r.account, field) != nil && (strings.EqualFold(value, "true") || strings.EqualFold(value, "false")):
		return r.set(field, strings.EqualFold(value, "true"))
	default:
		return r.set(field, value)
	}
}

// SetValue is Set for a value that has been decoded from JSON, or from the arguments of a request: nil, which clears the field, a string, a bool, or a
// json.RawMessage for any other. The error is a RefusedError.
func (r *Record) SetValue(field string, value any) error {
	raw, ok := value.(json.RawMessage)
	if !ok {
		return r.set(field, value)
	}
	raw = bytes.Trim(raw, blanks)
	if !json.Valid(raw) || !utf8.Valid(raw) {
		return refused("%s is not JSON", shown(field))
	}
	return r.setJSON(field, raw)
}

// setJSON is Set for a value in JSON. null clears the field.
func (r *Record) setJSON(field string, value json.RawMessage) error {
	switch {
	case string(value) == "null":
		return r.set(field, nil)
	case field == attributesField:
		return r.set(field, value)
	case value[0] == '"':
		text, err := decodeText(value)
		if err != nil {
			return err
		}
		return r.set(field, text)
	case value[0] == 't', value[0] == 'f':
		return r.set(field, value[0] == 't')
	default:
		return r.set(field, value)
	}
}

// set takes nil, a string, a bool, or any other JSON value as it is.
func (r *Record) set(field string, value any) error {
	r.given = append(r.given, field)
	if text, limit := textOf(&r.account, field); text != nil {
		return r.setText(field, text, limit, value)
	}
	switch field {
	case attributesField:
		return r.setAttributes(value)
	case customerSinceField:
		return r.setCustomerSince(value)
	case userIDField:
		return r.setUserID(value)
	case passwordField:
		return r.setPassword(value)
	case passwordHashField:
		return r.setPasswordHash(value)
	}
	if flag := flagOf(&r.account, field); flag != nil {
		var ok bool
		if *flag, ok = value.(bool); !ok {
			return refused("%s must be true or false", field)
		}
		if r.account.IsAnonymous {
			return refused("isAnonymous must be false: an anonymous shopper has no account")
		}
		return nil
	}
	if !computed(field) {
		return refused("%s is not a field of an account", shown(field))
	}
	return nil
}

// IsEmpty reports whether the record says nothing.
func (r *Record) IsEmpty() bool { return len(r.given) == 0 }

// gives reports whether a field is given.
func (r *Record) gives(field string) bool { return slices.Contains(r.given, field) }

// shown is a key as it came, unless it is not like a field's name: then it could be anything.
func shown(key string) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	if key == "" || len(key) > 32 || strings.TrimFunc(key, letter) != "" {
		return "a key"
	}
	return key
}
