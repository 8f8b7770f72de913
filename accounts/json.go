package accounts

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

// decodeJSON reads a record from one line of JSON Lines: an object.
func decodeJSON(line []byte) (*Record, error) {
	if !utf8.Valid(line) {
		return nil, refused("the line is not UTF-8")
	}
	if !json.Valid(line) {
		var syntax *json.SyntaxError
		errors.As(json.Unmarshal(line, new(json.RawMessage)), &syntax)
		return nil, refused("the line is not JSON, from byte %d on", syntax.Offset)
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

// members calls each with every member of an object, in order. It refuses other values, and a key that comes twice: nobody knows which is meant.
//
// The text must be valid JSON. That makes this simple, and several times faster than a json.Decoder, which is what most of an import's time would go to.
func members(object []byte, each func(key string, value json.RawMessage) error) error {
	text := bytes.TrimLeft(object, blanks)
	if text[0] != '{' {
		return refused("not a JSON object")
	}
	var keys []string
	for {
		text = bytes.TrimLeft(text[1:], blanks) // after the brace, and then the comma
		if text[0] == '}' {
			return nil
		}
		end := valueEnd(text)
		key, err := decodeText(text[:end])
		if err != nil {
			return err
		}
		if slices.Contains(keys, key) {
			return refused("%s is given twice", shown(key))
		}
		keys = append(keys, key)
		text = bytes.TrimLeft(text[end:], blanks)
		text = bytes.TrimLeft(text[len(":"):], blanks)
		end = valueEnd(text)
		if err := each(key, text[:end]); err != nil {
			return err
		}
		if text = bytes.TrimLeft(text[end:], blanks); text[0] == '}' {
			return nil
		}
	}
}

const blanks = " \t\r\n"

// valueEnd returns where the value ends with which a valid JSON text begins.
func valueEnd(text []byte) int {
	switch text[0] {
	case '"':
		return stringEnd(text)
	case '{', '[':
		return nestedEnd(text)
	}
	if end := bytes.IndexAny(text, blanks+",]}"); end >= 0 {
		return end
	}
	return len(text)
}

func stringEnd(text []byte) int {
	i := 1
	for ; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func nestedEnd(text []byte) int {
	for i, depth := 0, 0; ; i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// decodeText reads a JSON string.
func decodeText(raw []byte) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", refused("not a JSON string")
	}
	return text, nil
}
