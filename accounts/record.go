package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Record has values for some fields of one account. A field that is not given keeps its value, or
// gets the default in a new account. The zero Record gives no fields.
type Record struct {
	given   []*Field
	account models.CustomerAccount // with the values of the given fields
	// userName and emailAddress are in the form of NormalName. Each is empty if it is not given, or
	// if the account is to have none.
	userName, emailAddress string
	// password is not hashed yet, and hash is a hash. If one of them is given and both are empty,
	// the account is to have no password.
	password, hash secret.Text
	external       bool // the hash is in another system's format
	// refusal is the error given to Refuse; nil if it was not called.
	refusal error
}

// Refuse makes Create and Update refuse the record with an error, after they have checked the
// caller.
func (r *Record) Refuse(err error) { r.refusal = err }

// RefusedError says why a record is not accepted. It names fields, but never repeats a value,
// because that could be a secret.
type RefusedError string

// Error implements error.
func (e RefusedError) Error() string { return string(e) }

// Unwrap returns the error that clients get in addition to the text.
func (RefusedError) Unwrap() error { return &models.Error{Reason: models.ReasonAccountInvalid} }

func refused(format string, arguments ...any) error {
	return RefusedError(fmt.Sprintf(format, arguments...))
}

// Set sets a field to a value as written on a command line or in a CSV file: true or false, an
// instant in RFC 3339, a JSON list of attributes, or plain text. An empty text clears the field.
// The error is a RefusedError.
func (r *Record) Set(name, value string) error {
	field, err := fieldToSet(name)
	if err != nil {
		return err
	}
	return r.setText(field, value)
}

// SetValue is Set for a value from JSON, or from the arguments of a request. The value is nil,
// which clears the field, or a string, a bool, or a json.RawMessage for any other JSON. The error
// is a RefusedError.
func (r *Record) SetValue(name string, value any) error {
	raw, isJSON := value.(json.RawMessage)
	if isJSON && (!json.Valid(raw) || !utf8.Valid(raw)) {
		return refused("%s is not JSON", printable(name))
	}
	field, err := fieldToSet(name)
	if err != nil {
		return err
	}

	if isJSON {
		return r.setJSON(field, bytes.TrimSpace(raw))
	}
	return r.set(field, value)
}

// fieldToSet returns the field with a name. The name comes from outside and can be any text.
func fieldToSet(name string) (*Field, error) {
	field := FieldNamed(name)
	if field == nil {
		return nil, refused("%s is not a field of an account", printable(name))
	}
	return field, nil
}

// setText is Set for a field that was found.
func (r *Record) setText(field *Field, value string) error {
	if field.name == attributesField {
		return r.set(field, json.RawMessage(value))
	}

	_, isFlag := field.In(&r.account).(*bool)
	if isFlag && (strings.EqualFold(value, "true") || strings.EqualFold(value, "false")) {
		return r.set(field, strings.EqualFold(value, "true"))
	}
	return r.set(field, value)
}

// setJSON is setText for a value in JSON. null clears the field.
func (r *Record) setJSON(field *Field, value json.RawMessage) error {
	kind := jsontext.Value(value).Kind()
	switch {
	case kind == jsontext.KindNull:
		return r.set(field, nil)
	case field.name == attributesField:
		return r.set(field, value)
	case kind == jsontext.KindString:
		text, _ := jsontext.AppendUnquote(nil, value) // half a surrogate pair becomes U+FFFD
		return r.set(field, string(text))
	case kind == jsontext.KindTrue, kind == jsontext.KindFalse:
		return r.set(field, kind == jsontext.KindTrue)
	default:
		return r.set(field, value)
	}
}

// set takes nil, a string, a bool, or any other JSON value as it is.
func (r *Record) set(field *Field, value any) error {
	r.given = append(r.given, field)
	switch field.name {
	case passwordField:
		return r.setPassword(value)
	case passwordHashField:
		return r.setPasswordHash(value)
	}

	if field.setBy == setByNobody {
		return nil
	}

	switch to := field.In(&r.account).(type) {
	case **string:
		return r.setOptionalText(field, to, value)
	case *bool:
		return r.setFlag(field, to, value)
	case **time.Time:
		return r.setCustomerSince(value)
	case *models.ID:
		return r.setUserID(value)
	case *[]models.CustomerAttribute:
		return r.setAttributes(value)
	default:
		return nil
	}
}

func (r *Record) setFlag(field *Field, to *bool, value any) error {
	var ok bool
	if *to, ok = value.(bool); !ok {
		return refused("%s must be true or false", field.name)
	}

	if r.account.IsAnonymous {
		return refused("isAnonymous must be false: an anonymous shopper has no account")
	}
	return nil
}

// IsEmpty reports whether the record gives no fields.
func (r *Record) IsEmpty() bool { return len(r.given) == 0 }

// gives reports whether the record gives the field.
func (r *Record) gives(name string) bool {
	return slices.ContainsFunc(r.given, func(field *Field) bool { return field.name == name })
}

// printable returns a key from outside, if it looks like the name of a field. Otherwise the key
// could be a secret, so it returns "a key".
func printable(key string) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

	if key == "" || len(key) > 32 || strings.TrimFunc(key, letter) != "" {
		return "a key"
	}
	return key
}
