package kibo

import (
	"github.com/go-json-experiment/json/jsontext"
)

// object collects the selected fields of an object as JSON. An anonymous ticket costs so little
// that a map of its fields, or reflection, would cost as much.
type object struct {
	selected *fields
	json     []byte
}

func newObject(selected *fields) *object {
	const likely = 1 << 10
	return &object{selected, append(make([]byte, 0, likely), '{')}
}

// begin begins a field, and reports whether it is selected. If it is, the caller must add its
// value.
func (o *object) begin(field string) bool {
	if !o.selected.has(field) {
		return false
	}
	if len(o.json) > len("{") {
		o.json = append(o.json, ',')
	}
	o.json = append(o.json, '"')
	o.json = append(o.json, field...) // letters and digits
	o.json = append(o.json, '"', ':')
	return true
}

// text adds a field that holds a text, if it is selected.
func (o *object) text(field, value string) {
	if o.begin(field) {
		o.json = appendText(o.json, value)
	}
}

// end returns the object. Nothing can be added to it any more.
func (o *object) end() []byte { return append(o.json, '}') }

// appendText appends a text as JSON. Invalid UTF-8 becomes U+FFFD.
func appendText(out []byte, text string) []byte {
	out, _ = jsontext.AppendQuote(out, text)
	return out
}

func appendNull(out []byte) []byte { return append(out, "null"...) }
