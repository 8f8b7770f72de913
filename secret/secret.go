// Package secret holds the type for text that must never be shown: passwords, password hashes and
// tokens.
package secret

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a password, a password hash or a token. It prints as "[redacted]" in fmt, in every log
// handler and in JSON. So it stays secret even in an error, a log record or a dump of a struct.
//
// The characters are behind a pointer. For the verb %p and for unexported fields, fmt calls no
// methods, and would print a plain string. The zero Text is the empty text. To compare two Texts,
// compare what Reveal returns; == compares only pointers.
type Text struct{ characters *string }

// New wraps text that must not be shown.
func New(text string) Text { return Text{&text} }

// Reveal returns the characters. Every call is a place where a secret could leak.
func (t Text) Reveal() string {
	if t.characters == nil {
		return ""
	}
	return *t.characters
}

// Format implements fmt.Formatter.
func (Text) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// String implements fmt.Stringer, for callers that do not go through fmt.
func (Text) String() string { return redacted }

// MarshalText implements encoding.TextMarshaler, which the JSON encoder and the JSON log handler
// call.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler. A secret can be read from JSON, but is never
// written to it.
func (t *Text) UnmarshalText(text []byte) error {
	*t = New(string(text))
	return nil
}

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// Value implements driver.Valuer. The database stores the characters. They are a password's hash,
// never the password itself.
func (t Text) Value() (driver.Value, error) { return t.Reveal(), nil }

// Scan implements sql.Scanner.
func (t *Text) Scan(column any) error {
	switch text := column.(type) {
	case string:
		*t = New(text)
	case []byte:
		*t = New(string(text))
	case nil:
		*t = Text{}
	default:
		return fmt.Errorf("secret text cannot be read from a %T", column)
	}

	return nil
}
