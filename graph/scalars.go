package graph

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// The schema's scalars as Go types. What comes in badly typed is refused without being repeated: it could be a password in the wrong place.
var (
	errNotText  = errors.New("must be a string")
	errOneWay   = errors.New("is never an input")
	errNotAnID  = errors.New("must be an ID of 32 hexadecimal digits")
	errNoNumber = errors.New("must be a whole number of seconds")
)

// MarshalSecret writes a token into the answer: the one place where secrets become text.
func MarshalSecret(text secret.Text) graphql.Marshaler { return graphql.MarshalString(text.Reveal()) }

// UnmarshalSecret takes a password or token out of the request.
func UnmarshalSecret(value any) (secret.Text, error) {
	text, ok := value.(string)
	if !ok {
		return secret.Text{}, errNotText
	}
	return secret.New(text), nil
}

// MarshalID writes an id as 32 hexadecimal digits.
func MarshalID(id models.ID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(appendID(nil, id)) })
}

func appendID(out []byte, id models.ID) []byte {
	return append(hex.AppendEncode(append(out, '"'), id[:]), '"')
}

// UnmarshalID reads 32 hexadecimal digits.
func UnmarshalID(value any) (models.ID, error) {
	text, ok := value.(string)
	if !ok {
		return models.ID{}, errNotAnID
	}
	return models.ParseID(text)
}

// MarshalDateTime writes an instant in RFC 3339, in UTC, with three fraction digits.
func MarshalDateTime(at time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(appendDateTime(nil, at)) })
}

func appendDateTime(out []byte, at time.Time) []byte {
	return at.UTC().AppendFormat(out, `"2006-01-02T15:04:05.000Z"`)
}

// UnmarshalDateTime is here because the generator asks for it: no argument is an instant.
func UnmarshalDateTime(any) (time.Time, error) { return time.Time{}, errOneWay }

// MarshalSeconds writes a duration in whole seconds, rounded down.
func MarshalSeconds(duration time.Duration) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(appendSeconds(nil, duration)) })
}

func appendSeconds(out []byte, duration time.Duration) []byte {
	return strconv.AppendInt(out, int64(duration/time.Second), 10)
}

// UnmarshalSeconds reads a duration in whole seconds.
func UnmarshalSeconds(value any) (time.Duration, error) {
	seconds, err := graphql.UnmarshalInt64(value)
	if err != nil {
		return 0, errNoNumber
	}
	return time.Duration(seconds) * time.Second, nil
}

// MarshalJSON writes a JSON value as it was stored.
func MarshalJSON(value json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(value) })
}

// UnmarshalJSON is here because the generator asks for it: no argument is any JSON.
func UnmarshalJSON(any) (json.RawMessage, error) { return nil, errOneWay }
