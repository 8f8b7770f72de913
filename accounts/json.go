package accounts

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeJSON reads a record from one line of JSON Lines: an object.
func decodeJSON(line []byte) (*Record, error) {
	if !utf8.Valid(line) {
		return nil, refused("the line is not UTF-8")
	}

	if at := invalidAt(line); at > 0 {
		return nil, refused("the line is not JSON, from byte %d on", at)
	}

	var record Record
	return &record, members(line, func(name string, value json.RawMessage) error {
		field, err := fieldToSet(name)
		if err != nil {
			return err
		}
		return record.setJSON(field, value)
	})
}

// invalidAt returns the number of the first byte from which a line is not JSON, or 0 if it is JSON.
func invalidAt(line []byte) int {
	decoder := newDecoder(line)
	_, err := decoder.ReadValue()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return min(int(syntax.ByteOffset)+1, len(line))
	}

	if rest := bytes.TrimLeft(line[decoder.InputOffset():], blanks); len(rest) > 0 {
		return len(line) - len(rest) + 1
	}
	return 0
}

// members calls each with every member of an object, in order. It refuses a value that is not an
// object, and a repeated name, because it is unclear which member counts. The text must be valid
// JSON.
func members(object []byte, each func(name string, value json.RawMessage) error) error {
	decoder := newDecoder(object)
	if start, err := decoder.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginObject {
		return errNotObject
	}

	var names []string
	for decoder.PeekKind() == jsontext.KindString {
		token, err := decoder.ReadToken()
		if err != nil {
			return errNotObject
		}
		name := token.String()
		if slices.Contains(names, name) {
			return refused("%s is given twice", printable(name))
		}
		names = append(names, name)

		value, err := decoder.ReadValue()
		if err != nil {
			return errNotObject
		}
		if err := each(name, json.RawMessage(value)); err != nil {
			return err
		}
	}
	return nil
}

const errNotObject = RefusedError("not a JSON object")

// newDecoder reads JSON like the server reads requests: an escaped surrogate without its pair
// becomes U+FFFD, and names inside the values of attributes may be repeated.
func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// blanks are what JSON allows between values.
const blanks = " \t\r\n"
