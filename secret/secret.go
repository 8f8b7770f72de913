// Package secret holds the one type for text that must never be shown: passwords, password hashes and tokens.
package secret

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Text is a password, a password hash or a token. It prints as "[redacted]" under every fmt verb, in every log
// handler and in JSON, so that a secret caught up in an error, a log record or a dump of a struct stays secret.
//
// The characters sit behind a pointer, because fmt calls no methods for the verb %p and for unexported fields: a plain
// string would be printed there. The zero Text is the empty text. Two Texts are compared by what Reveal returns, not with ==.
type Text struct{ characters *string }

// New wraps text that must not be shown from here on.
func New(text string) Text { return Text{&text} }

// Reveal returns the characters. Every call is a place where a secret could get out.
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

// MarshalText implements encoding.TextMarshaler, which the JSON encoder and the JSON log handler ask.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler: a secret can be read from JSON, never written to it.
func (t *Text) UnmarshalText(text []byte) error {
	*t = New(string(text))
	return nil
}

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// Value implements driver.Valuer: the database keeps the characters, which for a password is its hash.
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
