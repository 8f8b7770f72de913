package graph

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/secret"
)

// The scalars of the schema as Go types. An error about a value never repeats it, because it could
// be a password in the wrong place.

func refusedValue(message string) error { return RequestError(problem.CodeBadUserInput, message) }

// MarshalSecret writes a token into the answer.
func MarshalSecret(text secret.Text) graphql.Marshaler { return graphql.MarshalString(text.Reveal()) }

// UnmarshalSecret reads a password or a token from the request.
func UnmarshalSecret(value any) (secret.Text, error) {
	text, ok := value.(string)
	if !ok {
		return secret.Text{}, refusedValue("A secret must be a string.")
	}
	return secret.New(text), nil
}

// IntrospectType answers __type. Its argument is a String, so it arrives as a secret like any
// other.
func (ec *executionContext) IntrospectType(name secret.Text) (*introspection.Type, error) {
	return ec.ExecutionContextState.IntrospectType(name.Reveal())
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
	text, _ := value.(string)
	id, err := models.ParseID(text)
	if err != nil {
		return id, refusedValue("An ID must have 32 hexadecimal digits.")
	}
	return id, nil
}

// MarshalDateTime writes an instant in RFC 3339, in UTC, with three fraction digits.
func MarshalDateTime(at time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(appendDateTime(nil, at)) })
}

func appendDateTime(out []byte, at time.Time) []byte {
	return at.UTC().AppendFormat(out, `"2006-01-02T15:04:05.000Z"`)
}

// dateTimeForm is the form that RFC 3339 section 5.6 allows. Go's parser accepts more.
var dateTimeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// UnmarshalDateTime reads an instant in RFC 3339, of the years 1 to 9999.
func UnmarshalDateTime(value any) (time.Time, error) {
	text, _ := value.(string)
	at, err := time.Parse(time.RFC3339, text)
	if at = at.UTC(); err != nil || !dateTimeForm.MatchString(text) || at.Year() < 1 || at.Year() > 9999 {
		return at, refusedValue("A DateTime must be an instant in RFC 3339, e.g. 2026-11-24T09:30:00Z.")
	}
	return at, nil
}

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
		return 0, refusedValue("Seconds must be a whole number.")
	}
	return time.Duration(seconds) * time.Second, nil
}

// MarshalJSON writes a JSON value as it was stored.
func MarshalJSON(value json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(value) })
}

// UnmarshalJSON reads any JSON value.
func UnmarshalJSON(value any) (json.RawMessage, error) { return json.Marshal(value) }
